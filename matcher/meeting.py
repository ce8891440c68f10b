"""Meeting points: public places outside the stand-off, around the scene, fixed before anybody is asked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from geo import cells
from geo.distance import EARTH_RADIUS_M, metres_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.points import LonLat
    from matcher.candidates import Scene
    from matcher.policy import PairPolicy

Source = Literal["vetted", "public place", "cell"]

_FINE, _COARSE = 10, 9
_WIDE_SCENE_M: Final = 1_500.0
"""A scene wider than this is walked round on the coarser cells."""
_APART_DEG: Final = 60.0
"""Points are spread around the scene: at least this angle between any two that were not vetted."""
_CELL_NAMES: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class PublicPlace:
    """A place anybody may stand at, with the name people use for it ("Corner of X and Y", a park, a stop); WGS84."""

    name: str
    place: LonLat


@dataclass(frozen=True, slots=True)
class MeetingPoint:
    """Where two people meet before they go on together.

    `name` goes to the pair and says nothing about where the scene is; `reason` is for the desk alone.
    """

    place: LonLat
    name: str
    reason: str
    source: Source


@dataclass(frozen=True, slots=True)
class _Spot:
    name: str
    place: LonLat
    hull_m: float
    bearing_deg: float


class _Ground:
    """The hull of the sightings on a local plane in metres, good to 0.1 % below 10 km."""

    def __init__(self, spots: Sequence[LonLat]) -> None:
        self.spots = spots
        self._origin = spots[0]
        self._shrink = math.cos(math.radians(self._origin.lat))
        self._hull = _convex_hull([self._on_plane(spot) for spot in spots])
        count = len(self._hull)
        self._middle = (sum(x for x, _ in self._hull) / count, sum(y for _, y in self._hull) / count)

    def _on_plane(self, place: LonLat) -> tuple[float, float]:
        dlon = (place.lon - self._origin.lon + 180.0) % 360.0 - 180.0
        east_m = math.radians(dlon) * EARTH_RADIUS_M * self._shrink
        return east_m, math.radians(place.lat - self._origin.lat) * EARTH_RADIUS_M

    @property
    def extent_m(self) -> float:
        """Metres from the first spot to the farthest corner of the hull."""
        return max(math.hypot(x, y) for x, y in self._hull)

    def look_at(self, places: Sequence[tuple[str, LonLat]]) -> list[_Spot]:
        """Return each named place with its metres to the hull (0 inside) and its bearing from the middle."""
        if not places:
            return []
        plane = np.array([self._on_plane(place) for _, place in places])
        metres = _metres_to_hull(plane, self._hull)
        bearings = np.degrees(np.arctan2(plane[:, 0] - self._middle[0], plane[:, 1] - self._middle[1])) % 360.0
        return [
            _Spot(name, place, hull_m, bearing)
            for (name, place), hull_m, bearing in zip(places, metres.tolist(), bearings.tolist(), strict=True)
        ]

    def safe(self, spots: Iterable[_Spot], policy: PairPolicy) -> list[_Spot]:
        """Return those in the ring and outside the stand-off of every pin, nearest first, ties by name and place."""
        inner, outer = policy.meeting_ring_m
        kept = [
            spot
            for spot in spots
            if inner <= spot.hull_m <= outer
            and all(metres_between(spot.place, pin) >= policy.stand_off_m for pin in self.spots)
        ]
        return sorted(kept, key=lambda spot: (spot.hull_m, spot.name, spot.place))


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


def _metres_to_hull(plane: NDArray[np.float64], hull: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Return the distance of each row (east, north) to a convex hull of one, two or more corners; 0 inside."""
    metres = np.full(len(plane), np.inf)
    inside = np.full(len(plane), len(hull) > 2)
    for (ax, ay), (bx, by) in zip(hull, [*hull[1:], hull[0]], strict=True):
        dx, dy = bx - ax, by - ay
        px, py = plane[:, 0] - ax, plane[:, 1] - ay
        length2 = dx * dx + dy * dy
        along = np.clip((px * dx + py * dy) / length2, 0.0, 1.0) if length2 else np.zeros(len(plane))
        metres = np.minimum(metres, np.hypot(px - along * dx, py - along * dy))
        inside &= dx * py - dy * px >= 0
    return np.where(inside, 0.0, metres)


def _spread(spots: Iterable[_Spot], taken: list[_Spot], most: int) -> list[_Spot]:
    """Take the nearest spots that keep an angle from everything taken before, `most` in all."""
    chosen: list[_Spot] = []
    for spot in spots:
        if len(taken) + len(chosen) >= most:
            break
        turns = (abs(spot.bearing_deg - other.bearing_deg) % 360.0 for other in [*taken, *chosen])
        if all(min(turn, 360.0 - turn) >= _APART_DEG for turn in turns):
            chosen.append(spot)
    return chosen


def _cells_around(ground: _Ground, policy: PairPolicy) -> list[tuple[str, LonLat]]:
    """Return the centres of the cells that can touch the ring, named by their cell."""
    resolution = _FINE if ground.extent_m <= _WIDE_SCENE_M else _COARSE
    reach_m = ground.extent_m + policy.meeting_ring_m[1]
    # Neighbouring centres lie about 1.7 edges apart, a ring of k steps reaches at least 1.5 edges a step; H3 cells
    # of one resolution differ by up to a third in edge, hence one edge a step.
    steps = math.ceil(reach_m / cells.edge_m(resolution)) + 1
    return [(cell, cells.centre(cell)) for cell in cells.disk(cells.cell_at(ground.spots[0], resolution), steps)]


def meeting_points(
    scene: Scene,
    policy: PairPolicy,
    *,
    vetted: Sequence[PublicPlace] = (),
    public_places: Sequence[PublicPlace] = (),
) -> tuple[MeetingPoint, ...]:
    """Return up to five meeting points around a scene: vetted ones first, then named public places, else cells.

    All lie in the policy's ring around the hull of the pins and outside the stand-off distance of every pin. The
    same scene gives the same points. Centres of cells are used only where no named place is in the ring, because
    nobody has looked at what stands there.

    Parameters
    ----------
    vetted
        Places the organizers have looked at; kept however close together they are.
    public_places
        Named places of the map (corners, stops, parks).
    """
    ground = _Ground(scene.spots)
    most = policy.max_meeting_points
    chosen = ground.safe(ground.look_at([(it.name, it.place) for it in vetted]), policy)[:most]
    points = [_point(spot, spot.name, "vetted", "vetted by the organizers", scene) for spot in chosen]
    named = ground.safe(ground.look_at([(it.name, it.place) for it in public_places]), policy)
    points += [
        _point(spot, spot.name, "public place", "a public place on the map", scene)
        for spot in _spread(named, chosen, most)
    ]
    if not points:
        unnamed = _spread(ground.safe(ground.look_at(_cells_around(ground, policy)), policy), [], most)
        what = "from the grid, since no named place is known here: look at the map first"
        points = [
            _point(spot, f"Meeting point {letter}", "cell", what, scene)
            for letter, spot in zip(_CELL_NAMES, unnamed, strict=False)
        ]
    return tuple(points)


def _point(spot: _Spot, name: str, source: Source, what: str, scene: Scene) -> MeetingPoint:
    reason = f"{round(spot.hull_m, -1):.0f} m from the reports, {what}"
    if scene.only_patrol:
        reason = f"For watching only, nobody follows a vehicle. {reason[0].upper()}{reason[1:]}"
    return MeetingPoint(spot.place, name, f"{reason}.", source)
