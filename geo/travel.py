"""Travel times on the streets of a map: foot, bicycle, car, by customizable contraction hierarchies.

Weights are whole milliseconds, rounded up for each step, so no path is faster than the speeds allow
(Dibbelt, Strasser and Wagner 2016, "Customizable Contraction Hierarchies"; pyroutingkit binds RoutingKit).
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from pyroutingkit import INF_WEIGHT, CCHMetric, CCHTopology
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.distance import EARTH_RADIUS_M
from geo.errors import UnknownTravelMode
from geo.streets import PATHS, Section, Way, line_metres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
_NEIGHBOURS: Final = 24
_MS: Final = 1000.0


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


@dataclass(frozen=True, slots=True)
class Arcs:
    """Directed steps between numbered places: whole milliseconds by a mode, and metres."""

    tail: NDArray[np.uint32]
    head: NDArray[np.uint32]
    ms: NDArray[np.uint32]
    metres: NDArray[np.float64]


class Network:
    """The streets of one mode: the largest part of the map where everybody comes from everywhere to everywhere.

    Parameters
    ----------
    lonlat
        Places in WGS84 degrees, longitude first; `arcs` number them.
    """

    def __init__(self, lonlat: NDArray[np.float64], arcs: Arcs) -> None:
        kept = _largest_component(len(lonlat), arcs)
        renumbered = np.cumsum(kept) - 1
        inner = kept[arcs.tail] & kept[arcs.head]
        self.lonlat = lonlat[kept]
        self.arcs = Arcs(
            renumbered[arcs.tail[inner]].astype(np.uint32),
            renumbered[arcs.head[inner]].astype(np.uint32),
            arcs.ms[inner],
            arcs.metres[inner],
        )
        self._lock = threading.Lock()
        self._scale = _plane_of(self.lonlat)

    @property
    def size(self) -> int:
        """How many places it has."""
        return len(self.lonlat)

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.lonlat * self._scale)

    @cached_property
    def topology(self) -> CCHTopology:
        """The contracted graph, whatever its weights."""
        topology = CCHTopology()
        lat, lon = self.lonlat[:, 1].astype(np.float32), self.lonlat[:, 0].astype(np.float32)
        topology.build(self.arcs.tail, self.arcs.head, lat, lon, self.size)
        return topology

    @cached_property
    def metric(self) -> CCHMetric:
        """The hierarchy with the weights of the open streets."""
        metric = CCHMetric(self.topology)
        metric.customize(self.arcs.ms)
        return metric

    @cached_property
    def _beside(self) -> csr_array:
        ones = np.ones(self.arcs.tail.size, dtype=np.int8)
        return csr_array((ones, (self.arcs.tail, self.arcs.head)), shape=(self.size, self.size))

    def neighbours(self, place: int) -> list[int]:
        """Return the places one step from a place."""
        found: list[int] = self._beside.indices[self._beside.indptr[place] : self._beside.indptr[place + 1]].tolist()
        return found

    def within(self, place: int, metres: float) -> NDArray[np.int64]:
        """Return the places within some metres of a place as the crow flies, in order."""
        return np.array(sorted(self._tree.query_ball_point(self.lonlat[place] * self._scale, metres)))

    def nearest(self, lonlat: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the nearest places of the network to each row, nearest first, and great-circle metres to them."""
        count = min(_NEIGHBOURS, self.size)
        _, found = self._tree.query(lonlat * self._scale, k=list(range(1, count + 1)))
        found = np.asarray(found, dtype=np.int64)
        return found, _metres(lonlat[:, None, :], self.lonlat[found])

    def nearest_one(self, lonlat: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the nearest place of the network to each row, and great-circle metres to it."""
        found = np.asarray(self._tree.query(lonlat * self._scale)[1], dtype=np.int64)
        return found, _metres(lonlat, self.lonlat[found])

    def matrix_ms(
        self, sources: NDArray[np.int64], targets: NDArray[np.int64], closed: NDArray[np.uint32] | None = None
    ) -> NDArray[np.float64]:
        """Return milliseconds from each source (row) to each target (column); infinity where there is no way.

        `closed` names arcs nobody may take: they are re-weighted for this answer alone.
        """
        with self._lock, self._reweighted(closed) as metric:
            found = metric.distances_many_to_many(sources.astype(np.uint32), targets.astype(np.uint32))
        return np.where(found >= INF_WEIGHT, np.inf, found.astype(np.float64))

    @contextmanager
    def _reweighted(self, closed: NDArray[np.uint32] | None) -> Iterator[CCHMetric]:
        metric = self.metric
        if closed is None or not closed.size:
            yield metric
            return
        metric.update_weights(closed, np.full(closed.size, INF_WEIGHT, dtype=np.uint32))
        try:
            yield metric
        finally:
            metric.update_weights(closed, self.arcs.ms[closed])

    def arcs_near(self, hull: Hull, keep_m: float) -> NDArray[np.uint32]:
        """Return the arcs that come nearer than some metres to a hull."""
        east, north = hull.plane(self.lonlat[:, 0], self.lonlat[:, 1])
        tail, head = self.arcs.tail, self.arcs.head
        reach = hull.extent_m + keep_m
        beside = (np.minimum(east[tail], east[head]) <= reach) & (np.maximum(east[tail], east[head]) >= -reach)
        beside &= (np.minimum(north[tail], north[head]) <= reach) & (np.maximum(north[tail], north[head]) >= -reach)
        near = np.flatnonzero(beside)
        begin, end = tail[near], head[near]
        metres = hull.metres_of_ways((east[begin], north[begin]), (east[end], north[end]))
        return near[metres < keep_m].astype(np.uint32)


class Roads:
    """All streets of a map, with one network for each mode, built when it is first asked for."""

    note = "Times follow the streets of the imported map."

    def __init__(self, sections: Sequence[Section], pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.sections = sections
        self._lonlat, self._tail, self._head = _expanded(sections)
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


def _largest_component(size: int, arcs: Arcs) -> NDArray[np.bool_]:
    graph = coo_array((np.ones(arcs.tail.size, dtype=np.int8), (arcs.tail, arcs.head)), shape=(size, size))
    _, labels = connected_components(graph, directed=True, connection="strong")
    kept: NDArray[np.bool_] = labels == np.argmax(np.bincount(labels))
    return kept


def _plane_of(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = np.radians(float(lonlat[:, 1].mean()))
    scale: NDArray[np.float64] = np.radians(1.0) * EARTH_RADIUS_M * np.array([max(1e-9, np.cos(middle)), 1.0])
    return scale


def _metres(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return great-circle metres between places (degrees, longitude first, last axis); shapes broadcast."""
    lon1, lat1 = np.radians(here[..., 0]), np.radians(here[..., 1])
    lon2, lat2 = np.radians(there[..., 0]), np.radians(there[..., 1])
    chord = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord)))
    return metres


def _lonlat(places: Sequence[LonLat]) -> NDArray[np.float64]:
    return np.array([place.lonlat for place in places], dtype=np.float64).reshape(-1, 2)
