"""Each person on a dispatch says that they are well, for themself; silence and calls for help reach the desk."""

from __future__ import annotations

from datetime import timedelta

from desk import alarms, errors
from desk.access import Actor
from desk.escalation import Call, Told, told_after
from desk.events import CheckedIn, CheckinLate, DispatchMoved, HelpCalled, LinesDue
from desk.lifecycle import SEAT_STEP
from desk.policy import LONGEST_SHIFT
from desk.unit_of_work import UnitOfWork
from records.enums import CheckinState
from records.enums import DispatchState as D
from records.models import Seat

_AT_ONCE = 20
_CLOCKS_DIFFER = timedelta(minutes=1)
"""Clocks of two machines differ by less than this."""
_PARTNER_TOLD, _LINES_TOLD = 1, 3
"""How far a silence has climbed, as the seat's number."""


def check_in(uow: UnitOfWork, actor: Actor, dispatch_id: int, state: str) -> None:
    """Check in: ok, help, or duress, which does to everything a person can see exactly what ok does.

    Raises
    ------
    NotFound
        This person has no open seat on that dispatch, and had none within the length of a shift.
    """
    dispatch = uow.dispatches.lock(dispatch_id)
    every = uow.dispatches.seats([dispatch_id])
    seats = [seat for seat in every if seat.active]
    own = [seat for seat in every if seat.responder_id == actor.responder_id]
    # Whoever was given up as lost, or called back, has no seat any more, and their word is wanted most.
    mine = next((seat for seat in sorted(own, key=_latest_last, reverse=True) if _may_speak(uow, seat)), None)
    if mine is None or actor.responder_id is None:
        raise errors.NotFound
    uow.dispatches.check_in(dispatch_id, mine.responder_id, state, uow.now)
    there = mine.active and SEAT_STEP[D.STAGED] <= mine.step < SEAT_STEP[D.CLEARED]
    counting = there or (dispatch.state == D.HELD and mine.checkin_due_at is not None)
    due_at = uow.now + uow.policy.checkins.every if counting else mine.checkin_due_at
    if state == CheckinState.OK:
        alarms.heard(uow, mine)
    else:
        alarms.raise_call(uow, mine, Call(state))
    was_late = mine.rung > 0
    uow.dispatches.change_seat(mine, checkin_due_at=due_at, checkin_missed_at=None, rung=0)
    uow.dispatches.change(dispatch)
    uow.record(CheckedIn(subject=dispatch_id, version=dispatch.version, responder_id=mine.responder_id))
    if state != CheckinState.OK:
        uow.record(HelpCalled(subject=dispatch_id, version=dispatch.version))
    if state == CheckinState.HELP or was_late:
        uow.record_all(
            DispatchMoved(subject=dispatch_id, version=dispatch.version, responder_id=seat.responder_id)
            for seat in seats
            if seat is not mine
        )


def _latest_last(seat: Seat) -> tuple[bool, int]:
    return seat.active, seat.turn


def _may_speak(uow: UnitOfWork, seat: Seat) -> bool:
    """Say whether a word from somebody is taken: out there, or not longer ago than a shift."""
    ended_at = seat.during.upper
    return seat.active or (ended_at is not None and ended_at > uow.now - LONGEST_SHIFT)


def far_due(uow: UnitOfWork) -> int:
    """Wait anew, from now, for whoever is due later than anybody can be: a clock was set back since they spoke."""
    every = uow.policy.checkins.every
    beyond = uow.now + every + _CLOCKS_DIFFER
    found = 0
    for dispatch in uow.take_due("far_due", _AT_ONCE, beyond=beyond):
        for seat in uow.dispatches.seats([dispatch.id]):
            if seat.active and seat.checkin_due_at is not None and seat.checkin_due_at > beyond:
                uow.dispatches.change_seat(seat, checkin_due_at=uow.now + every)
                uow.dispatches.change(dispatch)
                uow.record(DispatchMoved(subject=dispatch.id, version=dispatch.version, responder_id=seat.responder_id))
                found += 1
    return found


def late_due(uow: UnitOfWork) -> int:
    """Tell the partners of those whose check-in is due: the one who stands beside them looks first."""
    before = uow.now - _after(uow, Told.PARTNER)
    found = 0
    for dispatch in uow.take_due("late_due", _AT_ONCE, before=before):
        seats = [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active]
        late = [seat for seat in seats if seat.checkin_due_at is not None and seat.checkin_due_at <= before]
        for seat in late:
            if seat.rung < _PARTNER_TOLD:
                uow.dispatches.change_seat(seat, rung=_PARTNER_TOLD)
                uow.dispatches.change(dispatch)
                partner = next((each.responder_id for each in seats if each is not seat), None)
                uow.record(
                    CheckinLate(subject=dispatch.id, version=dispatch.version, responder_id=partner),
                    DispatchMoved(subject=dispatch.id, version=dispatch.version, responder_id=seat.responder_id),
                )
                found += 1
    return found


def lines_due(uow: UnitOfWork) -> int:
    """Tell the desk that it is time to call the lines for whoever has been silent for so long."""
    before = uow.now - (_after(uow, Told.LINE) - _after(uow, Told.DESK))
    found = 0
    for dispatch in uow.take_due("lines_due", _AT_ONCE, before=before):
        calls = uow.alarms.open_calls([dispatch.id])
        still_silent = {each.responder_id for each in calls if each.kind == Call.SILENCE}
        for seat in uow.dispatches.seats([dispatch.id]):
            silent = seat.checkin_missed_at is not None and seat.checkin_missed_at <= before
            if silent and seat.rung < _LINES_TOLD and seat.responder_id in still_silent:
                uow.dispatches.change_seat(seat, rung=_LINES_TOLD)
                uow.dispatches.change(dispatch)
                uow.record(LinesDue(subject=dispatch.id, version=dispatch.version))
                found += 1
    return found


def _after(uow: UnitOfWork, who: Told) -> timedelta:
    return told_after(Call.SILENCE, who, uow.policy.checkins) or timedelta(0)


def missed_due(uow: UnitOfWork) -> int:
    """Mark those who have not checked in within the grace; what follows stands in the table of reactions."""
    before = uow.now - _after(uow, Told.DESK)
    found = 0
    for dispatch in uow.take_due("missed_due", _AT_ONCE, before=before):
        for seat in uow.dispatches.seats([dispatch.id]):
            late = seat.active and seat.checkin_due_at is not None and seat.checkin_due_at <= before
            if late and seat.checkin_missed_at is None:
                alarms.miss(uow, dispatch, seat)
                found += 1
    return found
