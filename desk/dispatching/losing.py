"""A partner is lost: the other is told to hold in the same transaction, and one seat is offered anew."""

from __future__ import annotations

from collections.abc import Sequence

from desk import alarms, errors
from desk.access import Actor
from desk.dispatching import answering, asking, ending
from desk.dispatching.telling import tell
from desk.events import CheckinMissed, DispatchMoved, PartnerLost, ResponderGone
from desk.lifecycle import require_dispatch_step
from desk.unit_of_work import UnitOfWork
from records.enums import DispatchState as D
from records.models import Dispatch


def withdraw(uow: UnitOfWork, actor: Actor, dispatch_id: int) -> Dispatch:
    """Step out of a dispatch; no reason is asked. The other one is told to hold.

    Raises
    ------
    NotFound
        This person has no seat there.
    """
    dispatch = uow.dispatches.lock(dispatch_id)
    mine = [seat for seat in uow.dispatches.seats([dispatch_id]) if seat.responder_id == actor.responder_id]
    if not mine or actor.responder_id is None:
        raise errors.NotFound
    if any(seat.active for seat in mine):
        lose(uow, dispatch, actor.responder_id, "withdrew")
    return dispatch


def hold_for_silence(uow: UnitOfWork, facts: Sequence[CheckinMissed]) -> None:
    """Hold the dispatches on which somebody fell silent; the silent one is asked for nothing until they speak."""
    for fact in facts:
        if fact.responder_id is None:
            continue
        dispatch = uow.dispatches.lock(fact.subject)
        active = [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active]
        together = any(seat.responder_id != fact.responder_id for seat in active)
        # The last one on a dispatch stays booked although silent: the desk looks for them until the hold ends.
        if together and any(seat.responder_id == fact.responder_id for seat in active):
            lose(uow, dispatch, fact.responder_id, "lost")


def lose(uow: UnitOfWork, dispatch: Dispatch, responder_id: int, why: str) -> None:
    """Free the seat of somebody who left; hold for the other, or cancel when nobody is left."""
    uow.dispatches.end_seats(dispatch.id, why, uow.now, responder_id)
    if why == "lost":
        uow.responders.claim_waiting([responder_id])
        uow.responders.make_unavailable([responder_id], uow.now)
    left = [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active]
    tell(uow, DispatchMoved, dispatch, responder_id)
    if not left:
        ending.finish(uow, dispatch, D.CANCELLED)
        return
    require_dispatch_step(dispatch.state, D.HELD)
    for seat in left:
        # Whoever has set out is out there alone now, and is heard from until they are home or have a partner.
        out = seat.step > 0 and seat.checkin_due_at is None and seat.checkin_missed_at is None
        due_at = uow.now + uow.policy.checkins.every if out else seat.checkin_due_at
        uow.dispatches.change_seat(seat, expected_at=None, checkin_due_at=due_at)
    wanted = asking.BUDDY if left[0].seat == asking.OBSERVER else asking.OBSERVER
    uow.dispatches.change(
        dispatch,
        state=D.HELD,
        state_at=uow.now,
        held_until=uow.now + uow.policy.pairs.held,
        offers_until=uow.now + uow.policy.pairs.wave_window,
        seats_wanted=[wanted],
    )
    tell(uow, PartnerLost, dispatch, left[0].responder_id)


def seek_partner(uow: UnitOfWork, facts: Sequence[PartnerLost]) -> None:
    """Ask a wave for the one seat that fell free, unless the one who is left does not answer either."""
    for dispatch_id in sorted({fact.subject for fact in facts}):
        dispatch = uow.dispatches.lock(dispatch_id)
        left = [seat for seat in uow.dispatches.seats([dispatch_id]) if seat.active]
        if dispatch.state == D.HELD and left:
            asking.ask_more(uow, dispatch)


def lose_gone(uow: UnitOfWork, facts: Sequence[ResponderGone]) -> None:
    """Treat whoever was suspended, or signed out everywhere, as silent, and take back what they said yes to."""
    for responder_id in sorted({fact.subject for fact in facts}):
        for dispatch_id in uow.dispatches.seated_on(responder_id):
            dispatch = uow.dispatches.lock(dispatch_id)
            for seat in uow.dispatches.seats([dispatch_id]):
                if seat.active and seat.responder_id == responder_id and seat.checkin_missed_at is None:
                    alarms.miss(uow, dispatch, seat)
        answering.step_aside_for(uow, responder_id)
