"""How grave what is going on is: it orders what people look at first, and says nothing about whether it is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_GRAVITY: Final[Mapping[str, float]] = MappingProxyType(
    {
        "arrest": 1.2,
        "door_visit": 1.0,
        "workplace": 0.9,
        "checkpoint": 0.7,
        "stop": 0.6,
        "staging": 0.4,
        "surveillance": 0.2,
        "patrol": 0.0,
        "other": 0.0,
    }
)
"""A judgement, in the measure of log-odds: of two as certain, an arrest is looked at as if 3.3 times likelier."""

GRAVEST_FIRST: Final = tuple(_GRAVITY)
"""The activities; where two are as grave, the first one names both."""

_RANK: Final = MappingProxyType({word: rank for rank, word in enumerate(GRAVEST_FIRST)})


@dataclass(frozen=True, slots=True)
class Voice:
    """What one source says is going on.

    Attributes
    ----------
    vouched
        Whether somebody vouched for it.
    activity
        The gravest that it said, None if it said nothing.
    before
        What it said first.
    """

    vouched: bool
    activity: str | None
    before: str | None

    @property
    def rose(self) -> bool:
        """Whether it said more than it first did."""
        return gravity_of(self.activity) > gravity_of(self.before) if self.before is not None else False


def gravity_of(activity: str | None) -> float:
    """Return what an activity adds to the log-odds by which people look at incidents; 0 if nothing is known."""
    return _GRAVITY.get(activity, 0.0) if activity is not None else 0.0


def rank_of(activity: str) -> int:
    """Return the place of an activity among all, the gravest first."""
    return _RANK.get(activity, len(_RANK))


def gravest(said: Iterable[str | None]) -> str | None:
    """Return the gravest of some activities, None if there is none."""
    return min((each for each in said if each is not None), key=rank_of, default=None)


def foremost(voices: Iterable[Voice]) -> str | None:
    """Return what an incident is taken for: what most voices say, the gravest of equals, each source being one voice.

    Whoever first said less and then more has seen it become worse: that is no disagreement, so it stands against the
    others. Sources that nobody vouched for are asked only where no other says anything.
    """
    speaking = [each for each in voices if each.activity is not None]
    vouched = [each for each in speaking if each.vouched]
    asked = vouched or speaking
    counts = Counter(each.activity for each in asked)
    most = max(counts.values(), default=0)
    usual = gravest(word for word, times in counts.items() if times == most)
    return gravest([usual, *(each.activity for each in asked if each.rose)])
