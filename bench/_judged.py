"""Streams as incidents of known truth: our own clusters, and the service's own score, as people decide one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.streams import as_points
from desk.corroboration.learning import expected_of
from desk.corroboration.scoring import circumstances_of, scored
from geo.calibration import calibrated
from geo.clustering import settle
from geo.gravity import gravest
from geo.points import LonLat
from geo.reliability import Leans, Record, Subject, counted, leans
from records.values import GroupFigures, IncidentFigures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.streams import Report
    from geo.calibration import Calibration
    from geo.linking import Point
    from geo.score import Score

DAY_S: Final = 86_400.0
DECIDED_AFTER_S: Final = 3_600.0
"""People have decided about an incident an hour after its last report; until then nothing is learned from it."""
_COARSE_M: Final = 150


@dataclass(slots=True)
class Case:
    """One incident as our clusters make it: what the service has of it, whether it was real, and how it was scored."""

    members: list[Report]
    real: bool
    flood: bool
    figures: IncidentFigures
    groups: list[GroupFigures]
    score: Score | None = field(default=None)

    @property
    def until(self) -> float:
        """When it was last reported."""
        return max(each.t for each in self.members)

    @property
    def place(self) -> LonLat:
        """Where it is."""
        assert self.figures.place is not None
        return self.figures.place

    @property
    def held(self) -> Score:
        """Its score; there must be one."""
        assert self.score is not None
        return self.score

    @property
    def vouching(self) -> set[int]:
        """The lineages that vouch for it."""
        return {each.source_group for each in self.groups if each.vouched}


def lineage_of(report: Report) -> str:
    """Return the lineage of a source: everybody below one organizer is one; strangers are each alone."""
    return report.source.partition("/")[0] if report.vouched else report.source


def points_of(told: Sequence[Report], lineages: dict[str, int]) -> list[Point]:
    """Return reports as clustering sees them, one group for a lineage as in the service; ids count from 1."""
    return [
        replace(point, source_group=lineages.setdefault(lineage_of(report), len(lineages) + 1))
        for point, report in zip(as_points(told), told, strict=True)
    ]


def incidents(told: Sequence[Report]) -> list[Case]:
    """Return our clusters of a stream as incidents, in the order of their last report."""
    lineages: dict[str, int] = {}
    keys = settle(points_of(told, lineages)).keys
    return cases_of(told, [keys[number] for number in range(1, len(told) + 1)], lineages)


def cases_of(told: Sequence[Report], keys: Iterable[int], lineages: dict[str, int]) -> list[Case]:
    """Return clusters as incidents, in the order of their last report.

    An incident is real when somebody who was there reported a real event in it: whoever goes there finds it.
    """
    members: dict[int, list[Report]] = defaultdict(list)
    for report, key in zip(told, keys, strict=True):
        members[key].append(report)
    cases = [_case(key, each, lineages) for key, each in members.items()]
    return sorted(cases, key=lambda case: (case.until, case.members[0].id))


def _case(key: int, some: Iterable[Report], lineages: dict[str, int]) -> Case:
    members = sorted(some, key=lambda each: (each.t, each.id))
    groups: dict[int, list[Report]] = defaultdict(list)
    for each in members:
        groups[lineages[lineage_of(each)]].append(each)
    exact = [each for each in members if each.accuracy_m <= _COARSE_M] or members
    figures = IncidentFigures(
        incident_id=key,
        status="unverified",
        sightings=len(members),
        groups=len(groups),
        vouched_groups=sum(own[0].vouched for own in groups.values()),
        place=LonLat(
            sum(each.place.lon for each in exact) / len(exact), sum(each.place.lat for each in exact) / len(exact)
        ),
        unit=_most(each.unit if each.unit != "unknown" else None for each in members),
        zone_ids=(),
        first_seen_at=datetime.fromtimestamp(members[0].t, UTC),
        last_seen_at=datetime.fromtimestamp(members[-1].t, UTC),
        touched=False,
    )
    return Case(
        members=members,
        real=any(each.real and each.part == "witness" for each in members),
        flood=any(each.part == "flood" for each in members),
        figures=figures,
        groups=[_group(key, group, own) for group, own in groups.items()],
    )


def _most(said: Iterable[str | None]) -> str | None:
    counts = Counter(each for each in said if each is not None)
    return min(counts, key=lambda each: (-counts[each], each)) if counts else None


def _group(key: int, group: int, own: Sequence[Report]) -> GroupFigures:
    first = own[0]
    return GroupFigures(
        incident_id=key,
        source_group=group,
        vouched=first.vouched,
        first_id=group,
        place=first.place,
        t=first.t,
        reports=len(own),
        local_police=first.vouched and any(each.unit == "local_police" for each in own),
        named=any(each.unit in {"immigration", "other_federal"} and each.basis for each in own),
        other=any(each.unit == "local_police" for each in own),
        activity=gravest(each.activity for each in own),
        activity_before=next((each.activity for each in own if each.activity is not None), None),
    )


class Desk:
    """A desk that scores incidents as the service does, and learns from decided ones; counts alone."""

    def __init__(self, *, learns: bool = True) -> None:
        """Begin without any decided incident."""
        self.decided = 0
        self._learns = learns
        self._records: dict[Subject, Record] = {}
        self._calibration: tuple[tuple[int, int], Calibration] | None = None

    def scored(self, case: Case) -> Score:
        """Return how an incident stands, given what is decided so far."""
        return scored(case.figures, case.groups, self._leans(case), self._calibrated(_day(case)))

    def decide(self, case: Case) -> None:
        """Learn what an incident turned out to be."""
        self.decided += 1
        if not self._learns:
            return
        learned = self._leans(case)
        held = scored(case.figures, case.groups, learned)
        for each, expected in expected_of(circumstances_of(case.figures, case.groups), learned, held).items():
            record = self._records.get(each, Record())
            self._records[each] = counted(record, real=case.real, expected=expected, day=_day(case))

    def _calibrated(self, day: int) -> Calibration:
        """Return the map of the day; it is made once for each batch in the service too."""
        if self._calibration is None or self._calibration[0] != (self.decided, day):
            self._calibration = ((self.decided, day), calibrated(self._records, day))
        return self._calibration[1]

    def _leans(self, case: Case) -> Leans:
        return leans(circumstances_of(case.figures, case.groups), self._records, _day(case))


def judge_in_order(cases: Sequence[Case], *, learns: bool = True, share: float = 1.0, seed: int = 0) -> Desk:
    """Score each incident by what was decided an hour before it was last reported, and never by its own outcome.

    Only a `share` of incidents is ever decided, drawn by chance; return the desk as it is in the end.
    """
    desk, passed = Desk(learns=learns), 0
    judged = np.random.default_rng(seed).random(len(cases)) < share
    for case in cases:
        while passed < len(cases) and cases[passed].until + DECIDED_AFTER_S <= case.until:
            if judged[passed]:
                desk.decide(cases[passed])
            passed += 1
        case.score = desk.scored(case)
    return desk


def _day(case: Case) -> int:
    return int(case.until // DAY_S)
