"""Each person on a dispatch says that they are well, for themself; silence and calls for help reach the desk."""

from __future__ import annotations

from desk import errors
from desk.access import Actor
from desk.events import CheckedIn, CheckinMissed, DispatchMoved, HelpCalled
from desk.lifecycle import SEAT_STEP
from desk.unit_of_work import UnitOfWork
from records.enums import CheckinState
from records.enums import DispatchState as D

_AT_ONCE = 20


def check_in(uow: UnitOfWork, actor: Actor, dispatch_id: int, state: str) -> None:
    """Check in: ok, help, or duress, which does to everything a person can see exactly what ok does.

    Raises
    ------
    NotFound
        This person has no open seat on that dispatch.
    """
    dispatch = uow.dispatches.lock(dispatch_id)
    seats = [seat for seat in uow.dispatches.seats([dispatch_id]) if seat.active]
    mine = next((seat for seat in seats if seat.responder_id == actor.responder_id), None)
    if mine is None or actor.responder_id is None:
        raise errors.NotFound
    uow.dispatches.check_in(dispatch_id, mine.responder_id, state, uow.now)
    there = dispatch.state in {D.STAGED, D.ON_SCENE} and mine.step < SEAT_STEP[D.CLEARED]
    counting = there or (dispatch.state == D.HELD and mine.checkin_due_at is not None)
    due_at = uow.now + uow.policy.checkins.every if counting else mine.checkin_due_at
    uow.dispatches.change_seat(mine, checkin_due_at=due_at, checkin_missed_at=None)
    uow.dispatches.change(dispatch)
    uow.record(CheckedIn(subject=dispatch_id, version=dispatch.version, responder_id=mine.responder_id))
    if state != CheckinState.OK:
        uow.record(HelpCalled(subject=dispatch_id, version=dispatch.version))
    if state == CheckinState.HELP:
        uow.record_all(
            DispatchMoved(subject=dispatch_id, version=dispatch.version, responder_id=seat.responder_id)
            for seat in seats
            if seat is not mine
        )


def missed_due(uow: UnitOfWork) -> int:
    """Mark those who have not checked in within the grace; what follows stands in the table of reactions."""
    before = uow.now - uow.policy.checkins.grace
    found = 0
    for dispatch in uow.dispatches.lock_due("missed_due", _AT_ONCE, before=before):
        for seat in uow.dispatches.seats([dispatch.id]):
            late = seat.active and seat.checkin_due_at is not None and seat.checkin_due_at <= before
            if late and seat.checkin_missed_at is None:
                uow.dispatches.change_seat(seat, checkin_missed_at=uow.now)
                uow.dispatches.change(dispatch)
                uow.record(CheckinMissed(subject=dispatch.id, version=dispatch.version, responder_id=seat.responder_id))
                found += 1
    return found
