"""What one more report costs the clusters, whatever lies behind it, beside scikit-learn and PostGIS clustering anew."""

from __future__ import annotations

import gc
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.rows import Row, less_is_better, percentiles_ms, same_answers
from geo.clustering import settle
from geo.distance import EARTH_RADIUS_M, moved
from geo.linking import DEFAULT_POLICY, ClusterPolicy, Point
from geo.live import LiveClusters
from geo.points import LonLat
from records import engine
from records.cluster import DATABASE, PrivateCluster

if TYPE_CHECKING:
    import argparse

_CITY: Final = LonLat(-93.26, 44.97)
_HALF_M: Final = 9_000.0
_A_SECOND: Final = 1_000 / 3_600
"""Reports a second: a thousand an hour, so that the open window is full before the first mark."""
_MARKS: Final = (10_000, 100_000, 1_000_000, 5_000_000)
_SLICES: Final = 10
_SLICE: Final = 500
_SEAL_EVERY: Final = 500
_CROWD: Final = 10_000
_RECOMPUTED: Final = 7
_ACTIVITIES: Final = ("stop", "arrest", "door_visit", "workplace", "patrol", "other", None)

_WINDOW_TABLE: Final = """
CREATE TEMP TABLE seen (id int, t float8, place geometry(Point, 3857));
INSERT INTO seen SELECT id, t, ST_SetSRID(ST_MakePoint(x, y), 3857)
FROM unnest(%s::int[], %s::float8[], %s::float8[], %s::float8[]) AS told(id, t, x, y);
CREATE INDEX ON seen USING gist (place); ANALYZE seen;
"""
_RECLUSTER: Final = """
SELECT id, ST_ClusterDBSCAN(place, eps := 250, minpoints := 2) OVER () FROM seen WHERE t > %s - 3600
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--history", type=int, nargs="+", default=list(_MARKS), help="reports before the ones timed")
    parser.add_argument("--crowd", type=int, default=_CROWD, help="reports in one block within the hour")
    parser.add_argument("--seed", type=int, default=5)


def run(options: argparse.Namespace) -> list[Row]:
    """Time single reports behind ever longer histories, in crowds, late, taken back; then cluster anew as peers do."""
    live, rows, normal = _histories(options)
    rows += _crowds(options, normal)
    rows.append(_disorder(options, normal))
    return rows + _peers(live, options)


@dataclass(frozen=True, slots=True)
class _Cost:
    """What single reports cost, in nanoseconds."""

    nanoseconds: list[int]

    @property
    def mean_us(self) -> float:
        return float(np.mean(self.nanoseconds)) / 1e3

    @property
    def p99_us(self) -> float:
        """The median of the 99th percentiles of slices, so that one hiccup of the host does not decide."""
        slices = np.array_split(np.array(self.nanoseconds), max(1, len(self.nanoseconds) // _SLICE))
        return float(np.median([np.percentile(it, 99) for it in slices])) / 1e3


class _Window:
    """A kept window whose new clusters are named by counting."""

    def __init__(self, policy: ClusterPolicy = DEFAULT_POLICY) -> None:
        self.live = LiveClusters(policy)
        self._next = 1
        self._seen = 0

    def take(self, point: Point) -> int:
        """Take in one report; return the nanoseconds it cost."""
        began = time.perf_counter_ns()
        changes = self.live.arrive([point])
        given = {opened.key: self._next + number for number, opened in enumerate(changes.opened)}
        self.live.christen(given)
        cost = time.perf_counter_ns() - began
        self._next += len(given)
        self._seen += 1
        if self._seen % _SEAL_EVERY == 0:
            self.live.seal(point.t - DEFAULT_POLICY.lateness_s - DEFAULT_POLICY.reach_s)
        return cost

    def give_back(self, point: Point) -> int:
        """Take one report back; return the nanoseconds it cost."""
        began = time.perf_counter_ns()
        changes = self.live.retract([point])
        given = {opened.key: self._next + number for number, opened in enumerate(changes.opened)}
        self.live.christen(given)
        self._next += len(given)
        return time.perf_counter_ns() - began


def _stream(seed: int, policy_blind: bool = False) -> Iterator[Point]:
    """Yield a city's reports at a constant rate: events with one to six reporters, and as many that stand alone."""
    number = 0
    block = 4_096
    dice = np.random.default_rng([seed, 1])
    while True:
        east, north = dice.uniform(-_HALF_M, _HALF_M, (2, block))
        witnesses = dice.integers(1, 7, block) * (dice.random(block) < 0.5) + 1
        for event in range(block):
            count = int(witnesses[event])
            jitter, groups = dice.normal(0, 50.0, (2, count)), dice.integers(0, 900, count)
            vouched, activity = dice.random(count) < 0.7, _ACTIVITIES[int(dice.integers(len(_ACTIVITIES)))]
            for one in range(count):
                number += 1
                place = moved(_CITY, float(east[event] + jitter[0, one]), float(north[event] + jitter[1, one]))
                group = number if policy_blind else int(groups[one])
                yield Point(number, place, number / _A_SECOND, group, vouched=bool(vouched[one]), activity=activity)


