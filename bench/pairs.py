"""The best three pairs: our scan in process and by the database, beside everybody tried with numpy and PostGIS KNN."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from bench._city import BEST, CITY, CITY_HALF_M, NOW, Columns, a_roster, brute_force, growth_row, short
from bench._pairs_database import rows_by_database
from bench.rows import Row, less_is_better, percentiles_ms, same_answers
from geo.distance import moved
from matcher.candidates import Scene
from matcher.meeting import meeting_points
from matcher.nearby import Nearby
from matcher.pairs import crow_flies, rank_nearby, rank_pairs
from matcher.policy import PairPolicy

if TYPE_CHECKING:
    import argparse

    from matcher.candidates import Candidate
    from matcher.meeting import MeetingPoint
    from matcher.pairs import Pair

_SIZES: Final = (1_000, 10_000, 100_000)
_MIXES: Final = (0.05, 0.15, 0.3, 0.6, 1.0)
"""Shares of people who hold the observer certificate."""
_FULL_CALLS: Final = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--people", type=int, nargs="+", default=list(_SIZES), help="sizes of the roster")
    parser.add_argument("--scenes", type=int, default=200, help="scenes asked for each roster")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--no-database", action="store_true", help="only the rows in process")


def run(options: argparse.Namespace) -> list[Row]:
    """Compare our pairs with numpy's for every size, mix of seats and scene, then time both; then by the database."""
    rows: list[Row] = []
    medians: list[float] = []
    for size in options.people:
        ours: list[int] = []
        peers: list[int] = []
        full: list[int] = []
        for mix in _MIXES:
            city = _City(a_roster(size, mix, options.seed), max(1, options.scenes // len(_MIXES)), options.seed)
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
                f"best {BEST} in process, {len(ours)} scenes, 5 mixes of seats",
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
    rows.append(growth_row("in process", options.people, medians, options.seed))
    if not options.no_database:
        rows += rows_by_database(options.people, max(1, options.scenes // len(_MIXES)), options.seed)
    return rows


class _City:
    """One roster, the scenes asked of it, and the two ways to answer."""

    def __init__(self, people: list[Candidate], scenes: int, seed: int) -> None:
        dice = np.random.default_rng([seed, 1])
        self.policy = PairPolicy()
        self.travel = crow_flies(self.policy)
        self.people = people
        self.nearby = Nearby(people, NOW, self.policy.position_age)
        self.columns = Columns.of(people, self.policy)
        spread = dice.uniform(-0.8 * CITY_HALF_M, 0.8 * CITY_HALF_M, (scenes, 2)).tolist()
        self.scenes = [Scene(place=moved(CITY, east, north), now=NOW) for east, north in spread]
        # Meeting points are chosen once for an incident, before anybody is ranked.
        self.points = [list(meeting_points(scene, self.policy)) for scene in self.scenes]

    def ours(self, scene: Scene, points: list[MeetingPoint]) -> tuple[Pair, ...]:
        return rank_nearby(self.nearby, scene, self.policy, self.travel, points, n=BEST)

    def check(self, what: str) -> None:
        for position, (scene, points) in enumerate(zip(self.scenes, self.points, strict=True)):
            ours = self.ours(scene, points)
            same_answers(what, short(ours), brute_force(self.columns, self.policy, points))
            if position < _FULL_CALLS:
                full = rank_pairs(self.people, scene, self.policy, self.travel, points, n=BEST)
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
            brute_force(self.columns, self.policy, points)
            nanoseconds.append(time.perf_counter_ns() - began)
        return nanoseconds

    def time_with_counts(self) -> list[int]:
        nanoseconds = []
        for scene, points in list(zip(self.scenes, self.points, strict=True))[:_FULL_CALLS]:
            began = time.perf_counter_ns()
            rank_pairs(self.people, scene, self.policy, self.travel, points, n=BEST)
            nanoseconds.append(time.perf_counter_ns() - began)
        return nanoseconds
