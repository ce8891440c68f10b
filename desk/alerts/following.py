"""Whose alerts somebody gets: the zones they follow, and whom a statement concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk.errors import NotFound
from desk.unit_of_work import UnitOfWork
from records import ids


def follow_zones(uow: UnitOfWork, alias: str, zones: Sequence[str]) -> list[str]:
    """Write the zones whose alerts an account gets, by name or shown id; none means all. Raises NotFound."""
    account = uow.accounts.find(alias)
    if account is None:
        raise NotFound
    names = uow.zones.names()
    known = {name: zone for zone, name in names.items()} | {ids.shown(zone): zone for zone in names}
    if not known.keys() >= set(zones):
        raise NotFound
    followed = sorted({known[zone] for zone in zones})
    uow.statements.follow_zones(account.id, followed)
    return [names[zone] for zone in followed]


@dataclass(frozen=True, slots=True)
class Audience:
    """Of which incident a statement speaks, for the desk, and to which zones it was said; None where to nobody yet."""

    incident_id: int
    zone_ids: frozenset[int] | None


def audiences(uow: UnitOfWork, statement_ids: Sequence[int]) -> dict[int, Audience]:
    """Return of each of some statements whom it concerns."""
    return {
        each.id: Audience(each.incident_id, None if each.said_at is None else frozenset(each.zone_ids))
        for each in uow.statements.many(statement_ids)
    }


def is_told(actor_zones: frozenset[int], zones: frozenset[int]) -> bool:
    """Tell whether somebody who follows these zones (none means all) is among whom those zones are told."""
    return not actor_zones or bool(actor_zones & zones)
