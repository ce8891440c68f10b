"""Which zones own a place: cells first, the polygon only on a border."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo import cells
from geo.distance import EARTH_RADIUS_M
from zones import index
from zones.border import Side, sides_of
from zones.errors import ZoneNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo.points import LonLat
    from zones.model import ZoneSet

_M_PER_DEG = math.radians(EARTH_RADIUS_M)
_FULL_TURN_DEG = 180.0
_BOTH_WAYS_DEG = 360.0
_NOBODY: tuple[int, ...] = ()

NEIGHBOUR_GAP_M = 30.0
"""Zones drawn by hand leave slivers between them: this near is still next door."""


class ZoneMap:
    """All zones of one network, ready to be asked; immutable, swapped whole when a zone changes.

    The answer is the same as asking every polygon (edges belong to every zone they touch, as `ST_Covers`), because
    a leaf cell counts as sure only when it lies inside with room to spare, and every other leaf asks the polygons.
    """

    def __init__(self, zones: ZoneSet, leaf: int) -> None:
        self.zones = zones
        self.version = zones.version
        self.leaf = leaf
        self._boundaries = np.array([zone.boundary for zone in zones.zones], dtype=object)
        self._ids = np.array([zone.id for zone in zones.zones], dtype=np.int64)
        shapely.prepare(self._boundaries)
        self._tree = shapely.STRtree(self._boundaries)
        covered = index.cover(zones, leaf)
        touching: dict[int, list[Side]] = {}
        asked_at: dict[int, list[int]] = {}
        for number, positions in covered.border.items():
            for position in positions:
                asked_at.setdefault(position, []).append(number)
        for position, numbers in sorted(asked_at.items()):
            zone = zones.zones[position]
            for number, side in sides_of(zone.id, zone.boundary, numbers).items():
                touching.setdefault(number, []).append(side)
        self._border = {
            number: (tuple(zones.zones[position].id for position in covered.sure.get(number, ())), tuple(sides))
            for number, sides in touching.items()
        }
        leaves = {
            number: tuple(zones.zones[position].id for position in positions)
            for number, positions in covered.sure.items()
            if number not in self._border
        }
        self._sure, levels = _compacted(leaves, leaf)
        self._masks = tuple(cells.ancestor_mask(leaf, level) for level in levels)
        self._hull = _Hull(self._boundaries)

    def at(self, place: LonLat) -> tuple[int, ...]:
        """Return the ids of all zones that own a place (WGS84), ascending; empty where nobody does."""
        number = cells.number_at(place, self.leaf)
        found = self._sure.get(number)
        if found is not None:
            return found
        border = self._border.get(number)
        if border is not None:
            certain, sides = border
            lon, lat = place.lon, place.lat
            asked = tuple([side.zone_id for side in sides if side.owns(lon, lat)])
            return tuple(sorted(certain + asked)) if certain else asked
        for keep, fill in self._masks:
            found = self._sure.get(number & keep | fill)
            if found is not None:
                return found
        return _NOBODY

    def at_many(self, places: Sequence[LonLat]) -> list[tuple[int, ...]]:
        """Return for each place what `at` returns, through the tree of polygons: faster for imports and reports."""
        lons = np.fromiter((place.lon for place in places), np.float64, len(places))
        lats = np.fromiter((place.lat for place in places), np.float64, len(places))
        found: list[tuple[int, ...]] = [_NOBODY] * len(places)
        places_hit, zone_ids = self.hits(lons, lats)
        for position, zone_id in zip(places_hit.tolist(), zone_ids.tolist(), strict=True):
            found[position] = (*found[position], zone_id)
        return found

    def hits(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """Return (position of the place, id of a zone that owns it), by place and then by id; degrees, WGS84."""
        # The tree compares boxes only: its own predicate would not use the prepared polygons.
        position, zone = self._tree.query(shapely.points(lons, lats))
        hit = shapely.intersects_xy(self._boundaries[zone], lons[position], lats[position])
        position, zone = position[hit], zone[hit]
        order = np.lexsort((zone, position))
        return position[order], self._ids[zone[order]]

    def neighbours(self, zone_id: int, gap_m: float = NEIGHBOUR_GAP_M) -> tuple[int, ...]:
        """Return the ids of the zones that touch a zone or lie at most `gap_m` metres from it, ascending.

        Raises
        ------
        ZoneNotFound
            When there is no zone with this id.
        """
        here = int(np.searchsorted(self._ids, zone_id))
        if here >= len(self._ids) or int(self._ids[here]) != zone_id:
            raise ZoneNotFound
        west, south, east, north = self._boundaries[here].bounds
        shrink = _shrink(max(abs(south), abs(north)))
        grow_lat, grow_lon = gap_m / _M_PER_DEG, gap_m / _M_PER_DEG / shrink
        box = shapely.box(west - grow_lon, south - grow_lat, east + grow_lon, north + grow_lat)
        near = np.sort(self._tree.query(box))
        metres_per_deg = np.array([_shrink((south + north) / 2), 1.0]) * _M_PER_DEG

        def flat(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
            return lonlat * metres_per_deg

        metres = shapely.distance(
            shapely.transform(self._boundaries[here], flat), shapely.transform(self._boundaries[near], flat)
        )
        return tuple(
            int(self._ids[other]) for other, gap in zip(near, metres, strict=True) if other != here and gap <= gap_m
        )

    def covers(self, place: LonLat, margin_m: float = 5000.0) -> bool:
        """Say whether a place (WGS84) lies in the hull of all zones grown by `margin_m` metres.

        This is the area of the network: a pin outside of it has most likely swapped its coordinates. Without any
        zone there is no area to be outside of, and every place is covered.
        """
        return self._hull.within(place, margin_m)


def build(zones: ZoneSet, leaf: int = index.DEFAULT_LEAF) -> ZoneMap:
    """Return the map of a zone set; `leaf` is its H3 resolution, coarsened where the zones are as large as states."""
    return ZoneMap(zones, index.leaf_for(zones, leaf))


class _Hull:
    """The convex hull of all zones, in degrees east of a place of their own, so that no hull is cut at 180 degrees."""

    def __init__(self, boundaries: NDArray[np.object_]) -> None:
        corners = shapely.get_coordinates(boundaries)
        self._origin = float(corners[0, 0]) if len(corners) else 0.0
        unrolled = np.column_stack((_wrapped(corners[:, 0] - self._origin), corners[:, 1]))
        self._hull = shapely.MultiPoint(unrolled).convex_hull
        self._corners = shapely.get_coordinates(self._hull)
        shapely.prepare(self._hull)

    def within(self, place: LonLat, margin_m: float) -> bool:
        if not len(self._corners):
            return True
        east = float(_wrapped(np.array([place.lon - self._origin]))[0])
        if shapely.intersects_xy(self._hull, east, place.lat):
            return True
        metres_per_deg = np.array([_shrink(place.lat), 1.0]) * _M_PER_DEG
        outline = shapely.linestrings((self._corners - np.array([east, place.lat])) * metres_per_deg)
        return bool(shapely.distance(outline, shapely.Point(0.0, 0.0)) <= margin_m)


def _compacted(leaves: dict[int, tuple[int, ...]], leaf: int) -> tuple[dict[int, tuple[int, ...]], tuple[int, ...]]:
    """Name whole families of equal leaves by their parent, level by level; a parent is a name here, never a shape."""
    kept: dict[int, tuple[int, ...]] = {}
    levels: list[int] = []
    current = leaves
    for level in range(leaf - 1, -1, -1):
        families: dict[int, list[int]] = {}
        keep, fill = cells.ancestor_mask(level + 1, level)
        for number in current:
            families.setdefault(number & keep | fill, []).append(number)
        raised = {
            parent: current[members[0]]
            for parent, members in families.items()
            if len(members) == cells.child_count(parent, level + 1)
            and all(current[member] == current[members[0]] for member in members)
        }
        kept.update((number, owners) for number, owners in current.items() if number & keep | fill not in raised)
        if not raised:
            break
        levels.append(level)
        current = raised
    else:
        kept.update(current)
    return kept, tuple(levels)


def _wrapped(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    wrapped: NDArray[np.float64] = (degrees + _FULL_TURN_DEG) % _BOTH_WAYS_DEG - _FULL_TURN_DEG
    return wrapped


def _shrink(lat: float) -> float:
    return max(1e-9, math.cos(math.radians(lat)))
