"""Holds by counsel: asked for by one, confirmed by another, renewed or lifted."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.deps import Actor, Idempotent, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from api.schemas.holds import HoldIn, HoldOut, HoldsOut
from desk import retention
from desk.access import Act

router = APIRouter(prefix="/api/holds", tags=["holds"], route_class=RetryingRoute)


@router.get("", dependencies=[may(Act.READ_HOLDS)])
def every(uow: Uow) -> HoldsOut:
    """Return all holds, the newest first."""
    return HoldsOut.of(retention.holds(uow))


@router.post("", status_code=201, response_model=HoldOut, dependencies=[may(Act.ASK_HOLD)])
def ask(body: HoldIn, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Ask that an incident be kept; it is once another person of another lineage confirms."""
    return once.answer(lambda: HoldOut.of(retention.ask(uow, actor, read_id(body.incident), body.reason)))


@router.post("/{hold_id}/confirm", dependencies=[may(Act.CONFIRM_HOLD)])
def confirm(hold_id: str, uow: Uow, actor: Actor) -> HoldOut:
    """Confirm that an incident is kept, for thirty days."""
    return HoldOut.of(retention.confirm(uow, actor, read_id(hold_id)))


@router.post("/{hold_id}/renew", dependencies=[may(Act.ASK_HOLD)])
def renew(hold_id: str, uow: Uow, actor: Actor) -> HoldOut:
    """Let a hold stand for thirty days more."""
    return HoldOut.of(retention.renew(uow, actor, read_id(hold_id)))


@router.post("/{hold_id}/lift", dependencies=[may(Act.ASK_HOLD)])
def lift(hold_id: str, uow: Uow, actor: Actor) -> HoldOut:
    """End a hold; forgetting goes on."""
    return HoldOut.of(retention.lift(uow, actor, read_id(hold_id)))
