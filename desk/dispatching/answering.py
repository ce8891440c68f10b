"""Accept and decline: the first two who fit take both seats in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from desk import errors
from desk.access import Actor
from desk.dispatching import asking, ending, gathering
from desk.dispatching.telling import tell, tell_all
from desk.events import OfferAccepted, OfferDeclined, PairFormed
from desk.lifecycle import require_offer_step
from desk.unit_of_work import UnitOfWork
from matcher.candidates import Candidate
from matcher.wave import first_compatible
from records.enums import DispatchState as D
from records.enums import OfferState as O
from records.models import Dispatch, Offer


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
    offer, dispatch = _mine(uow, actor, offer_id)
    if offer.state == O.ACCEPTED:
        return offer
    if offer.state != O.OFFERED or offer.expires_at <= uow.now or dispatch.state not in {D.OFFERING, D.HELD}:
        raise errors.OfferNoLongerOpen
    offers = uow.dispatches.offers([dispatch.id])
    waiting = [each.responder_id for each in offers if each.state == O.ACCEPTED and not each.settled]
    # Lock first, look second: the people in id order, then, in statements of their own, whether they still wait.
    uow.responders.claim_waiting([offer.responder_id, *waiting])
    if any(entry.busy for entry in uow.responders.roster(uow.now, [offer.responder_id])):
        raise errors.ResponderAlreadyTaken
    uow.dispatches.answer([offer.id], O.ACCEPTED, at=uow.now)
    uow.responders.count_answers([offer.responder_id], yes=True)
    tell(uow, OfferAccepted, dispatch, offer.responder_id)
    _seat_who_fits(uow, dispatch)
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
    offer, dispatch = _mine(uow, actor, offer_id)
    if offer.state == O.DECLINED:
        return offer
    if offer.settled or offer.state not in {O.OFFERED, O.ACCEPTED}:
        raise errors.OfferNoLongerOpen
    require_offer_step(offer.state, O.DECLINED)
    uow.responders.claim_waiting([offer.responder_id])
    uow.dispatches.answer([offer.id], O.DECLINED, at=uow.now)
    uow.responders.count_answers([offer.responder_id], yes=False)
    uow.dispatches.change(dispatch)
    tell(uow, OfferDeclined, dispatch, offer.responder_id)
    uow.dispatches.offers([dispatch.id])
    return offer


def _mine(uow: UnitOfWork, actor: Actor, offer_id: int) -> tuple[Offer, Dispatch]:
    offer = uow.dispatches.find_offer(offer_id)
    if offer is None or offer.responder_id != actor.responder_id:
        raise errors.NotFound
    dispatch = uow.dispatches.lock(offer.dispatch_id)
    fresh = uow.dispatches.find_offer(offer_id)
    assert fresh is not None
    return fresh, dispatch


def _seat_who_fits(uow: UnitOfWork, dispatch: Dispatch) -> None:
    row = uow.dispatches.scene(dispatch.incident_id)
    offers = uow.dispatches.offers([dispatch.id])
    yeses = asking.waiting(uow, dispatch, offers, row)
    chosen = _beside_the_one_left(uow, dispatch, yeses) if dispatch.state == D.HELD else _two(uow, dispatch, yeses)
    if not chosen or not gathering.is_lawful(row, dispatch.task):
        uow.dispatches.change(dispatch)
        return
    ending.release(uow, dispatch, keeping=set(chosen.values()))
    uow.dispatches.settle(
        [offer.id for offer in offers if offer.state == O.ACCEPTED and offer.responder_id in chosen.values()]
    )
    for number, responder_id in sorted(chosen.items()):
        uow.dispatches.seat(dispatch.id, number, responder_id, uow.now)
    together = [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active]
    for seat in together:
        # Whoever was left begins again at the meeting point.
        uow.dispatches.change_seat(seat, step=0, checkin_due_at=None, checkin_missed_at=None)
    uow.dispatches.change(dispatch, state=D.PAIRED, state_at=uow.now, held_until=None, seats_wanted=[])
    tell_all(uow, PairFormed, dispatch, (seat.responder_id for seat in together))


def _two(uow: UnitOfWork, dispatch: Dispatch, yeses: Sequence[Candidate]) -> dict[int, int]:
    scene = gathering.scene_of(uow, uow.dispatches.scene(dispatch.incident_id), dispatch.task)
    seats = first_compatible(yeses, scene, uow.policy.pairs)
    return {asking.OBSERVER: seats.observer_id, asking.BUDDY: seats.buddy_id} if seats else {}


def _beside_the_one_left(uow: UnitOfWork, dispatch: Dispatch, yeses: Sequence[Candidate]) -> dict[int, int]:
    scene = gathering.scene_of(uow, uow.dispatches.scene(dispatch.incident_id), dispatch.task)
    left = next((seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active), None)
    if left is None or left.checkin_missed_at is not None:
        return {}
    missing = asking.BUDDY if left.seat == asking.OBSERVER else asking.OBSERVER
    for person in yeses:
        if person.responder_id != left.responder_id and asking.may_join(person, left, yeses, scene, uow):
            return {missing: person.responder_id}
    return {}
