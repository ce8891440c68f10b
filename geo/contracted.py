"""Shortest ways by a customizable contraction hierarchy: built once, many ways found at once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from pyroutingkit import INF_WEIGHT, CCHMetric, CCHTopology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo.arcs import Arcs


class ContractedWays:
    """The hierarchy of Dibbelt, Strasser and Wagner (2016); pyroutingkit binds RoutingKit's.

    Parameters
    ----------
    lonlat
        Places in WGS84 degrees, longitude first; `arcs` number them.
    """

    def __init__(self, lonlat: NDArray[np.float64], arcs: Arcs) -> None:
        self._ms = arcs.ms
        self._lock = threading.Lock()
        self.topology = CCHTopology()
        lat, lon = lonlat[:, 1].astype(np.float32), lonlat[:, 0].astype(np.float32)
        self.topology.build(arcs.tail, arcs.head, lat, lon, len(lonlat))
        self._metric = CCHMetric(self.topology)
        self._metric.customize(arcs.ms)

    def matrix_ms(
        self, sources: NDArray[np.int64], targets: NDArray[np.int64], closed: NDArray[np.uint32] | None
    ) -> NDArray[np.float64]:
        """Return milliseconds from each source (row) to each target (column), infinity where there is no way.

        `closed` names arcs that nobody may take: they are re-weighted for this answer alone.
        """
        with self._lock, self._reweighted(closed) as metric:
            found = metric.distances_many_to_many(sources.astype(np.uint32), targets.astype(np.uint32))
        return np.where(found >= INF_WEIGHT, np.inf, found.astype(np.float64))

    @contextmanager
    def _reweighted(self, closed: NDArray[np.uint32] | None) -> Iterator[CCHMetric]:
        if closed is None or not closed.size:
            yield self._metric
            return
        self._metric.update_weights(closed, np.full(closed.size, INF_WEIGHT, dtype=np.uint32))
        try:
            yield self._metric
        finally:
            self._metric.update_weights(closed, self._ms[closed])
