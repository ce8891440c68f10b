"""The streets of one mode of travel as a directed graph, on which many times are found at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.arcs import Arcs
from geo.distance import EARTH_RADIUS_M, metres_among
from geo.shortest import ShortestWays, shortest_ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.hull import Hull

_NEIGHBOURS: Final = 24


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
        self._scale = _plane_of(self.lonlat)

    def contract(self) -> None:
        """Build what questions stand on, now instead of at the first one."""
        _ = self.ways, self._tree, self._beside

    @property
    def size(self) -> int:
        """How many places it has."""
        return len(self.lonlat)

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.lonlat * self._scale)

    @cached_property
    def ways(self) -> ShortestWays:
        """What finds the shortest ways."""
        return shortest_ways(self.lonlat, self.arcs)

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
        return found, metres_among(lonlat[:, None, :], self.lonlat[found])

    def nearest_one(self, lonlat: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the nearest place of the network to each row, and great-circle metres to it."""
        found = np.asarray(self._tree.query(lonlat * self._scale)[1], dtype=np.int64)
        return found, metres_among(lonlat, self.lonlat[found])

    def matrix_ms(
        self, sources: NDArray[np.int64], targets: NDArray[np.int64], closed: NDArray[np.uint32] | None = None
    ) -> NDArray[np.float64]:
        """Return milliseconds from each source (row) to each target (column); infinity where there is no way.

        `closed` names arcs that nobody may take in this answer.
        """
        return self.ways.matrix_ms(sources, targets, closed)

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


def _largest_component(size: int, arcs: Arcs) -> NDArray[np.bool_]:
    graph = coo_array((np.ones(arcs.tail.size, dtype=np.int8), (arcs.tail, arcs.head)), shape=(size, size))
    _, labels = connected_components(graph, directed=True, connection="strong")
    kept: NDArray[np.bool_] = labels == np.argmax(np.bincount(labels))
    return kept


def _plane_of(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = np.radians(float(lonlat[:, 1].mean()))
    scale: NDArray[np.float64] = np.radians(1.0) * EARTH_RADIUS_M * np.array([max(1e-9, np.cos(middle)), 1.0])
    return scale
