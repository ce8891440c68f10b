"""What the desk sees of dispatches, and what one person out there sees of their own."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from desk import errors
from desk.access import Actor
from desk.dispatching.proposing import point
from desk.escalation import Call, Told, call_of, told_after, told_by
from desk.lifecycle import SEAT_STEP
from desk.policy import LONGEST_SHIFT
from desk.unit_of_work import UnitOfWork
from geo import cells
from matcher.eligibility import Rule
from records import ids
from records.enums import DispatchState as D
from records.enums import OfferState as O
from records.enums import SeatKind
from records.models import Alarm, Dispatch, Offer, Seat
from records.values import DispatchPlaces

_SEATS: Final = {1: SeatKind.OBSERVER.value, 2: SeatKind.BUDDY.value}
_STEPS: Final = {step: state.value for state, step in SEAT_STEP.items()}
_CARDS: Final = {D.STAGED: "onscene", D.ON_SCENE: "onscene", D.HELD: "partner.lost"}
_AFTERCARE: Final = timedelta(hours=1)
"""How long somebody who came home still sees the card for afterwards."""
_THANKED: Final = timedelta(minutes=10)
"""How long a thanks stays on the screen of somebody who was released."""
_MEET_TO: Final = timedelta(minutes=5)


def at(moment: datetime | None) -> str | None:
    """Return a moment as RFC 3339 in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class _Around:
    """Everything that belongs to some dispatches, read in one go each."""

    offers: Mapping[int, Sequence[Offer]]
    seats: Mapping[int, Sequence[Seat]]
    alarms: Mapping[int, Sequence[Alarm]]
    places: Mapping[int, DispatchPlaces]
    aliases: Mapping[int, str]
    observers: Collection[int]

    @classmethod
    def of(cls, uow: UnitOfWork, dispatch_ids: Collection[int]) -> _Around:
        offers, seats = uow.dispatches.offers(dispatch_ids), uow.dispatches.seats(dispatch_ids)
        return cls(
            offers=_by_dispatch(offers),
            seats=_by_dispatch(seats),
            alarms=_by_dispatch(uow.alarms.open_calls(dispatch_ids)),
            places=uow.dispatches.places(dispatch_ids),
            observers=uow.responders.observers({offer.responder_id for offer in offers}, uow.now) if offers else (),
            aliases=uow.responders.aliases(
                {offer.responder_id for offer in offers} | {seat.responder_id for seat in seats}
            ),
        )


