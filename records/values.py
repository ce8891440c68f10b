"""Plain values that repositories take and return."""

from __future__ import annotations

from dataclasses import dataclass

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
