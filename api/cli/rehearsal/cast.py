"""Who plays in a replay: the accounts, tokens and roster of a rehearsal network, made at the console."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from api import security
from api.cli.rehearsal.people import Person
from api.wiring import House
from desk import accounts
from desk.errors import DeskError
from desk.unit_of_work import NetworkNow, UnitOfWork
from geo import cells
from records import engine
from records.enums import NetworkKind, Role

REHEARSAL: Final = "replay"
"""Slug of the network that a replay makes for itself."""

_LASTS: Final = timedelta(days=7)
_TRAINED_FOR: Final = timedelta(days=3_650)
_BASE_RESOLUTION: Final = 9
_EXPERIENCE: Final = 3
"""Dispatches cleared before somebody no longer counts as new."""


class NotARehearsal(DeskError):
    """A day is replayed only in a network of kind rehearsal: people in any other network are real, or take it so."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Tokens: of those who report, of the dispatcher, of whoever moves the clock, of each responder by alias."""

    spotter: str
    """A script, of no weight: for reports that nobody vouched for."""
    witnesses: dict[str, str]
    """Somebody vouched for, by lineage."""
    dispatcher: str
    clock: str
    responders: dict[str, str]


def stage(house: House, slug: str | None) -> NetworkNow:
    """Return the network to replay in: the one named, else the default one if it rehearses, else one made for it.

    A network made here starts with the zones of the default one.

    Raises
    ------
    NotARehearsal
        The network named is there for something else.
    """
    default = house.default_network()
    if slug is None and default.kind == NetworkKind.REHEARSAL:
        return default
    return network_called(house, slug or REHEARSAL, zones_of=default)


def network_called(house: House, slug: str, *, zones_of: NetworkNow | None = None) -> NetworkNow:
    """Return the rehearsal network of this slug, made with another's zones where it is new; raises NotARehearsal."""
    known = {network.slug for network in house.networks()}
    if slug not in known:
        engine.ensure_network(
            house.settings.database_url, slug=slug, name=f"Rehearsal {slug}", kind=NetworkKind.REHEARSAL
        )
    network = next(each for each in house.networks() if each.slug == slug)
    if network.kind != NetworkKind.REHEARSAL:
        raise NotARehearsal
    if zones_of is not None and zones_of.id != network.id:
        _copy_zones(house, zones_of, network)
    return network


def _copy_zones(house: House, source: NetworkNow, target: NetworkNow) -> None:
    with house.act(target.id) as uow:
        if uow.zones.names():
            return
    with house.act(source.id) as uow:
        zones = [(zone.name, zone.boundary) for zone in uow.zones.all()]
    if zones:
        with house.act(target.id) as uow:
            uow.zones.put(zones, source="imported", changed_at=uow.now)
            uow.networks.next_zones_version()


def gather(
    house: House,
    network: NetworkNow,
    people: Sequence[Person],
    lineages: Collection[str] = (),
    *,
    seen: Callable[[int], None],
) -> Cast:
    """Make sure that everybody who plays has an account, a token and, where they respond, a place on the roster."""
    with house.act(network.id) as uow:
        cast = Cast(
            spotter=_token(uow, "replay-spotter", Role.SPOTTER),
            witnesses={lineage: _token(uow, _alias_of(lineage), Role.SPOTTER, kind="person") for lineage in lineages},
            dispatcher=_token(uow, "replay-dispatcher", Role.DISPATCHER),
            clock=_token(uow, "replay-clock", Role.ADMIN),
            responders={},
        )
    for start in range(0, len(people), 50):
        with house.act(network.id) as uow:
            for person in people[start : start + 50]:
                cast.responders[person.alias] = _token(uow, person.alias, Role.RESPONDER)
                _enlist(uow, person)
                seen(1)
    return cast


def _alias_of(lineage: str) -> str:
    return f"replay-witness-{hashlib.sha256(lineage.encode()).hexdigest()[:12]}"


def _token(uow: UnitOfWork, alias: str, role: Role, *, kind: str = "script") -> str:
    if uow.accounts.find(alias) is None:
        accounts.add(uow, [role], alias=alias, kind=kind)
    token = security.new_token(uow.network.id)
    accounts.script_token(uow, [role], token_sha256=security.digest(token), alias=alias, lasts=_LASTS)
    return token


def _enlist(uow: UnitOfWork, person: Person) -> None:
    """Put a simulated person on the roster; nobody real stands behind the cell they start from."""
    account = uow.accounts.find(person.alias)
    assert account is not None
    new = uow.responders.id_of(account.id) is None
    responder_id = uow.responders.join(
        account.id,
        languages=person.languages,
        mode=person.mode,
        base_cell9=cells.cell_at(person.home, _BASE_RESOLUTION),
    )
    if new:
        until = uow.outside_now + _TRAINED_FOR
        uow.responders.certify(responder_id, [("trained", until), *([("observer", until)] if person.observer else [])])
        for _ in range(_EXPERIENCE if person.experienced else 0):
            uow.responders.count_cleared([responder_id])
