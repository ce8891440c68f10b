"""Is it real? Our clusters and the service's score on labelled streams, beside counting reports and accounts."""

from __future__ import annotations

import importlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from bench._floods import flooded
from bench._judged import Desk, incidents, judge_in_order
from bench._witnesses import made
from bench.rows import Row, less_is_better, more_is_better
from bench.streams import Knobs, read, stream

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bench._judged import Case

    _Measure: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.float64]], float]

_BINS: Final = 10
_DRAWS: Final = 400
_FROM_SEED: Final = 1_900
# Reliability is learned in the order of arrival from incidents decided before, as the service does it: no label shapes
# what it is judged by. To decide every incident an hour after it fell silent is kind, so three in ten are shown too.
_CONFIGURATIONS: Final = (
    ("weights alone", False, 0.0),
    ("as the service runs", True, 1.0),
    ("as it runs, three in ten decided", True, 0.3),
)
_STREAMS: Final = (
    ("stream", Knobs(seed=0)),
    ("stream, pins twice as far off", Knobs(seed=2, error_scale=2.0)),
    ("stream, 30 % see another activity", Knobs(seed=5, disagree=0.3)),
    ("stream, 40 floods, half on real incidents", Knobs(seed=6, floods=40, flood_pins=150, flood_on_real=0.5)),
)
"""Streams of another generator than the weights were fitted to; seeds are counted from the one that is given."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--reports", type=Path, metavar="FILE", help="labelled reports, truth in F.truth.csv")
    parser.add_argument("--png", type=Path, metavar="FILE", help="write the reliability diagram here")
    parser.add_argument(
        "--trials", type=int, default=200, help="floods of each kind up to 100 pins; a quarter at 1,000, a 20th beyond"
    )
    parser.add_argument("--seed", type=int, default=7)


def run(options: argparse.Namespace) -> list[Row]:
    """Judge the reports, and streams of other shapes; then flood the reports."""
    told = read(options.reports) if options.reports else made(options.seed)
    what = "given reports" if options.reports else "made reports"
    seed = None if options.reports else options.seed
    from_seed = _FROM_SEED + options.seed
    others = [(name, stream(replace(knobs, seed=from_seed + knobs.seed)), from_seed) for name, knobs in _STREAMS]
    found: list[Row] = []
    for name, reports, own_seed in [*others, (what, told, seed)]:
        cases = incidents(reports)
        for how, learns, share in _CONFIGURATIONS:
            desk = judge_in_order(cases, learns=learns, share=share)
            found += _judged(cases, f"{name}, {how} ({desk.decided} decided)", own_seed)
    desk = judge_in_order(cases)
    if options.png:
        _drawn(cases, options.png)
    found.append(_timed(cases, desk, what, seed))
    return [*found, *flooded(told, cases, desk, trials=options.trials, seed=options.seed)]


# is it real


def _judged(cases: Sequence[Case], what: str, seed: int | None) -> list[Row]:
    real = np.array([case.real for case in cases], float)
    probability = np.array([case.held.probability for case in cases])
    counts = {
        "number of reports": np.array([len(case.members) for case in cases], float),
        "number of distinct accounts": np.array([len({each.source for each in case.members}) for case in cases], float),
    }
    measures: tuple[tuple[str, _Measure], ...] = (("AUC", auc), ("average precision", average_precision))
    errors: tuple[tuple[str, _Measure], ...] = (("Brier", brier), ("ECE", ece))
    rows: list[Row] = []
    for peer, count in counts.items():
        learned = _learned(count, real)
        for name, measure in measures:
            ours, theirs = measure(probability, real), measure(count, real)
            row = Row("verification", f"{name}: {what}", ours, theirs, peer, n=len(cases), seed=seed)
            rows.append(replace(row, ratio=more_is_better(ours, theirs)))
        fitted = f"{peer}, logistic, fitted to four fifths of the same rows"
        for name, off in errors:
            ours, fit = off(probability, real), None if learned is None else off(learned, real)
            row = Row("verification", f"{name}: {what}", ours, fit, fitted, n=len(cases), seed=seed)
            rows.append(replace(row, limit=by_chance(off, probability), ratio=less_is_better(ours, fit)))
    return rows


def by_chance(off: _Measure, probability: NDArray[np.float64]) -> float:
    """Return how far off these probabilities are on average where each is exactly right: what chance alone leaves."""
    draws = np.random.default_rng(0).random((_DRAWS, len(probability))) < probability
    return float(np.mean([off(probability, drawn.astype(float)) for drawn in draws]))


def _learned(count: NDArray[np.float64], real: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the peer's probabilities, each fifth from a curve fitted to the others; None without scikit-learn."""
    try:
        linear = importlib.import_module("sklearn.linear_model")
    except ImportError:
        return None
    fold = np.random.default_rng(0).permutation(len(count)) % 5
    shown = np.log(count)[:, None]
    answer = np.zeros(len(count))
    for one in range(5):
        model = linear.LogisticRegression().fit(shown[fold != one], real[fold != one])
        answer[fold == one] = model.predict_proba(shown[fold == one])[:, 1]
    return answer


def auc(score: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Return how often a real incident stands above a false one; a tie counts half."""
    positive, negative = score[real > 0], np.sort(score[real == 0])
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.mean() / 2.0 / len(negative))


def average_precision(score: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Return the mean precision over the real ones, equal scores taken together."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(real[order])
    last = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    gained = np.diff(np.append(0.0, hits[last]))
    return float((gained * hits[last] / (last + 1)).sum() / hits[-1])


def brier(probability: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Return the mean square by which probabilities were off."""
    return float(((probability - real) ** 2).mean())


def _bins(probability: NDArray[np.float64], real: NDArray[np.float64]) -> list[tuple[float, float, int]]:
    """Return (mean probability, share that was real, number) of ten bins of equal size."""
    parts = np.array_split(np.argsort(probability, kind="stable"), _BINS)
    return [(float(probability[part].mean()), float(real[part].mean()), len(part)) for part in parts if len(part)]


def ece(probability: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Return the expected calibration error over ten bins of equal size."""
    return sum(number * abs(said - was) for said, was, number in _bins(probability, real)) / len(real)


def _drawn(cases: Sequence[Case], path: Path) -> None:
    """Draw how often incidents of each probability were real."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    real = np.array([case.real for case in cases], float)
    bins = _bins(np.array([case.held.probability for case in cases]), real)
    figure, axes = pyplot.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], "--", color="gray", label="perfect")
    axes.plot([said for said, _, _ in bins], [was for _, was, _ in bins], "o-", label="ten bins of equal size")
    axes.set(xlabel="probability shown", ylabel="share that was real", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


def _timed(cases: Sequence[Case], desk: Desk, what: str, seed: int | None) -> Row:
    began = time.perf_counter()
    for case in cases:
        desk.scored(case)
    each_us = (time.perf_counter() - began) / len(cases) * 1e6
    return Row("verification", f"one incident scored: {what}", each_us, unit="µs", n=len(cases), seed=seed)
