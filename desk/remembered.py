"""The roster as one process remembers it: a copy that asks the database what changed before anybody leans on it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeVar

from geo import cells
from geo.points import LonLat
from matcher.buddy import PairRule
from matcher.candidates import TASKS, Candidate, Scene
from matcher.eligibility import Rule
from matcher.everybody import Everybody
from matcher.ground import Change, Ground, Known
from matcher.policy import POSITION_AGE_CEILING, PairPolicy
from matcher.travel import TravelTimes
from records.values import RosterEntry, RosterNews

_LOAD: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_STARTS_KEPT: Final = timedelta(days=1)
"""How far before the time of reading an act may lie, so that the dispatches of its seven days are all known."""
_SLACK: Final = timedelta(minutes=1)
_BELIEVED: Final = timedelta(minutes=30)
"""A copy that nobody leaned on for so long begins anew."""
CHANGES_KEPT: Final = timedelta(hours=1)
"""How long notes of changes stay: longer than a copy is believed."""

_T = TypeVar("_T")
Told = tuple[RosterEntry, tuple[datetime, ...], tuple[datetime, ...]]

Read = Callable[[str, Collection[str], Collection[int]], RosterNews]
"""Reads what changed since a cursor but for some transactions, and some people anyway, in one statement."""

centre_of = lru_cache(maxsize=65_536)(cells.centre)
"""Many people share few cells."""


@lru_cache(maxsize=65_536)
def _shared(value: _T) -> _T:
    """Return the first of equal values: many people share few, and what lies together in memory is read sooner."""
    return value


_MODES: Final[dict[str, Any]] = {"foot": "foot", "bicycle": "bicycle", "car": "car"}


def candidate(entry: RosterEntry, reporters: Collection[int] = ()) -> Candidate:
    """Return one person of the roster as the matcher knows them."""
    return Candidate(
        responder_id=entry.id,
        place=centre_of(entry.cell9) if entry.cell9 else None,
        position_at=_shared(entry.seen_at),
        base_place=centre_of(entry.base_cell9) if entry.base_cell9 else None,
        mode=_MODES[entry.mode],
        observer_until=_shared(entry.observer_until),
        trained_until=_shared(entry.trained_until),
        languages=_shared(frozenset(entry.languages)),
        available_until=_shared(entry.available_until),
        busy=entry.busy,
        calls=entry.calls,
        offered=entry.offered,
        dispatches_this_shift=entry.this_shift,
        offers_today=entry.asked_today,
        last_cleared_at=_shared(entry.last_cleared_at),
        distressed_until=_shared(entry.resting_until),
        load_7d=_shared(float(entry.load_7d)),
        cleared_total=entry.cleared_total,
        avoids=frozenset(entry.avoids),
        worked_with=frozenset(entry.worked_with),
        opted_out_tasks=frozenset(task for task in TASKS if task in entry.no_tasks),
        opted_out_zones=frozenset(entry.no_zones),
        zone_ids=_shared(frozenset(entry.zone_ids)),
        lineage=entry.lineage,
        is_reporter=entry.account_id in reporters,
        acceptance=(entry.yes_count, entry.no_count),
    )


def as_of(person: Known, now: datetime, reporters: Collection[int]) -> Candidate:
    """Return a remembered person as they are at a moment, for a scene that some accounts reported."""
    found = person.candidate
    # This is done for everybody near, so the moments are compared without a step of Python for each.
    load = sum(map((now - _LOAD).__le__, person.started)) if person.started else 0
    asked = sum(map((now - _DAY).__lt__, person.asked)) if person.asked else 0
    is_reporter = person.account_id in reporters
    if load != found.load_7d or asked != found.offers_today or is_reporter:
        return replace(found, load_7d=float(load), offers_today=asked, is_reporter=is_reporter)
    return found


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people could go, the others by their first rule, and the pairs kept apart."""

    candidates: int
    ruled_out: Counter[Rule]
    pairs_ruled_out: Counter[PairRule]


@dataclass(slots=True)
class _Copy:
    """What is remembered, and where it stands."""

    people: dict[int, Known]
    ground: Ground
    everybody: Everybody
    cursor: str
    taken: set[str]
    read_at: datetime
    """By the database's clock."""
    latest: datetime
    """The latest time of the network at which somebody was read, or places were forgotten."""
    behind: set[int]
    """People whom a transaction read that had changed them itself: others read them again."""


