"""What happened in a replay, counted, and the real times beside the simulated ones."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

UNKNOWN: Final = "-"


@dataclass(frozen=True, slots=True)
class RealTimes:
    """Medians of what really happened, in seconds after the call."""

    first_s: float
    second_s: float
    firsts: int
    seconds: int
    first_of_both_s: float


@dataclass(slots=True)
class Tally:
    """Everything a replay counts; times are seconds of recorded time."""

    seed: int
    reports: int = 0
    new: int = 0
    known: int = 0
    late: int = 0
    """New reports that the network's clock had passed already: kept, as documentation, and nobody is sent."""
    refused: Counter[str] = field(default_factory=Counter)
    incidents: Counter[str] = field(default_factory=Counter)
    dispatches: Counter[str] = field(default_factory=Counter)
    not_sent: Counter[str] = field(default_factory=Counter)
    unfilled_rules: Counter[str] = field(default_factory=Counter)
    rosters: int = 0
    pairs: int = 0
    partners_lost: int = 0
    alerts: int = 0
    checkins: int = 0
    to_pair_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    second_s: list[float] = field(default_factory=list)
    requests: int = 0
    took_s: float = 0.0

    @property
    def accepted(self) -> int:
        """Reports that the service took, now or before."""
        return self.new + self.known


def real_times(outcome: Path) -> RealTimes | None:
    """Return the medians of an outcome file (`first_arrival_s`, `second_arrival_s`), None where it gives none."""
    if not outcome.is_file():
        return None
    with outcome.open(encoding="utf-8-sig", newline="") as file:
        rows = [(_number(row, "first_arrival_s"), _number(row, "second_arrival_s")) for row in csv.DictReader(file)]
    firsts = [first for first, _ in rows if first is not None]
    seconds = [second for _, second in rows if second is not None]
    of_both = [first for first, second in rows if first is not None and second is not None]
    if not of_both:
        return None
    return RealTimes(median(firsts), median(seconds), len(firsts), len(seconds), median(of_both))


def outcome_beside(file: Path) -> Path:
    """Return where the outcome of a recorded day would stand: `sf_calls_outcome.csv` beside `sf_calls_as_....csv`."""
    named = file.with_name(f"{file.stem}_outcome.csv")
    if named.is_file():
        return named
    beside = (other for other in sorted(file.parent.glob("*_outcome.csv")))
    return next((other for other in beside if file.stem.startswith(other.stem.removesuffix("_outcome"))), named)


def lines(tally: Tally, real: RealTimes | None) -> Iterator[str]:
    """Write down what happened, one line each."""
    yield f"reports      {tally.accepted} of {tally.reports} accepted: {tally.new} new, {tally.known} known already"
    if tally.refused:
        yield f"refused      {tally.refused.total()}: {_counts(tally.refused)}"
    if tally.late:
        yield f"             {tally.late} lie before the network's own clock: kept as documentation, nobody is sent;"
        yield "             an earlier day needs a network of its own, --network NAME"
    yield f"incidents    {tally.incidents.total()} new" + (f": {_counts(tally.incidents)}" if tally.incidents else "")
    yield f"dispatches   {tally.dispatches.total()} new" + (
        f": {_counts(tally.dispatches)}" if tally.dispatches else ""
    )
    if tally.not_sent:
        yield f"not sent     {tally.not_sent.total()}: {_counts(tally.not_sent)}"
    if tally.unfilled_rules:
        mean = {rule: people / max(1, tally.rosters) for rule, people in tally.unfilled_rules.most_common()}
        yield "unfilled     people ruled out at the last asking, on average: " + ", ".join(
            f"{rule} {people:.1f}" for rule, people in mean.items()
        )
    yield f"pairs        {tally.pairs} formed, {tally.partners_lost} times a partner was lost on the way"
    if tally.pairs:
        yield f"alerts       {tally.alerts} sent, {tally.alerts / tally.pairs:.1f} for each pair formed"
        yield f"to a pair    {_middle(tally.to_pair_s, 60.0, ' min')} from the report to the second yes (simulated)"
    yield f"check-ins    {tally.checkins} made"
    yield f"first there  {_middle(tally.first_s)} simulated" + _beside(real, first=True)
    yield f"second there {_middle(tally.second_s)} simulated" + _beside(real, first=False)
    yield "             simulated: from the report received to the first, and to both, at the meeting point;"
    yield "             people who answer by chance and travel by estimate, so no forecast for the field"
    yield f"effort       {tally.requests} requests in {tally.took_s:.0f} s"
    yield f"seed         {tally.seed}"


def _number(row: dict[str, str], name: str) -> float | None:
    try:
        number = float(row.get(name) or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items(), key=lambda each: (-each[1], each[0])))


def _middle(times: Sequence[float], unit: float = 1.0, name: str = " s") -> str:
    if not times:
        return f"{UNKNOWN}{name}"
    return f"{median(times) / unit:.{0 if unit == 1.0 else 1}f}{name} (median of {len(times)})"


def _beside(real: RealTimes | None, *, first: bool) -> str:
    if real is None:
        return ""
    if first:
        own = f"{real.first_s:.0f} s really (median of {real.firsts} calls"
        return f", {own}; {real.first_of_both_s:.0f} s where a second came too)"
    return f", {real.second_s:.0f} s really (median of {real.seconds} calls)"
