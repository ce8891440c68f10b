"""Is it real? Our clusters and our score on labelled streams and under floods, beside counting reports and accounts."""

from __future__ import annotations

import importlib
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bench._judged import Desk, incidents, judge_in_order, lineage_of, read, vouched
from bench._witnesses import Stream, Told, Truth, stream
from bench.rows import Row, less_is_better, more_is_better
from geo import cells
from geo.distance import moved
from geo.linking import DEFAULT_POLICY
from geo.queue import Waiting, in_order
from geo.score import corroborated

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bench._judged import Case

_BINS: Final = 10
_TOP: Final = 20
_WINDOW_S: Final = 7_200.0
_PINS: Final = (1, 10, 100, 1_000, 10_000)
_ACCOUNTS: Final = (20, 1_000)
_SPREAD: Final = {"on one corner": 0.0, "all over town": 4_000.0}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--reports", type=Path, metavar="FILE", help="labelled reports, truth in F.truth.csv")
    parser.add_argument("--png", type=Path, metavar="FILE", help="write the reliability diagram here")
    parser.add_argument("--trials", type=int, default=200, help="floods of each kind whose queue is looked at")
    parser.add_argument("--seed", type=int, default=7)


def run(options: argparse.Namespace) -> list[Row]:
    """Judge the stream, then flood it."""
    told = read(options.reports) if options.reports else stream(options.seed)
    seed = None if options.reports else options.seed
    what = "given reports" if options.reports else "made reports"
    cases = incidents(told)
    found: list[Row] = []
    for learns, how in ((False, "weights alone"), (True, "and decisions before")):
        judge_in_order(cases, learns=learns)
        found += _judged(cases, f"{what}, {how}", seed)
    if options.png:
        _drawn(cases, options.png)
    return [*found, _timed(cases, what, seed), *_flooded(told, cases, options)]


# is it real


def _judged(cases: Sequence[Case], what: str, seed: int | None) -> list[Row]:
    real = np.array([case.real for case in cases], float)
    probability = np.array([case.held.probability for case in cases])
    counts = {
        "number of reports": np.array([len(case.members) for case in cases], float),
        "number of distinct accounts": np.array([len({each.source for each in case.members}) for case in cases], float),
    }
    rows: list[Row] = []
    for peer, count in counts.items():
        learned = _learned(count, real)
        for name, measure in (("AUC", auc), ("average precision", average_precision)):
            ours, theirs = measure(probability, real), measure(count, real)
            rows.append(
                Row(
                    "verification", f"{name}: {what}", ours, theirs, peer,
                    ratio=more_is_better(ours, theirs), n=len(cases), seed=seed,
                )
            )  # fmt: skip
        fitted = f"{peer}, logistic, fitted to four fifths of the same rows"
        for name, off in (("Brier", brier), ("ECE", ece)):
            ours, fit = off(probability, real), None if learned is None else off(learned, real)
            rows.append(
                Row(
                    "verification", f"{name}: {what}", ours, fit, fitted,
                    ratio=less_is_better(ours, fit), n=len(cases), seed=seed,
                )
            )  # fmt: skip
    return rows


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


def _timed(cases: Sequence[Case], what: str, seed: int | None) -> Row:
    desk = Desk()
    began = time.perf_counter()
    for case in cases:
        desk.scored(case)
    each_us = (time.perf_counter() - began) / len(cases) * 1e6
    return Row("verification", f"one incident scored: {what}", each_us, unit="µs", n=len(cases), seed=seed)


# floods


