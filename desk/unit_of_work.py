"""One transaction: the network, its repositories, its numbers, the given time, the facts recorded so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

import structlog

from desk.errors import DeskError, raced
from desk.events import Fact
from desk.policy import NetworkPolicy
from desk.portion import Portion
from desk.ports import KeyRing
from desk.remembered import Counted, RosterMemory
from desk.resident import Memory
from geo.errors import GeoError
from geo.points import LonLat
from matcher.candidates import Scene
from matcher.errors import MatcherError
from matcher.ground import Ground
from matcher.pairs import crow_flies
from matcher.travel import RoadsOrCrow, TravelTimes, WaryTravelTimes
from records.errors import DatabaseAway, RecordsError
from records.models import Dispatch
from records.repositories import heartbeats, networks
from records.repositories.accounts import AccountRepository
from records.repositories.alarms import AlarmRepository
from records.repositories.answers import AnswerRepository
from records.repositories.audits import AuditRepository
from records.repositories.decisions import DecisionRepository
from records.repositories.dispatches import DispatchRepository
from records.repositories.events import EventRepository
from records.repositories.forgetting import ForgettingRepository
from records.repositories.holdings import HoldingRepository
from records.repositories.holds import HoldRepository
from records.repositories.incidents import IncidentRepository
from records.repositories.loads import LoadRepository
from records.repositories.meetings import MeetingRepository
from records.repositories.networks import NetworkRepository
from records.repositories.reliability import ReliabilityRepository
from records.repositories.responders import ResponderRepository
from records.repositories.sightings import SightingRepository
from records.repositories.statements import StatementRepository
from records.repositories.statistics import StatisticsRepository
from records.repositories.streets import StreetRepository
from records.repositories.tiles import TileRepository
from records.repositories.zones import ZoneRepository
from records.transaction import Transaction, attempt, burst
from records.values import RosterNews
from zones.lookup import ZoneMap

if TYPE_CHECKING:
    # Routing takes half a second to load, and only the wiring of a network with a region needs it.
    from geo.exits import Footways
    from geo.travel import Roads

_log = structlog.get_logger()

PAGE: Final = 1_000
"""How many people of a roster are read in one statement."""


@dataclass(frozen=True, slots=True)
class NetworkNow:
    """The network this transaction is in."""

    id: int
    slug: str
    name: str
    kind: str
    zones_version: int
    streets_version: int = 0
    unusable: str = ""
    """The part of its numbers that cannot be used, so that nothing of it can be done; empty where all is well."""


@dataclass(frozen=True, slots=True)
class KnownStreets:
    """The streets of an imported region: for travel times, and for ground people can stand on."""

    roads: Roads
    footways: Footways


def network_in(session: Transaction, network_id: int) -> NetworkRepository:
    """Return the row of a transaction's network, for whoever sets its numbers: they may be unreadable as a policy."""
    return NetworkRepository(session, network_id)


def beat(session: Transaction, part: str) -> None:
    """Note that a part of the deployment works now."""
    heartbeats.beat(session, part)


def beaten_s_ago(session: Transaction, part: str) -> float | None:
    """Return how many seconds ago a part of the deployment last worked, None where it never did."""
    return heartbeats.age_s(session, part)


def networks_on(session: Transaction) -> list[NetworkNow]:
    """Return all networks on this server, by id."""
    return [
        NetworkNow(
            row.id,
            row.slug,
            row.name,
            row.kind,
            row.zones_version,
            row.streets_version,
            NetworkPolicy.unusable_part(row.policy),
        )
        for row in networks.every(session)
    ]


