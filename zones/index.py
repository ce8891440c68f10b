"""A zone as cells: sure leaves lie inside it, border leaves only touch it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo import cells
from zones.errors import GroundTooWide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely import MultiPolygon, Polygon
    from shapely.geometry.base import BaseGeometry

    from zones.model import ZoneSet

DEFAULT_LEAF = 10
"""Leaf resolution of a city; a county takes 9."""

MOST_CELLS = 200_000
"""Ground is listed cell by cell up to about this many: many counties at resolution 8, never a continent."""

MOST_GROUND = 2_000_000
"""All zones of a network together have at most about this many cells of resolution 8: the largest state, no more."""

COVERAGE_RESOLUTION = 8
"""Coverage is told in cells of this resolution and no finer."""

_MAX_LEAVES = 400_000
_KM2_PER_LEAF_10 = 0.015_047
_GROWTH = 7
_WIDEST_DEG = 90.0
_FULL_TURN_DEG = 180.0
_KM_PER_DEG = 111.2

_SEAM_DEG = 2e-6
"""How much a cell is grown before it is compared, about 0.2 m.

H3 decides a place by great circles, shapely by lines straight in degrees; along an edge of resolution 10 the two
differ by well under a millimetre, at 8 by a centimetre.
"""


@dataclass(frozen=True, slots=True)
class Cover:
    """The leaves of one zone set: for each leaf the zones it lies in for sure, and those it only touches.

    Zones are named by their position in the set, ascending; leaves by cell number.
    """

    leaf: int
    sure: dict[int, tuple[int, ...]]
    border: dict[int, tuple[int, ...]]


def leaf_for(zones: ZoneSet, leaf: int = DEFAULT_LEAF) -> int:
    """Return `leaf`, or the finest coarser resolution that keeps the cover below 400,000 leaves."""
    leaves = _leaves_about(zones, leaf)
    while leaf > 0 and leaves > _MAX_LEAVES:
        leaf -= 1
        leaves /= _GROWTH
    return leaf


def cover(zones: ZoneSet, leaf: int) -> Cover:
    """Return the sure and border leaves of all zones; `leaf` is an H3 resolution, kept as it is given."""
    sure: dict[int, list[int]] = {}
    border: dict[int, list[int]] = {}
    for position, zone in enumerate(zones.zones):
        inside, touching = leaves_of(zone.boundary, leaf)
        for number in inside:
            sure.setdefault(number, []).append(position)
        for number in touching:
            border.setdefault(number, []).append(position)
    return Cover(
        leaf,
        {number: tuple(positions) for number, positions in sure.items()},
        {number: tuple(positions) for number, positions in border.items()},
    )


def _leaves_about(zones: ZoneSet, resolution: int) -> float:
    """Return about how many cells of a resolution the zones have, without counting them."""
    area_km2 = sum(_rough_area_km2(zone.boundary) for zone in zones.zones)
    return area_km2 / _KM2_PER_LEAF_10 * float(_GROWTH) ** (resolution - DEFAULT_LEAF)


def leaves_of(boundary: MultiPolygon, leaf: int) -> tuple[list[int], list[int]]:
    """Return the leaves that lie wholly inside a boundary (WGS84), and those that only touch it, as cell numbers."""
    if boundary.is_empty:
        return [], []
    grown = shapely.buffer(boundary, 2 * _SEAM_DEG, quad_segs=2)
    found = {number for piece in _narrow_pieces(grown) for number in cells.numbers_touching(piece, leaf)}
    numbers = sorted(found | cells.numbers_along(grown, leaf))
    outlines = cells.shapes(numbers)
    west, _, east, _ = shapely.bounds(outlines).T
    wraps = east - west > _FULL_TURN_DEG
    outlines = shapely.buffer(outlines, _SEAM_DEG, quad_segs=1, join_style="mitre")
    shapely.prepare(boundary)
    inside = shapely.contains_properly(boundary, outlines) & ~wraps
    touching = (shapely.intersects(boundary, outlines) | wraps) & ~inside
    return _picked(numbers, inside), _picked(numbers, touching)


def too_wide(zones: ZoneSet, resolution: int = COVERAGE_RESOLUTION, most: int = MOST_GROUND) -> bool:
    """Tell whether the zones have more than about `most` cells of a resolution, without counting them."""
    return _leaves_about(zones, resolution) > most


def cells_of(zones: ZoneSet, resolution: int = COVERAGE_RESOLUTION) -> tuple[str, ...]:
    """Return every cell of `resolution` that shares ground with some zone, sorted; raises `GroundTooWide`."""
    if too_wide(zones, resolution, MOST_CELLS):
        raise GroundTooWide
    numbers: set[int] = set()
    for zone in zones.zones:
        inside, touching = leaves_of(zone.boundary, resolution)
        numbers.update(inside, touching)
    return tuple(sorted(cells.from_int(number) for number in numbers))


def _picked(numbers: list[int], chosen: NDArray[np.bool_]) -> list[int]:
    return [numbers[position] for position in np.flatnonzero(chosen)]


def _narrow_pieces(area: Polygon | MultiPolygon) -> Iterator[Polygon]:
    """Cut an area into polygons that H3 cannot mistake for ones across the antimeridian."""
    west, south, east, north = area.bounds
    if east - west <= _WIDEST_DEG and west >= -_FULL_TURN_DEG and east <= _FULL_TURN_DEG:
        yield from _polygons(area)
        return
    start = -_FULL_TURN_DEG
    while start < _FULL_TURN_DEG:
        yield from _polygons(shapely.intersection(area, shapely.box(start, south, start + _WIDEST_DEG, north)))
        start += _WIDEST_DEG


def _polygons(area: BaseGeometry) -> Iterator[Polygon]:
    for part in shapely.get_parts(area):
        if isinstance(part, shapely.Polygon) and not part.is_empty:
            yield part
        elif isinstance(part, shapely.MultiPolygon | shapely.GeometryCollection):
            yield from _polygons(part)


def _rough_area_km2(boundary: MultiPolygon) -> float:
    if boundary.is_empty:
        return 0.0
    _, south, _, north = boundary.bounds
    nearest_equator = 0.0 if south < 0 < north else min(abs(south), abs(north))
    return float(boundary.area) * _KM_PER_DEG**2 * math.cos(math.radians(nearest_equator))