def _histories(options: argparse.Namespace) -> tuple[LiveClusters, list[Row], _Cost]:
    """Time the reports that end each history of one long stream; compare the window with the batch at each mark."""
    window, stream = _Window(), _stream(options.seed)
    rows: list[Row] = []
    costs: list[_Cost] = []
    taken = 0
    gc.collect()
    gc.disable()
    for mark in options.history:
        while taken < mark - _SLICES * _SLICE:
            window.take(next(stream))
            taken += 1
        gc.collect()
        costs.append(_Cost([window.take(next(stream)) for _ in range(_SLICES * _SLICE)]))
        taken = mark
        whole = settle(window.live.points.values()).clusters()
        same_answers(f"window after {mark:,} reports", window.live.clusters(), whole)
        p50_ms, p99_ms = percentiles_ms(costs[-1].nanoseconds)
        case = f"one report in process, {len(window.live):,} in the open window, equal to batch"
        rows.append(
            Row(
                "clustering",
                case,
                costs[-1].mean_us,
                unit="µs",
                p50_ms=p50_ms,
                p99_ms=p99_ms,
                n=mark,
                seed=options.seed,
            )
        )
    gc.enable()
    growth = costs[-1].p99_us / costs[0].p99_us
    case = f"p99 behind {options.history[-1]:,} reports / p99 behind {options.history[0]:,}"
    rows.append(Row("clustering", case, growth, limit=1.2, unit="times", seed=options.seed))
    return window.live, rows, costs[0]


def _crowds(options: argparse.Namespace, normal: _Cost) -> list[Row]:
    """Time a crowd that reports one block within the hour, whoever it is made of."""
    dice = np.random.default_rng([options.seed, 2])
    cases: dict[str, Callable[[int], tuple[int, bool]]] = {
        "all of different lineages": lambda number: (number, True),
        "of twenty lineages": lambda _: (int(dice.integers(20)), True),
        "of one lineage": lambda _: (7, True),
        "nobody vouched for": lambda number: (number, False),
        "one in ten vouched for": lambda number: (number, bool(dice.random() < 0.1)),
    }
    rows = []
    for said, source in cases.items():
        for spread_m in (60.0, 180.0):
            window = _Window()
            count = options.crowd
            east, north = dice.uniform(-spread_m, spread_m, (2, count)).tolist()
            points = [
                Point(
                    number + 1,
                    moved(_CITY, east[number], north[number]),
                    number * 3_600 / count,
                    group,
                    vouched=vouched,
                )
                for number in range(count)
                for group, vouched in [source(number)]
            ]
            gc.collect()
            gc.disable()
            cost = _Cost([window.take(point) for point in points])
            gc.enable()
            p50_ms, p99_ms = percentiles_ms(cost.nanoseconds)
            case = f"{count:,} reports within {2 * spread_m:.0f} m and an hour, {said}: mean beside a normal report's"
            rows.append(
                Row(
                    "clustering", case, cost.mean_us, normal.mean_us, "a normal report", 2 * normal.mean_us,
                    less_is_better(cost.mean_us, normal.mean_us), "µs", p50_ms, p99_ms, count, options.seed,
                )
            )  # fmt: skip
    return rows


def _disorder(options: argparse.Namespace, normal: _Cost) -> Row:
    """Time a stream of which a tenth comes up to six hours late and a twentieth is taken back."""
    dice = np.random.default_rng([options.seed, 3])
    window, stream = _Window(), _stream(options.seed + 1)
    late: list[tuple[int, Point]] = []
    costs: list[int] = []
    for at in range(20_000):
        point = next(stream)
        if dice.random() < 0.1:
            late.append((at + int(dice.integers(6_000)), point))
            continue
        costs.append(window.take(point))
        if dice.random() < 0.05:
            costs.append(window.give_back(_any_of(window.live, dice)))
        costs += [window.take(point) for due, point in late if due == at]
    same_answers("late and taken back", window.live.clusters(), settle(window.live.points.values()).clusters())
    cost = _Cost(costs)
    p50_ms, p99_ms = percentiles_ms(costs)
    return Row(
        "clustering", "10 % up to six hours late, 5 % taken back, equal to batch", cost.mean_us, normal.mean_us,
        "a normal report", None, less_is_better(cost.mean_us, normal.mean_us), "µs", p50_ms, p99_ms, len(costs),
        options.seed,
    )  # fmt: skip


