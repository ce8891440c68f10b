"""Floods on real incidents: what they corroborate, whether they verify, and whether the queue still shows the real."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from bench._judged import cases_of, points_of
from bench.rows import Row
from bench.streams import Report
from desk import criteria
from desk.policy import VerificationPolicy
from geo import cells
from geo.distance import moved
from geo.gravity import Voice, foremost, gravity_of
from geo.linking import DEFAULT_POLICY
from geo.live import LiveClusters
from geo.queue import Waiting, in_order
from geo.score import corroborated
from records.models import Judgement
from records.values import SourceOf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench._judged import Case, Desk
    from geo.linking import Point

_TOP: Final = 20
_WINDOW_S: Final = 7_200.0
_PINS: Final = (1, 10, 100, 1_000, 10_000)
_ACCOUNTS: Final = (20, 1_000, 10_000)
_WHERE: Final = ("on the real incident", "on another corner", "all over town")
_OFF_M, _CORNER_M, _TOWN_M = 3_000.0, 20.0, 4_000.0
_FLOOD: Final = "flood"
_HOSTILE: Final = "floodtrainer"
_LONG_S: Final = 60.0
"""No kind of flood is tried for longer than this: the row says how often it was."""


@dataclass(frozen=True, slots=True)
class _Kind:
    number: int
    strangers: bool
    where: str

    @property
    def name(self) -> str:
        who = "pins nobody vouched for" if self.strangers else "accounts of one lineage"
        return f"{self.number:,} {who}, {self.where}"

    def trials(self, most: int) -> int:
        """Return how often it is tried: seldom where it is large, as these are all alike and take long."""
        return max(1, most // (1 if self.number <= 100 else 4 if self.number <= 1_000 else 20))


@dataclass(slots=True)
class _Tally:
    trials: int = 0
    alone: int = 0
    joined: int = 0
    verified: int = 0
    outranked: int = 0
    seen: int = 0
    fake_of_top: int = 0
    top: int = 0


def flooded(
    told: Sequence[Report], cases: Sequence[Case], desk: Desk, *, trials: int, seed: int, most_pins: int = _PINS[-1]
) -> list[Row]:
    """Flood real incidents of two lineages, as the desk that learned from these reports sees it."""
    rng = np.random.default_rng(seed)
    firm = [case for case in cases if _is_firm(case) and not case.flood and corroborated(case.held)]
    if not firm:
        return [Row("verification", "floods: no real incident with two lineages among these reports")]
    kinds = [
        _Kind(number, strangers, where)
        for where in _WHERE
        for numbers, strangers in ((_PINS, True), (_ACCOUNTS, False))
        for number in numbers
        if number <= most_pins
    ]
    return [row for kind in kinds for row in _rows(kind, _tried(told, firm, desk, kind, trials=trials, rng=rng), seed)]


def _rows(kind: _Kind, tally: _Tally, seed: int) -> list[Row]:
    def row(case: str, ours: float, unit: str, limit: float | None = None) -> Row:
        return Row("verification", case, ours, limit=limit, unit=unit, n=tally.trials, seed=seed)

    return [
        row(f"corroborated by {kind.name}", tally.alone, "incidents", 0.0),
        row(f"corroborated by one honest lineage and {kind.name}", tally.joined, "incidents"),
        row(f"verified with {kind.name}, and all of these judging too", tally.verified, "incidents", 0.0),
        row(f"first real two-lineage incident outranked by {kind.name}", tally.outranked, "trials", 0.0),
        row(f"flooded real incident in the top {_TOP}: {kind.name}", tally.seen / tally.trials, "share", 1.0),
        row(f"all fake among the top {_TOP}: {kind.name}", tally.fake_of_top / max(1, tally.top), "share"),
    ]


def _tried(
    told: Sequence[Report], firm: Sequence[Case], desk: Desk, kind: _Kind, *, trials: int, rng: np.random.Generator
) -> _Tally:
    tally, began = _Tally(), time.monotonic()
    while tally.trials < kind.trials(trials) and (not tally.trials or time.monotonic() - began < _LONG_S):
        target = firm[int(rng.integers(len(firm)))]
        near = [each for each in told if abs(each.t - target.until) <= _WINDOW_S]
        cases, hostile = _clustered(near, _under_the_cap(_pins(target, kind, rng)))
        _count(tally, target, cases, hostile, desk)
    return tally


def _clustered(near: Sequence[Report], pins: Sequence[Report]) -> tuple[list[Case], int | None]:
    """Return the incidents after a flood, which arrives upon what is clustered already, and the lineage it is of."""
    lineages: dict[str, int] = {}
    reports = [*near, *pins]
    points: list[Point] = points_of(reports, lineages)
    live = LiveClusters()
    for some in (points[: len(near)], points[len(near) :]):
        changes = live.arrive(some)
        first: dict[int, int] = {}
        for number, key in changes.assigned.items():
            first[key] = min(number, first.get(key, number))
        live.christen({opened.key: first[opened.key] for opened in changes.opened})
    keys = live.clusters_of([point.id for point in points])
    return cases_of(reports, [keys[point.id] for point in points], lineages), lineages.get(_HOSTILE)


def _count(tally: _Tally, target: Case, cases: Sequence[Case], hostile: int | None, desk: Desk) -> None:
    for case in cases:
        case.score = desk.scored(case)
    order = _queue(cases)
    top = order[:_TOP]
    fakes = [all(_is_fake(each) for each in case.members) for case in order]
    first_real = next((at for at, case in enumerate(order) if _is_firm(case)), len(order))
    helped = [case for case in cases if _owes_it_to_the_flood(case, desk)]
    tally.trials += 1
    tally.alone += sum(not _honest_lineages(case) for case in helped)
    tally.joined += sum(bool(_honest_lineages(case)) for case in helped)
    tally.verified += sum(_could_be_verified(case, hostile) for case in cases)
    tally.outranked += any(fakes[:first_real])
    tally.seen += any(target.members[0].id == each.id for case in top for each in case.members)
    tally.fake_of_top += sum(fakes[:_TOP])
    tally.top += len(top)


def _pins(target: Case, kind: _Kind, rng: np.random.Generator) -> list[Report]:
    """Return a flood at the time of a real incident; each pin says what is believed most."""
    pins = []
    for n in range(kind.number):
        if kind.where == _WHERE[-1]:
            off = rng.uniform(-_TOWN_M, _TOWN_M, 2)
        else:
            off = rng.normal(0.0 if kind.where == _WHERE[0] else _OFF_M, _CORNER_M, 2)
        pins.append(
            Report(
                id=f"flood{n}",
                kind="activity",
                place=moved(target.place, *off.tolist()),
                t=target.until + float(rng.uniform(-1_200.0, 1_200.0)),
                accuracy_m=30,
                activity="arrest",
                size=4,
                unit="immigration",
                basis="vehicle marking",
                source=f"anon/flood{n}" if kind.strangers else f"{_HOSTILE}/lead{n % 7}/member{n}",
                vehicles=(),
                incident=_FLOOD,
                real=False,
                part=_FLOOD,
            )
        )
    return sorted(pins, key=lambda pin: pin.t)


def _under_the_cap(pins: Sequence[Report]) -> list[Report]:
    """Return the pins that intake would index: those nobody vouched for only so many in one cell and hour."""
    counts: Counter[tuple[int, float]] = Counter()
    kept = []
    for pin in pins:
        key = (cells.number_at(pin.place, 9), pin.t // 3_600.0)
        counts[key] += not pin.vouched
        if counts[key] <= DEFAULT_POLICY.cap_unvouched:
            kept.append(pin)
    return kept


def _is_fake(each: Report) -> bool:
    return each.incident == _FLOOD


def _honest_lineages(case: Case) -> set[str]:
    return {each.source.partition("/")[0] for each in case.members if each.vouched and not _is_fake(each)}


def _is_firm(case: Case) -> bool:
    return case.real and len(_honest_lineages(case)) > 1


def _owes_it_to_the_flood(case: Case, desk: Desk) -> bool:
    """Tell whether an incident is corroborated that would not be so without the flood's pins."""
    if not corroborated(case.held) or not any(_is_fake(each) for each in case.members):
        return False
    honest = [each for each in case.members if not _is_fake(each)]
    if not honest:
        return True
    lineages = {each.source.partition("/")[0] if each.vouched else each.source: 0 for each in honest}
    numbers = {lineage: number for number, lineage in enumerate(lineages, 1)}
    [without] = cases_of(honest, [1] * len(honest), numbers)
    return not corroborated(desk.scored(without))


