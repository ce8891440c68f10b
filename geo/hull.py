"""The convex hull of some places on a local plane, and how far places and straight ways stay from it, in metres."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from geo.distance import EARTH_RADIUS_M

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geo.points import LonLat

Plane = tuple["NDArray[np.float64]", "NDArray[np.float64]"]


class Hull:
    """The hull of one or more WGS84 places; metres are good to 0.1 % below 10 km.

    Parameters
    ----------
    spots
        The places, at least one; their order does not matter for the hull.
    """

    def __init__(self, spots: Sequence[LonLat]) -> None:
        self.spots = tuple(spots)
        self._origin = self.spots[0]
        self._shrink = math.cos(math.radians(self._origin.lat))
        self.corners = _convex_hull([self._on_plane(spot) for spot in self.spots])
        count = len(self.corners)
        self.middle = (sum(x for x, _ in self.corners) / count, sum(y for _, y in self.corners) / count)

    def _on_plane(self, place: LonLat) -> tuple[float, float]:
        dlon = (place.lon - self._origin.lon + 180.0) % 360.0 - 180.0
        east_m = math.radians(dlon) * EARTH_RADIUS_M * self._shrink
        return east_m, math.radians(place.lat - self._origin.lat) * EARTH_RADIUS_M

    def plane(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> Plane:
        """Return metres east and north of the first spot for places given in degrees."""
        dlon = (lons - self._origin.lon + 180.0) % 360.0 - 180.0
        return np.radians(dlon) * EARTH_RADIUS_M * self._shrink, np.radians(lats - self._origin.lat) * EARTH_RADIUS_M

    @property
    def extent_m(self) -> float:
        """Metres from the first spot to the farthest corner."""
        return max(math.hypot(x, y) for x, y in self.corners)

    @property
    def across_m(self) -> float:
        """Metres between the two corners that are farthest apart, 0 for a single place."""
        return max((math.dist(one, other) for one, other in combinations(self.corners, 2)), default=0.0)

    def bearings_deg(self, at: Plane) -> NDArray[np.float64]:
        """Return the bearing of places on the plane from the hull's middle, degrees clockwise from north."""
        x, y = at
        bearings: NDArray[np.float64] = np.degrees(np.arctan2(x - self.middle[0], y - self.middle[1])) % 360.0
        return bearings

    def metres(self, at: Plane) -> NDArray[np.float64]:
        """Return metres from places on the plane to the hull; 0 inside."""
        x, y = at
        metres = np.full(x.shape, np.inf)
        inside = np.full(x.shape, len(self.corners) > 2)
        for (ax, ay), (bx, by) in self._edges():
            metres = np.minimum(metres, _metres_to_segment((x, y), ax, ay, bx, by))
            inside &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
        return np.where(inside, 0.0, metres)

    def metres_of_ways(self, begin: Plane, end: Plane) -> NDArray[np.float64]:
        """Return metres between straight ways on the plane (shapes broadcast) and the hull; 0 where they meet."""
        (px, py), (qx, qy) = begin, end
        metres = np.minimum(self.metres(begin), self.metres(end))
        for (ax, ay), (bx, by) in self._edges():
            metres = np.minimum(metres, _metres_to_ways(ax, ay, begin, end))
            from_edge = _side(ax, ay, bx, by, px, py) * _side(ax, ay, bx, by, qx, qy)
            from_way = _side(px, py, qx, qy, ax, ay) * _side(px, py, qx, qy, bx, by)
            metres = np.where((from_edge < 0) & (from_way < 0), 0.0, metres)
        return metres

    def _edges(self) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
        return zip(self.corners, [*self.corners[1:], self.corners[0]], strict=True)


def _side(  # noqa: PLR0917 - two ends and a point
    ax: NDArray[np.float64] | float,
    ay: NDArray[np.float64] | float,
    bx: NDArray[np.float64] | float,
    by: NDArray[np.float64] | float,
    x: NDArray[np.float64] | float,
    y: NDArray[np.float64] | float,
) -> NDArray[np.float64]:
    return np.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax))


def _metres_to_segment(at: Plane, ax: float, ay: float, bx: float, by: float) -> NDArray[np.float64]:
    """Return metres from many places to one segment."""
    x, y = at
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    px, py = x - ax, y - ay
    along = np.clip((px * dx + py * dy) / length2, 0.0, 1.0) if length2 else np.zeros(px.shape)
    metres: NDArray[np.float64] = np.hypot(px - along * dx, py - along * dy)
    return metres


def _metres_to_ways(x: float, y: float, begin: Plane, end: Plane) -> NDArray[np.float64]:
    """Return metres from one place to many segments."""
    (ax, ay), (bx, by) = begin, end
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    px, py = x - ax, y - ay
    along = np.clip((px * dx + py * dy) / np.where(length2 > 0, length2, 1.0), 0.0, 1.0)
    metres: NDArray[np.float64] = np.hypot(px - along * dx, py - along * dy)
    return metres


def _convex_hull(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of the convex hull, counter-clockwise (Andrew 1979, monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) <= 2:
        return ordered

    def half(walk: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for x, y in walk:
            while len(chain) >= 2:
                (ax, ay), (bx, by) = chain[-2], chain[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return half(ordered) + half(reversed(ordered))
