"""Streams as incidents of known truth: our own clusters and score over them, in the order in which people decide."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from bench._witnesses import Stream, Told, Truth
from desk.policy import IntakePolicy
from geo import cells
from geo.clustering import settle
from geo.linking import Point
from geo.points import LonLat
from geo.reliability import DEFAULT_RELIABILITY_POLICY, Record, counted, lean
from geo.score import (
    DEFAULT_SCORE_POLICY,
    Claim,
    Doubt,
    Negative,
    Report,
    Score,
    ScorePolicy,
    Standing,
    kind_of,
    score,
)
from geo.vehicles import Vehicle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_R: Final = DEFAULT_RELIABILITY_POLICY
_DAY_S: Final = 86_400.0
_DECIDED_AFTER_S: Final = 3_600.0
"""People have decided about an incident an hour after its last report; until then nothing is learned from it."""
_HOURS: Final = 4


@dataclass(slots=True)
class Case:
    """One incident as our clusters make it: its reports, whether it was real, and how it was scored."""

    members: list[Told]
    real: bool
    flood: bool
    place: LonLat
    score: Score | None = field(default=None)
    kind: str = ""

    @property
    def until(self) -> float:
        """When it was last reported."""
        return max(each.t for each in self.members)

    @property
    def held(self) -> Score:
        """Its score; there must be one."""
        assert self.score is not None
        return self.score


def read(path: Path) -> Stream:
    """Read a labelled stream, its truth beside it in `F.truth.csv`."""
    stream = Stream()
    with path.open(encoding="utf-8", newline="") as file:
        stream.told.extend(
            Told(
                row["id"],
                LonLat(float(row["lon"]), float(row["lat"])),
                datetime.fromisoformat(row["observed_at"]).timestamp(),
                float(row["accuracy_m"] or 0.0),
                row["activity"] or None,
                row["unit"],
                row["basis"],
                row["source"],
                row["vehicles"],
            )
            for row in csv.DictReader(file)
        )
    with path.with_suffix(".truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            stream.truth[row["id"]] = Truth(row["incident"], row["real"] in {"1", "true"}, row["report"])
    return stream


def lineage_of(source: str) -> str:
    """Return the lineage of a source: everybody below one trainer is one; strangers are each alone."""
    return source if source.startswith("anon/") else source.partition("/")[0]


def vouched(source: str) -> bool:
    """Tell whether anybody vouched for a source."""
    return bool(source) and not source.startswith("anon/")


def incidents(stream: Stream) -> list[Case]:
    """Return our clusters of a stream as incidents, in the order of their last report.

    An incident is real when somebody who was there reported a real event in it: whoever goes there finds it.
    """
    told = stream.told
    keys = settle(_points(told)).keys
    members: dict[int, list[Told]] = defaultdict(list)
    for number, each in enumerate(told):
        members[keys[number]].append(each)
    return sorted((_case(each, stream.truth) for each in members.values()), key=lambda case: (case.until, case.place))


def _case(members: Sequence[Told], truth: dict[str, Truth]) -> Case:
    known = [truth[each.id] for each in members]
    return Case(
        members=sorted(members, key=lambda each: (each.t, each.id)),
        real=any(each.real and each.report == "witness" for each in known),
        flood=any(each.report == "flood" for each in known),
        place=members[0].place,
    )


def _points(told: Sequence[Told]) -> Iterable[Point]:
    groups: dict[str, int] = {}
    for number, each in enumerate(told):
        vehicles = json.loads(each.vehicles) if each.vehicles else []
        plates = [str(seen["plate"]) for seen in vehicles if seen.get("plate")]
        yield Point(
            number,
            each.place,
            each.t,
            source_group=groups.setdefault(lineage_of(each.source), len(groups)),
            vouched=vouched(each.source),
            activity=each.activity,
            vehicles=tuple(
                Vehicle.of(**{name: seen.get(name) for name in ("type", "make", "model", "color")}) for seen in vehicles
            ),
            token=int.from_bytes(plates[0].encode()[:8]) if plates else None,
            coarse=each.accuracy_m > IntakePolicy().coarse_beyond_m,
            accuracy_m=each.accuracy_m,
            unit=each.unit or None,
        )


def claim_of(each: Told) -> Claim:
    """Return whose people a report names."""
    if each.unit == "local_police":
        return Claim.OTHER
    return Claim.NAMED if each.basis and each.unit not in {"", "unknown"} else Claim.UNSAID


class Desk:
    """A desk that scores incidents and learns from decided ones by `geo.reliability`; counts alone."""

    def __init__(self, policy: ScorePolicy = DEFAULT_SCORE_POLICY, *, learns: bool = True) -> None:
        """Begin without any decided incident."""
        self._policy = policy
        self._learns = learns
        self._records: dict[str, Record] = {}

    def scored(self, case: Case) -> Score:
        """Return how an incident stands, given what is decided so far."""
        day = _day(case)
        network = self._lean("network", day, _R.usual_at_most, _R.usual_cases)
        reports = [
            Report(
                id=number,
                group=hash(lineage_of(each.source)),
                standing=Standing.VOUCHED if vouched(each.source) else Standing.UNVOUCHED,
                place=each.place,
                t=each.t,
                claim=claim_of(each),
                lean=self._lean(f"lineage {lineage_of(each.source)}", day, _R.source_at_most, _R.source_cases, network)
                if vouched(each.source)
                else 0.0,
            )
            for number, each in enumerate(case.members)
        ]
        case.kind = f"kind {kind_of(reports)}"
        police = any(vouched(each.source) and claim_of(each) is Claim.OTHER for each in case.members)
        doubts = [Doubt(Negative.LOCAL_POLICE)] if police else []
        usual = (
            network
            + self._lean(f"kind {kind_of(reports)}", day, _R.kind_at_most, _R.kind_cases, network)
            + sum(self._lean(key, day, _R.place_at_most, _R.place_cases, network) for key in _usual(case)[1:])
        )
        return score(reports, doubts, usual=usual, policy=self._policy)

    def decide(self, case: Case) -> None:
        """Learn what an incident turned out to be."""
        if not self._learns:
            return
        lineages = {f"lineage {lineage_of(each.source)}" for each in case.members if vouched(each.source)}
        for key in (*_usual(case), case.kind, *sorted(lineages)):
            self._records[key] = counted(
                self._records.get(key, Record()),
                real=case.real,
                expected=1.0 / (1.0 + math.exp(-case.held.plain)),
                day=_day(case),
            )

    def _lean(self, key: str, day: int, at_most: float, cases: float, already: float = 0.0) -> float:
        record = self._records.get(key)
        return 0.0 if record is None else lean(record, day, at_most=at_most, cases=cases, already=already)


def judge_in_order(cases: Sequence[Case], policy: ScorePolicy = DEFAULT_SCORE_POLICY, *, learns: bool = True) -> None:
    """Score each incident by what was decided an hour before it was last reported, and never by its own outcome."""
    desk = Desk(policy, learns=learns)
    decided = 0
    for case in cases:
        while decided < len(cases) and cases[decided].until + _DECIDED_AFTER_S <= case.until:
            desk.decide(cases[decided])
            decided += 1
        case.score = desk.scored(case)


def _usual(case: Case) -> tuple[str, ...]:
    hour = int(case.until % _DAY_S // 3_600.0) // _HOURS
    return ("network", f"cell {cells.number_at(case.place, 6)}", f"hours {hour}")


def _day(case: Case) -> int:
    return int(case.until // _DAY_S)