def _by_dispatch(rows: Iterable[Any]) -> Mapping[int, Sequence[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.dispatch_id].append(row)
    return found


# the desk's view


def dispatch_views(uow: UnitOfWork, dispatches: Collection[Dispatch]) -> list[dict[str, Any]]:
    """Return dispatches as the desk sees them, in the order given."""
    if not dispatches:
        return []
    around = _Around.of(uow, [dispatch.id for dispatch in dispatches])
    return [_desk_view(uow, dispatch, around) for dispatch in dispatches]


def dispatch_view(uow: UnitOfWork, dispatch: Dispatch) -> dict[str, Any]:
    """Return one dispatch as the desk sees it."""
    return dispatch_views(uow, [dispatch])[0]


def views_for(uow: UnitOfWork, incident_id: int) -> list[dict[str, Any]]:
    """Return every dispatch of an incident and of those merged into it as the desk sees it, newest first."""
    family = uow.decisions.family([incident_id])
    return dispatch_views(uow, uow.dispatches.page(open_only=None, limit=100, incident_ids=family or [incident_id]))


def page(
    uow: UnitOfWork, actor: Actor, *, open_only: bool | None, limit: int, after: int | None = None
) -> list[dict[str, Any]]:
    """Return a page of dispatches as the desk sees them, newest first; `after` is the last of the page before."""
    del actor
    return dispatch_views(uow, uow.dispatches.page(open_only=open_only, limit=limit, after=after))


def _desk_view(uow: UnitOfWork, dispatch: Dispatch, around: _Around) -> dict[str, Any]:
    seats = around.seats.get(dispatch.id, ())
    over = dispatch.state == D.CLEARED
    return {
        "id": ids.shown(dispatch.id),
        "incident": ids.shown(dispatch.incident_id),
        "task": dispatch.task,
        "state": dispatch.state,
        "place": dispatch.place,
        "meeting_point": _meeting_point(dispatch, around),
        "meeting_moved_at": at(dispatch.meeting_moved_at),
        "seats": [
            {
                "seat": _SEATS[seat.seat],
                "alias": around.aliases[seat.responder_id],
                "step": _STEPS[seat.step],
                "found": seat.found,
                "move_seen": seat.move_seen if dispatch.meeting_moves else None,
                "checkin_due_at": at(seat.checkin_due_at),
                "checkin_missed_at": at(seat.checkin_missed_at),
                "brief_read": seat.brief_read_at is not None,
                **_call(uow, seat, around),
            }
            for seat in seats
            if seat.active or (over and seat.left_because == "cleared")
        ],
        "left": [
            {
                "seat": _SEATS[seat.seat],
                "alias": around.aliases[seat.responder_id],
                "because": seat.left_because,
                "at": at(seat.during.upper),
                "checkin_missed_at": at(seat.checkin_missed_at),
                **_call(uow, seat, around),
            }
            for seat in seats
            if seat.left_because in {"withdrew", "lost"}
        ],
        "offers": [
            {
                "id": ids.shown(offer.id),
                "alias": around.aliases[offer.responder_id],
                "observes": offer.responder_id in around.observers,
                "state": offer.state,
                "wave": offer.wave,
                "waits": offer.state == O.ACCEPTED and not offer.settled,
                "eta_s": 60 * math.ceil(offer.eta_s / 60),
                "expires_at": at(offer.expires_at),
            }
            for offer in around.offers.get(dispatch.id, ())
        ],
        "reasons": dispatch.reasons,
        "ruled_out": [
            {"rule": rule.value, "text": rule.sentence, "people": dispatch.ruled_out[rule.value]}
            for rule in Rule
            if dispatch.ruled_out.get(rule.value)
        ],
        "waves": dispatch.waves,
        "by_hand": dispatch.by_hand,
        "seats_wanted": [_SEATS[seat] for seat in dispatch.seats_wanted],
        "offers_until": at(dispatch.offers_until),
        "held_until": at(dispatch.held_until),
        "made_at": at(dispatch.made_at),
        "state_at": at(dispatch.state_at),
        "version": dispatch.version,
    }


def _meeting_point(dispatch: Dispatch, around: _Around) -> dict[str, Any]:
    return {"name": dispatch.meeting_name, "geometry": point(around.places[dispatch.id].meeting_point)}


def _call(uow: UnitOfWork, seat: Seat, around: _Around) -> dict[str, Any]:
    """Return a person's open call: what it is, since when, who has been told, and when the lines are to be called."""
    policy = uow.policy.checkins
    found = call_of(seat, around.alarms.get(seat.dispatch_id, ()))
    if found is None:
        return {"alarm": None, "alarm_at": None, "told": [], "lines_at": None}
    call, begun_at = found
    lines_after = told_after(call, Told.LINE, policy)
    return {
        "alarm": None if call is Call.SILENCE else call.value,
        "alarm_at": at(begun_at),
        "told": [who.value for who in told_by(call, begun_at, uow.now, policy)],
        "lines_at": None if lines_after is None else at(begun_at + lines_after),
    }


# one person's own view


def my_view(uow: UnitOfWork, actor: Actor) -> dict[str, Any]:
    """Return what one responder is asked and where they are needed; never another person's place.

    The place itself comes only once both are at the meeting point and the rules of the shift were accepted.

    Raises
    ------
    NotAResponder
        The account is not on the roster.
    """
    me = _responder(actor)
    open_offers = uow.dispatches.offers_to(me, uow.now)
    seats = {seat.dispatch_id: seat for seat in reversed(uow.dispatches.seats_of(me, uow.now - _AFTERCARE))}
    dispatches = {each.id: each for each in uow.dispatches.many({*seats, *(it.dispatch_id for it in open_offers)})}
    around = _Around.of(uow, dispatches)
    own = [_own_view(uow, dispatches[number], seat, around) for number, seat in reversed(seats.items())]
    return {
        "offers": [_offer_view(uow, offer, dispatches[offer.dispatch_id], around) for offer in open_offers],
        "dispatches": [view for view in own if view is not None],
        "thanks": None if open_offers else thanks(uow, me),
    }


def thanks(uow: UnitOfWork, me: int) -> dict[str, Any] | None:
    """Return the thanks for somebody who was released a while ago, and whether that was because a pair was found."""
    released = uow.loads.released(me, uow.now - _THANKED)
    if released is None:
        return None
    dispatch = uow.dispatches.get(released.dispatch_id)
    found = dispatch.state not in {D.CANCELLED, D.UNFILLED}
    return {
        "at": at(released.answered_at),
        "card": "released" if found else "released.off",
        "area": cells.parent(uow.dispatches.places([dispatch.id])[dispatch.id].cell10, 8),
    }


def my_dispatch(uow: UnitOfWork, actor: Actor, dispatch_id: int) -> dict[str, Any]:
    """Return one dispatch as one of its two people sees it; raises NotFound for anybody else."""
    me = _responder(actor)
    found = uow.dispatches.many([dispatch_id])
    around = _Around.of(uow, [dispatch_id])
    mine = [seat for seat in around.seats.get(dispatch_id, ()) if seat.responder_id == me]
    view = _own_view(uow, found[0], mine[-1], around, however_old=True) if found and mine else None
    if view is None:
        raise errors.NotFound
    return view


def my_answer(uow: UnitOfWork, actor: Actor, offer: Offer) -> dict[str, Any]:
    """Return an offer just answered, and the dispatch when the answer formed a pair."""
    dispatch = uow.dispatches.get(offer.dispatch_id)
    around = _Around.of(uow, [dispatch.id])
    seated = any(seat.active and seat.responder_id == actor.responder_id for seat in around.seats.get(dispatch.id, ()))
    return {
        "offer": _offer_view(uow, offer, dispatch, around),
        "dispatch": my_dispatch(uow, actor, dispatch.id) if seated else None,
    }


def _responder(actor: Actor) -> int:
    if actor.responder_id is None:
        raise errors.NotAResponder
    return actor.responder_id


def _offer_view(uow: UnitOfWork, offer: Offer, dispatch: Dispatch, around: _Around) -> dict[str, Any]:
    places = around.places[dispatch.id]
    names = [zone.name for zone in uow.zone_map.zones.zones if zone.id in places.zone_ids]
    cards = {O.OFFERED: "offer", O.ACCEPTED: "accept.paired" if offer.settled else "accept.waiting"}
    return {
        "id": ids.shown(offer.id),
        "dispatch": ids.shown(dispatch.id),
        "task": dispatch.task,
        "area": cells.parent(places.cell10, 8),
        "area_name": names[0] if names else None,
        "minutes": math.ceil(offer.eta_s / 60),
        "seats_open": [_SEATS[seat] for seat in dispatch.seats_wanted],
        "expires_at": at(offer.expires_at),
        "state": offer.state,
        "card": cards.get(O(offer.state)),
    }


def _own_view(
    uow: UnitOfWork, dispatch: Dispatch, seat: Seat, around: _Around, *, however_old: bool = False
) -> dict[str, Any] | None:
    if not seat.active and seat.left_because == "cancelled" and not however_old:
        return None
    partner = next(
        (each for each in around.seats[dispatch.id] if each.active and each.responder_id != seat.responder_id), None
    )
    together = seat.active and dispatch.state in {D.STAGED, D.ON_SCENE}
    calls = around.alarms.get(dispatch.id, ())
    return {
        "id": ids.shown(dispatch.id),
        "task": dispatch.task,
        "state": dispatch.state,
        "my_seat": _SEATS[seat.seat],
        "my_step": _STEPS[seat.step],
        "partner": around.aliases[partner.responder_id] if partner and seat.active else None,
        "partner_step": _STEPS[partner.step] if partner and seat.active else None,
        # A silent call for help must not show on the partner's screen either: somebody may look over a shoulder.
        "partner_calls_help": bool(partner and seat.active and _calls(partner, calls, Call.HELP)),
        "late": seat.active and seat.rung > 0,
        "partner_late": bool(partner and seat.active and partner.rung and partner.checkin_due_at is not None),
        "meeting_point": _meeting_point(dispatch, around) if seat.active else None,
        "meeting_moved_at": at(dispatch.meeting_moved_at) if seat.active else None,
        "move_seen": seat.move_seen or not dispatch.meeting_moves,
        "meet_by": at(_meet_by(dispatch, around)) if seat.active else None,
        "place": point(around.places[dispatch.id].place) if together and _read_the_cards(uow, seat) else None,
        "brief_read": seat.brief_read_at is not None,
        "checkin_due_at": at(seat.checkin_due_at),
        "held_until": at(dispatch.held_until),
        "card": _card(dispatch, seat),
        "version": dispatch.version,
    }


def _card(dispatch: Dispatch, seat: Seat) -> str:
    """Return the key of the short text for one person's own step, which may be ahead of the dispatch's."""
    if seat.left_because == "lost" and seat.checkin_missed_at is not None:
        return "lost"
    if not seat.active or seat.step >= SEAT_STEP[D.CLEARED]:
        return "after"
    if dispatch.state in {D.PAIRED, D.EN_ROUTE}:
        return "enroute" if seat.step >= SEAT_STEP[D.EN_ROUTE] else "accept.paired"
    return _CARDS.get(D(dispatch.state), "after")


def _meet_by(dispatch: Dispatch, around: _Around) -> datetime | None:
    """Return when both should be at the meeting point; to five minutes, or it would tell where the other set out."""
    seated = {seat.responder_id: seat.during.lower for seat in around.seats[dispatch.id] if seat.active}
    ways = [
        timedelta(seconds=offer.eta_s)
        for offer in around.offers.get(dispatch.id, ())
        if offer.responder_id in seated and offer.state == O.ACCEPTED
    ]
    begun = [moment for moment in seated.values() if moment is not None]
    if not ways or not begun:
        return None
    latest = max(begun) + max(ways)
    return latest + (datetime.min.replace(tzinfo=latest.tzinfo) - latest) % _MEET_TO


def _calls(seat: Seat, alarms: Sequence[Alarm], call: Call) -> bool:
    found = call_of(seat, alarms)
    return found is not None and found[0] is call


def _read_the_cards(uow: UnitOfWork, seat: Seat) -> bool:
    """Say whether a person read both cards: the rules of the shift, and the brief of this dispatch."""
    read_at = uow.responders.get(seat.responder_id).rules_read_at
    return read_at is not None and uow.now - read_at <= LONGEST_SHIFT and seat.brief_read_at is not None
