"""Sign in, sign out, see one's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api import security
from api.deps import Actor, Uow, get_house, limited, may
from api.errors import PlainHttpElsewhere, TooMany
from api.schemas.accounts import MeOut, PassphraseIn, SessionIn, SessionOut, WaitingKeyOut
from desk import accounts
from desk.access import Act
from desk.accounts.errors import ManySignIn

router = APIRouter(tags=["session"])


def over_safe_ground(request: Request) -> None:
    """Refuse a passphrase that came over plain HTTP from anywhere but this machine; raises PlainHttpElsewhere."""
    if not security.is_safe_ground(request):
        raise PlainHttpElsewhere


@router.post(
    "/api/session", dependencies=[may(Act.SIGN_IN), limited("session"), Depends(over_safe_ground)], status_code=201
)
def sign_in(body: SessionIn, request: Request, response: Response, uow: Uow) -> SessionOut:
    """Begin a session; the answer is never kept, so that no token is."""
    limits = security.limits_of(request)
    wait_s = limits.try_to_sign_in(body.alias)
    if wait_s:
        raise TooMany(wait_s)
    token = security.new_token(uow.network.id)
    cost = security.cost_of(get_house(request).settings)
    try:
        actor, expires_at = accounts.sign_in(
            uow, body.alias, body.passphrase, token_sha256=security.digest(token), cost=cost
        )
    except ManySignIn:
        limits.end_tries(body.alias)
        raise
    limits.end_tries(body.alias)
    security.keep_in_browser(response, token, lasts=expires_at - uow.outside_now)
    return SessionOut(token=token, alias=body.alias, roles=sorted(actor.roles), expires_at=expires_at)


@router.delete("/api/session", status_code=204, dependencies=[may(Act.SIGN_IN)])
def sign_out(uow: Uow, token: Annotated[str | None, Depends(security.token_of)]) -> Response:
    """End the session of this request, and let the browser forget everything of ours."""
    if token:
        accounts.sign_out(uow, security.digest(token))
    response = Response(status_code=204, headers={"Clear-Site-Data": '"*"'})
    security.forget_in_browser(response)
    return response


@router.get("/api/me/waiting-key", dependencies=[may(Act.SEE_ONESELF)])
def waiting_key(actor: Actor, uow: Uow) -> WaitingKeyOut:
    """Return the key to which this person's phone seals reports that wait: for the page's memory and nowhere else."""
    return WaitingKeyOut.of(accounts.waiting_key(uow, actor))


@router.delete("/api/me/sessions", status_code=204, dependencies=[may(Act.SEE_ONESELF)])
def sign_out_everywhere(actor: Actor, uow: Uow) -> Response:
    """End all of one's sessions, this one too: for a phone that was lost."""
    accounts.sign_out_everywhere(uow, actor)
    response = Response(status_code=204, headers={"Clear-Site-Data": '"*"'})
    security.forget_in_browser(response)
    return response


@router.put(
    "/api/me/passphrase",
    status_code=204,
    dependencies=[may(Act.SEE_ONESELF), limited("session"), Depends(over_safe_ground)],
)
def change_passphrase(body: PassphraseIn, actor: Actor, request: Request, uow: Uow) -> Response:
    """Give oneself another passphrase; all sessions but this one end."""
    limits = security.limits_of(request)
    wait_s = limits.try_to_sign_in(actor.alias or "")
    if wait_s:
        raise TooMany(wait_s)
    accounts.change_passphrase(
        uow,
        actor,
        body.old,
        body.new,
        token_sha256=security.digest(security.token_of(request) or ""),
        cost=security.cost_of(get_house(request).settings),
    )
    limits.end_tries(actor.alias or "")
    return Response(status_code=204)


@router.get("/api/me", dependencies=[may(Act.SEE_ONESELF)])
def me(actor: Actor, uow: Uow) -> MeOut:
    """Return who is asking."""
    return MeOut.of(actor, uow.network, uow.now)
