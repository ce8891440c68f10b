"""What speaks for and against an incident, as the score is handed it, and the weights of one network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from geo.points import LonLat


class Claim(StrEnum):
    """Whose people a report says it saw."""

    NAMED = "named"
    """The unit the network looks for, with a basis such as a marking."""
    UNSAID = "unsaid"
    """Nothing, or without a basis."""
    OTHER = "other"
    """Somebody else: local police."""


class Standing(StrEnum):
    """What is known about who stands behind a report."""

    TRAINED = "trained"
    VOUCHED = "vouched"
    HOTLINE = "hotline"
    UNVOUCHED = "unvouched"


class Negative(StrEnum):
    """What can speak against an incident."""

    LOOKED_CLEAR = "looked_clear"
    QUIET_OBSERVER = "quiet_observer"
    LOCAL_POLICE = "local_police"


@dataclass(frozen=True, slots=True)
class ScorePolicy:
    """The weights of one network, in log-odds, and the times after which they fade (decision 9).

    What is called vouched reaches the standing; the rest only orders the queue.
    """

    prior: float = -2.2
    trained: float = 2.4
    vouched: float = 2.1
    hotline: float = 0.9
    named: float = 0.1
    """Somebody vouched for says whose they are, and by what."""
    unsaid: float = -1.0
    """Nobody vouched for says whose they are."""
    unvouched: float = 0.7
    unvouched_named: float = 0.0
    unvouched_at_most: float = 1.0
    """All strangers together, what they name included."""
    unvouched_unsaid: float = -1.0
    unvouched_other: float = -2.4
    copied_discount: float = 0.75
    looked_clear: float = -2.2
    clear_half_life_s: float = 1_800.0
    quiet_observer: float = -0.1
    quiet_observers_at_most: float = -0.5
    local_police: float = -2.4
    seen: float = 2.2
    """One of a pair saw it on scene; the word of both counts twice that."""
    vehicle_at_most: float = 1.5
    cap: float = 0.95
    """From sightings alone nothing is more probable than this."""
    corroborated_groups: int = 2
    corroborated_standing: float = 0.0


DEFAULT_SCORE_POLICY = ScorePolicy()
"""The weights a network starts with."""


@dataclass(frozen=True, slots=True)
class Report:
    """One sighting as the score sees it.

    Attributes
    ----------
    id
        The sighting's id.
    group
        Its source group; one group counts once, by its best report.
    standing
        What is known about who stands behind it.
    place
        Where, WGS84.
    t
        When it was observed, seconds since 1970-01-01 UTC.
    copied
        It differs from another group on paper only: similar text, sent just after a broadcast, or the same feed.
    label
        What to call it in a reason, such as "r-17"; never who sent it.
    claim
        Whose people it says it saw.
    lean
        Log-odds by which its source turned out better or worse than expected (`geo.reliability`); vouched ones only.
    """

    id: int
    group: int
    standing: Standing
    place: LonLat
    t: float
    copied: bool = False
    label: str | None = None
    claim: Claim = Claim.UNSAID
    lean: float = 0.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that speaks against an incident; `age_s` seconds ago, `trust` from 0 to 1 for whoever says so."""

    kind: Negative
    age_s: float = 0.0
    trust: float = 1.0


@dataclass(frozen=True, slots=True)
class OnScene:
    """A pair saw it on scene: `trust` 1 where both people say so, a half where one does."""

    trust: float = 1.0


@dataclass(frozen=True, slots=True)
class VehicleTie:
    """A vehicle that speaks for the incident, as `geo.vehicles` found it: its weight, and the sentence to show."""

    weight: float
    text: str
    vouched: bool
