"""Are the right reports put together? Pair F1 on labelled streams, beside the best fixed-radius DBSCAN on each."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.rows import Row, more_is_better, same_answers
from bench.streams import Knobs, as_points, read, stream
from geo.clustering import settle, step
from geo.distance import EARTH_RADIUS_M
from geo.linking import linked
from geo.window import MemoryWindow

if TYPE_CHECKING:
    import argparse
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    from bench.streams import Report
    from geo.linking import Point

# Every pair of reports of one incident that stands in one cluster counts; pairs with a flood's pins are not scored. Our
# clusters are made with the floods among the reports, as the desk would see them, and with one policy for all streams;
# the peer is spared the floods, and swept over radius and minutes on the very rows it is judged on (`min_samples` is 2:
# 3 was never better).

_RADII_M: Final = tuple(range(100, 601, 50))
_MINUTES: Final = (10, 15, 20, 25, 30, 40, 50, 60, 90)
_MIN_SAMPLES: Final = 2
_FLOOD: Final = "flood"
_TIMED_CALLS: Final = 200_000

_STREAMS: Final = (
    ("ordinary", Knobs(seed=0)),
    ("pins 1.5 times as far off as stated", Knobs(seed=1, error_scale=1.5)),
    ("pins twice as far off as stated", Knobs(seed=2, error_scale=2.0)),
    ("vaguer devices, and they say so", Knobs(seed=3, stated_m=(68, 270, 1_050))),
    ("one pin in seven three times as far off, vehicles that move on", Knobs(seed=4, far_off=0.15, moving=0.15)),
    ("30 % of witnesses see another activity", Knobs(seed=5, disagree=0.3)),
    ("40 floods, half of them on real incidents", Knobs(seed=6, floods=40, flood_pins=150, flood_on_real=0.5)),
    ("crowded, and told of over a longer time", Knobs(seed=7, crowding=1.5, spread_s=1_200.0)),
    (
        "30 % disagree, pins 1.5 times as far off, 30 floods",
        Knobs(seed=8, disagree=0.3, error_scale=1.5, floods=30, flood_pins=120, flood_on_real=0.5),
    ),
)
"""Streams that no number was fitted to: their seeds are counted from the one that is given."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--reports", type=Path, metavar="F.csv", help="labelled reports; the truth in F.truth.csv")
    parser.add_argument("--seed", type=int, default=900, help="first seed of the generated streams")


def run(options: argparse.Namespace) -> list[Row]:
    """Score a file of labelled reports if there is one, and generated streams always."""
    rows = []
    if options.reports:
        told = read(options.reports)
        same_by_steps(as_points(told))
        rows += _scored(options.reports.name, told, None)
    for name, knobs in _STREAMS:
        seeded = replace(knobs, seed=options.seed + knobs.seed)
        rows += _scored(name, stream(seeded), seeded.seed)
    same_by_steps(as_points(stream(Knobs(seed=options.seed))))
    return [*rows, _timed(stream(Knobs(seed=options.seed)), options.seed)]


def _scored(name: str, reports: Sequence[Report], seed: int | None) -> list[Row]:
    points = as_points(reports)
    peer, peer_name = swept_dbscan([report for report in reports if report.part != _FLOOD])
    silent = [replace(point, activity=None) for point in points]
    return [
        _row(f"{name}; {said}", reports, clustered(seen), (peer, peer_name), seed)
        for said, seen in (("with activity", points), ("activity left out", silent))
    ]


def _row(
    case: str, reports: Sequence[Report], labels: Sequence[int], peer: tuple[float | None, str], seed: int | None
) -> Row:
    scored = [(label, report.incident) for label, report in zip(labels, reports, strict=True) if report.part != _FLOOD]
    precision, recall, ours = pair_scores(scored)
    told = f"{case} (precision {precision:.3f}, recall {recall:.3f})"
    ratio = more_is_better(ours, peer[0])
    return Row("linking", told, ours, peer[0], peer[1], None, ratio, "pair F1", n=len(scored), seed=seed)


def clustered(points: Sequence[Point]) -> list[int]:
    """Return the cluster of each sighting."""
    whole = settle(points)
    return [whole.keys[point.id] for point in points]


