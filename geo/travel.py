"""Travel times on the streets of a map, on foot, by bicycle and by car, all open or those near a scene closed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from geo.arcs import Arcs
from geo.errors import UnknownTravelMode
from geo.network import Network
from geo.streets import PATHS, Section, Way, line_metres

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.hull import Hull
    from geo.points import LonLat

MODES: Final = ("foot", "bicycle", "car")
CAR_KM_H: Final[Mapping[str, float]] = MappingProxyType({
    "motorway": 95.0, "trunk": 70.0, "primary": 45.0, "secondary": 40.0, "tertiary": 35.0, "residential": 25.0,
    "unclassified": 25.0, "road": 25.0, "living_street": 15.0, "service": 15.0,
})  # fmt: skip
SNAP_LIMIT_M: Final = 500.0
"""Farther than this from any street of its mode, a place is not covered by the map."""
_STEP_M: Final = 80.0
_MS: Final = 1000.0
"""Weights are whole milliseconds, rounded up for each step, so no path is faster than the speeds allow."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The speeds a map does not tell: on foot and by bicycle in metres a second, and the seconds to get going."""

    foot_m_s: float = 1.35
    bicycle_m_s: float = 4.2
    get_going_s: float = 90.0

    def speed_m_s(self, mode: str, kind: str) -> float:
        """Return the speed of a mode on a class of street."""
        if mode == "car":
            return CAR_KM_H[kind] / 3.6 if kind in CAR_KM_H else 0.0
        return self.foot_m_s if mode == "foot" else self.bicycle_m_s


