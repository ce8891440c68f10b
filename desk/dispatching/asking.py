"""Waves: whom to ask next for a dispatch, and what happens when answers do not come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from desk import errors
from desk.access import Actor
from desk.dispatching import ending, gathering
from desk.dispatching.counting import count_everybody
from desk.dispatching.telling import tell
from desk.events import DispatchMoved, OfferAccepted, OfferDeclined, OfferExpired, OfferMade
from desk.unit_of_work import UnitOfWork
from geo.points import LonLat
from matcher.buddy import kind_of, may_go_together
from matcher.candidates import Candidate, Scene
from matcher.meeting import MeetingPoint
from matcher.order import nearest_streamed, order_streamed
from matcher.wave import chance_of_pair, next_wave
from records.enums import DispatchState as D
from records.enums import OfferState as O
from records.models import Dispatch, Offer, Seat
from records.values import NewOffer, SceneRow

_AT_ONCE = 20
"""Dispatches one sweep of the worker takes, so that an act stays short."""

_LOOK_AGAIN = timedelta(seconds=5)
"""Where everybody near was looked at and nobody was free, a further no does not look again sooner than this."""

OBSERVER, BUDDY = 1, 2


People = Iterable[tuple[int, Sequence[Candidate]]]
"""Batches of people, nearest first, each with whole seconds that none of it, nor of any later one, can beat."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """People in the order in which they are to be asked, with whole seconds to the meeting point."""

    people: list[Candidate]
    eta_s: dict[int, int]


def rank(  # noqa: PLR0917  (the wave's own words)
    uow: UnitOfWork,
    scene: Scene,
    people: People,
    meet_at: LonLat,
    size: int | None = None,
    at_least_s: int = 0,
    fits: Callable[[Candidate], bool] | None = None,
) -> Ranked:
    """Rank people for a wave, without locks, and some to spare for those who are in other hands by then.

    Parameters
    ----------
    size
        How many are to be asked, where a dispatcher says so.
    at_least_s
        What the best pair costs there, where that is known.
    fits
        Who may join those who wait, when somebody does.
    """
    policy, ways = uow.policy.pairs, gathering.ways_to(uow, scene)
    most = 2 * (policy.largest_wave if size is None else size)
    if fits is None:
        found = order_streamed(people, scene, policy, ways, meet_at=meet_at, most=most, at_least_s=at_least_s)
        return Ranked(*found)
    return Ranked(*nearest_streamed(people, scene, policy, ways, meet_at=meet_at, most=most, fits=fits))


def take(  # noqa: PLR0917  (the wave's own words)
    uow: UnitOfWork,
    scene: Scene,
    ranked: Ranked,
    yeses: Sequence[Candidate] = (),
    size: int | None = None,
    asked: Sequence[Candidate] = (),
    most: int | None = None,
) -> list[NewOffer]:
    """Choose a wave and take its people for this transaction; whoever is in other hands is replaced by the next.

    Ranked without locks, then taken in id order, then looked at again: what was free when ranked may not be free now.
    """
    people = ranked.people
    while True:
        wave = next_wave(people, yeses, scene, uow.policy.pairs, size=size, asked=asked)[:most]
        free = uow.responders.free(uow.responders.claim(wave), uow.now) if wave else set()
        if free.issuperset(wave):
            return [NewOffer(person, ranked.eta_s[person]) for person in wave]
        people = [person for person in people if person.responder_id in free or person.responder_id not in wave]


def ask(uow: UnitOfWork, dispatch: Dispatch, people: Sequence[NewOffer]) -> None:
    """Offer a dispatch to the people of its present wave."""
    expires_at = uow.now + uow.policy.pairs.wave_window
    if dispatch.held_until is not None:
        expires_at = min(expires_at, dispatch.held_until)
    uow.dispatches.ask(dispatch.id, people, wave=dispatch.waves, offered_at=uow.now, expires_at=expires_at)
    tell(uow, OfferMade, dispatch, *(person.responder_id for person in people))


def ask_more(uow: UnitOfWork, dispatch: Dispatch) -> int:
    """Ask as many more as bring the chance of a pair back to its target; return how many were asked.

    Whoever is asked and has not answered counts for what they may still say, so nobody is asked in vain. While
    somebody is still asked the newcomers join the present wave; with nobody left the next wave begins.
    """
    offers = uow.dispatches.offers([dispatch.id])
    still_open = any(offer.state == O.OFFERED for offer in offers)
    if still_open and dispatch.none_found_until is not None and dispatch.none_found_until > uow.now:
        return 0
    row = uow.dispatches.scene(dispatch.incident_id)
    if not gathering.is_lawful(uow.dispatches.standing(dispatch.incident_id), dispatch.task):
        return 0
    scene = gathering.scene_of(uow, row, dispatch.task)
    budget = _budget(uow, dispatch, offers)
    seats = [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active] if dispatch.state == D.HELD else []
    if uow.alarms.calling([seat.responder_id for seat in seats]):
        # Nobody is asked to join somebody who does not answer, or calls for help: the desk looks for them first.
        return 0
    order = waiting_order(offers, seats)
    open_to = [offer.responder_id for offer in offers if offer.state == O.OFFERED]
    known = gathering.candidates(uow, row, [*order, *open_to]) if order or open_to else []
    yeses, asked = in_order(order, known), in_order(open_to, known)
    if budget <= 0 or (asked and chance_of_pair(asked, yeses, scene, uow.policy.pairs) >= _target(uow, scene)):
        return 0
    fresh = take(uow, scene, _others(uow, dispatch, row, scene, offers, seats, yeses), yeses, asked=asked, most=budget)
    if not fresh and still_open:
        uow.dispatches.change(dispatch, none_found_until=uow.now + _LOOK_AGAIN)
    if fresh:
        uow.dispatches.change(dispatch, waves=dispatch.waves + (0 if asked else 1))
        ask(uow, dispatch, fresh)
    return len(fresh)


def _budget(uow: UnitOfWork, dispatch: Dispatch, offers: Sequence[Offer]) -> int:
    """Return how many more may be asked in this search, which began with the dispatch or with the hold."""
    policy = uow.policy.pairs
    return policy.largest_wave * policy.max_waves - sum(offer.offered_at >= dispatch.state_at for offer in offers)


def _target(uow: UnitOfWork, scene: Scene) -> float:
    return uow.policy.pairs.urgent_target if scene.urgent else uow.policy.pairs.target


def _others(  # noqa: PLR0917  (what is known of the search so far)
    uow: UnitOfWork,
    dispatch: Dispatch,
    row: SceneRow,
    scene: Scene,
    offers: Sequence[Offer],
    seats: Sequence[Seat],
    yeses: Sequence[Candidate],
) -> Ranked:
    """Rank the people not asked before: those who fit whoever waits, or everybody where none of them does."""
    # A no and silence stand; whoever was released wanted to come, or was not needed yet.
    before = {offer.responder_id for offer in offers if offer.state != O.RELEASED}
    meet_at = uow.dispatches.places([dispatch.id])[dispatch.id].meeting_point
    around = gathering.PeopleAround(uow, row, [meet_at], before)

    def joins(person: Candidate) -> bool:
        beside = any(may_go_together(person, yes, uow.now, uow.policy.pairs) for yes in yeses)
        return beside and all(may_join(uow, person, seat, yeses) for seat in seats)

    ranked = rank(uow, scene, around.in_order(), meet_at, fits=joins if yeses else None)
    if not (ranked.people or seats):
        # Nobody fits those who wait: the wave is chosen as if nobody did.
        ranked = rank(uow, scene, around.in_order(), meet_at)
    return ranked


def say_why(uow: UnitOfWork, dispatch: Dispatch) -> None:
    """Write down who was ruled out by which rule, for the dispatcher who hears that nobody was found."""
    row = uow.dispatches.scene(dispatch.incident_id)
    place = uow.dispatches.places([dispatch.id])[dispatch.id].meeting_point
    meet_at = MeetingPoint(place, dispatch.meeting_name, "", "vetted")
    counts = count_everybody(uow, row, gathering.scene_of(uow, row, dispatch.task), [meet_at])
    uow.dispatches.change(dispatch, ruled_out=counts.by_rule())


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


def top_up(uow: UnitOfWork, facts: Sequence[OfferDeclined | OfferExpired | OfferAccepted]) -> None:
    """Make up at once for every no, every silence and every yes that waits, where the dispatcher lets it run."""
    for dispatch_id in sorted({fact.subject for fact in facts}):
        dispatch = uow.dispatches.lock(dispatch_id)
        if (dispatch.state == D.HELD and dispatch.held_until is not None and dispatch.held_until > uow.now) or (
            dispatch.state == D.OFFERING and not dispatch.by_hand and not _too_late(uow, dispatch)
        ):
            ask_more(uow, dispatch)


def steer(uow: UnitOfWork, actor: Actor, dispatch_id: int, *, by_hand: bool) -> Dispatch:  # noqa: ARG001
    """Let a dispatch run, so that it tops itself up, or take it in hand, so that nobody is asked by itself.

    Raises
    ------
    NoSuchRecord
        There is no such dispatch.
    NotLawful
        It does not look for its pair any more.
    """
    dispatch = uow.dispatches.lock(dispatch_id)
    if dispatch.state != D.OFFERING:
        raise errors.NotLawful
    if dispatch.by_hand != by_hand:
        uow.dispatches.change(dispatch, by_hand=by_hand)
        tell(uow, DispatchMoved, dispatch)
        if not by_hand and not _too_late(uow, dispatch):
            ask_more(uow, dispatch)
    return dispatch


def expire_due(uow: UnitOfWork) -> int:
    """Expire offers that ran out; ask the next wave, or say that nobody was found. Return how many were looked at."""
    due = uow.take_due("offers_due", _AT_ONCE, now=uow.now)
    for dispatch in due:
        offers = uow.dispatches.offers([dispatch.id])
        over = [offer for offer in offers if offer.state == O.OFFERED and offer.expires_at <= uow.now]
        still_open = any(offer.state == O.OFFERED and offer.expires_at > uow.now for offer in offers)
        expire(uow, dispatch, over)
        if dispatch.state == D.HELD:
            _ask_again_for_one(uow, dispatch, still_open=still_open)
        elif _in_vain(uow, dispatch, still_open=still_open):
            say_why(uow, dispatch)
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
    """Ask the next wave once nobody is being asked; say whether there is nobody, or no time left."""
    if _too_late(uow, dispatch):
        return True
    return not (still_open or dispatch.by_hand or ask_more(uow, dispatch))


def _too_late(uow: UnitOfWork, dispatch: Dispatch) -> bool:
    return dispatch.offers_until is not None and dispatch.offers_until <= uow.now


def _ask_again_for_one(uow: UnitOfWork, dispatch: Dispatch, *, still_open: bool) -> None:
    if not still_open and dispatch.held_until is not None and dispatch.held_until > uow.now:
        ask_more(uow, dispatch)
    # Somebody may become available meanwhile: look again after a window, until the deadline ends it.
    uow.dispatches.change(dispatch, offers_until=uow.now + uow.policy.pairs.wave_window)