def same_by_steps(points: Sequence[Point]) -> None:
    """Take the sightings in one at a time; raises `AnswersDiffer` if that is not what settling all at once gives."""
    window = MemoryWindow()
    for point in points:
        window.write(step(window, [point], []), [point], [])
    same_answers("linking: steps and the batch definition", window.clusters(), settle(points).clusters())


def pair_scores(labelled: Iterable[tuple[Hashable, Hashable]]) -> tuple[float, float, float]:
    """Return precision, recall and F1 over pairs; each entry is the cluster it was put in and the one it belongs to."""
    both, put, belong = Counter(labelled), Counter[object](), Counter[object]()
    for (label, truth), count in both.items():
        put[label] += count
        belong[truth] += count
    right, made, wanted = (_pairs(counts.values()) for counts in (both, put, belong))
    precision, recall = right / made if made else 1.0, right / wanted if wanted else 1.0
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0


def _pairs(counts: Iterable[int]) -> int:
    return sum(count * (count - 1) // 2 for count in counts)


def swept_dbscan(reports: Sequence[Report]) -> tuple[float | None, str]:
    """Return the best pair F1 that scikit-learn's DBSCAN reaches on these rows with any radius and time, and how.

    Two reports are neighbours within the radius and the minutes; what it calls noise stands alone.
    """
    try:
        from sklearn.cluster import DBSCAN  # noqa: PLC0415 - a peer that need not be installed
        from sklearn.neighbors import NearestNeighbors, sort_graph_by_row_values  # noqa: PLC0415
    except ImportError:
        return None, "scikit-learn DBSCAN, not installed"
    places, seconds = _plane(reports), np.array([report.t for report in reports])
    near = NearestNeighbors(radius=_RADII_M[-1]).fit(places).radius_neighbors_graph(mode="distance").tocoo()
    apart_s = np.abs(seconds[near.row] - seconds[near.col])
    truth = [report.incident for report in reports]
    best: tuple[float, str] = (0.0, "")
    for minutes in _MINUTES:
        soon = apart_s <= minutes * 60.0
        graph = type(near)((near.data[soon], (near.row[soon], near.col[soon])), near.shape).tocsr()
        graph = sort_graph_by_row_values(graph, warn_when_not_sorted=False)
        for radius_m in _RADII_M:
            found = DBSCAN(eps=radius_m, min_samples=_MIN_SAMPLES, metric="precomputed").fit(graph).labels_
            alone = [label if label >= 0 else -1 - at for at, label in enumerate(found.tolist())]
            f1 = pair_scores(zip(alone, truth, strict=True))[2]
            best = max(best, (f1, f"{radius_m} m, {minutes} min"))
    return best[0], f"scikit-learn {metadata.version('scikit-learn')} DBSCAN, best of a sweep: {best[1]}"


def _plane(reports: Sequence[Report]) -> NDArray[np.float64]:
    lats = np.radians([report.place.lat for report in reports])
    lons = np.radians([report.place.lon for report in reports])
    plane: NDArray[np.float64] = EARTH_RADIUS_M * np.column_stack((lons * np.cos(lats.mean()), lats))
    return plane


def _timed(reports: Sequence[Report], seed: int) -> Row:
    """Return the nanoseconds of one answer over pairs that the intake path asks about: near in time, any distance."""
    points = as_points(reports)
    pairs = [pair for lag in range(1, 12) for pair in zip(points, points[lag:], strict=False)]
    pairs = (pairs * (_TIMED_CALLS // len(pairs) + 1))[:_TIMED_CALLS]
    began = time.perf_counter_ns()
    for one, other in pairs:
        linked(one, other)
    each_ns = (time.perf_counter_ns() - began) / len(pairs)
    near = [pair for pair in pairs if linked(*pair)] * 10
    began = time.perf_counter_ns()
    for one, other in near:
        linked(one, other)
    near_ns = (time.perf_counter_ns() - began) / max(1, len(near))
    case = f"one answer; {near_ns:.0f} ns where the answer is yes"
    return Row("linking", case, ours=each_ns, unit="ns", n=len(pairs), seed=seed)
