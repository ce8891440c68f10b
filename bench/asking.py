"""How long until two people have said yes, over a recorded stream of calls: waves beside asking one pair at a time."""

from __future__ import annotations

import csv
import heapq
import math
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.rows import Row, less_is_better
from geo import cells
from geo.distance import metres_from, moved
from geo.points import LonLat
from matcher.candidates import Candidate, Mode, Scene
from matcher.eligibility import screen
from matcher.meeting import meeting_points
from matcher.order import order_to_ask
from matcher.pairs import arrivals, crow_flies
from matcher.policy import PairPolicy
from matcher.wave import Seats, first_compatible, next_wave

if TYPE_CHECKING:
    import argparse

_ACCEPTANCES: Final = (0.17, 0.30, 0.47)
_MEDIAN_ANSWER_S: Final = 25.0
_SPREAD: Final = 0.6
_SILENT: Final = 0.6
"""Share of those who do not come that say nothing at all."""
_GIVE_UP: Final = timedelta(minutes=30)
_OUT: Final = timedelta(minutes=45)
_NEAREST: Final = 80
"""People looked at closely for one call: those nearest by the crow among the free; sixty of them may be asked."""
_RANKED: Final = 60
_INVENTED_CALLS: Final = 1_200
_OBSERVERS: Final = 0.4


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--calls", type=Path, metavar="F.csv", help="recorded calls; an invented week when left out")
    parser.add_argument("--people", type=int, default=1_000, help="responders who are available round the clock")
    parser.add_argument("--seed", type=int, default=9)


def run(options: argparse.Namespace) -> list[Row]:
    """Replay the calls for every acceptance, once with waves, once pair by pair, once seat by seat."""
    calls = _read(options.calls) if options.calls else _invented(options.seed)
    print(
        f"asking: {len(calls):,} calls, {options.people:,} people. Assumed: answers are independent of each other and "
        f"of the call, the same chance of a yes for everybody, median answer {_MEDIAN_ANSWER_S:g} s, {_SILENT:.0%} of "
        f"those who do not come stay silent, a pair is out for {_OUT.total_seconds() / 60:g} min, asking ends after "
        f"{_GIVE_UP.total_seconds() / 60:g} min."
    )
    cases = [(calls, options, acceptance, name) for acceptance in _ACCEPTANCES for name in _WAYS]
    with multiprocessing.get_context("spawn").Pool(min(len(cases), os.cpu_count() or 1)) as pool:
        told = dict(zip([case[2:] for case in cases], pool.starmap(_replay, cases, chunksize=1), strict=True))
    return [
        row
        for acceptance in _ACCEPTANCES
        for row in _rows({name: told[acceptance, name] for name in _WAYS}, acceptance, options)
    ]


# The stream and the people


@dataclass(frozen=True, slots=True)
class _Call:
    at: datetime
    place: LonLat


def _read(path: Path) -> list[_Call]:
    with path.open(encoding="utf-8", newline="") as file:
        found = [
            _Call(datetime.fromisoformat(row["observed_at"]), LonLat(float(row["lon"]), float(row["lat"])))
            for row in csv.DictReader(file)
        ]
    return sorted(found, key=lambda call: call.at)


def _invented(seed: int) -> list[_Call]:
    dice = np.random.default_rng([seed, 1])
    middle, begin = LonLat(-93.26, 44.97), datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
    gaps = np.cumsum(dice.exponential(240.0, _INVENTED_CALLS)).tolist()
    spread = dice.normal(0, 4_000, (_INVENTED_CALLS, 2)).tolist()
    return [
        _Call(begin + timedelta(seconds=gap), moved(middle, east, north))
        for gap, (east, north) in zip(gaps, spread, strict=True)
    ]


def _people(calls: list[_Call], count: int, acceptance: float, seed: int) -> list[Candidate]:
    """Place people where calls come from, a few hundred metres off; what is learnt of their answers is the truth."""
    dice = np.random.default_rng([seed, 2])
    modes: tuple[Mode, ...] = ("foot", "bicycle", "car")
    always = calls[-1].at + timedelta(days=365)
    people = []
    for number in range(count):
        near = calls[int(dice.integers(len(calls)))].place
        place = moved(near, float(dice.normal(0, 600)), float(dice.normal(0, 600)))
        people.append(
            Candidate(
                responder_id=number + 1,
                base_place=cells.centre(cells.cell_at(place, 9)),
                mode=modes[int(dice.choice(3, p=(0.4, 0.2, 0.4)))],
                observer_until=always if dice.random() < _OBSERVERS else None,
                trained_until=always,
                languages=frozenset(("en",)),
                available_until=always,
                cleared_total=10,
                lineage=int(dice.integers(12)),
                acceptance=(100_000.0 * acceptance, 100_000.0 * (1.0 - acceptance)),
            )
        )
    return people


