"""Meeting points: public places outside the stand-off, around the scene, fixed before anybody is asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np

from geo import cells
from geo.distance import metres_between
from geo.hull import Hull

if TYPE_CHECKING:
    from geo.points import LonLat
    from matcher.candidates import Scene
    from matcher.policy import PairPolicy

Source = Literal["vetted", "public place", "cell"]

_FINE, _COARSE = 10, 9
_WIDE_SCENE_M: Final = 1_500.0
"""A scene wider than this is walked round on the coarser cells."""
_APART_DEG: Final = 60.0
"""Points are spread around the scene: at least this angle between any two that were not vetted."""
WAYS_OUT: Final = 2
_SURELY: Final = 1.01
"""Farther by so much on the sphere is farther on the spheroid too, on which the database measures."""
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
    ways: int | None = None


class Streets(Protocol):
    """What a map says about the ground at a place."""

    def ways_out(self, place: LonLat, hull: Hull, keep_m: float) -> int | None:
        """Return how many ways lead away without passing the hull; None where no street is known."""
        ...

    def pavement(self, place: LonLat) -> LonLat | None:
        """Return the nearest public street place; None where there is none near."""
        ...


class _Ground:
    """The hull of the sightings, and what the map says about the places around it."""

    def __init__(self, spots: Sequence[LonLat], policy: PairPolicy, streets: Streets | None = None) -> None:
        self.hull = Hull(spots)
        self.policy = policy
        self.streets = streets

    def look_at(self, places: Sequence[tuple[str, LonLat]]) -> list[_Spot]:
        """Return each named place with its metres to the hull (0 inside) and its bearing from the middle."""
        if not places:
            return []
        plane = self.hull.plane(
            np.array([place.lon for _, place in places]), np.array([place.lat for _, place in places])
        )
        metres, bearings = self.hull.metres(plane).tolist(), self.hull.bearings_deg(plane).tolist()
        return [
            _Spot(name, place, hull_m, bearing)
            for (name, place), hull_m, bearing in zip(places, metres, bearings, strict=True)
        ]

    def safe(self, spots: Iterable[_Spot]) -> list[_Spot]:
        """Return those in the ring and outside the stand-off of every pin, nearest first, ties by name and place."""
        inner, outer = self.policy.meeting_ring_m
        kept = [
            spot
            for spot in spots
            if inner <= spot.hull_m <= outer
            and all(metres_between(spot.place, pin) >= self.policy.stand_off_m for pin in self.hull.spots)
        ]
        return sorted(kept, key=lambda spot: (spot.hull_m, spot.name, spot.place))

    def with_ways_out(self, spots: Iterable[_Spot]) -> Iterator[_Spot]:
        """Yield those with enough ways out, and those of which no street is known, as nobody can tell."""
        for spot in spots:
            ways = self.ways_out(spot.place)
            if ways is None or ways >= WAYS_OUT:
                yield replace(spot, ways=ways)

    def ways_out(self, place: LonLat) -> int | None:
        """Return how many ways lead away from a place without passing the scene; None where nothing is known."""
        return self.streets.ways_out(place, self.hull, self.policy.stand_off_m) if self.streets else None

    def on_the_street(self, spots: Iterable[tuple[str, LonLat]]) -> list[tuple[str, LonLat]]:
        """Move centres of cells to public ground, each place once; where the map knows none they stay."""
        if self.streets is None:
            return list(spots)
        moved: dict[LonLat, str] = {}
        for name, place in spots:
            street = self.streets.pavement(place)
            if street is not None:
                moved.setdefault(street, name)
        return [(name, place) for place, name in moved.items()]


def _spread(ground: _Ground, spots: Iterable[_Spot], taken: list[_Spot], most: int) -> list[_Spot]:
    """Take the nearest spots with ways out that keep an angle from everything taken before, `most` in all."""
    chosen: list[_Spot] = []

    def apart(spot: _Spot) -> bool:
        turns = (abs(spot.bearing_deg - other.bearing_deg) % 360.0 for other in [*taken, *chosen])
        return all(min(turn, 360.0 - turn) >= _APART_DEG for turn in turns)

    if len(taken) < most:
        for spot in ground.with_ways_out(filter(apart, spots)):
            chosen.append(spot)
            if len(taken) + len(chosen) >= most:
                break
    return chosen


def _cells_around(ground: _Ground) -> list[tuple[str, LonLat]]:
    """Return the centres of the cells that can touch the ring, named by their cell."""
    hull = ground.hull
    resolution = _FINE if hull.extent_m <= _WIDE_SCENE_M else _COARSE
    reach_m = hull.extent_m + ground.policy.meeting_ring_m[1]
    # Neighbouring centres lie about 1.7 edges apart, a ring of k steps reaches at least 1.5 edges a step; H3 cells
    # of one resolution differ by up to a third in edge, hence one edge a step.
    steps = math.ceil(reach_m / cells.edge_m(resolution)) + 1
    return [(cell, cells.centre(cell)) for cell in cells.disk(cells.cell_at(hull.spots[0], resolution), steps)]


def meeting_points(
    scene: Scene,
    policy: PairPolicy,
    *,
    vetted: Sequence[PublicPlace] = (),
    public_places: Sequence[PublicPlace] = (),
    streets: Streets | None = None,
) -> tuple[MeetingPoint, ...]:
    """Return up to five meeting points around a scene: vetted ones first, then named public places, else cells.

    All lie in the policy's ring around the hull of the pins and outside the stand-off distance of every pin; where
    streets are known, at least two lead away without passing the scene or each other. The same scene gives the same
    points. Centres of cells are used only where no named place is left, because nobody has looked at what stands
    there; a map moves them to the nearest public street.

    Parameters
    ----------
    vetted
        Places the organizers have looked at; kept however close together they are.
    public_places
        Named places of the map (corners, stops, parks).
    streets
        What an imported map knows of the ground.
    """
    ground = _Ground(scene.spots, policy, streets)
    most = policy.max_meeting_points
    good = ground.with_ways_out(ground.safe(ground.look_at([(it.name, it.place) for it in vetted])))
    chosen = list(islice(good, most))
    points = [_point(spot, spot.name, "vetted", "vetted by the organizers", scene) for spot in chosen]
    named = ground.safe(ground.look_at([(it.name, it.place) for it in public_places]))
    points += [
        _point(spot, spot.name, "public place", "a public place on the map", scene)
        for spot in _spread(ground, named, chosen, most)
    ]
    return tuple(points) or _from_cells(ground, scene)


def _from_cells(ground: _Ground, scene: Scene) -> tuple[MeetingPoint, ...]:
    cells_near = ground.safe(ground.look_at(ground.on_the_street(_cells_around(ground))))
    unnamed = _spread(ground, cells_near, [], ground.policy.max_meeting_points)
    known = ground.streets is not None
    what = (
        "on a public street, no named place is near" if known else "from the grid, since no named place is known here"
    )
    return tuple(
        _point(spot, f"Meeting point {letter}", "cell", what, scene)
        for letter, spot in zip(_CELL_NAMES, unnamed, strict=False)
    )


def outward(
    points: Sequence[MeetingPoint], now_at: LonLat, middle: LonLat, reachable: Callable[[LonLat], bool]
) -> MeetingPoint | None:
    """Return where people step back to when a scene grows over their meeting point, None where there is nowhere.

    Farther from the middle of the scene than before, and of those the one nearest to where they are to meet now.

    Parameters
    ----------
    points
        The meeting points around the scene as it is now.
    now_at, middle
        The meeting point so far, and the place of the incident, WGS84.
    reachable
        Says whether both people can still get to a place without passing the scene.
    """
    so_far_m = _SURELY * metres_between(now_at, middle) + 1.0
    farther = [point for point in points if metres_between(point.place, middle) > so_far_m and reachable(point.place)]
    return min(farther, key=lambda it: (metres_between(it.place, now_at), it.name, it.place), default=None)


def _point(spot: _Spot, name: str, source: Source, what: str, scene: Scene) -> MeetingPoint:
    ways = "" if spot.ways is None else f", {spot.ways} ways out"
    reason = f"{round(spot.hull_m, -1):.0f} m from the reports, {what}{ways}"
    if source == "cell":
        reason += ": look at the map first"
    if scene.only_patrol:
        reason = f"For watching only, nobody follows a vehicle. {reason[0].upper()}{reason[1:]}"
    return MeetingPoint(spot.place, name, f"{reason}.", source)
