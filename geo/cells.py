"""H3 cells, the only module that speaks h3; cells are `str` in Python and on the wire."""

from __future__ import annotations

import h3

from geo.errors import NotACell, NotAResolution
from geo.points import LonLat

WORKING_RESOLUTIONS = (5, 6, 7, 8, 9, 10)
"""Resolutions that a sighting carries: logs 5, locks 6, public 7, coverage 8, clustering 9, desk lists 10."""

_MAX_RESOLUTION = 15


def _checked(cell: str) -> str:
    if not h3.is_valid_cell(cell):
        raise NotACell
    return cell


def cell_at(place: LonLat, resolution: int) -> str:
    """Return the cell of `resolution` (0 to 15) that contains `place` (WGS84)."""
    if not 0 <= resolution <= _MAX_RESOLUTION:
        raise NotAResolution
    return h3.latlng_to_cell(*place.latlng, resolution)


def resolution_of(cell: str) -> int:
    """Return the resolution of a cell, 0 to 15."""
    return h3.get_resolution(_checked(cell))


def centre(cell: str) -> LonLat:
    """Return the centre of a cell, WGS84."""
    return LonLat.from_latlng(h3.cell_to_latlng(_checked(cell)))


def boundary(cell: str) -> list[LonLat]:
    """Return the corners of a cell in order, WGS84, not closed; twelve cells in all the world are pentagons."""
    return [LonLat.from_latlng(corner) for corner in h3.cell_to_boundary(_checked(cell))]


def parent(cell: str, resolution: int) -> str:
    """Return the ancestor of a cell at a coarser (or equal) resolution."""
    try:
        return h3.cell_to_parent(_checked(cell), resolution)
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
        return h3.grid_distance(cell, other)
    except h3.H3BaseException:
        return None


def edge_m(resolution: int) -> float:
    """Return the average length of a cell's edge in metres."""
    return h3.average_hexagon_edge_length(resolution, unit="m")


def to_int(cell: str) -> int:
    """Return the number that tables keep for a cell (fits a signed bigint)."""
    return h3.str_to_int(_checked(cell))


def from_int(number: int) -> str:
    """Return the cell for a number that a table keeps."""
    return _checked(h3.int_to_str(number))
