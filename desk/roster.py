"""Responders join, train, become available; where they roughly are is a cell, opt-in, forgotten after 15 minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from desk import errors
from desk.access import Actor
from desk.events import AvailabilityChanged
from desk.policy import LONGEST_SHIFT
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.points import LonLat
from records import ids
from records.enums import Role
from records.models import Responder
from records.values import RosterEntry

POSITION_RESOLUTION: Final = 9
LONGEST_REST: Final = timedelta(days=30)
_DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What an organizer writes about a responder; languages are tags, `base_zone` is where they usually start from."""

    alias: str
    languages: Sequence[str] = ("en",)
    mode: str = "foot"
    base_zone: int | None = None
    zones: Sequence[int] = ()
    no_tasks: Sequence[str] = ()
    certificates: Sequence[tuple[str, datetime]] = field(default=())


def join(uow: UnitOfWork, actor: Actor, person: Joining) -> dict[str, Any]:
    """Put an account on the roster, or change how it stands there; return its entry, without a place.

    Raises
    ------
    NotFound
        There is no such account with the responder's role, or no such zone.
    """
    del actor
    account = uow.responders.account_called(person.alias)
    if account is None or Role.RESPONDER not in account.roles:
        raise errors.NotFound
    known = {zone.id: zone for zone in uow.zone_map.zones.zones}
    if not known.keys() >= {*person.zones, *([person.base_zone] if person.base_zone is not None else [])}:
        raise errors.NotFound
    base = None
    if person.base_zone is not None:
        inside = known[person.base_zone].boundary.representative_point()
        base = cells.cell_at(LonLat(inside.x, inside.y), POSITION_RESOLUTION)
    responder_id = uow.responders.join(
        account.id,
        languages=person.languages,
        mode=person.mode,
        base_cell9=base,
        zone_ids=sorted(person.zones),
        no_tasks=person.no_tasks,
    )
    uow.responders.certify(responder_id, person.certificates)
    return _shown(uow.responders.roster(uow.now, [responder_id])[0], uow.now)


def roster(uow: UnitOfWork, actor: Actor) -> list[dict[str, Any]]:
    """Return everybody on the roster by alias: training, languages, load and rest, never a place."""
    del actor
    return sorted((_shown(entry, uow.now) for entry in uow.responders.roster(uow.now)), key=lambda one: one["alias"])


def set_availability(  # noqa: PLR0917  (the five words of the call)
    uow: UnitOfWork,
    actor: Actor,
    available: bool,
    until: datetime | None = None,
    location: LonLat | None = None,
    mode: str | None = None,
    *,
    rules_read: bool = True,
) -> dict[str, Any]:
    """Say that one can go, or that one cannot; a place given becomes its res-9 cell at once.

    Toggling does not begin a new shift: only a break as long as the rest the network asks for does, and nobody is on
    call for longer than twelve hours without one.

    Raises
    ------
    NotAResponder
        The account is not on the roster.
    RulesNotRead
        The card with the rules of the shift was not accepted.
    OnCallLongEnough
        The twelve hours are over, and the rest is not.
    OverTooSoon
        `until` lies in the past.
    """
    if actor.responder_id is None:
        raise errors.NotAResponder
    me = uow.responders.get(actor.responder_id)
    if not available:
        uow.responders.make_unavailable([me.id], uow.now)
    else:
        if not rules_read:
            raise errors.RulesNotRead
        since = _shift_began(uow, me)
        if since + LONGEST_SHIFT <= uow.now:
            raise errors.OnCallLongEnough
        until = min(until or since + LONGEST_SHIFT, since + LONGEST_SHIFT)
        if until <= uow.now:
            raise errors.OverTooSoon
        uow.responders.make_available(
            me.id,
            since=since,
            until=until,
            mode=mode or me.mode,
            rules_read_at=uow.now,
        )
        if location is not None:
            uow.responders.stand_at(me.id, cells.cell_at(location, POSITION_RESOLUTION), uow.now)
    uow.record(AvailabilityChanged(subject=me.id, responder_id=me.id))
    return {
        "available": available,
        "until": _at(until) if available else None,
        "position_kept_until": _at(uow.now + uow.policy.retention.position) if available and location else None,
        "card": "shift.rules" if available else None,
    }


def _shift_began(uow: UnitOfWork, me: Responder) -> datetime:
    """Return when the shift began that somebody is in, or would begin now."""
    rested = me.available_until is None or uow.now - me.available_until >= uow.policy.pairs.rest
    return uow.now if rested or me.available_since is None else me.available_since