def _could_be_verified(case: Case, hostile: int | None) -> bool:
    """Tell whether the criteria call a flooded incident verified if all who flood it judge it too, and say verified.

    Strangers have no account that may judge; of the lineage two verifiers say so who have no pin in it themselves.
    """
    if not any(_is_fake(each) for each in case.members):
        return False
    sources = [
        SourceOf(group.source_group, group.source_group if group.vouched else None, None) for group in case.groups
    ]
    said = [] if hostile is None else [_said_verified(number, hostile) for number in (1, 2)]
    votes = criteria.votes(said, sources)
    return criteria.agreeing(votes) is not None or criteria.enough_people(votes, VerificationPolicy())


def _said_verified(number: int, lineage: int) -> Judgement:
    return Judgement(
        id=number,
        account_id=number,
        lineage=lineage,
        verdict="verified",
        agency="immigration",
        basis="seen in person",
        undone_at=None,
    )


def _queue(cases: Sequence[Case]) -> list[Case]:
    waiting = []
    for number, case in enumerate(cases):
        lineages = case.vouching
        waiting.append(
            Waiting(
                id=number,
                step=1 if corroborated(case.held) else 2,
                lineage=min(lineages) if len(lineages) == 1 else None,
                vouched_groups=len(lineages),
                standing=case.held.standing,
                queue=case.held.queue,
                cell=cells.number_at(case.place, 6),
                gravity=gravity_of(
                    foremost(Voice(each.vouched, each.activity, each.activity_before) for each in case.groups)
                ),
            )
        )
    return [cases[each.id] for each in in_order(waiting)]
