"""A border leaf: which of the zones that touch a cell own a place in it, by the few edges that cross the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo import cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely import MultiPolygon

_MARGIN_DEG = 4e-6
_WIDE_DEG = 180.0
_MOST_EDGES = 16
"""Above this many edges the prepared polygon answers faster."""

_ROUNDING = 1e-15
"""Three times the error bound of an orientation in double precision (Shewchuk 1997), per unit of its two factors."""

Edge = tuple[float, float, float, float, bool, float]
"""Both ends of an edge (degrees, longitude first), on which side the leaf's centre lies, and what counts as zero."""


class Side:
    """One zone at one leaf.

    A place is inside exactly when the way to it from the centre of the leaf, whose state is known, crosses the
    boundary an even or odd number of times; only edges that enter the leaf's box can be crossed. Where a sign is too
    near to zero for double precision (on an edge, past a corner) the polygon itself is asked.
    """

    __slots__ = ("_boundary", "_edges", "_inside", "_lat", "_lon", "zone_id")

    def __init__(
        self, zone_id: int, boundary: MultiPolygon, centre: tuple[float, float], edges: list[Edge] | None
    ) -> None:
        self.zone_id = zone_id
        self._boundary = boundary
        self._lon, self._lat = centre
        self._edges = edges
        self._inside = bool(shapely.intersects_xy(boundary, *centre))

    def owns(self, lon: float, lat: float) -> bool:
        """Say whether a place of this leaf (WGS84 degrees) lies in the zone or on its edge."""
        if self._edges is None:
            return bool(shapely.intersects_xy(self._boundary, lon, lat))
        inside, here_lon, here_lat = self._inside, self._lon, self._lat
        east, north = lon - here_lon, lat - here_lat
        for ax, ay, bx, by, centre_left, zero in self._edges:
            turn = (bx - ax) * (lat - ay) - (by - ay) * (lon - ax)
            if -zero < turn < zero:
                return bool(shapely.intersects_xy(self._boundary, lon, lat))
            if (turn > 0) == centre_left:
                continue
            first = east * (ay - here_lat) - north * (ax - here_lon)
            second = east * (by - here_lat) - north * (bx - here_lon)
            if -zero < first < zero or -zero < second < zero:
                return bool(shapely.intersects_xy(self._boundary, lon, lat))
            if (first > 0) != (second > 0):
                inside = not inside
        return inside


def sides_of(zone_id: int, boundary: MultiPolygon, leaves: Sequence[int]) -> dict[int, Side]:
    """Return one zone's side at each of its border leaves, by cell number."""
    if not leaves:
        return {}
    starts, ends = _edges_of(boundary)
    boxes = shapely.bounds(cells.shapes(leaves))
    tree = shapely.STRtree(np.asarray(shapely.linestrings(np.stack((starts, ends), axis=1)), dtype=np.object_))
    grown = shapely.box(*(boxes + np.array([-1, -1, 1, 1]) * _MARGIN_DEG).T)
    leaf_hit, edge_hit = tree.query(grown)
    order = np.argsort(leaf_hit, kind="stable")
    per_leaf = np.split(edge_hit[order], np.cumsum(np.bincount(leaf_hit, minlength=len(leaves)))[:-1])
    sides = {}
    for number, box, chosen in zip(leaves, boxes, per_leaf, strict=True):
        centre = float((box[0] + box[2]) / 2), float((box[1] + box[3]) / 2)
        wide = box[2] - box[0] > _WIDE_DEG
        edges = None if wide or len(chosen) > _MOST_EDGES else _seen_from(centre, box, starts[chosen], ends[chosen])
        sides[number] = Side(zone_id, boundary, centre, edges)
    return sides


def _edges_of(boundary: MultiPolygon) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    corners, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(boundary)), return_index=True)
    linked = (ring[1:] == ring[:-1]) & (corners[1:] != corners[:-1]).any(axis=1)
    return corners[:-1][linked], corners[1:][linked]


def _seen_from(
    centre: tuple[float, float],
    box: NDArray[np.float64],
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
) -> list[Edge] | None:
    across = float(box[2] - box[0] + box[3] - box[1]) + 4 * _MARGIN_DEG
    edges: list[Edge] = []
    for (ax, ay), (bx, by) in zip(starts.tolist(), ends.tolist(), strict=True):
        turn = (bx - ax) * (centre[1] - ay) - (by - ay) * (centre[0] - ax)
        zero = _ROUNDING * (abs(bx - ax) + abs(by - ay) + across) ** 2
        if abs(turn) < zero:
            return None
        edges.append((ax, ay, bx, by, turn > 0, zero))
    return edges
