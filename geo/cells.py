"""H3 cells, the only module that speaks h3; cells are `str` in Python and on the wire."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

import h3
import numpy as np
import shapely
from h3.api import basic_int

from geo.errors import NotACell, NotAResolution, TooFarForCells
from geo.points import LonLat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely import MultiPolygon, Polygon

WORKING_RESOLUTIONS = (5, 6, 7, 8, 9, 10)
"""Resolutions that a sighting carries: logs 5, locks 6, public 7, coverage 8, clustering 9, desk lists 10."""

CLUSTER_RESOLUTION = 9
"""The resolution at which sightings look for their neighbours."""

DISK_REACH_M = (0.0, 140.0, 370.0, 560.0, 770.0, 980.0, 1_185.0, 1_400.0, 1_600.0)
"""Metres a disk of k steps is sure to cover round any place in its middle cell, at `CLUSTER_RESOLUTION`.

The smallest reach found on 700 places spread over the globe and round all twelve pentagons, rounded down.
"""

DESCENDANT_REACH_M = {9: 0.0, 8: 390.0, 7: 1_410.0, 6: 4_110.0, 5: 11_250.0}
"""Metres within which the centres of all res-9 cells of a cell lie from its own centre, by the cell's resolution.

The sum, level by level, of the largest distances found on 3,700 places spread over the globe and round all twelve
pentagons, rounded up.
"""

_MAX_RESOLUTION = 15
_KM_PER_DEG = 111.2


def _checked(cell: str) -> str:
    if not h3.is_valid_cell(cell):
        raise NotACell
    return cell


def cell_at(place: LonLat, resolution: int) -> str:
    """Return the cell of `resolution` (0 to 15) that contains `place` (WGS84)."""
    if not 0 <= resolution <= _MAX_RESOLUTION:
        raise NotAResolution
    cell: str = h3.latlng_to_cell(*place.latlng, resolution)
    return cell


def resolution_of(cell: str) -> int:
    """Return the resolution of a cell, 0 to 15."""
    return int(h3.get_resolution(_checked(cell)))


def centre(cell: str) -> LonLat:
    """Return the centre of a cell, WGS84."""
    return LonLat.from_latlng(h3.cell_to_latlng(_checked(cell)))


def boundary(cell: str) -> list[LonLat]:
    """Return the corners of a cell in order, WGS84, not closed; twelve cells in all the world are pentagons."""
    return [LonLat.from_latlng(corner) for corner in h3.cell_to_boundary(_checked(cell))]


def parent(cell: str, resolution: int) -> str:
    """Return the ancestor of a cell at a coarser (or equal) resolution."""
    try:
        return str(h3.cell_to_parent(_checked(cell), resolution))
    except h3.H3ResMismatchError as error:
        raise NotAResolution from error


def children(cell: str, resolution: int) -> list[str]:
    """Return the descendants of a cell at a finer (or equal) resolution; they are its index, not its exact cover."""
    return sorted(h3.cell_to_children(_checked(cell), resolution))


def disk(cell: str, steps: int) -> list[str]:
    """Return the cells at most `steps` neighbours away from `cell`, itself included, sorted."""
    return sorted(h3.grid_disk(_checked(cell), steps))


def ring(cell: str, steps: int) -> list[str]:
    """Return the cells exactly `steps` neighbours away from `cell`, sorted."""
    return sorted(h3.grid_ring(_checked(cell), steps))


def steps_between(cell: str, other: str) -> int | None:
    """Return the number of neighbour steps between two cells of one resolution, None where H3 cannot tell."""
    try:
        return int(h3.grid_distance(cell, other))
    except h3.H3BaseException:
        return None


def steps_reaching(metres: float) -> int:
    """Return how many steps a disk at `CLUSTER_RESOLUTION` needs to cover every place within `metres`.

    Raises
    ------
    TooFarForCells
        When the distance is beyond the largest disk whose reach was measured (1,600 m).
    """
    steps = bisect.bisect_left(DISK_REACH_M, metres)
    if steps == len(DISK_REACH_M):
        raise TooFarForCells
    return steps


def pentagons(resolution: int) -> list[LonLat]:
    """Return the centres of the twelve pentagons of a resolution, WGS84."""
    return [LonLat.from_latlng(h3.cell_to_latlng(cell)) for cell in sorted(h3.get_pentagons(resolution))]


def edge_m(resolution: int) -> float:
    """Return the average length of a cell's edge in metres."""
    return float(h3.average_hexagon_edge_length(resolution, unit="m"))


def to_int(cell: str) -> int:
    """Return the number that tables keep for a cell (fits a signed bigint)."""
    return int(h3.str_to_int(_checked(cell)))


def from_int(number: int) -> str:
    """Return the cell for a number that a table keeps."""
    return _checked(h3.int_to_str(number))


