"""Ways out: how many streets lead away from a place without meeting each other, and without passing a scene."""

from __future__ import annotations

import math
from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.spatial import KDTree

from geo.distance import EARTH_RADIUS_M, metres_between
from geo.points import LonLat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.hull import Hull
    from geo.network import Network
    from geo.travel import Roads

AWAY_M: Final = 200.0
"""Whoever came this far from the meeting point on a street of its own got away."""
STREET_WITHIN_M: Final = 60.0
"""A place farther than this from every street is on no street the map knows."""
PAVEMENT_WITHIN_M: Final = 120.0
"""A grid's place is moved to a public street no farther away than this."""
_MOST: Final = 3
_State = tuple[int, bool]
_AWAY: Final[_State] = (-1, False)


def ways_out(network: Network, place: LonLat, hull: Hull, keep_m: float) -> int | None:
    """Return how many ways out a place has, three at most; None where the map knows no street there.

    Ways count apart only while they share no place until they are `AWAY_M` away (Menger 1927: the greatest number of
    disjoint paths, found by augmenting), and only if they keep `keep_m` metres from the hull.
    """
    here = np.array([place.lonlat])
    nearest, metres = network.nearest_one(here)
    if metres[0] > STREET_WITHIN_M:
        return None
    start = int(nearest[0])
    onward = _residual(network, start, hull, keep_m)
    found = 0
    while found < _MOST and _augment((start, True), onward):
        found += 1
    return found


def _residual(network: Network, start: int, hull: Hull, keep_m: float) -> dict[_State, set[_State]]:
    """Return where one may still go: each place is an entrance and an exit, joined once, so that one path fits."""
    near = network.within(start, 2 * AWAY_M)
    east, north = hull.plane(network.lonlat[near, 0], network.lonlat[near, 1])
    row = {node: number for number, node in enumerate(near.tolist())}
    onward: dict[_State, set[_State]] = {_AWAY: set()}
    for node, number in row.items():
        onward[node, False] = {(node, True)}
        far = math.hypot(east[number] - east[row[start]], north[number] - north[row[start]]) >= AWAY_M
        onward[node, True] = {_AWAY} if far else set()
    steps = np.array([(row[a], row[b]) for a in row for b in network.neighbours(a) if b in row]).reshape(-1, 2)
    begin, end = steps[:, 0], steps[:, 1]
    clear = hull.metres_of_ways((east[begin], north[begin]), (east[end], north[end])) >= keep_m
    for one, other in steps[clear].tolist():
        onward[int(near[one]), True].add((int(near[other]), False))
    return onward


def _augment(start: _State, onward: dict[_State, set[_State]]) -> bool:
    """Find one more way to `_AWAY` and turn its steps round, so that a later one may undo them."""
    came: dict[_State, _State] = {start: start}
    queue = deque([start])
    while queue and _AWAY not in came:
        here = queue.popleft()
        for there in onward[here]:
            if there not in came:
                came[there] = here
                queue.append(there)
    if _AWAY not in came:
        return False
    there = _AWAY
    while there != start:
        here = came[there]
        onward[here].discard(there)
        onward[there].add(here)
        there = here
    return True


class Footways:
    """The ground of a map for people on foot: public streets, and the ways out of a place."""

    def __init__(self, roads: Roads) -> None:
        self._roads = roads

    def ways_out(self, place: LonLat, hull: Hull, keep_m: float) -> int | None:
        """Return how many ways lead away without passing a hull; None where the map knows no street."""
        network = self._roads.network("foot")
        return None if network is None else ways_out(network, place, hull, keep_m)

    def pavement(self, place: LonLat) -> LonLat | None:
        """Return the nearest public street place within `PAVEMENT_WITHIN_M`, None where there is none."""
        lonlat, scale, tree = self._public
        if not len(lonlat):
            return None
        _, found = tree.query(np.array(place.lonlat) * scale)
        lon, lat = lonlat[int(found)].tolist()
        near = LonLat(lon, lat)
        return near if metres_between(place, near) <= PAVEMENT_WITHIN_M else None

    @cached_property
    def _public(self) -> tuple[NDArray[np.float64], NDArray[np.float64], KDTree]:
        lines = [section.line for section in self._roads.sections if section.access.public]
        lonlat = np.unique(np.concatenate(lines), axis=0) if lines else np.empty((0, 2))
        middle = math.cos(math.radians(float(lonlat[:, 1].mean()))) if lines else 1.0
        scale = math.radians(1.0) * EARTH_RADIUS_M * np.array([middle, 1.0])
        return lonlat, scale, KDTree(lonlat * scale)