def _any_of(live: LiveClusters, dice: np.random.Generator) -> Point:
    ids = list(live.points)
    return live.points[ids[int(dice.integers(len(ids)))]]


# Clustering anew for each report


def _peers(live: LiveClusters, options: argparse.Namespace) -> list[Row]:
    """Time what others do for every report: cluster the open window again."""
    points = sorted(live.points.values(), key=lambda point: point.rank)
    blind = [Point(it.id, it.place, it.t, it.id, vouched=True) for it in points]
    rows = [_scikit_learn(blind, options)]
    with (
        tempfile.TemporaryDirectory(prefix="tandem-bench-", dir=Path.cwd()) as folder,
        PrivateCluster(Path(folder)) as db,
    ):
        engine.migrate(db.url())
        rows.append(_postgis(db, blind, options))
    return rows


def _plain() -> ClusterPolicy:
    """Return the policy under which a link is what fixed-radius DBSCAN takes for one: 250 m and an hour."""
    return ClusterPolicy(reach_m=250.0, at_once=1e6)


def _scikit_learn(points: list[Point], options: argparse.Namespace) -> Row:
    """Space and time by DBSCAN over precomputed neighbours; ours under the plain policy finds the same clusters."""
    import sklearn  # noqa: PLC0415 - a tool, not there in a deployment
    from sklearn.cluster import DBSCAN  # noqa: PLC0415
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415

    policy = _plain()
    radians = np.radians([[it.place.lat, it.place.lon] for it in points])
    times = np.array([it.t for it in points])

    def recluster() -> np.ndarray:
        near_by = NearestNeighbors(radius=policy.reach_m / EARTH_RADIUS_M, algorithm="ball_tree", metric="haversine")
        graph = near_by.fit(radians).radius_neighbors_graph(mode="connectivity").tocoo()
        near = np.abs(times[graph.row] - times[graph.col]) <= policy.reach_s
        graph.data, graph.row, graph.col = np.ones(int(near.sum())), graph.row[near], graph.col[near]
        labels: np.ndarray = DBSCAN(eps=1.5, min_samples=2, metric="precomputed").fit_predict(graph.tocsr())
        return labels

    ours = _Window(policy)
    cost = _Cost([ours.take(point) for point in points])
    same_answers("the plain policy and scikit-learn", _several(ours.live.clusters()), _labelled(points, recluster()))
    seconds = _median_s(recluster)
    return Row(
        "clustering", f"one more report into {len(points):,}, 250 m and 60 min, same clusters", cost.mean_us,
        seconds * 1e6, f"scikit-learn {sklearn.__version__} DBSCAN of the window", None,
        less_is_better(cost.mean_us, seconds * 1e6), "µs", None, None, len(points), options.seed,
    )  # fmt: skip


def _postgis(db: PrivateCluster, points: list[Point], options: argparse.Namespace) -> Row:
    """ST_ClusterDBSCAN knows no time: it gets the last hour only, so its clusters are those of the place alone."""
    window = _Window(_plain())
    cost = _Cost([window.take(point) for point in points])
    last = points[-1].t
    shrink = math.cos(math.radians(_CITY.lat))
    with db.superuser(DATABASE) as connection:
        xs = [math.radians(it.place.lon) * EARTH_RADIUS_M * shrink for it in points]
        ys = [math.radians(it.place.lat) * EARTH_RADIUS_M for it in points]
        connection.execute("SET client_min_messages = warning")
        for statement in _WINDOW_TABLE.split(";\n"):
            values = ([it.id for it in points], [it.t for it in points], xs, ys) if "unnest" in statement else None
            if statement.strip():
                connection.execute(statement, values)
        seconds = _median_s(lambda: connection.execute(_RECLUSTER, (last,)).fetchall())
        (version,) = connection.execute("SELECT postgis_lib_version()").fetchone() or ("",)
    return Row(
        "clustering", "the same; the peer looks at the last hour and at the place alone", cost.mean_us, seconds * 1e6,
        f"PostGIS {version} ST_ClusterDBSCAN", None, less_is_better(cost.mean_us, seconds * 1e6), "µs", None, None,
        len(points), options.seed,
    )  # fmt: skip


def _median_s(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(_RECOMPUTED):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def _several(clusters: Iterable[frozenset[int]]) -> frozenset[frozenset[int]]:
    return frozenset(cluster for cluster in clusters if len(cluster) > 1)


def _labelled(points: list[Point], labels: np.ndarray) -> frozenset[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for point, label in zip(points, labels.tolist(), strict=True):
        if label >= 0:
            found.setdefault(label, set()).add(point.id)
    return frozenset(map(frozenset, found.values()))
