"""Responders join, train, become available; where they roughly are is a cell, opt-in, forgotten after 15 minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from desk import errors
from desk.access import Actor
from desk.events import AvailabilityChanged
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.points import LonLat
from records import ids
from records.enums import Role
from records.values import RosterEntry

POSITION_RESOLUTION: Final = 9
LONGEST_SHIFT: Final = timedelta(hours=12)
"""A person is on call for at most this long at a stretch; the rules of the shift are read again after it."""


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

    Toggling does not begin a new shift: only a break as long as the rest the network asks for does.

    Raises
    ------
    NotAResponder
        The account is not on the roster.
    RulesNotRead
        The card with the rules of the shift was not accepted.
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
        until = min(until or uow.now + LONGEST_SHIFT, uow.now + LONGEST_SHIFT)
        if until <= uow.now:
            raise errors.OverTooSoon
        rested = me.available_until is None or uow.now - me.available_until >= uow.policy.pairs.rest
        uow.responders.make_available(
            me.id,
            since=uow.now if rested or me.available_since is None else me.available_since,
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


def _shown(entry: RosterEntry, now: datetime) -> dict[str, Any]:
    def holds(until: datetime | None) -> bool:
        return until is not None and until > now

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