class Roads:
    """All streets of a map, with one network for each mode, built when it is first asked for."""

    note = "Times follow the streets of the imported map."

    def __init__(self, sections: Sequence[Section], pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.sections = [replace(section, line=_close_set(section.line)) for section in sections]
        self._lonlat, self._tail, self._head = _expanded(self.sections)
        self._networks: dict[str, Network | None] = {}
        self._lock = threading.Lock()

    def network(self, mode: str) -> Network | None:
        """Return the streets of a mode, None where the map has none; raises UnknownTravelMode."""
        if mode not in MODES:
            raise UnknownTravelMode
        with self._lock:
            if mode not in self._networks:
                arcs = self._arcs_of(mode)
                self._networks[mode] = Network(self._lonlat, arcs) if arcs.tail.size else None
            return self._networks[mode]

    def fastest_m_s(self, mode: str) -> float:
        """Return the greatest speed anybody has anywhere on this map by a mode, walking to the street included."""
        return self._fastest_m_s.get(mode, self.pace.foot_m_s)

    @cached_property
    def _fastest_m_s(self) -> dict[str, float]:
        kinds = {mode: {section.kind for section in self.sections if _way(section, mode)} for mode in MODES}
        return {
            mode: max(self.pace.foot_m_s, *(self.pace.speed_m_s(mode, kind) for kind in found))
            for mode, found in kinds.items()
            if found
        }

    def _arcs_of(self, mode: str) -> Arcs:
        tails, heads, ms, metres = [], [], [], []
        offset = 0
        for section in self.sections:
            steps = len(section.line) - 1
            way, speed = _way(section, mode), self.pace.speed_m_s(mode, section.kind)
            if way and speed > 0:
                along = line_metres(section.line)
                needed = np.ceil(along / speed * _MS).clip(1)
                there = (self._tail[offset : offset + steps], self._head[offset : offset + steps])
                for allowed, (tail, head) in ((Way.FORWARD, there), (Way.BACKWARD, there[::-1])):
                    if way & allowed:
                        tails.append(tail)
                        heads.append(head)
                        ms.append(needed)
                        metres.append(along)
            offset += steps
        if not tails:
            nothing = np.empty(0, dtype=np.uint32)
            return Arcs(nothing, nothing, nothing, np.empty(0))
        return Arcs(
            np.concatenate(tails).astype(np.uint32),
            np.concatenate(heads).astype(np.uint32),
            np.concatenate(ms).astype(np.uint32),
            np.concatenate(metres),
        )

    # the port of travel times

    def seconds(
        self, origins: Sequence[LonLat], modes: Sequence[str], destinations: Sequence[LonLat]
    ) -> NDArray[np.float64]:
        """Return seconds from each origin with its mode (rows) to each destination (columns), getting going included.

        Infinity where there is no way, or where a place lies outside the map.
        """
        return self.times().seconds(origins, modes, destinations)

    def lower_bound(self, metres: NDArray[np.float64], mode: str) -> NDArray[np.float64]:
        """Return seconds that no way over these great-circle metres can beat."""
        bound: NDArray[np.float64] = metres / self.fastest_m_s(mode) + self.pace.get_going_s
        return bound

    def times(self) -> RoadTimes:
        """Return the times with all streets open."""
        return RoadTimes(self)

    def clear_of(self, hull: Hull, keep_m: float) -> RoadTimes:
        """Return the times of ways that stay some metres away from a hull."""
        return RoadTimes(self, hull, keep_m)


@dataclass(slots=True)
class RoadTimes:
    """Travel times on a map, all streets open, or those near a hull closed."""

    roads: Roads
    hull: Hull | None = None
    keep_m: float = 0.0
    _closed: dict[str, NDArray[np.uint32]] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """How the times were found."""
        return self.roads.note

    def lower_bound(self, metres: NDArray[np.float64], mode: str) -> NDArray[np.float64]:
        """Return seconds that no way over these great-circle metres can beat."""
        return self.roads.lower_bound(metres, mode)

    def covers(self, places: Sequence[LonLat], mode: str) -> NDArray[np.bool_]:
        """Return for each place whether the map knows a street of this mode near it."""
        network = self.roads.network(mode)
        if network is None or not places:
            return np.zeros(len(places), dtype=bool)
        return network.nearest_one(_lonlat(places))[1] <= SNAP_LIMIT_M

    def seconds(
        self, origins: Sequence[LonLat], modes: Sequence[str], destinations: Sequence[LonLat]
    ) -> NDArray[np.float64]:
        """Return seconds from each origin with its mode (rows) to each destination (columns), getting going included.

        Infinity where there is no way, where it would come too near, or where a place lies outside the map.
        """
        answer = np.full((len(origins), len(destinations)), np.inf)
        spoken = np.array(modes)
        there = _lonlat(destinations)
        for mode in sorted(set(modes)):
            rows = np.flatnonzero(spoken == mode)
            here = _lonlat([origins[row] for row in rows.tolist()])
            network = self.roads.network(mode)
            if network is not None and len(destinations):
                answer[rows] = self._by_mode(network, mode, here, there)
        return answer

    def _by_mode(
        self, network: Network, mode: str, here: NDArray[np.float64], there: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        begin, walk_there = self._snapped(network, here, leaving=True)
        end, walk_on = self._snapped(network, there, leaving=False)
        ms = network.matrix_ms(begin, end, self._closed_arcs(network, mode))
        walk = (walk_there[:, None] + walk_on[None, :]) / self.roads.pace.foot_m_s
        seconds: NDArray[np.float64] = ms / _MS + walk + self.roads.pace.get_going_s
        return seconds

    def _closed_arcs(self, network: Network, mode: str) -> NDArray[np.uint32] | None:
        if self.hull is None:
            return None
        if mode not in self._closed:
            self._closed[mode] = network.arcs_near(self.hull, self.keep_m)
        return self._closed[mode]

    def _snapped(
        self, network: Network, lonlat: NDArray[np.float64], *, leaving: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the street place each row begins or ends at, and the metres walked there; infinity where too far.

        With a hull to stay away from, the walk stays away too; only who is too near already may walk out.
        """
        if self.hull is None:
            found, metres = network.nearest_one(lonlat)
            return found, np.where(metres <= SNAP_LIMIT_M, metres, np.inf)
        several, far = network.nearest(lonlat)
        here = self.hull.plane(lonlat[:, 0][:, None], lonlat[:, 1][:, None])
        spots = network.lonlat[several]
        there = self.hull.plane(spots[..., 0], spots[..., 1])
        clear = self.hull.metres_of_ways(here, there) >= self.keep_m
        if leaving:
            inside = self.hull.metres(here) < self.keep_m
            clear |= inside & (self.hull.metres(there) >= self.keep_m)
        far = np.where(clear & (far <= SNAP_LIMIT_M), far, np.inf)
        best = np.argmin(far, axis=1)
        rows = np.arange(len(lonlat))
        return several[rows, best], far[rows, best]


def _way(section: Section, mode: str) -> Way:
    access = section.access
    if mode == "car":
        return access.car if section.kind not in PATHS else Way.CLOSED
    return access.foot if mode == "foot" else access.bicycle


def _close_set(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a line with places in between, so that nobody beside it is far from one."""
    pieces = np.ceil(line_metres(line) / _STEP_M).astype(np.int64).clip(1)
    if pieces.max(initial=1) == 1:
        return line
    steps = [line[:1]]
    for row, count in enumerate(pieces.tolist()):
        shares = np.arange(1, count + 1)[:, None] / count
        steps.append(line[row] + (line[row + 1] - line[row]) * shares)
    return np.concatenate(steps)


def _expanded(
    sections: Sequence[Section],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return all places of the sections, and the tail and head of every step, junctions shared."""
    junctions: dict[int, int] = {}
    lonlat: list[NDArray[np.float64]] = []
    tails: list[NDArray[np.int64]] = []
    heads: list[NDArray[np.int64]] = []
    count = 0
    for section in sections:
        numbers = np.empty(len(section.line), dtype=np.int64)
        for row, node in ((0, section.start), (-1, section.end)):
            if node not in junctions:
                junctions[node] = count
                lonlat.append(section.line[row : row + 1] if row == 0 else section.line[-1:])
                count += 1
            numbers[row] = junctions[node]
        inner = len(section.line) - 2
        numbers[1:-1] = np.arange(count, count + inner)
        if inner:
            lonlat.append(section.line[1:-1])
        count += inner
        tails.append(numbers[:-1])
        heads.append(numbers[1:])
    if not sections:
        return np.empty((0, 2)), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    return np.concatenate(lonlat), np.concatenate(tails), np.concatenate(heads)


def _lonlat(places: Sequence[LonLat]) -> NDArray[np.float64]:
    return np.array([place.lonlat for place in places], dtype=np.float64).reshape(-1, 2)
