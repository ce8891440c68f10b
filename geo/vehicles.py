"""Is it the same vehicle? Descriptions that agree or contradict, and whether one car could have been at both places."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

REACHABLE_SPEED_MPS = 35.0
"""The fastest a vehicle is believed to have travelled between two sightings, in metres per second."""

REACHABLE_SLACK_M = 300.0
"""Metres forgiven on top of that, for a pin set down the street and a clock that is a little off."""


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


def agreement(one: Vehicle, other: Vehicle) -> int:
    """Compare two descriptions by type, make and model: 1 they agree, -1 they contradict, 0 nobody can tell.

    They agree only if all three were said twice and are equal; one difference is enough to contradict. Colour
    is left out: under street lamps people disagree about it too often.
    """
    pairs = ((one.type, other.type), (one.make, other.make), (one.model, other.model))
    if any(said and heard and said != heard for said, heard in pairs):
        return -1
    return 1 if all(said and said == heard for said, heard in pairs) else 0


def best_agreement(some: Collection[Vehicle], others: Collection[Vehicle]) -> int:
    """Compare two lists: 1 if any vehicle of one agrees with one of the other, -1 if all contradict, else 0."""
    if not some or not others:
        return 0
    answers = {agreement(one, other) for one in some for other in others}
    if 1 in answers:
        return 1
    return -1 if answers == {-1} else 0


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
