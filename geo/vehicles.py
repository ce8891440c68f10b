"""Is it the same vehicle? Descriptions that agree or contradict, and whether one car could have been at both places."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

REACHABLE_SPEED_MPS = 35.0
"""The fastest a vehicle is believed to have travelled between two sightings, in metres per second."""

REACHABLE_SLACK_M = 300.0
"""Metres forgiven on top of that, for a pin set down the street and a clock that is a little off."""

_WORDS_OF_A_CAR = 3
"""Type, make and model: said twice and equal, they are one vehicle or two of a fleet."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle as somebody described it, in lower case; None where nothing was said."""

    type: str | None = None
    make: str | None = None
    model: str | None = None
    color: str | None = None

    @classmethod
    def of(
        cls,
        *,
        type: str | None = None,  # noqa: A002 - the word the reporters' form uses
        make: str | None = None,
        model: str | None = None,
        color: str | None = None,
    ) -> Self:
        """Read the words of a report: spaces trimmed, case ignored, an empty or unknown word counts as not said."""
        return cls(_word(type), _word(make), _word(model), _word(color))


def _word(said: str | None) -> str | None:
    word = " ".join((said or "").lower().split())
    return word if word not in {"", "unknown", "other"} else None


class Likeness(IntEnum):
    """How two descriptions compare; the greater, the more it speaks for one vehicle."""

    CONTRADICT = 0
    """Type, make or model differ."""
    UNKNOWN = 1
    """Nothing was said twice, or the colour alone, and it differs."""
    PARTLY = 2
    """Something was said twice and is equal, and nothing but the colour differs."""
    OTHER_COLOR = 3
    """Type, make and model are equal, the colour differs: under street lamps people disagree about it."""
    ALIKE = 4
    """Type, make and model are equal, and the colour where both said one."""


def likeness(one: Vehicle, other: Vehicle) -> Likeness:
    """Compare two descriptions; one difference in type, make or model is enough to contradict."""
    equal = 0
    for said, heard in ((one.type, other.type), (one.make, other.make), (one.model, other.model)):
        if said is not None and heard is not None:
            if said != heard:
                return Likeness.CONTRADICT
            equal += 1
    colors_differ = one.color is not None and other.color is not None and one.color != other.color
    if equal == _WORDS_OF_A_CAR:
        return Likeness.OTHER_COLOR if colors_differ else Likeness.ALIKE
    if equal:
        return Likeness.PARTLY
    return Likeness.PARTLY if one.color is not None and one.color == other.color else Likeness.UNKNOWN


def best_likeness(some: Collection[Vehicle], others: Collection[Vehicle]) -> Likeness:
    """Compare two lists: the best any of one does beside any of the other, so all must contradict to contradict."""
    if len(some) == 1 == len(others):
        return likeness(*some, *others)
    return max((likeness(one, other) for one in some for other in others), default=Likeness.UNKNOWN)


def same_looks(one: Vehicle, other: Vehicle) -> bool:
    """Tell whether type, make and colour were said of both and agree (the test for a line between incidents)."""
    pairs = ((one.type, other.type), (one.make, other.make), (one.color, other.color))
    return all(said is not None and said == heard for said, heard in pairs)


def reachable(metres: float, seconds: float, accuracies_m: Iterable[float] = ()) -> bool:
    """Tell whether one vehicle can have been at both places.

    Parameters
    ----------
    metres
        Distance between the two pins.
    seconds
        Time between the two sightings; the sign does not matter.
    accuracies_m
        Stated accuracies of the two pins in metres; both are taken off the distance.
    """
    return metres - sum(accuracies_m) <= REACHABLE_SPEED_MPS * abs(seconds) + REACHABLE_SLACK_M