class RosterMemory:
    """The roster of one network in this process, once it is loaded; places in it are cells, and forgotten on time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copy: _Copy | None = None

    def is_loaded(self) -> bool:
        """Whether everybody is remembered."""
        return self._copy is not None

    def load(self, read: Read, pages: Callable[[int], Sequence[int]], now: datetime) -> None:
        """Read everybody, page by page.

        What changes meanwhile is noted, and read again by whoever leans on the copy first.

        Parameters
        ----------
        pages
            Returns the ids after one of them, in order.
        """
        begun = read(_NOTHING_NOTED, (), ())
        told: list[Told] = []
        after = -1
        while ids := pages(after):
            told += read(_NOTHING_NOTED, (), ids).people
            after = ids[-1]
        # Neighbours are made one after the other: who is read together lies together in memory.
        told.sort(key=lambda it: it[0].cell9 or it[0].base_cell9 or "")
        people = {entry.id: _known(entry, started, asked) for entry, started, asked in told}
        everybody = Everybody()
        for person in people.values():
            everybody.put(person)
        copy = _Copy(people, Ground(people.values()), everybody, begun.cursor, set(), begun.at, now, set())
        with self._lock:
            self._copy = copy

    def ground(self, read: Read, now: datetime) -> Ground | None:
        """Return everybody by cell as the database has them now, this transaction's own changes included.

        None where nothing is remembered that this moment could lean on.
        """
        with self._lock:
            own = self._catch_up(read, now)
            copy = self._copy
            if own is None or copy is None:
                return None
            return copy.ground.changed([(copy.people.get(number), one) for number, one in own.items()])

    def count(  # noqa: PLR0917  (who reads, and the scene's own words)
        self,
        read: Read,
        scene: Scene,
        policy: PairPolicy,
        travel: TravelTimes,
        places: Sequence[LonLat],
        reporters: Collection[int],
    ) -> Counted | None:
        """Count everybody by rule; None where nothing is remembered, or this transaction itself changed somebody."""
        with self._lock:
            own = self._catch_up(read, scene.now)
            if own is None or own or self._copy is None:
                return None
            return Counted(*self._copy.everybody.count(scene, policy, travel, places, reporters))

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._copy = None

    def _catch_up(self, read: Read, now: datetime) -> dict[int, Known | None] | None:
        """Take in what others changed; return whom this transaction changed itself, None where there is no copy.

        Threads come one at a time, each with a snapshot later than the one before: nothing newer is overwritten.
        """
        copy = self._copy
        if copy is None:
            return None
        news = read(copy.cursor, copy.taken, copy.behind)
        if news.at - copy.read_at > _BELIEVED or now < copy.latest - _STARTS_KEPT:
            self._copy = None
            return None
        fresh: dict[int, Known | None] = dict.fromkeys(news.own.keys())
        fresh.update({entry.id: _known(entry, started, asked) for entry, started, asked in news.people})
        others = {number: one for number, one in fresh.items() if not news.own[number]}
        if others:
            self._take_in(copy, others)
        copy.cursor = news.cursor
        copy.taken = {x for x in (*copy.taken, *news.taken) if int(x) >= int(news.cursor)}
        copy.behind = {number for number, own in news.own.items() if own}
        copy.read_at = news.at
        self._forget_places(copy, now)
        return {number: one for number, one in fresh.items() if news.own[number]}

    @staticmethod
    def _take_in(copy: _Copy, changed: dict[int, Known | None]) -> None:
        changes: list[Change] = [(copy.people.get(number), one) for number, one in changed.items()]
        copy.ground = copy.ground.changed(changes)
        for number, one in changed.items():
            if one is None:
                copy.people.pop(number, None)
                copy.everybody.drop(number)
            else:
                copy.people[number] = one
                copy.everybody.put(one)

    def _forget_places(self, copy: _Copy, now: datetime) -> None:
        """Forget places that count no longer at any moment an act may still have."""
        if now < copy.latest + _SLACK:
            return
        copy.latest = now
        stale = copy.everybody.seen_before(now - POSITION_AGE_CEILING - _SLACK)
        self._take_in(copy, {number: _without_place(copy.people[number]) for number in stale})


_NOTHING_NOTED: Final = str(2**64 - 1)
"""A cursor behind everything."""


def _without_place(person: Known) -> Known:
    return replace(person, here=0, candidate=replace(person.candidate, place=None, position_at=None))


def _known(entry: RosterEntry, started: tuple[datetime, ...], asked: tuple[datetime, ...]) -> Known:
    return Known(
        candidate=candidate(entry),
        account_id=entry.account_id,
        here=0 if entry.cell9 is None else cells.to_int(entry.cell9),
        base=0 if entry.base_cell9 is None else cells.to_int(entry.base_cell9),
        started=started,
        asked=asked,
    )
