"""How often the edges of a shape cross each other, counted only as far as a repair may go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

MOST_CROSSINGS: Final = 300
"""A repair takes time with the square of these: at 300 a fifth of a second, at ten thousand half a minute."""
MOST_CORNERS: Final = 100_000
_MOST_NEIGHBOURS: Final = 1_000_000
_AT_ONCE: Final = 200_000


def too_tangled(shape: BaseGeometry) -> bool:
    """Tell whether a shape has more corners than are looked through, or more crossings than are repaired.

    The work is bounded too: it ends at the first crossing too many, and where more than a million pairs of edges
    lie near each other.
    """
    if shapely.count_coordinates(shape) > MOST_CORNERS:
        return True
    ends = _edges(shape)
    edges = np.atleast_1d(np.asarray(shapely.linestrings(ends), dtype=object))
    tree = shapely.STRtree(edges)
    step = max(1, _AT_ONCE // max(1, len(edges)))
    crossings = neighbours = 0
    for start in range(0, len(edges), step):
        here, there = tree.query(edges[start : start + step])
        neighbours += len(here)
        if neighbours > _MOST_NEIGHBOURS:
            return True
        here = here + start
        later = there > here
        crossings += _crossing(ends[here[later]], ends[there[later]])
        if crossings > MOST_CROSSINGS:
            return True
    return False


def _crossing(one: NDArray[np.float64], other: NDArray[np.float64]) -> int:
    """Return how many pairs of edges cross within both; edges that only touch, or lie on each other, do not."""
    apart = _side(one, other[:, 0]) * _side(one, other[:, 1]) < 0
    return int(np.count_nonzero(apart & (_side(other, one[:, 0]) * _side(other, one[:, 1]) < 0)))


def _side(edge: NDArray[np.float64], corner: NDArray[np.float64]) -> NDArray[np.float64]:
    along, to = edge[:, 1] - edge[:, 0], corner - edge[:, 0]
    return np.sign(along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0])


def _edges(shape: BaseGeometry) -> NDArray[np.float64]:
    """Return both ends of every edge of every ring."""
    pieces = [np.empty((0, 2, 2))]
    for ring in shapely.get_rings(shapely.get_parts(_areas(shape))):
        corners = shapely.get_coordinates(ring)
        pieces.append(np.stack((corners[:-1], corners[1:]), axis=1))
    return np.concatenate(pieces)


def _areas(shape: BaseGeometry) -> list[BaseGeometry]:
    if shape.geom_type == "GeometryCollection":
        return [area for part in shapely.get_parts(shape) for area in _areas(part)]
    return [shape] if shape.geom_type in ("Polygon", "MultiPolygon") else []
