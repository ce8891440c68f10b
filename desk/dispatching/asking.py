"""Waves: whom to ask next for a dispatch, and what happens when answers do not come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk.dispatching import ending, gathering
from desk.dispatching.telling import tell
from desk.events import OfferExpired, OfferMade
from desk.unit_of_work import UnitOfWork
from geo.points import LonLat
from matcher.buddy import kind_of, may_go_together
from matcher.candidates import Candidate, Scene
from matcher.eligibility import Rule, screen
from matcher.pairs import arrivals, order_to_ask
from matcher.wave import next_wave
from records.enums import DispatchState as D
from records.enums import OfferState as O
from records.models import Dispatch, Offer, Seat
from records.values import NewOffer

_AT_ONCE = 20
"""Dispatches one sweep of the worker takes, so that an act stays short."""

OBSERVER, BUDDY = 1, 2


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to be asked, with whole seconds to the meeting point, and who was ruled out by which rule."""

    people: list[NewOffer]
    ruled_out: dict[str, int]


def choose(  # noqa: PLR0917  (the wave's own words)
    uow: UnitOfWork,
    scene: Scene,
    people: Sequence[Candidate],
    meet_at: LonLat,
    yeses: Sequence[Candidate] = (),
    size: int | None = None,
) -> Asked:
    """Choose a wave and take its people for this transaction; whoever is in other hands is replaced by the next.

    Ranked without locks, then taken in id order, then looked at again: what was free when ranked may not be free now.
    """
    policy = uow.policy.pairs
    screened = screen(people, scene, policy, gathering.ways_to(uow, scene), [meet_at])
    going = arrivals(screened, scene, policy)
    eta_s = {it.person.responder_id: it.seconds[0] for it in going}
    if yeses:
        ranked = [it.person for it in sorted(going, key=lambda it: (it.least_s, it.person.responder_id))]
    else:
        ranked = order_to_ask(going, scene, policy, 2 * policy.largest_wave)
    while True:
        wave = next_wave(ranked, yeses, scene, policy, size=size)
        free = uow.responders.free(uow.responders.claim(wave), uow.now)
        if free.issuperset(wave):
            break
        ranked = [person for person in ranked if person.responder_id in free or person.responder_id not in wave]
    counts = {rule.value: screened.ruled_out[rule] for rule in Rule if screened.ruled_out[rule]}
    return Asked([NewOffer(person, eta_s[person]) for person in wave], counts)


def ask(uow: UnitOfWork, dispatch: Dispatch, people: Sequence[NewOffer]) -> None:
    """Offer a dispatch to the people of its present wave."""
    expires_at = uow.now + uow.policy.pairs.wave_window
    if dispatch.held_until is not None:
        expires_at = min(expires_at, dispatch.held_until)
    uow.dispatches.ask(dispatch.id, people, wave=dispatch.waves, offered_at=uow.now, expires_at=expires_at)
    tell(uow, OfferMade, dispatch, *(person.responder_id for person in people))


def ask_more(uow: UnitOfWork, dispatch: Dispatch) -> int:
    """Ask the next wave for the seats that are open, of people not asked before; return how many were asked."""
    row = uow.dispatches.scene(dispatch.incident_id)
    if not gathering.is_lawful(row.standing, dispatch.task):
        return 0
    scene = gathering.scene_of(uow, row, dispatch.task)
    offers = uow.dispatches.offers([dispatch.id])
    # A no and silence stand; whoever was released wanted to come, or was not needed yet.
    before = {offer.responder_id for offer in offers if offer.state != O.RELEASED}
    everybody = gathering.candidates(uow, row)
    seats = [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active] if dispatch.state == D.HELD else []
    yeses = in_order(waiting_order(offers, seats), everybody)
    people = [person for person in everybody if person.responder_id not in before]
    if dispatch.state == D.HELD:
        people = [person for person in people if all(may_join(uow, person, seat, yeses) for seat in seats)]
    meet_at = uow.dispatches.places([dispatch.id])[dispatch.id].meeting_point
    asked = choose(uow, scene, people, meet_at, yeses)
    if asked.people:
        uow.dispatches.change(dispatch, waves=dispatch.waves + 1, ruled_out=asked.ruled_out)
        ask(uow, dispatch, asked.people)
    return len(asked.people)


def waiting_order(offers: Sequence[Offer], left: Sequence[Seat]) -> list[int]:
    """Return those who said yes and wait, first yes first; whoever was left on a seat stands before them."""
    said = sorted(
        (offer for offer in offers if offer.state == O.ACCEPTED and not offer.settled),
        key=lambda offer: (offer.answered_at or offer.offered_at, offer.id),
    )
    return [seat.responder_id for seat in left] + [offer.responder_id for offer in said]


def in_order(order: Sequence[int], people: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates with these ids, in this order."""
    known = {person.responder_id: person for person in people}
    return [known[responder_id] for responder_id in order if responder_id in known]


def may_join(uow: UnitOfWork, person: Candidate, left: Seat, yeses: Sequence[Candidate]) -> bool:
    """Say whether a person may take the seat beside the one who was left, who keeps their own."""
    partner = next((each for each in yeses if each.responder_id == left.responder_id), None)
    kind = kind_of(person, uow.now, uow.policy.pairs)
    fits = kind.buddies if left.seat == OBSERVER else kind.observes
    return fits and partner is not None and may_go_together(partner, person, uow.now, uow.policy.pairs)


def expire_due(uow: UnitOfWork) -> int:
    """Expire offers that ran out; ask the next wave, or say that nobody was found. Return how many were looked at."""
    due = uow.dispatches.lock_due("offers_due", _AT_ONCE, now=uow.now)
    for dispatch in due:
        offers = uow.dispatches.offers([dispatch.id])
        over = [offer for offer in offers if offer.state == O.OFFERED and offer.expires_at <= uow.now]
        still_open = any(offer.state == O.OFFERED and offer.expires_at > uow.now for offer in offers)
        expire(uow, dispatch, over)
        if dispatch.state == D.HELD:
            _ask_again_for_one(uow, dispatch, still_open=still_open)
        elif _in_vain(uow, dispatch, still_open=still_open):
            ending.finish(uow, dispatch, D.UNFILLED)
    return len(due)


def expire(uow: UnitOfWork, dispatch: Dispatch, over: Sequence[Offer]) -> None:
    """Note that offers were not answered in time; nothing follows from it but the size of later waves."""
    people = sorted(offer.responder_id for offer in over)
    uow.responders.claim_waiting(people)
    uow.responders.count_answers(people, yes=False)
    uow.dispatches.answer([offer.id for offer in over], O.EXPIRED, at=uow.now)
    if people:
        tell(uow, OfferExpired, dispatch, *people)


def _in_vain(uow: UnitOfWork, dispatch: Dispatch, *, still_open: bool) -> bool:
    """Ask the next wave once nobody is being asked; say whether there is nobody, no wave or no time left."""
    if dispatch.offers_until is not None and dispatch.offers_until <= uow.now:
        return True
    return not still_open and (dispatch.waves >= uow.policy.pairs.max_waves or not ask_more(uow, dispatch))


def _ask_again_for_one(uow: UnitOfWork, dispatch: Dispatch, *, still_open: bool) -> None:
    if not still_open and dispatch.held_until is not None and dispatch.held_until > uow.now:
        ask_more(uow, dispatch)
    # Somebody may become available meanwhile: look again after a window, until the deadline ends it.
    uow.dispatches.change(dispatch, offers_until=uow.now + uow.policy.pairs.wave_window)
