"""Accept and decline: the first two who fit take both seats in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from desk import errors
from desk.access import Actor
from desk.dispatching import asking, expecting, gathering
from desk.dispatching.telling import tell, tell_all
from desk.events import AvailabilityChanged, OfferAccepted, OfferDeclined, OfferReleased, PairFormed
from desk.lifecycle import require_offer_step
from desk.unit_of_work import UnitOfWork
from matcher.candidates import Candidate
from matcher.wave import first_compatible
from records.enums import DispatchState as D
from records.enums import OfferState as O
from records.models import Dispatch, Offer, Seat


def accept(uow: UnitOfWork, actor: Actor, offer_id: int) -> Offer:
    """Say yes to an offer; with a compatible yes already there the pair is formed now, else the yes waits.

    Raises
    ------
    NotFound
        There is no such offer to this person.
    OfferNoLongerOpen
        It was answered, ran out, or is not needed any more.
    ResponderAlreadyTaken
        The person sits or waits elsewhere already.
    """
    offer, dispatch, offers = _mine(uow, actor, offer_id)
    if offer.state == O.ACCEPTED:
        return offer
    if offer.state != O.OFFERED or offer.expires_at <= uow.now or dispatch.state not in {D.OFFERING, D.HELD}:
        raise errors.OfferNoLongerOpen
    left = [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active] if dispatch.state == D.HELD else []
    order = [*asking.waiting_order(offers, left), offer.responder_id]
    # Lock first, look second: the people in id order, then, in a statement of its own, how they stand.
    uow.responders.claim_waiting(order)
    entries = uow.responders.roster(uow.now, order)
    if any(entry.busy for entry in entries if entry.id == offer.responder_id):
        raise errors.ResponderAlreadyTaken
    uow.dispatches.answer([offer.id], O.ACCEPTED, at=uow.now)
    uow.responders.count_answers([offer.responder_id], yes=True)
    tell(uow, OfferAccepted, dispatch, offer.responder_id)
    yeses = asking.in_order(order, [gathering.candidate(entry) for entry in entries if not entry.calls])
    if _seat_who_fits(uow, dispatch, yeses, left):
        # The offer returned shows what is written.
        uow.dispatches.offers([dispatch.id])
    return offer


def decline(uow: UnitOfWork, actor: Actor, offer_id: int) -> Offer:
    """Say no to an offer, or take back a yes that still waits; no reason is asked, and it never counts against anybody.

    Raises
    ------
    NotFound
        There is no such offer to this person.
    OfferNoLongerOpen
        It ran out, or is not needed any more; or two are seated, and withdrawing is the way out.
    """
    offer, dispatch, _ = _mine(uow, actor, offer_id)
    if offer.state == O.DECLINED:
        return offer
    if offer.settled or offer.state not in {O.OFFERED, O.ACCEPTED}:
        raise errors.OfferNoLongerOpen
    require_offer_step(offer.state, O.DECLINED)
    _take_back(uow, dispatch, offer)
    uow.responders.count_answers([offer.responder_id], yes=False)
    return offer


def step_aside(uow: UnitOfWork, facts: Sequence[AvailabilityChanged]) -> None:
    """Take back what people are asked, and a yes of theirs that waits, once they say that they cannot go."""
    for responder_id in sorted({fact.subject for fact in facts}):
        until = uow.responders.get(responder_id).available_until
        if until is None or until <= uow.now:
            step_aside_for(uow, responder_id)


def step_aside_for(uow: UnitOfWork, responder_id: int) -> None:
    """Take back what a person is asked, and a yes of theirs that waits; it counts neither as yes nor as no."""
    for each in uow.dispatches.offers_to(responder_id, uow.now):
        dispatch = uow.dispatches.lock_to_answer(each.id, responder_id)
        offer = next((it for it in uow.dispatches.offers([each.dispatch_id]) if it.id == each.id), None)
        if dispatch is not None and offer is not None and not offer.settled and offer.state in {O.OFFERED, O.ACCEPTED}:
            _take_back(uow, dispatch, offer)


def _take_back(uow: UnitOfWork, dispatch: Dispatch, offer: Offer) -> None:
    uow.responders.claim_waiting([offer.responder_id])
    uow.dispatches.answer([offer.id], O.DECLINED, at=uow.now)
    uow.dispatches.change(dispatch)
    tell(uow, OfferDeclined, dispatch, offer.responder_id)


def _mine(uow: UnitOfWork, actor: Actor, offer_id: int) -> tuple[Offer, Dispatch, list[Offer]]:
    dispatch = uow.dispatches.lock_to_answer(offer_id, actor.responder_id) if actor.responder_id is not None else None
    if dispatch is None:
        raise errors.NotFound
    # Read behind the lock: nothing about these offers changes from here on but by this act.
    offers = uow.dispatches.offers([dispatch.id])
    return next(offer for offer in offers if offer.id == offer_id), dispatch, offers


def _seat_who_fits(uow: UnitOfWork, dispatch: Dispatch, yeses: Sequence[Candidate], left: Sequence[Seat]) -> bool:
    """Form the pair if there is one now; say whether there is."""
    chosen = _beside_the_one_left(uow, left, yeses) if dispatch.state == D.HELD else _two(uow, dispatch, yeses)
    if not chosen or not gathering.is_lawful(uow.dispatches.standing(dispatch.incident_id), dispatch.task):
        uow.dispatches.change(dispatch)
        return False
    seated = set(chosen.values())
    released = uow.dispatches.settle(dispatch.id, seated, uow.now)
    if released:
        tell(uow, OfferReleased, dispatch, *released)
    uow.dispatches.seat(dispatch.id, chosen, uow.now)
    for seat in left:
        # Whoever was left begins again at the meeting point.
        uow.dispatches.change_seat(
            seat, step=0, rung=0, checkin_due_at=None, checkin_missed_at=None, brief_read_at=None
        )
    expecting.to_set_out(uow, [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active])
    uow.dispatches.change(dispatch, state=D.PAIRED, state_at=uow.now, held_until=None, seats_wanted=[])
    tell_all(uow, PairFormed, dispatch, seated | {seat.responder_id for seat in left})
    return True


def _two(uow: UnitOfWork, dispatch: Dispatch, yeses: Sequence[Candidate]) -> dict[int, int]:
    seats = first_compatible(yeses, gathering.anywhere(uow, dispatch.task), uow.policy.pairs)
    return {asking.OBSERVER: seats.observer_id, asking.BUDDY: seats.buddy_id} if seats else {}


def _beside_the_one_left(uow: UnitOfWork, left: Sequence[Seat], yeses: Sequence[Candidate]) -> dict[int, int]:
    if len(left) != 1 or left[0].responder_id not in {person.responder_id for person in yeses}:
        return {}
    missing = asking.BUDDY if left[0].seat == asking.OBSERVER else asking.OBSERVER
    for person in yeses:
        if person.responder_id != left[0].responder_id and asking.may_join(uow, person, left[0], yeses):
            return {missing: person.responder_id}
    return {}