def _flooded(told: Stream, cases: Sequence[Case], options: argparse.Namespace) -> list[Row]:
    rng = np.random.default_rng(options.seed)
    firm = [case for case in cases if case.real and not case.flood and corroborated(case.held)]
    if not firm:
        return [Row("verification", "floods: no real incident with two lineages among these reports")]
    rows: list[Row] = []
    floods = [*((number, True) for number in _PINS), *((number, False) for number in _ACCOUNTS)]
    for where, spread_m in _SPREAD.items():
        for number, strangers in floods:
            # Large floods take long to cluster; they are all alike, so fewer of them are looked at.
            trials = max(1, min(options.trials, 5_000 // number))
            rows += _flood(told, firm, number, strangers=strangers, spread=(where, spread_m), trials=trials, rng=rng)
    return rows


def _flood(
    told: Stream,
    firm: Sequence[Case],
    number: int,
    *,
    strangers: bool,
    spread: tuple[str, float],
    trials: int,
    rng: np.random.Generator,
) -> list[Row]:
    alone = joined = seen = above_all = 0
    for _ in range(trials):
        target = firm[int(rng.integers(len(firm)))]
        pins = _pins(target, number, strangers=strangers, spread_m=spread[1], rng=rng)
        near = [each for each in told.told if abs(each.t - target.until) <= _WINDOW_S]
        flooded = Stream(
            [*near, *_under_the_cap(pins)],
            told.truth | {pin.id: Truth("flood", real=False, report="flood") for pin in pins},
        )
        cases = incidents(flooded)
        judge_in_order(cases, learns=False)
        helped = [case for case in cases if _owes_it_to_the_flood(case)]
        alone += sum(not any(_is_honest_witness(each) for each in case.members) for case in helped)
        joined += sum(any(_is_honest_witness(each) for each in case.members) for case in helped)
        order = _queue(cases)
        real = {target.members[0].id}
        seen += any(real & {each.id for each in case.members} for case in order[:_TOP])
        above_all += not order[0].real and all(each.id.startswith("flood") for each in order[0].members)
    who = "pins nobody vouched for" if strangers else "accounts of one lineage"
    case = f"{number:,} {who}, {spread[0]}"
    return [
        Row("verification", f"corroborated by {case}", float(alone), limit=0.0, unit="incidents", n=trials),
        Row(
            "verification", f"corroborated by one honest lineage and {case}", float(joined), unit="incidents", n=trials
        ),
        Row(
            "verification",
            f"real two-lineage incident in the top {_TOP}: {case}",
            seen / trials,
            unit="share",
            n=trials,
        ),
        Row("verification", f"first in the queue made of {case}", float(above_all), limit=0.0, unit="trials", n=trials),
    ]


def _pins(target: Case, number: int, *, strangers: bool, spread_m: float, rng: np.random.Generator) -> list[Told]:
    """Return a flood at the time of a real incident; each pin says what is believed most."""
    pins = []
    for n in range(number):
        east_m, north_m = (rng.uniform(-spread_m, spread_m, 2) if spread_m else rng.normal(3_000.0, 20.0, 2)).tolist()
        source = f"anon/flood{n}" if strangers else f"floodtrainer/lead{n % 7}/member{n}"
        place = moved(target.place, east_m, north_m)
        t = target.until + float(rng.uniform(-1_200.0, 1_200.0))
        pins.append(Told(f"flood{n}", place, t, 30.0, "arrest", "immigration", "vehicle marking", source))
    return pins


def _under_the_cap(pins: Sequence[Told]) -> list[Told]:
    """Return the pins that intake would index: those nobody vouched for only so many in one cell and hour."""
    counts: Counter[tuple[int, float]] = Counter()
    kept = []
    for pin in pins:
        key = (cells.number_at(pin.place, 9), pin.t // 3_600.0)
        counts[key] += not vouched(pin.source)
        if counts[key] <= DEFAULT_POLICY.cap_unvouched:
            kept.append(pin)
    return kept


def _is_honest_witness(each: Told) -> bool:
    return vouched(each.source) and not each.id.startswith("flood")


def _owes_it_to_the_flood(case: Case) -> bool:
    """Tell whether an incident is corroborated that would not be so without the flood's pins."""
    if not corroborated(case.held) or not any(each.id.startswith("flood") for each in case.members):
        return False
    honest = [each for each in case.members if not each.id.startswith("flood")]
    return not honest or not corroborated(Desk(learns=False).scored(replace(case, members=honest)))


def _queue(cases: Sequence[Case]) -> list[Case]:
    waiting = []
    for number, case in enumerate(cases):
        lineages = {lineage_of(each.source) for each in case.members if vouched(each.source)}
        waiting.append(
            Waiting(
                id=number,
                step=1 if corroborated(case.held) else 2,
                lineage=hash(min(lineages)) if len(lineages) == 1 else None,
                vouched_groups=len(lineages),
                standing=case.held.standing,
                queue=case.held.queue,
                cell=cells.number_at(case.place, 6),
            )
        )
    return [cases[each.id] for each in in_order(waiting)]
