"""Who is to set out, or to be at the meeting point, and by when: whoever does not come is lost like the silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from desk import alarms
from desk.lifecycle import SEAT_STEP
from desk.unit_of_work import UnitOfWork
from records.enums import DispatchState as D
from records.models import Dispatch, Seat

_AT_ONCE = 20
_EN_ROUTE, _STAGED = SEAT_STEP[D.EN_ROUTE], SEAT_STEP[D.STAGED]


def to_set_out(uow: UnitOfWork, seats: Sequence[Seat]) -> None:
    """Expect the two of a pair that was formed to set out."""
    for seat in seats:
        uow.dispatches.change_seat(seat, expected_at=uow.now + uow.policy.checkins.set_out)


def moved_on(uow: UnitOfWork, dispatch: Dispatch, seat: Seat, partners: Sequence[Seat]) -> None:
    """Let the clocks of a pair run on, one of whom has just taken a step."""
    if seat.step == _EN_ROUTE:
        to_arrive(uow, dispatch, seat, partners)
    elif seat.step == _STAGED:
        _arrived(uow, seat, partners)


def to_arrive(uow: UnitOfWork, dispatch: Dispatch, seat: Seat, partners: Sequence[Seat]) -> None:
    """Expect somebody at the meeting point: their way and some time, and less where a partner stands there alone."""
    policy = uow.policy.checkins
    ways = [offer.eta_s for offer in uow.dispatches.offers([dispatch.id]) if offer.responder_id == seat.responder_id]
    by = uow.now + timedelta(seconds=max(ways, default=0)) + policy.late_by
    if any(partner.step >= _STAGED for partner in partners):
        by = min(by, uow.now + policy.alone)
    uow.dispatches.change_seat(seat, expected_at=by)


def _arrived(uow: UnitOfWork, seat: Seat, partners: Sequence[Seat]) -> None:
    policy = uow.policy.checkins
    uow.dispatches.change_seat(seat, expected_at=None, checkin_due_at=seat.checkin_due_at or uow.now + policy.every)
    for partner in partners:
        if partner.step < _STAGED and partner.expected_at is not None:
            uow.dispatches.change_seat(partner, expected_at=min(partner.expected_at, uow.now + policy.alone))


def expected_due(uow: UnitOfWork) -> int:
    """Mark those who did not set out, or did not come to the meeting point, in time; return how many."""
    found = 0
    for dispatch in uow.take_due("expected_due", _AT_ONCE, now=uow.now):
        for seat in uow.dispatches.seats([dispatch.id]):
            late = seat.active and seat.expected_at is not None and seat.expected_at <= uow.now
            if late and seat.checkin_missed_at is None:
                alarms.miss(uow, dispatch, seat)
                found += 1
    return found
