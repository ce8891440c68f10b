"""What casts doubt on a sighting: travel nobody can do, a device elsewhere, the same words from somebody else."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from geo.distance import metres_between
from geo.points import LonLat
from geo.vehicles import REACHABLE_SPEED_MPS


class Flag(StrEnum):
    """Why a sighting weighs less; it is kept and shown all the same."""

    SECOND_HAND = "second_hand"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    FAR_FROM_DEVICE = "far_from_device"
    SAME_TEXT = "same_text"
    SAME_PHOTO = "same_photo"


NO_WITNESS = frozenset({Flag.SECOND_HAND, Flag.IMPOSSIBLE_TRAVEL, Flag.FAR_FROM_DEVICE})
"""With any of these a report orders the queue and counts nothing: whoever sent it was not there, or somewhere else."""

COPIED = frozenset({Flag.SAME_TEXT, Flag.SAME_PHOTO})
"""With any of these a report counts as the source it repeats."""


@dataclass(frozen=True, slots=True)
class SanityPolicy:
    """From where on something is odd; the numbers leave room for bad positions and fast roads."""

    travel_mps: float = REACHABLE_SPEED_MPS
    travel_slack_m: float = 300.0
    device_within_m: float = 2_000.0
    shortest_text: int = 20
    """Fewer letters than this two people may well write alike."""
    looks_back_s: float = 3_600.0
    """Own pins further apart in time than this are reachable in any network's area."""


DEFAULT_SANITY_POLICY = SanityPolicy()
"""The numbers every network starts with."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Where somebody said they saw something, WGS84, when (seconds since 1970-01-01 UTC), and how exactly."""

    place: LonLat
    t: float
    accuracy_m: float = 0.0


def is_impossible_travel(pin: Pin, own: Iterable[Pin], policy: SanityPolicy = DEFAULT_SANITY_POLICY) -> bool:
    """Tell whether one person cannot have been at a pin and at any one of their others."""
    return any(
        metres_between(pin.place, other.place) - pin.accuracy_m - other.accuracy_m
        > policy.travel_mps * abs(pin.t - other.t) + policy.travel_slack_m
        for other in own
    )


def is_far_from_device(distance_m: float, age_s: float, policy: SanityPolicy = DEFAULT_SANITY_POLICY) -> bool:
    """Tell whether a device is further from its pin than its owner can have gone since they saw it."""
    return distance_m > policy.device_within_m + policy.travel_mps * max(0.0, age_s)


def words_of(note: str, policy: SanityPolicy = DEFAULT_SANITY_POLICY) -> str | None:
    """Return a note as it is compared: letters and digits alone, small; None where it is too short to tell anything."""
    flat = unicodedata.normalize("NFKD", note).casefold()
    kept = "".join(filter(str.isalnum, flat))
    return kept if len(kept) >= policy.shortest_text else None
