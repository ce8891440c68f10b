"""Plain values that repositories take and return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import shapely

from geo.points import LonLat


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the event log: transaction id and number within it."""

    x: int
    id: int


@dataclass(frozen=True, slots=True)
class Log:
    """Which event log this is, and the last transaction that was forgotten from it."""

    epoch: str
    forgotten_x: int


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Zoom, column and row of a tile (XYZ, EPSG:3857)."""

    z: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class GroundPiece:
    """A piece of the base map, WGS84, as it is taken in."""

    layer: str
    kind: str
    name: str | None
    min_zoom: int
    shape: shapely.Geometry


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A public place with a name, and how far away it is."""

    name: str
    place: LonLat
    away_m: float


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A responder with all that the matcher is told of them; cells are `str`, a place is never a point."""

    id: int
    account_id: int
    alias: str
    lineage: int
    languages: tuple[str, ...]
    mode: str
    base_cell9: str | None
    zone_ids: tuple[int, ...]
    avoids: tuple[int, ...]
    no_tasks: tuple[str, ...]
    no_zones: tuple[int, ...]
    yes_count: float
    no_count: float
    cleared_total: int
    resting_until: datetime | None
    available_until: datetime | None
    available_since: datetime | None
    cell9: str | None
    seen_at: datetime | None
    trained_until: datetime | None
    observer_until: datetime | None
    busy: bool
    offered: bool
    this_shift: int
    load_7d: int
    last_cleared_at: datetime | None
    worked_with: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SceneRow:
    """An incident as those who send people need it, WGS84; `reporters` are accounts."""

    incident_id: int
    status: str
    merged: bool
    was_verified: bool
    zone_ids: tuple[int, ...]
    sightings: int
    vouched_groups: int
    cell10: str
    place: LonLat
    corners: tuple[LonLat, ...]
    only_patrol: bool
    reporters: frozenset[int]


@dataclass(frozen=True, slots=True)
class DispatchPlaces:
    """Where a dispatch meets and where it goes, WGS84, with the incident's res-10 cell and zones."""

    meeting_point: LonLat
    place: LonLat
    cell10: str
    zone_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDispatch:
    """A dispatch as it begins: what for, at which of the incident's places, and where its pair meets (WGS84)."""

    incident_id: int
    task: str
    place: int
    meeting_point: LonLat
    meeting_name: str
    reasons: Sequence[Mapping[str, object]]
    ruled_out: Mapping[str, int]
    made_by: int | None
    made_at: datetime
    offers_until: datetime


@dataclass(frozen=True, slots=True)
class NewOffer:
    """A person to be asked, and in how many seconds they could be at the meeting point."""

    responder_id: int
    eta_s: int


@dataclass(frozen=True, slots=True)
class Recognised:
    """The session behind a token, with its account and, where there is one, its responder."""

    account_id: int
    alias: str
    lineage: int
    roles: tuple[str, ...]
    suspended: bool
    last_seen_on: date | None
    kind: str
    used_at: datetime
    proved_at: datetime
    expires_at: datetime
    responder_id: int | None
