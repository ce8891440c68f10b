"""Vouchers and accounts: come in, vouch, suspend."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from api import security
from api.deps import Actor, Idempotent, Uow, get_house, limited, may
from api.errors import KeyMissing, KeyUsedDifferently
from api.schemas.accounts import AccountOut, RedeemIn, SuggestionOut, VoucherIn, VoucherOut
from desk import accounts
from desk.access import Act
from desk.accounts import passphrases
from records.enums import Role

router = APIRouter(tags=["accounts"])


@router.post("/api/vouchers", status_code=201, dependencies=[may(Act.MAKE_VOUCHER), limited("vouchers")])
def make_voucher(
    body: VoucherIn,
    actor: Actor,
    uow: Uow,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> VoucherOut:
    """Vouch for somebody; the code follows from the Idempotency-Key, so that a retry shows it again unkept."""
    if not idempotency_key:
        raise KeyMissing
    code = accounts.code_for(uow, actor, idempotency_key)
    voucher = accounts.make_voucher(uow, actor, set(body.roles), code=code)
    if set(voucher.roles) != set(body.roles):
        raise KeyUsedDifferently
    return VoucherOut(code=code, roles=sorted(set(body.roles)), expires_at=voucher.expires_at)


@router.post(
    "/api/vouchers/redeem",
    status_code=201,
    response_model=AccountOut,
    dependencies=[may(Act.SIGN_IN), limited("redeem")],
)
def redeem(body: RedeemIn, request: Request, uow: Uow, once: Idempotent) -> JSONResponse:
    """Turn a voucher into an account; the alias is chosen by us."""
    cost = security.cost_of(get_house(request).settings)

    def make() -> AccountOut:
        account = accounts.redeem(uow, body.code, body.passphrase, cost=cost, lang=body.lang)
        return AccountOut(alias=account.alias, roles=[Role(role) for role in account.roles])

    return once.answer(make)


@router.get("/api/passphrase", dependencies=[may(Act.SIGN_IN)])
def suggest() -> SuggestionOut:
    """Offer a passphrase of seven words; it is not kept."""
    return SuggestionOut(passphrase=passphrases.suggest())


@router.post("/api/accounts/{alias}/suspend", status_code=204, dependencies=[may(Act.SUSPEND)])
def suspend(alias: str, actor: Actor, uow: Uow) -> Response:
    """Suspend an account; its sessions end at once."""
    accounts.suspend(uow, actor, alias)
    return Response(status_code=204)
