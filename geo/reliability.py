"""What earlier decisions say about a source, a place or an hour: counts that fade, against what was expected."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReliabilityPolicy:
    """How much earlier decisions may move a score."""

    usual_cases: float = 20.0
    source_cases: float = 20.0
    kind_cases: float = 20.0
    place_cases: float = 80.0
    """Imagined cases that went just as expected: with fewer real ones, little is concluded."""
    source_at_most: float = 1.5
    usual_at_most: float = 2.5
    kind_at_most: float = 1.5
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
        How many were expected to turn out real by the weights alone: the sum of `Score.plain` as probabilities, so
        that nothing learned before is learned from again.
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


def lean(
    record: Record,
    day: int,
    *,
    at_most: float,
    cases: float,
    already: float = 0.0,
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
    already
        What the network's own record explains already, so that no source is blamed for it once more.
    policy
        The numbers in force.
    """
    now = faded(record, day, policy)
    total = now.real + now.unreal
    if total <= 0.0:
        return 0.0
    share = min(0.999, max(0.001, now.expected / total))
    share = 1.0 / (1.0 + math.exp(-already) * (1.0 - share) / share)
    real, unreal = now.real + cases * share, now.unreal + cases * (1.0 - share)
    found = math.log(real / unreal) - math.log(share / (1.0 - share))
    return max(-at_most, min(at_most, found))
