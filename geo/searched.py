"""Shortest ways by scipy's Dijkstra: slower, for machines that the quick library has no wheel for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.arcs import Arcs


class SearchedWays:
    """Searches from the smaller side of each question, against the arcs where that is the targets.

    Parameters
    ----------
    size
        How many places `arcs` number.
    """

    def __init__(self, size: int, arcs: Arcs) -> None:
        self._size = size
        self._arcs = arcs
        # Of several arcs between two places only the quickest counts; a sparse array would add their weights up.
        self._order = np.lexsort((arcs.ms, arcs.head, arcs.tail))
        self._open = self._graph(self._order)

    def matrix_ms(
        self, sources: NDArray[np.int64], targets: NDArray[np.int64], closed: NDArray[np.uint32] | None
    ) -> NDArray[np.float64]:
        """Return milliseconds from each source (row) to each target (column), infinity where there is no way.

        `closed` names arcs that nobody may take in this answer.
        """
        graph = self._open
        if closed is not None and closed.size:
            shut = np.zeros(self._arcs.tail.size, dtype=bool)
            shut[closed] = True
            graph = self._graph(self._order[~shut[self._order]])
        if len(targets) < len(sources):
            found = dijkstra(graph.T.tocsr(), indices=targets).reshape(len(targets), -1)[:, sources].T
        else:
            found = dijkstra(graph, indices=sources).reshape(len(sources), -1)[:, targets]
        ms: NDArray[np.float64] = found
        return ms

    def _graph(self, order: NDArray[np.int64]) -> csr_array:
        tail, head, ms = self._arcs.tail[order], self._arcs.head[order], self._arcs.ms[order]
        first = np.ones(order.size, dtype=bool)
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        weights = ms[first].astype(np.float64)
        return csr_array((weights, (tail[first], head[first])), shape=(self._size, self._size))
