"""Plain values of the open window: what stands in it, what it adds up to, how incidents stand beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from geo.linking import Point


@dataclass(frozen=True, slots=True)
class LiveSighting:
    """A sighting of the open window as clustering sees it, the cluster it stands in, and that cluster's incident."""

    point: Point
    cluster_id: int | None
    incident_id: int | None
    touched: bool
    cluster_since: float
    """When the cluster's first sighting was observed, in seconds since 1970-01-01 UTC."""
    told: Told | None = None
    """What else it adds to its incident; only where a whole window is loaded."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a sighting adds to its incident beside what clustering looks at, and how that incident stood."""

    unit: str
    zone_ids: tuple[int, ...]
    based: bool = False
    """Whether it says how the unit was known."""
    incident_version: int = 0
    alone: bool = True
    """Whether its cluster is the only one of its incident."""


@dataclass(frozen=True, slots=True)
class Held:
    """How an incident stands."""

    status: str
    touched: bool
    version: int
    ended: bool
    merged: bool


@dataclass(frozen=True, slots=True)
class Box:
    """One cell to look into: between two moments and, in degrees WGS84, between two meridians and two parallels."""

    cell: int
    since: datetime
    until: datetime
    west: float
    south: float
    east: float
    north: float