class UnitOfWork:
    """One transaction of one network; the door opens it, settles its facts, commits it."""

    def __init__(
        self,
        session: Transaction,
        network_id: int,
        *,
        clock: Callable[[datetime | None], datetime],
        keys: KeyRing,
        zone_map: Callable[[UnitOfWork], ZoneMap],
        streets: Callable[[UnitOfWork], KnownStreets | None],
        memory: Memory | None = None,
        roster: Callable[[UnitOfWork], RosterMemory | None] = lambda _uow: None,
    ) -> None:
        """Begin inside one network; `clock` is handed the network's own time, where a rehearsal has one.

        `memory` is what this process remembers of the network's window, if it does.

        `now` is the time of the network; `outside_now` is the time outside a rehearsal, which sessions follow.
        """
        row = NetworkRepository(session, network_id).get()
        self._session = session
        self._zone_map = zone_map
        self._streets = streets
        self._roster = roster
        self.network = NetworkNow(row.id, row.slug, row.name, row.kind, row.zones_version, row.streets_version)
        self.policy = NetworkPolicy.of(row.policy)
        self.now = clock(row.rehearsal_at)
        self.outside_now = clock(None)
        self.keys = keys
        self.facts: list[Fact] = []
        self.portion = Portion()
        self.memory = memory
        self._endings: list[Callable[[bool], None]] = []

    def when_over(self, do: Callable[[bool], None]) -> None:
        """Do something once this transaction is over; it is told whether everything was kept."""
        self._endings.append(do)

    def over(self, *, kept: bool) -> None:
        """Say that the transaction is over; only whoever opened it knows, after COMMIT has answered."""
        while self._endings:
            self._endings.pop()(kept)

    def burst(self) -> AbstractContextManager[None]:
        """Send writes one after the other without waiting for each; what is refused is raised at the end."""
        return burst(self._session)

    def take_due(self, timer: str, usual: int, **moments: datetime) -> list[Dispatch]:
        """Take the dispatches a timer is due for, no more than this act's portion; those in other hands are left."""
        portion = self.portion
        taken = self.dispatches.lock_due(timer, portion.limit(usual), after=portion.after, **moments)
        portion.note(dispatch.id for dispatch in taken)
        return taken

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Do something that may fail without undoing what was done before: it is kept whole, or undone alone.

        Only a refusal or a fault of its own is passed over and logged; whatever a retry of the whole act may mend, and
        a database that is away, is raised.
        """
        before = len(self.facts)
        try:
            with attempt(self._session):
                yield
        except (DeskError, MatcherError, GeoError, RecordsError, LookupError, ValueError, ArithmeticError) as error:
            if raced(error) or isinstance(error, DatabaseAway):
                raise
            del self.facts[before:]
            _log.warning("what follows an act failed, the act stands", error=type(error).__name__)

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
    def streets(self) -> KnownStreets | None:
        """The streets of the imported region, None where none was imported."""
        return self._streets(self)

    @cached_property
    def travel(self) -> WaryTravelTimes:
        """Travel times: on the streets where a region is imported, else as the crow flies."""
        crow = crow_flies(self.policy.pairs)
        return crow if self.streets is None else RoadsOrCrow(self.streets.roads, crow)

    def ground(self) -> Ground | None:
        """Return everybody by cell as the database has them now, None where this process does not remember them."""
        memory = self._roster(self)
        return None if memory is None else memory.ground(self._roster_changes, self.now)

    def count(
        self, scene: Scene, ways: TravelTimes, places: Sequence[LonLat], reporters: Collection[int]
    ) -> Counted | None:
        """Count everybody by rule for a scene, None where this process does not remember them."""
        memory = self._roster(self)
        if memory is None:
            return None
        return memory.count(self._roster_changes, scene, self.policy.pairs, ways, places, reporters)

    def remember(self, memory: RosterMemory) -> None:
        """Read the whole roster into the memory of this process."""
        memory.load(self._roster_changes, lambda after: self.responders.roster_page(after, PAGE), self.now)

    def _roster_changes(self, cursor: str, known: Collection[str], also: Collection[int]) -> RosterNews:
        return self.responders.roster_changes(cursor, known, also, self.now)

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
    def decisions(self) -> DecisionRepository:
        """Merges and splits that people decided, and what the machine suggests."""
        return DecisionRepository(self._session, self.network.id)

    @cached_property
    def forgetting(self) -> ForgettingRepository:
        """What is past its limit and is taken out."""
        return ForgettingRepository(self._session, self.network.id)

    @cached_property
    def holdings(self) -> HoldingRepository:
        """What rows lead to one person."""
        return HoldingRepository(self._session, self.network.id)

    @cached_property
    def holds(self) -> HoldRepository:
        """What is kept for counsel."""
        return HoldRepository(self._session, self.network.id)

    @cached_property
    def reliability(self) -> ReliabilityRepository:
        """What decided incidents teach, as counts."""
        return ReliabilityRepository(self._session, self.network.id)

    @cached_property
    def zones(self) -> ZoneRepository:
        """Zones, and the ground of the base map."""
        return ZoneRepository(self._session, self.network.id)

    @cached_property
    def regions(self) -> StreetRepository:
        """The streets of the imported region, and the public places on them."""
        return StreetRepository(self._session, self.network.id)

    @cached_property
    def responders(self) -> ResponderRepository:
        """Responders, their certificates, their present cells."""
        return ResponderRepository(self._session, self.network.id)

    @cached_property
    def dispatches(self) -> DispatchRepository:
        """Dispatches, offers, seats, check-ins."""
        return DispatchRepository(self._session, self.network.id)

    @cached_property
    def alarms(self) -> AlarmRepository:
        """Calls of people out there."""
        return AlarmRepository(self._session, self.network.id)

    @cached_property
    def loads(self) -> LoadRepository:
        """What people carry."""
        return LoadRepository(self._session, self.network.id)

    @cached_property
    def meetings(self) -> MeetingRepository:
        """Where the people of dispatches meet."""
        return MeetingRepository(self._session, self.network.id)

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
    def statements(self) -> StatementRepository:
        """What was said of incidents, to whom, and who has read it."""
        return StatementRepository(self._session, self.network.id)

    @cached_property
    def statistics(self) -> StatisticsRepository:
        """Counts and times over past incidents."""
        return StatisticsRepository(self._session, self.network.id)

    @cached_property
    def audits(self) -> AuditRepository:
        """Who looked at or did what, by class and day."""
        return AuditRepository(self._session, self.network.id)
