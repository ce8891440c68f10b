"""How a dispatch ends: cancelled, called back, unfilled, cleared; everybody asked is released with thanks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from desk.access import Actor
from desk.dispatching.telling import tell, tell_all
from desk.events import DispatchEnded, IncidentClosed, IncidentUnfounded, OfferReleased
from desk.lifecycle import require_dispatch_step
from desk.unit_of_work import UnitOfWork
from records.enums import CheckinState, Task
from records.enums import DispatchState as D
from records.models import Dispatch

_AT_ONCE = 20


def cancel(uow: UnitOfWork, actor: Actor, dispatch_id: int) -> Dispatch:  # noqa: ARG001  (every act knows its actor)
    """Cancel a dispatch: nobody is asked any more, whoever was out is called back.

    Raises
    ------
    NoSuchRecord
        There is no such dispatch.
    NotLawful
        It has ended already.
    """
    dispatch = uow.dispatches.lock(dispatch_id)
    if dispatch.state != D.CANCELLED:
        finish(uow, dispatch, D.CANCELLED)
    return dispatch


def call_back(uow: UnitOfWork, facts: Sequence[IncidentUnfounded]) -> None:
    """Cancel everything that is under way to incidents that turned out to be nothing; pairs are called back."""
    for dispatch in uow.dispatches.lock_live(uow.decisions.family({fact.subject for fact in facts})):
        if dispatch.task != Task.ACCOMPANY:
            finish(uow, dispatch, D.CANCELLED)


def stop_asking(uow: UnitOfWork, facts: Sequence[IncidentClosed]) -> None:
    """Stop asking for incidents that are over; pairs that observe are called back, others finish on their own."""
    for dispatch in uow.dispatches.lock_live(uow.decisions.family({fact.subject for fact in facts})):
        if dispatch.task != Task.ACCOMPANY and (
            dispatch.state in {D.OFFERING, D.HELD} or dispatch.task == Task.OBSERVE
        ):
            finish(uow, dispatch, D.CANCELLED)


def held_due(uow: UnitOfWork) -> int:
    """Cancel dispatches whose lost partner was not replaced in time; return how many."""
    due = uow.take_due("held_due", _AT_ONCE, now=uow.now)
    for dispatch in due:
        finish(uow, dispatch, D.CANCELLED)
    return len(due)


def finish(uow: UnitOfWork, dispatch: Dispatch, state: D) -> None:
    """End a dispatch taken before: offers released, seats ended, in one transaction; raises NotLawful."""
    require_dispatch_step(dispatch.state, state)
    _release(uow, dispatch)
    people = uow.dispatches.end_seats(dispatch.id, "cleared" if state == D.CLEARED else "cancelled", uow.now)
    uow.dispatches.change(dispatch, state=state, state_at=uow.now, held_until=None, offers_until=None, seats_wanted=[])
    if state == D.CLEARED:
        _thank(uow, people)
    _leave_in_peace(uow, dispatch)
    tell_all(uow, DispatchEnded, dispatch, people)


def _release(uow: UnitOfWork, dispatch: Dispatch) -> None:
    """Release everybody who is asked or waits for a dispatch; nobody is left on the way."""
    released = uow.dispatches.settle(dispatch.id, (), uow.now)
    if released:
        tell(uow, OfferReleased, dispatch, *released)


def _thank(uow: UnitOfWork, people: Collection[int]) -> None:
    """Count what was done, and let those rest whose shift is full."""
    uow.responders.claim_waiting(people)
    uow.responders.count_cleared(people)
    pairs = uow.policy.pairs
    tired = [
        entry.id for entry in uow.responders.roster(uow.now, people) if entry.this_shift >= pairs.dispatches_a_shift
    ]
    uow.responders.rest(tired, uow.now + pairs.rest)


def _leave_in_peace(uow: UnitOfWork, dispatch: Dispatch) -> None:
    """Let everybody rest who was on a dispatch on which help was called or somebody was lost.

    Duress is left out: a rest that others see would tell on whoever pressed silently. They may ask for it themselves.
    """
    seats = uow.dispatches.seats([dispatch.id])
    called = {each.responder_id for each in uow.dispatches.checkins([dispatch.id]) if each.state == CheckinState.HELP}
    if called or any(seat.left_because == "lost" for seat in seats):
        people = {seat.responder_id for seat in seats}
        uow.responders.claim_waiting(people)
        uow.responders.rest(people, uow.policy.pairs.pause_after_distress(uow.now))
