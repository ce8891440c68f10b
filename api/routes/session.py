"""Sign in, sign out, see one's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api import security
from api.deps import Actor, Uow, get_house, limited, may
from api.errors import PlainHttpElsewhere, TooMany
from api.schemas.accounts import MeOut, SessionIn, SessionOut
from desk import accounts
from desk.access import Act
from desk.accounts.errors import WrongAliasOrPassphrase

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
    wait_s = limits.wait_to_sign_in(body.alias)
    if wait_s:
        raise TooMany(wait_s)
    token = security.new_token(uow.network.id)
    cost = security.cost_of(get_house(request).settings)
    try:
        actor, expires_at = accounts.sign_in(
            uow, body.alias, body.passphrase, token_sha256=security.digest(token), cost=cost
        )
    except WrongAliasOrPassphrase:
        limits.sign_in_failed(body.alias)
        raise
    limits.sign_in_succeeded(body.alias)
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


@router.get("/api/me", dependencies=[may(Act.SEE_ONESELF)])
def me(actor: Actor, uow: Uow) -> MeOut:
    """Return who is asking."""
    return MeOut.of(actor, uow.network, uow.now)
