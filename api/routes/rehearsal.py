"""A rehearsal's own clock."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import Uow, may
from api.schemas.accounts import ClockIn, ClockOut
from desk import reactions, rehearsal
from desk.access import Act

router = APIRouter(tags=["rehearsal"])


@router.post("/api/rehearsal/clock", dependencies=[may(Act.REHEARSE)])
def move_clock(body: ClockIn, uow: Uow) -> ClockOut:
    """Move a rehearsal's clock on, and do what is due then; never back, and never in a network of real people."""
    rehearsal.move_clock(uow, body.now)
    return ClockOut(now=body.now, due=reactions.fall_due(uow))