def number_at(place: LonLat, resolution: int) -> int:
    """Return the cell of `resolution` at `place` (WGS84) as the number tables keep; unchecked, for the hot paths."""
    number: int = basic_int.latlng_to_cell(place.lat, place.lon, resolution)
    return number


def ancestor_mask(resolution: int, ancestor: int) -> tuple[int, int]:
    """Return (keep, fill): `number & keep | fill` names the ancestor of a cell number without asking H3.

    A cell number holds its resolution in bits 52 to 55 and one digit of three bits per resolution, the finest digits
    lowest; digits finer than the cell are all ones (https://h3geo.org/docs/core-library/h3Indexing).
    """
    if not 0 <= ancestor <= resolution <= _MAX_RESOLUTION:
        raise NotAResolution
    unused_digits = (1 << 3 * (_MAX_RESOLUTION - ancestor)) - 1
    return ~(0xF << 52), ancestor << 52 | unused_digits


def descendants(number: int, resolution: int) -> tuple[int, int]:
    """Return the smallest and the largest number that a descendant at a finer (or equal) resolution can have.

    The digits of a descendant begin with its ancestor's, so one range of an index holds them all and no other cell of
    that resolution. Unchecked, for the hot paths.
    """
    coarse = number >> 52 & 0xF
    if not coarse <= resolution <= _MAX_RESOLUTION:
        raise NotAResolution
    free = sum(7 << 3 * (_MAX_RESOLUTION - finer) for finer in range(coarse + 1, resolution + 1))
    least = (number & ~(0xF << 52) | resolution << 52) & ~free
    return least, least | free


def child_numbers(number: int) -> list[int]:
    """Return the numbers of the cells one resolution finer."""
    return list(basic_int.cell_to_children(number))


def disk_numbers(number: int, steps: int) -> list[int]:
    """Return the numbers of the cells at most `steps` neighbours away, the cell itself included."""
    return list(basic_int.grid_disk(number, steps))


def centres(numbers: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres of cells as two arrays of degrees, longitudes and latitudes (WGS84)."""
    found = np.array([basic_int.cell_to_latlng(number) for number in numbers], dtype=np.float64).reshape(-1, 2)
    return found[:, 1], found[:, 0]


def resolution_of_number(number: int) -> int:
    """Return the resolution of a cell number; unchecked, for the hot paths."""
    return number >> 52 & 0xF


def ancestors_round(cell: str, steps: int, resolution: int) -> frozenset[int]:
    """Return the numbers of the ancestors at a coarser resolution of all cells at most `steps` away from `cell`."""
    keep, fill = ancestor_mask(resolution_of(cell), resolution)
    return frozenset([number & keep | fill for number in basic_int.grid_disk(to_int(cell), steps)])


def child_count(number: int, resolution: int) -> int:
    """Return how many descendants a cell number has at a finer resolution (pentagons have fewer)."""
    count: int = basic_int.cell_to_children_size(number, resolution)
    return count


def numbers_touching(area: Polygon | MultiPolygon, resolution: int) -> list[int]:
    """Return the numbers of all cells that share ground with `area` (WGS84), sorted.

    Areas wider than a third of the earth must be cut by the caller: H3 reads a polygon wider than 180 degrees as
    crossing the antimeridian. H3 draws the edges of a cell straight in degrees; whoever needs more than that
    precision grows `area` first.
    """
    shape = h3.geo_to_h3shape(area)
    return sorted(basic_int.h3shape_to_cells_experimental(shape, resolution, contain="overlap"))


def numbers_along(area: Polygon | MultiPolygon, resolution: int) -> set[int]:
    """Return the numbers of the cells that the boundary of `area` (WGS84) passes, and of their neighbours.

    H3 leaves out some cells that only a corner reaches into (seen at 0, 0 with h3 4.5); whoever must not miss one asks
    for these as well.
    """
    step_deg = h3.average_hexagon_edge_length(resolution, unit="km") / _KM_PER_DEG / 2
    corners = shapely.get_coordinates(shapely.segmentize(shapely.boundary(area), step_deg))
    passed = {basic_int.latlng_to_cell(max(-90.0, min(90.0, lat)), lon, resolution) for lon, lat in corners.tolist()}
    return {number for cell in passed for number in basic_int.grid_disk(cell, 1)}


def shapes(numbers: Sequence[int]) -> NDArray[np.object_]:
    """Return each cell's boundary as a polygon, WGS84, longitude first; across the antimeridian it comes out wide."""
    rings = [[corner[::-1] for corner in basic_int.cell_to_boundary(number)] for number in numbers]
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    corners = np.array([corner for ring in rings for corner in ring], dtype=np.float64).reshape(-1, 2)
    outlines: NDArray[np.object_] = np.empty(len(rings), dtype=np.object_)
    outlines[:] = shapely.polygons(shapely.linearrings(corners, indices=owner))
    return outlines
