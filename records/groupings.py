"""Plain values about which reports belong together: what people decided, what the machine suggests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from geo.points import LonLat


@dataclass(frozen=True, slots=True)
class CountedSighting:
    """A sighting that counts for an incident: its cell (resolution 9), and its place (WGS84) while that is kept."""

    id: int
    cell9: str | None
    observed_at: datetime
    place: LonLat | None


@dataclass(frozen=True, slots=True)
class Retraction:
    """A sighting that its reporter took back."""

    sighting_id: int
    observed_at: datetime
    retracted_at: datetime


@dataclass(frozen=True, slots=True)
class VehicleTieFound:
    """Two open incidents in which one vehicle seems to have been seen; `slack_m` is what both pins are vague by."""

    one: int
    other: int
    same_plate: bool
    first_at: datetime
    last_at: datetime
    metres: float
    slack_m: float


@dataclass(frozen=True, slots=True)
class NewSuggestion:
    """Two incidents that might be one, `one_id` the smaller; until when this is worth a look."""

    one_id: int
    two_id: int
    kind: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NearbyIncident:
    """An open incident near another one, and the seconds between the times they were seen in (0 if these overlap)."""

    id: int
    metres: float
    seconds: float
    last_at: datetime
    apart: bool