# One dispatch that asks, in three ways


@dataclass(eq=False, slots=True)
class _Asking:
    """A call for which people are asked."""

    call: _Call
    scene: Scene
    ranked: list[Candidate]
    pending: dict[int, Candidate] = field(default_factory=dict)
    yeses: list[Candidate] = field(default_factory=list)
    asked: int = 0
    over: bool = False


Way = Callable[[_Asking, list[Candidate], PairPolicy], list[Candidate]]
"""Whom to ask next of those who may be asked, best first."""


def _wave(it: _Asking, free: list[Candidate], policy: PairPolicy) -> list[Candidate]:
    """As the desk does: as few as bring a pair with the chance wanted, made up for with every no."""
    chosen = set(next_wave(free, it.yeses, it.scene, policy, asked=list(it.pending.values())))
    return [person for person in free if person.responder_id in chosen]


def _pair_by_pair(it: _Asking, free: list[Candidate], policy: PairPolicy) -> list[Candidate]:
    """Ask the best pair; when one of the two does not come, the yes of the other lapses and the next pair is asked."""
    if it.pending:
        return []
    it.yeses.clear()
    for second, other in enumerate(free):
        for one in free[:second]:
            if first_compatible([one, other], it.scene, policy):
                return [one, other]
    return []


def _seat_by_seat(it: _Asking, free: list[Candidate], policy: PairPolicy) -> list[Candidate]:
    """Ask one person at a time, an observer first, until both seats are taken."""
    if it.pending:
        return []
    for person in free:
        fits = first_compatible([*it.yeses, person], it.scene, policy) if it.yeses else person.observer_until
        if fits:
            return [person]
    return []


_WAYS: Final[dict[str, Way]] = {
    "waves": _wave,
    "one pair at a time": _pair_by_pair,
    "seat by seat": _seat_by_seat,
}


@dataclass(slots=True)
class _Told:
    """What became of a stream."""

    calls: int
    seconds: list[float]
    asked: list[int]
    load: Counter[int]
    people: int

    @property
    def unfilled(self) -> float:
        return 1.0 - len(self.seconds) / self.calls

    @property
    def gini(self) -> float:
        """The spread of confirmed work: 0 all alike, 1 one person does everything (mean absolute difference)."""
        work = np.sort([self.load[number + 1] for number in range(self.people)])
        if not work.sum():
            return 0.0
        ranks = np.arange(1, self.people + 1)
        return float((2 * (ranks * work).sum() / (self.people * work.sum())) - (self.people + 1) / self.people)