def rest_longer(uow: UnitOfWork, actor: Actor, by: timedelta) -> dict[str, Any]:
    """Leave a person in peace for as much longer as they ask for, from now or from the end of the rest they have.

    No reason is asked, and nobody can shorten it: the records refuse that.

    Raises
    ------
    NotAResponder
        The account is not on the roster.
    """
    if actor.responder_id is None:
        raise errors.NotAResponder
    me = uow.responders.get(actor.responder_id)
    begin = max(uow.now, me.resting_until or uow.now)
    uow.responders.rest([me.id], min(begin + by, uow.now + LONGEST_REST))
    uow.record(AvailabilityChanged(subject=me.id, responder_id=me.id))
    return load(uow, actor)


def load(uow: UnitOfWork, actor: Actor) -> dict[str, Any]:
    """Return what one person has carried, and by which rule and until when they are not asked; nobody else's.

    Raises
    ------
    NotAResponder
        The account is not on the roster.
    """
    if actor.responder_id is None:
        raise errors.NotAResponder
    (entry,) = uow.responders.roster(uow.now, [actor.responder_id])
    pairs = uow.policy.pairs
    asked = uow.loads.asked_at(entry.id, uow.now - _DAY)
    rule, until = _rests_under(uow, entry, asked)
    return {
        "dispatches_this_shift": entry.this_shift,
        "dispatches_a_shift": pairs.dispatches_a_shift,
        "load_7d": entry.load_7d,
        "offers_today": len(asked),
        "offers_a_day": pairs.offers_a_day,
        "resting_until": _at(entry.resting_until) if _holds(entry.resting_until, uow.now) else None,
        "rule": rule,
        "asked_again_at": _at(until),
    }


def _rests_under(uow: UnitOfWork, entry: RosterEntry, asked: Sequence[datetime]) -> tuple[str | None, datetime | None]:
    """Return the rule that keeps a person from being asked for longest, and when it ends."""
    pairs = uow.policy.pairs
    ends: list[tuple[datetime, str]] = []
    if entry.resting_until is not None:
        ends.append((entry.resting_until, "resting"))
    if entry.this_shift >= pairs.dispatches_a_shift and entry.last_cleared_at is not None:
        ends.append((entry.last_cleared_at + pairs.rest, "shift_full"))
    if len(asked) >= pairs.offers_a_day:
        ends.append((sorted(asked)[-pairs.offers_a_day] + _DAY, "enough_offers"))
    if entry.available_since is not None and entry.available_until is not None:
        over = entry.available_since + LONGEST_SHIFT <= uow.now
        if over and uow.now - entry.available_until < pairs.rest:
            ends.append((min(entry.available_until, uow.now) + pairs.rest, "on_call"))
    until, rule = max(ends, default=(uow.now, ""))
    return (rule, until) if until > uow.now else (None, None)


def shift(uow: UnitOfWork, actor: Actor) -> dict[str, Any]:
    """Return whether one can be asked now, until when, and how one travels; raises NotAResponder."""
    if actor.responder_id is None:
        raise errors.NotAResponder
    me = uow.responders.get(actor.responder_id)
    available = me.available_until is not None and me.available_until > uow.now
    return {"available": available, "until": _at(me.available_until) if available else None, "mode": me.mode}


def forget_positions(uow: UnitOfWork) -> int:
    """Forget where people were longer ago than the network keeps it; return how many."""
    return uow.responders.forget_positions(uow.now - uow.policy.retention.position)


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _holds(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def _shown(entry: RosterEntry, now: datetime) -> dict[str, Any]:
    def holds(until: datetime | None) -> bool:
        return _holds(until, now)

    return {
        "id": ids.shown(entry.id),
        "alias": entry.alias,
        "languages": list(entry.languages),
        "mode": entry.mode,
        "zones": [ids.shown(zone) for zone in entry.zone_ids],
        "no_tasks": list(entry.no_tasks),
        "trained_until": _at(entry.trained_until),
        "observer_until": _at(entry.observer_until),
        "seats": [
            *(["observer"] if holds(entry.observer_until) else []),
            *(["buddy"] if holds(entry.trained_until) else []),
        ],
        "available": holds(entry.available_until),
        "available_until": _at(entry.available_until) if holds(entry.available_until) else None,
        "busy": entry.busy,
        "resting_until": _at(entry.resting_until) if holds(entry.resting_until) else None,
        "dispatches_this_shift": entry.this_shift,
        "load_7d": entry.load_7d,
        "cleared_total": entry.cleared_total,
    }
