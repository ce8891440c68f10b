"""Shortest ways through a directed graph with whole weights: the port, and the finder that this machine has."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from geo.arcs import Arcs


class ShortestWays(Protocol):
    """Finds the milliseconds of many shortest ways at once."""

    def matrix_ms(
        self, sources: NDArray[np.int64], targets: NDArray[np.int64], closed: NDArray[np.uint32] | None
    ) -> NDArray[np.float64]:
        """Return milliseconds from each source (row) to each target (column), infinity where there is no way.

        `closed` names arcs that nobody may take in this answer.
        """


def shortest_ways(lonlat: NDArray[np.float64], arcs: Arcs) -> ShortestWays:
    """Return the quick finder where its library has a wheel for this machine, else the plain one: equal answers."""
    if find_spec("pyroutingkit") is not None:
        from geo.contracted import ContractedWays  # noqa: PLC0415 - absent on some machines

        return ContractedWays(lonlat, arcs)
    from geo.searched import SearchedWays  # noqa: PLC0415 - only where it is needed

    return SearchedWays(len(lonlat), arcs)
