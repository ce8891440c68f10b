"""One transaction: the network, its repositories, its numbers, the given time, the facts recorded so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from desk.events import Fact
from desk.policy import NetworkPolicy
from desk.ports import KeyRing
from matcher.policy import PairPolicy
from matcher.travel import TravelTimes
from records.repositories import networks
from records.repositories.accounts import AccountRepository
from records.repositories.answers import AnswerRepository
from records.repositories.audits import AuditRepository
from records.repositories.dispatches import DispatchRepository
from records.repositories.events import EventRepository
from records.repositories.incidents import IncidentRepository
from records.repositories.loads import LoadRepository
from records.repositories.networks import NetworkRepository
from records.repositories.responders import ResponderRepository
from records.repositories.sightings import SightingRepository
from records.repositories.statistics import StatisticsRepository
from records.repositories.tiles import TileRepository
from records.repositories.zones import ZoneRepository
from records.transaction import Transaction
from zones.lookup import ZoneMap


@dataclass(frozen=True, slots=True)
class NetworkNow:
    """The network this transaction is in."""

    id: int
    slug: str
    name: str
    kind: str
    zones_version: int


def networks_on(session: Transaction) -> list[NetworkNow]:
    """Return all networks on this server, by id."""
    return [NetworkNow(row.id, row.slug, row.name, row.kind, row.zones_version) for row in networks.every(session)]


class UnitOfWork:
    """One transaction of one network; the door opens it, settles its facts, commits it."""

    def __init__(
        self,
        session: Transaction,
        network_id: int,
        *,
        clock: Callable[[datetime | None], datetime],
        keys: KeyRing,
        travel: Callable[[PairPolicy], TravelTimes],
        zone_map: Callable[[UnitOfWork], ZoneMap],
    ) -> None:
        """Begin inside one network; `clock` is handed the network's own time, where a rehearsal has one.

        `now` is the time of the network; `outside_now` is the time outside a rehearsal, which sessions follow.
        """
        row = NetworkRepository(session, network_id).get()
        self._session = session
        self._zone_map = zone_map
        self.network = NetworkNow(row.id, row.slug, row.name, row.kind, row.zones_version)
        self.policy = NetworkPolicy.of(row.policy)
        self.now = clock(row.rehearsal_at)
        self.outside_now = clock(None)
        self.keys = keys
        self.travel = travel(self.policy.pairs)
        self.facts: list[Fact] = []

    def record(self, *facts: Fact) -> None:
        """Say that something happened; what happens next is decided by the table in desk.reactions."""
        self.facts.extend(facts)

    def record_all(self, facts: Iterable[Fact]) -> None:
        """Say that several things happened."""
        self.facts.extend(facts)

    @cached_property
    def zone_map(self) -> ZoneMap:
        """The zones as cells, as of this network's present version."""
        return self._zone_map(self)

    @cached_property
    def networks(self) -> NetworkRepository:
        """The network's own row."""
        return NetworkRepository(self._session, self.network.id)

    @cached_property
    def accounts(self) -> AccountRepository:
        """Accounts, vouchers, signed-in sessions."""
        return AccountRepository(self._session, self.network.id)

    @cached_property
    def sightings(self) -> SightingRepository:
        """Sightings and their reporters."""
        return SightingRepository(self._session, self.network.id)

    @cached_property
    def incidents(self) -> IncidentRepository:
        """Incidents, clusters, judgements."""
        return IncidentRepository(self._session, self.network.id)

    @cached_property
    def zones(self) -> ZoneRepository:
        """Zones, and the ground of the base map."""
        return ZoneRepository(self._session, self.network.id)

    @cached_property
    def responders(self) -> ResponderRepository:
        """Responders, their certificates, their present cells."""
        return ResponderRepository(self._session, self.network.id)

    @cached_property
    def dispatches(self) -> DispatchRepository:
        """Dispatches, offers, seats, check-ins."""
        return DispatchRepository(self._session, self.network.id)

    @cached_property
    def loads(self) -> LoadRepository:
        """What people carry."""
        return LoadRepository(self._session, self.network.id)

    @cached_property
    def events(self) -> EventRepository:
        """The event log."""
        return EventRepository(self._session, self.network.id)

    @cached_property
    def answers(self) -> AnswerRepository:
        """Answers kept for retries."""
        return AnswerRepository(self._session, self.network.id)

    @cached_property
    def tiles(self) -> TileRepository:
        """Vector tiles, drawn by the database."""
        return TileRepository(self._session, self.network.id)

    @cached_property
    def statistics(self) -> StatisticsRepository:
        """Counts and times over past incidents."""
        return StatisticsRepository(self._session, self.network.id)

    @cached_property
    def audits(self) -> AuditRepository:
        """Who looked at or did what, by class and day."""
        return AuditRepository(self._session, self.network.id)
