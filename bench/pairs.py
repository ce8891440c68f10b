"""The best three pairs in process: our scan over people by cell beside numpy trying everybody, same answers first."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.rows import Row, less_is_better, percentiles_ms, same_answers
from geo import cells
from geo.distance import metres_from, moved
from geo.points import LonLat
from matcher.candidates import Candidate, Mode, Scene
from matcher.meeting import MeetingPoint, meeting_points
from matcher.nearby import Nearby
from matcher.pairs import Pair, crow_flies, rank_nearby, rank_pairs
from matcher.policy import PairPolicy

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

_SIZES: Final = (1_000, 10_000, 100_000)
_MIXES: Final = (0.05, 0.15, 0.3, 0.6, 1.0)
"""Shares of people who hold the observer certificate."""
_CITY: Final = LonLat(-93.26, 44.97)
_CITY_HALF_M: Final = 12_000.0
_NOW: Final = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_BEST: Final = 3
_LANGUAGES: Final = ("en", "es", "so", "hmn")
_SHORTLIST: Final = 96
_FULL_CALLS: Final = 3

_Answers = list[tuple[int, int, int]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--people", type=int, nargs="+", default=list(_SIZES), help="sizes of the roster")
    parser.add_argument("--scenes", type=int, default=200, help="scenes asked for each roster")
    parser.add_argument("--seed", type=int, default=7)


def run(options: argparse.Namespace) -> list[Row]:
    """Compare our pairs with numpy's for every size, mix of seats and scene, then time both."""
    rows: list[Row] = []
    medians: list[float] = []
    for size in options.people:
        ours: list[int] = []
        peers: list[int] = []
        full: list[int] = []
        for mix in _MIXES:
            city = _City(_roster(size, mix, options.seed), max(1, options.scenes // len(_MIXES)), options.seed)
            city.check(f"{size:,} people, {mix:.0%} observers")
            ours += city.time_ours()
            peers += city.time_numpy()
            full += city.time_with_counts()
        p50_ms, p99_ms = percentiles_ms(ours)
        peer_ms, _ = percentiles_ms(peers)
        full_ms, full_p99_ms = percentiles_ms(full)
        medians.append(p50_ms)
        shared = {"unit": "ms", "n": size, "seed": options.seed}
        rows += [
            Row(
                "pairs",
                f"best {_BEST} in process, {len(ours)} scenes, 5 mixes of seats",
                ours=p50_ms,
                peer=peer_ms,
                peer_name=f"numpy {np.__version__} brute force",
                ratio=less_is_better(p50_ms, peer_ms),
                p50_ms=p50_ms,
                p99_ms=p99_ms,
                **shared,
            ),
            Row(
                "pairs",
                "the same, everybody else counted by rule",
                ours=full_ms,
                p50_ms=full_ms,
                p99_ms=full_p99_ms,
                **shared,
            ),
        ]
    growth = medians[-1] / medians[0]
    sizes = f"growth of the median, t({options.people[-1]:,}) / t({options.people[0]:,})"
    rows.append(Row("pairs", sizes, ours=growth, unit="times", seed=options.seed))
    return rows


def _roster(size: int, observers: float, seed: int) -> list[Candidate]:
    """Make people spread over an invented city, with everything that can keep two apart."""
    dice = np.random.default_rng([seed, size, round(observers * 100)])
    east, north = dice.uniform(-_CITY_HALF_M, _CITY_HALF_M, (2, size))
    later = _NOW + timedelta(days=90)
    modes: tuple[Mode, ...] = ("foot", "bicycle", "car")
    ways = dice.choice(3, size, p=(0.4, 0.2, 0.4)).tolist()
    observing = (dice.random(size) < observers).tolist()
    loads = dice.choice(4, size, p=(0.5, 0.3, 0.15, 0.05)).tolist()
    cleared = dice.integers(0, 12, size).tolist()
    lineages = dice.integers(0, 12, size).tolist()
    second = dice.integers(0, len(_LANGUAGES), size).tolist()
    only = (dice.random(size) < 0.1).tolist()
    resting = (dice.random(size) < 0.1).tolist()
    avoided, known = dice.integers(0, size, (2, size, 2)).tolist()
    people = []
    for number in range(size):
        spoken = _LANGUAGES[second[number]]
        cell = cells.cell_at(moved(_CITY, float(east[number]), float(north[number])), 9)
        people.append(
            Candidate(
                responder_id=number,
                place=cells.centre(cell),
                position_at=_NOW,
                mode=modes[ways[number]],
                observer_until=later if observing[number] else None,
                trained_until=later,
                languages=frozenset((spoken,)) if only[number] else frozenset(("en", spoken)),
                available_until=later,
                dispatches_this_shift=2 if resting[number] else 0,
                load_7d=loads[number],
                cleared_total=cleared[number],
                avoids=frozenset(avoided[number]),
                worked_with=frozenset(known[number]),
                lineage=lineages[number],
            )
        )
    return people


@dataclass(frozen=True, slots=True)
class _Columns:
    """The roster as columns, the way numpy wants it; people who rest are left out beforehand."""

    ids: NDArray[np.int64]
    lons: NDArray[np.float64]
    lats: NDArray[np.float64]
    pace: NDArray[np.float64]
    own: NDArray[np.int64]
    observes: NDArray[np.bool_]
    new: NDArray[np.bool_]
    speaks: NDArray[np.int64]
    lineage: NDArray[np.int64]
    avoids: NDArray[np.int64]
    knows: NDArray[np.int64]

    @classmethod
    def of(cls, people: list[Candidate], policy: PairPolicy) -> _Columns:
        fit = [it for it in people if it.dispatches_this_shift < policy.dispatches_a_shift]
        places = [it.place or _CITY for it in fit]
        return cls(
            ids=np.array([it.responder_id for it in fit]),
            lons=np.array([place.lon for place in places]),
            lats=np.array([place.lat for place in places]),
            pace=np.array([policy.detour / policy.speeds_m_s[it.mode] for it in fit]),
            own=np.array([round(60 * policy.load_min * it.load_7d / policy.load_target_7d) for it in fit]),
            observes=np.array([it.observer_until is not None for it in fit]),
            new=np.array([it.cleared_total < policy.new_below for it in fit]),
            speaks=np.array([sum(1 << _LANGUAGES.index(word) for word in it.languages) for it in fit]),
            lineage=np.array([it.lineage for it in fit]),
            avoids=np.array([[*sorted(it.avoids), -1][:2] for it in fit]),
            knows=np.array([[*sorted(it.worked_with), -1][:2] for it in fit]),
        )


def _brute_force(columns: _Columns, policy: PairPolicy, points: list[MeetingPoint]) -> _Answers:
    """Return (cost in seconds, smaller id, larger id) of the best pairs by looking at everybody with numpy.

    Everybody's times are worked out, then all pairs among all people who alone cost no more than the third best pair
    of a shortlist.
    """
    seconds = np.empty((len(columns.ids), len(points)), dtype=np.int64)
    for column, point in enumerate(points):
        metres = metres_from(point.place, columns.lons, columns.lats)
        seconds[:, column] = np.ceil(metres * columns.pace + policy.get_going.total_seconds())
    least = seconds.min(axis=1) + columns.own
    shortlist = min(_SHORTLIST, len(least))
    while True:
        rows = np.argpartition(least, shortlist - 1)[:shortlist]
        found = _all_pairs(columns, policy, seconds, rows)
        if len(found) == _BEST:
            rows = np.flatnonzero(least <= found[-1][0])
            return found if len(rows) <= shortlist else _all_pairs(columns, policy, seconds, rows)
        if shortlist == len(least):
            return found
        shortlist = min(4 * shortlist, len(least))


def _all_pairs(columns: _Columns, policy: PairPolicy, seconds: NDArray[np.int64], rows: NDArray[np.intp]) -> _Answers:
    rows = rows[np.argsort(columns.ids[rows])]
    low, high = np.triu_indices(len(rows), 1)
    a, b = rows[low], rows[high]
    meet = np.maximum(seconds[a], seconds[b]).min(axis=1)
    allowed = (columns.observes[a] | columns.observes[b]) & ~(columns.new[a] & columns.new[b])
    allowed &= (columns.speaks[a] & columns.speaks[b]) != 0
    allowed &= meet <= policy.eta_limit.total_seconds()
    ids_a, ids_b = columns.ids[a, None], columns.ids[b, None]
    allowed &= ~((columns.avoids[a] == ids_b).any(axis=1) | (columns.avoids[b] == ids_a).any(axis=1))
    known = (columns.knows[a] == ids_b).any(axis=1) | (columns.knows[b] == ids_a).any(axis=1)
    cost = meet + columns.own[a] + columns.own[b]
    cost += np.where(known, 0, round(60 * policy.unfamiliar_min))
    cost += np.where(columns.lineage[a] == columns.lineage[b], round(60 * policy.same_lineage_min), 0)
    cost, a, b = cost[allowed], a[allowed], b[allowed]
    best = np.lexsort((columns.ids[b], columns.ids[a], cost))[:_BEST]
    return [(int(cost[it]), int(columns.ids[a[it]]), int(columns.ids[b[it]])) for it in best]


class _City:
    """One roster, the scenes asked of it, and the two ways to answer."""

    def __init__(self, people: list[Candidate], scenes: int, seed: int) -> None:
        dice = np.random.default_rng([seed, 1])
        self.policy = PairPolicy()
        self.travel = crow_flies(self.policy)
        self.people = people
        self.nearby = Nearby(people, _NOW, self.policy.position_age)
        self.columns = _Columns.of(people, self.policy)
        spread = dice.uniform(-0.8 * _CITY_HALF_M, 0.8 * _CITY_HALF_M, (scenes, 2)).tolist()
        self.scenes = [Scene(place=moved(_CITY, east, north), now=_NOW) for east, north in spread]
        # Meeting points are chosen once for an incident, before anybody is ranked.
        self.points = [list(meeting_points(scene, self.policy)) for scene in self.scenes]

    def ours(self, scene: Scene, points: list[MeetingPoint]) -> tuple[Pair, ...]:
        return rank_nearby(self.nearby, scene, self.policy, self.travel, points, n=_BEST)

    def check(self, what: str) -> None:
        for position, (scene, points) in enumerate(zip(self.scenes, self.points, strict=True)):
            ours = self.ours(scene, points)
            same_answers(what, _short(ours), _brute_force(self.columns, self.policy, points))
            if position < _FULL_CALLS:
                full = rank_pairs(self.people, scene, self.policy, self.travel, points, n=_BEST)
                same_answers(f"{what}, whole roster", full.pairs, ours)

    def time_ours(self) -> list[int]:
        nanoseconds = []
        for scene, points in zip(self.scenes, self.points, strict=True):
            began = time.perf_counter_ns()
            self.ours(scene, points)
            nanoseconds.append(time.perf_counter_ns() - began)
        return nanoseconds

    def time_numpy(self) -> list[int]:
        nanoseconds = []
        for points in self.points:
            began = time.perf_counter_ns()
            _brute_force(self.columns, self.policy, points)
            nanoseconds.append(time.perf_counter_ns() - began)
        return nanoseconds

    def time_with_counts(self) -> list[int]:
        nanoseconds = []
        for scene, points in list(zip(self.scenes, self.points, strict=True))[:_FULL_CALLS]:
            began = time.perf_counter_ns()
            rank_pairs(self.people, scene, self.policy, self.travel, points, n=_BEST)
            nanoseconds.append(time.perf_counter_ns() - began)
        return nanoseconds


def _short(pairs: tuple[Pair, ...]) -> _Answers:
    return [(it.cost_s, *_ordered(it.observer_id, it.buddy_id)) for it in pairs]


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)