class _Day:
    """People, what they are busy with, and everything that is still to happen, in order of time."""

    def __init__(self, calls: list[_Call], options: argparse.Namespace, acceptance: float, way: Way) -> None:
        self.policy = PairPolicy(new_below=0)
        self.travel = crow_flies(self.policy)
        self.people = {it.responder_id: it for it in _people(calls, options.people, acceptance, options.seed)}
        places = [it.base_place for it in self.people.values() if it.base_place is not None]
        self.ids = np.array(list(self.people))
        self.lons, self.lats = np.array([it.lon for it in places]), np.array([it.lat for it in places])
        self.acceptance, self.way = acceptance, way
        self.dice = np.random.default_rng([options.seed, 3])
        self.told = _Told(len(calls), [], [], Counter(), options.people)
        self.worked: dict[int, list[datetime]] = {}
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._turn = 0
        for call in calls:
            self.plan(call.at, self._called(call))

    def plan(self, at: datetime, what: Callable[[datetime], None]) -> None:
        self._turn += 1
        heapq.heappush(self._events, (at, self._turn, what))

    def pass_by(self) -> _Told:
        while self._events:
            at, _, what = heapq.heappop(self._events)
            what(at)
        return self.told

    def _called(self, call: _Call) -> Callable[[datetime], None]:
        def begin(now: datetime) -> None:
            scene = Scene(place=call.place, now=now)
            it = _Asking(call, scene, self._ranked(scene))
            self.plan(now + _GIVE_UP, lambda _: self._end(it))
            self._ask(it, now)

        return begin

    def _ranked(self, scene: Scene) -> list[Candidate]:
        """Return who may be asked, by the cheapest pair each could be in: the product's own order."""
        points = meeting_points(scene, self.policy)
        metres = metres_from(scene.place, self.lons, self.lats)
        near = self.ids[np.argsort(metres, kind="stable")].tolist()
        free = (it for number in near if not ((it := self.people[number]).busy or it.offered))
        candidates = [self._as_of(it, scene.now) for it in islice(free, _NEAREST)]
        screened = screen(candidates, scene, self.policy, self.travel, [points[0].place])
        return order_to_ask(arrivals(screened, scene, self.policy), scene, self.policy, _RANKED)

    def _as_of(self, person: Candidate, now: datetime) -> Candidate:
        worked = self.worked.get(person.responder_id)
        if not worked:
            return person
        recent = [at for at in worked if now - at <= self.policy.rest]
        return replace(
            person,
            dispatches_this_shift=len(recent),
            last_cleared_at=worked[-1],
            load_7d=float(sum(now - at <= timedelta(days=7) for at in worked)),
        )

    def _ask(self, it: _Asking, now: datetime) -> None:
        if it.over:
            return
        free = [p for p in it.ranked if not (self.people[p.responder_id].offered or self.people[p.responder_id].busy)]
        waiting = {person.responder_id for person in it.yeses}
        chosen = self.way(it, free, self.policy)
        for number in waiting - {person.responder_id for person in it.yeses}:
            self._mark(number, offered=False)  # their yes lapsed with the pair
        for person in chosen:
            it.ranked.remove(person)
            it.pending[person.responder_id] = person
            it.asked += 1
            self._mark(person.responder_id, offered=True)
            self._answer(it, person, now)

    def _answer(self, it: _Asking, person: Candidate, now: datetime) -> None:
        window_s = self.policy.wave_window.total_seconds()
        takes_s = _MEDIAN_ANSWER_S * math.exp(_SPREAD * self.dice.standard_normal())
        comes = self.dice.random() < self.acceptance
        silent = not comes and self.dice.random() < _SILENT
        if silent or takes_s >= window_s:
            self.plan(now + timedelta(seconds=window_s), lambda at: self._said(it, person, at, yes=False))
        else:
            self.plan(now + timedelta(seconds=takes_s), lambda at: self._said(it, person, at, yes=comes))

    def _said(self, it: _Asking, person: Candidate, now: datetime, *, yes: bool) -> None:
        if it.pending.pop(person.responder_id, None) is None:
            return
        if yes:
            it.yeses.append(person)
        else:
            self._mark(person.responder_id, offered=False)
        seats = first_compatible(it.yeses, it.scene, self.policy) if yes else None
        if seats is None:
            self._ask(it, now)
            return
        self._paired(it, seats, now)

    def _paired(self, it: _Asking, seats: Seats, now: datetime) -> None:
        pair = {seats.observer_id, seats.buddy_id}
        self.told.seconds.append((now - it.call.at).total_seconds())
        self.told.asked.append(it.asked)
        self._end(it)
        for number in pair:
            self.told.load[number] += 1
            self._mark(number, busy=True)
            self.plan(now + _OUT, partial(self._home, number))

    def _home(self, number: int, at: datetime) -> None:
        self.worked.setdefault(number, []).append(at)
        self._mark(number, busy=False)

    def _end(self, it: _Asking) -> None:
        if it.over:
            return
        it.over = True
        for number in {*it.pending, *(person.responder_id for person in it.yeses)}:
            self._mark(number, offered=False)
        it.pending.clear()

    def _mark(self, number: int, *, offered: bool = False, busy: bool = False) -> None:
        self.people[number] = replace(self.people[number], offered=offered, busy=busy)


def _replay(calls: list[_Call], options: argparse.Namespace, acceptance: float, name: str) -> _Told:
    return _Day(calls, options, acceptance, _WAYS[name]).pass_by()


def _rows(told: dict[str, _Told], acceptance: float, options: argparse.Namespace) -> list[Row]:
    ours = told["waves"]
    rows = []
    for name, peer in told.items():
        if name == "waves":
            continue
        shared = {"n": len(ours.seconds), "seed": options.seed, "peer_name": name}
        case = f"acceptance {acceptance:.2f}"
        figures = (
            ("median minutes to a confirmed pair", _median(ours.seconds) / 60, _median(peer.seconds) / 60, "min"),
            ("90th percentile of the minutes", _p90(ours.seconds) / 60, _p90(peer.seconds) / 60, "min"),
            ("people asked for a pair", sum(ours.asked) / len(ours.asked), sum(peer.asked) / len(peer.asked), "people"),
            ("share of calls without a pair", ours.unfilled, peer.unfilled, "share"),
            ("Gini of confirmed work", ours.gini, peer.gini, "0 to 1"),
        )
        rows += [
            Row("asking", f"{case}: {what}", one, other, ratio=less_is_better(one, other), unit=unit, **shared)
            for what, one, other, unit in figures
        ]
    return rows


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else math.nan


def _p90(values: list[float]) -> float:
    return float(np.percentile(values, 90)) if values else math.nan
