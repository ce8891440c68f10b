"""Settings become an engine, keys, zones and travel times; the one place where transactions are opened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from api.settings import Settings
from desk import errors, reactions
from desk.errors import DeskError
from desk.keyring.folder import FolderKeyRing
from desk.networks import Numbers
from desk.remembered import RosterMemory
from desk.resident import Memory
from desk.unit_of_work import PAGE, KnownStreets, NetworkNow, UnitOfWork, beat, beaten_s_ago, networks_on
from geo.streets import Section
from matcher.policy import PairPolicy
from records import engine as records_engine
from records.errors import NoNetworkYet, NoSuchNetwork, RecordsError, Refused
from records.transaction import transaction
from zones.lookup import ZoneMap

T = TypeVar("T")

PATIENCE_S: float = 3.0
"""How long an act waits for streets that are being built; the server ends a transaction that stands still for five."""


_ROSTER_KEPT_S: float = 840.0
_LOOK_ROUND_S: float = 60.0
"""A roster nobody leans on is forgotten after at most fifteen minutes, with the places in it."""


@dataclass(frozen=True, slots=True)
class _Streets:
    """Streets that are built or being built, what they were asked with, and the streets before them."""

    wanted: tuple[int, float, float, timedelta]
    built: Future[KnownStreets]
    before: KnownStreets | None


@dataclass(slots=True)
class _Roster:
    """A remembered roster, and the reading of it that is under way."""

    memory: RosterMemory = field(default_factory=RosterMemory)
    loading: threading.Lock = field(default_factory=threading.Lock)
    reading: Future[None] | None = None
    used_at: float = 0.0


class House:
    """Everything a door needs, built once per process."""

    def __init__(self, settings: Settings, *, name: str = "tandem") -> None:
        self.settings = settings
        self.engine = records_engine.create(settings.database_url, pool_size=settings.pool_size, name=name)
        self._sessions = records_engine.sessions(self.engine)
        self.keys = FolderKeyRing(settings.key_dir)
        self._zone_maps: dict[int, tuple[int, ZoneMap]] = {}
        self._zone_lock = threading.Lock()
        self._known_streets: dict[int, _Streets] = {}
        self._builders = ThreadPoolExecutor(max_workers=1, thread_name_prefix="streets")
        self._street_lock = threading.Lock()
        self._network_ids: frozenset[int] = frozenset()
        self._memories: dict[int, Memory] = {}
        self._rosters: dict[int, _Roster] = {}
        self._roster_lock = threading.Lock()
        self._forgetting: threading.Timer | None = None

    @contextmanager
    def act(self, network_id: int, *, now: datetime | None = None) -> Iterator[UnitOfWork]:
        """Open one act in one network: its facts are settled and committed at the end, or nothing is kept.

        Parameters
        ----------
        network_id
            The network to act in.
        now
            The time to act at; without it the clock, or the network's own clock in a rehearsal.

        Raises
        ------
        DeskError
            What the desk or, explained, the database refused.
        """
        uow: UnitOfWork | None = None
        kept = False
        try:
            with transaction(self._sessions, network_id) as session:
                uow = UnitOfWork(
                    session,
                    network_id,
                    clock=lambda own: now or own or datetime.now(UTC),
                    keys=self.keys,
                    zone_map=self._zone_map,
                    streets=self._streets,
                    memory=self._memory_of(network_id),
                    roster=self._roster,
                )
                yield uow
                reactions.settle(uow)
            kept = True
        except Refused as refused:
            raise errors.explain(refused) from refused
        finally:
            # Where COMMIT gave no answer nobody knows: that counts as not kept.
            if uow is not None:
                uow.over(kept=kept)

    def act_patiently(self, network_id: int, do: Callable[[UnitOfWork], T], *, now: datetime | None = None) -> T:
        """Do one act, and do it again from the start, at most five times in all, when somebody was a moment faster.

        For doors that are no HTTP route; routes that may race stand on `api.routes.retrying`.
        """
        for attempt in range(1, errors.TRIES + 1):
            try:
                with self.act(network_id, now=now) as uow:
                    return do(uow)
            except (DeskError, RecordsError) as error:
                if attempt == errors.TRIES or not errors.raced(error):
                    raise
                time.sleep(errors.pause_s(attempt))
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def numbers(self, slug: str) -> Iterator[Numbers]:
        """Open a network's own numbers without reading them as a policy; raises NoSuchNetwork."""
        known = next((network for network in self.networks() if network.slug == slug), None)
        if known is None:
            raise NoSuchNetwork
        with transaction(self._sessions, known.id) as session:
            yield Numbers(session, known.id)

    def beat(self, part: str) -> None:
        """Note that a part of this deployment works now; what cannot be written raises."""
        with transaction(self._sessions, None) as session:
            beat(session, part)

    def beaten_s_ago(self, part: str) -> float | None:
        """Return how many seconds ago a part of this deployment last worked, None where it never did."""
        with transaction(self._sessions, None) as session:
            return beaten_s_ago(session, part)

    def networks(self) -> list[NetworkNow]:
        """Return all networks on this server, by id."""
        with transaction(self._sessions, None) as session:
            return networks_on(session)

    def knows_network(self, network_id: int) -> bool:
        """Return whether a network was seen before; never asks the database."""
        return network_id in self._network_ids

    def has_network(self, network_id: int) -> bool:
        """Return whether there is a network of this number; the database is asked only about unknown ones."""
        if network_id not in self._network_ids:
            self._network_ids = frozenset(network.id for network in self.networks())
        return network_id in self._network_ids

    def default_network(self) -> NetworkNow:
        """Return the network that people without a session speak to; raises NoSuchNetwork."""
        every = self.networks()
        if self.settings.network:
            every = [network for network in every if network.slug == self.settings.network]
        if not every:
            raise NoSuchNetwork if self.settings.network else NoNetworkYet
        return every[0]

    def close(self) -> None:
        """Let go of the database."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._builders.shutdown(cancel_futures=True)
        self.engine.dispose()

    def _memory_of(self, network_id: int) -> Memory:
        return self._memories.setdefault(network_id, Memory())

    def _zone_map(self, uow: UnitOfWork) -> ZoneMap:
        version = uow.network.zones_version
        with self._zone_lock:
            kept = self._zone_maps.get(uow.network.id)
            if kept is None or kept[0] != version:
                kept = (version, uow.zones.build_map(version))
                self._zone_maps[uow.network.id] = kept
            return kept[1]

    def _roster(self, uow: UnitOfWork) -> RosterMemory | None:
        """Return the remembered roster of a network, None while a large one is still being read beside the acts."""
        with self._roster_lock:
            kept = self._rosters.setdefault(uow.network.id, _Roster())
            kept.used_at = time.monotonic()
            if self._forgetting is None:
                self._forget_later()
        if kept.memory.is_loaded():
            return kept.memory
        with kept.loading:
            if kept.memory.is_loaded():
                return kept.memory
            if len(uow.responders.roster_page(-1, PAGE)) < PAGE:
                uow.remember(kept.memory)
                return kept.memory
            if kept.reading is None or kept.reading.done():
                kept.reading = self._builders.submit(self._remember, uow.network.id, kept.memory, uow.now)
        return None

    def _remember(self, network_id: int, memory: RosterMemory, now: datetime) -> None:
        with self.act(network_id, now=now) as uow:
            uow.remember(memory)

    def _forget_later(self) -> None:
        self._forgetting = threading.Timer(_LOOK_ROUND_S, self._forget_idle)
        self._forgetting.daemon = True
        self._forgetting.start()

    def _forget_idle(self) -> None:
        """Forget rosters that no act has leaned on for a while: places are kept for so long and no longer."""
        with self._roster_lock:
            for kept in self._rosters.values():
                if time.monotonic() - kept.used_at > _ROSTER_KEPT_S:
                    kept.memory.forget()
            self._forget_later()

    def _streets(self, uow: UnitOfWork) -> KnownStreets | None:
        """Return the streets of a network, built anew when its region is imported anew or a speed of it changes.

        They are built beside the act, which waits a moment at the most: an open transaction must not stand still.
        Until they are there the streets before them answer, or nobody does and times go as the crow flies.
        """
        if not uow.network.streets_version:
            return None
        pairs = uow.policy.pairs
        wanted = (uow.network.streets_version, pairs.speeds_m_s["foot"], pairs.speeds_m_s["bicycle"], pairs.get_going)
        with self._street_lock:
            kept = self._known_streets.get(uow.network.id)
            if kept is None or kept.wanted != wanted:
                before = kept.built.result() if kept is not None and kept.built.done() else None
                built = self._builders.submit(_build_streets, uow.regions.sections(), pairs)
                kept = _Streets(wanted, built, before)
                self._known_streets[uow.network.id] = kept
        try:
            return kept.built.result(timeout=PATIENCE_S)
        except TimeoutError:
            return kept.before


def _build_streets(sections: Sequence[Section], pairs: PairPolicy) -> KnownStreets:
    # Routing takes half a second to load: only networks with a region pay for it.
    from geo.exits import Footways  # noqa: PLC0415
    from geo.travel import MODES, Pace, Roads  # noqa: PLC0415

    pace = Pace(pairs.speeds_m_s["foot"], pairs.speeds_m_s["bicycle"], pairs.get_going.total_seconds())
    roads = Roads(sections, pace)
    for mode in MODES:
        network = roads.network(mode)
        if network is not None:
            network.contract()
    return KnownStreets(roads, Footways(roads))
