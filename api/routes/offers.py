"""What one responder is asked, and their answer."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import Actor, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from api.schemas.dispatches import AnswerOut, MineOut
from desk import dispatching, territory
from desk.access import Act

router = APIRouter(prefix="/api", tags=["offers"], route_class=RetryingRoute)


@router.get("/me/offers", dependencies=[may(Act.RESPOND)])
def mine(uow: Uow, actor: Actor) -> MineOut:
    """Return one's open offers and dispatches."""
    shown = dispatching.my_view(uow, actor)
    if shown["thanks"]:
        shown["thanks"]["nearest_gap"] = territory.nearest_gap(uow, shown["thanks"]["area"])
    return MineOut.of(shown)


@router.post("/offers/{offer_id}/accept", dependencies=[may(Act.RESPOND)])
def accept(offer_id: str, uow: Uow, actor: Actor) -> AnswerOut:
    """Say yes; with a partner who fits the pair is formed at once."""
    return AnswerOut.of(dispatching.my_answer(uow, actor, dispatching.accept(uow, actor, read_id(offer_id))))


@router.post("/offers/{offer_id}/decline", dependencies=[may(Act.RESPOND)])
def decline(offer_id: str, uow: Uow, actor: Actor) -> AnswerOut:
    """Say no; no reason is asked."""
    return AnswerOut.of(dispatching.my_answer(uow, actor, dispatching.decline(uow, actor, read_id(offer_id))))
