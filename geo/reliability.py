"""What earlier decisions say about a source, a place or an hour: counts that fade, against what was expected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class About(StrEnum):
    """What decided incidents are counted by."""

    NETWORK = "network"
    LINEAGE = "lineage"
    CELL = "cell"
    HOURS = "hours"
    EVIDENCE = "evidence"
    ACTIVITY = "activity"
    SCORE = "score"


class Subject(NamedTuple):
    """One thing that decided incidents are counted by, such as one lineage, or one kind of evidence."""

    about: About
    key: str


@dataclass(frozen=True, slots=True)
class ReliabilityPolicy:
    """How much earlier decisions may move a score."""

    usual_cases: float = 20.0
    source_cases: float = 20.0
    kind_cases: float = 20.0
    activity_cases: float = 20.0
    place_cases: float = 80.0
    """Imagined cases that went just as expected: with fewer real ones, little is concluded."""
    source_at_most: float = 1.5
    usual_at_most: float = 2.5
    kind_at_most: float = 1.5
    activity_at_most: float = 1.0
    place_at_most: float = 0.7
    half_life_days: float = 90.0


DEFAULT_RELIABILITY_POLICY = ReliabilityPolicy()


@dataclass(frozen=True, slots=True)
class Record:
    """Decided incidents of one source, place or hour; counts alone, with no way back to any of them.

    Attributes
    ----------
    real, unreal
        How many turned out real, and not.
    expected
        How many were expected to turn out real: by the weights alone, and by what is counted before this
        (`Leans.before`), so that nothing is learned twice.
    day
        The day the counts were last faded to, as a number of days.
    """

    real: float = 0.0
    unreal: float = 0.0
    expected: float = 0.0
    day: int = 0


def faded(record: Record, day: int, policy: ReliabilityPolicy = DEFAULT_RELIABILITY_POLICY) -> Record:
    """Return the counts as they weigh on a later day; an earlier day changes nothing."""
    if day <= record.day:
        return record
    left = 2.0 ** (-(day - record.day) / policy.half_life_days)
    return Record(record.real * left, record.unreal * left, record.expected * left, day)


def counted(
    record: Record,
    *,
    real: bool,
    expected: float,
    day: int,
    policy: ReliabilityPolicy = DEFAULT_RELIABILITY_POLICY,
) -> Record:
    """Return the record with one more decided incident, of which `expected` was the probability given before."""
    old = faded(record, day, policy)
    return Record(old.real + real, old.unreal + (not real), old.expected + expected, old.day)


def taken_back(
    record: Record,
    *,
    real: bool,
    expected: float,
    counted_on: int,
    day: int,
    policy: ReliabilityPolicy = DEFAULT_RELIABILITY_POLICY,
) -> Record:
    """Return the record without an incident that was counted on an earlier day, when its decision is undone."""
    old = faded(record, day, policy)
    left = 2.0 ** (-max(0, day - counted_on) / policy.half_life_days)
    return Record(
        max(0.0, old.real - left * real),
        max(0.0, old.unreal - left * (not real)),
        max(0.0, old.expected - left * expected),
        old.day,
    )


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What of an incident is counted once it is decided: cell of resolution 6, last report, and what was said."""

    cell: str
    t: float
    evidence: str
    activity: str | None
    lineages: frozenset[str]

    @property
    def usual(self) -> tuple[Subject, ...]:
        """What is counted whoever reported: the network first, then what is learned beyond it."""
        hours = int(self.t % _DAY_S // 3_600.0) // _HOURS
        return (
            _NETWORK,
            Subject(About.EVIDENCE, self.evidence),
            Subject(About.ACTIVITY, self.activity or "unsaid"),
            Subject(About.CELL, self.cell),
            Subject(About.HOURS, str(hours)),
        )

    def subjects(self, leaving_out: Iterable[str] = ()) -> list[Subject]:
        """Return all that is counted, in order, leaving out the lineages of those who decided."""
        lineages = self.lineages - set(leaving_out)
        return [*self.usual, *(Subject(About.LINEAGE, lineage) for lineage in sorted(lineages))]


@dataclass(frozen=True, slots=True)
class Leans:
    """What decided incidents add to the score of another one, in log-odds.

    Attributes
    ----------
    usual
        What is added whoever reported.
    lineages
        What is added for each lineage.
    before
        For each subject, what those before it add: what it is counted against, so that nothing is learned twice.
    """

    usual: float
    lineages: Mapping[str, float]
    before: Mapping[Subject, float]


def leans(
    circumstances: Circumstances,
    records: Mapping[Subject, Record],
    day: int,
    policy: ReliabilityPolicy = DEFAULT_RELIABILITY_POLICY,
) -> Leans:
    """Return what the counts so far add: the network's own first, each of the others beyond those before it."""
    bounds = {
        About.NETWORK: (policy.usual_at_most, policy.usual_cases),
        About.EVIDENCE: (policy.kind_at_most, policy.kind_cases),
        About.ACTIVITY: (policy.activity_at_most, policy.activity_cases),
        About.CELL: (policy.place_at_most, policy.place_cases),
        About.HOURS: (policy.place_at_most, policy.place_cases),
        About.LINEAGE: (policy.source_at_most, policy.source_cases),
    }

    def leaning(subject: Subject) -> float:
        record = records.get(subject)
        if record is None:
            return 0.0
        at_most, cases = bounds[subject.about]
        return lean(record, day, at_most=at_most, cases=cases, policy=policy)

    usual, before = 0.0, {}
    for each in circumstances.usual:
        before[each] = usual
        usual += leaning(each)
    sources = {each: Subject(About.LINEAGE, each) for each in circumstances.lineages}
    before |= dict.fromkeys(sources.values(), usual)
    return Leans(usual, {each: leaning(source) for each, source in sources.items()}, before)


_NETWORK = Subject(About.NETWORK, "all")
_DAY_S = 86_400.0
_HOURS = 4


def lean(
    record: Record,
    day: int,
    *,
    at_most: float,
    cases: float,
    policy: ReliabilityPolicy = DEFAULT_RELIABILITY_POLICY,
) -> float:
    """Return the log-odds by which things went better or worse than expected, shrunk and bounded.

    It is log(TPR/FPR) of a source beside that of its class. What a source could have seen and did not report is known
    to nobody, so the two rates share an unknown denominator, and only their ratio shows: as the odds of being real
    among what it reported, beside the odds that were expected. Beta counts with a prior worth `cases` cases.

    Parameters
    ----------
    record
        What was decided.
    day
        The day to look at it.
    at_most
        Never more than this, up or down.
    cases
        How many imagined cases went just as expected.
    policy
        The numbers in force.
    """
    now = faded(record, day, policy)
    total = now.real + now.unreal
    if total <= 0.0:
        return 0.0
    share = min(0.999, max(0.001, now.expected / total))
    real, unreal = now.real + cases * share, now.unreal + cases * (1.0 - share)
    found = math.log(real / unreal) - math.log(share / (1.0 - share))
    return max(-at_most, min(at_most, found))
