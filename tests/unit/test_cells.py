"""Cells, distances and the order of the axes."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from geo import cells
from geo.distance import metres_between, metres_from, moved
from geo.errors import NotACell, NotAResolution, PlaceOutOfRange, TooFarForCells
from geo.linking import DEFAULT_POLICY, INSERT_STEPS, NEIGHBOUR_STEPS, RETRACT_STEPS
from geo.points import LonLat

MINNEAPOLIS = LonLat(-93.265, 44.978)


def _away(place, metres, bearing):
    return moved(place, metres * math.cos(bearing), metres * math.sin(bearing))


def _places(rng, count):
    """Places of every latitude, along the antimeridian, and beside the pentagons."""
    yield from (LonLat(rng.uniform(-180, 180), lat) for lat in (-84, -66, -45, -23, 0, 12, 38, 51, 64, 79) * count)
    yield from (LonLat(180.0 - rng.uniform(0, 0.004), rng.uniform(-70, 70)) for _ in range(10 * count))
    for pentagon in cells.pentagons(cells.CLUSTER_RESOLUTION) * count:
        yield _away(pentagon, rng.uniform(0, 900), rng.uniform(0, math.tau))


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 8])
def test_a_disk_reaches_as_far_as_it_promises_everywhere(steps):
    rng = random.Random(steps)
    for place in _places(rng, 6):
        disk = set(cells.disk(cells.cell_at(place, cells.CLUSTER_RESOLUTION), steps))
        for _ in range(12):
            there = _away(place, cells.DISK_REACH_M[steps] * 0.999, rng.uniform(0, math.tau))
            assert cells.cell_at(there, cells.CLUSTER_RESOLUTION) in disk


@pytest.mark.parametrize(("reaches", "steps"), [(1, NEIGHBOUR_STEPS), (2, INSERT_STEPS), (3, RETRACT_STEPS)])
def test_one_step_less_misses_somebody(reaches, steps):
    reach_m = DEFAULT_POLICY.reach_m * reaches
    assert cells.steps_reaching(reach_m) == steps
    rng = random.Random(5)
    missed = 0
    for place in _places(rng, 40):
        smaller = cells.disk(cells.cell_at(place, cells.CLUSTER_RESOLUTION), steps - 1)
        missed += (
            cells.cell_at(_away(place, reach_m, rng.uniform(0, math.tau)), cells.CLUSTER_RESOLUTION) not in smaller
        )
    assert missed


def test_swapped_axes_land_on_the_other_side_of_the_world_or_are_refused():
    assert LonLat.from_latlng(MINNEAPOLIS.latlng) == MINNEAPOLIS
    with pytest.raises(PlaceOutOfRange):
        LonLat(44.978, -93.265)
    los_angeles = LonLat(-79.3, 34.05)
    swapped = LonLat(34.05, -79.3)
    assert cells.centre(cells.cell_at(los_angeles, 9)).lat == pytest.approx(34.05, abs=0.01)
    assert metres_between(los_angeles, swapped) > 5_000_000
    assert cells.centre(cells.cell_at(MINNEAPOLIS, 9)).lonlat == pytest.approx(MINNEAPOLIS.lonlat, abs=0.01)
    assert all(corner.lon < 0 < corner.lat for corner in cells.boundary(cells.cell_at(MINNEAPOLIS, 9)))


@pytest.mark.parametrize("lonlat", [(math.nan, 0), (0, math.inf), (180.1, 0), (0, -90.1)])
def test_a_place_off_the_earth_is_refused(lonlat):
    with pytest.raises(PlaceOutOfRange):
        LonLat(*lonlat)


def test_a_pentagon_has_five_neighbours_and_five_corners():
    pentagon = cells.cell_at(cells.pentagons(9)[0], 9)
    assert len(cells.disk(pentagon, 1)) == 6
    assert len(cells.ring(pentagon, 1)) == 5
    assert len({corner.lonlat for corner in cells.boundary(pentagon)}) >= 5
    assert len(cells.pentagons(9)) == 12


def test_the_antimeridian_is_no_border():
    east, west = LonLat(179.9999, 10.0), LonLat(-179.9999, 10.0)
    assert metres_between(east, west) < 25
    assert cells.cell_at(west, 9) in cells.disk(cells.cell_at(east, 9), 1)
    assert moved(east, 50, 0).lon < 0


def test_cells_go_up_down_and_into_tables():
    cell = cells.cell_at(MINNEAPOLIS, 9)
    above = cells.parent(cell, 7)
    assert cell in cells.children(above, 9)
    assert cells.resolution_of(above) == 7
    assert cells.from_int(cells.to_int(cell)) == cell
    assert 0 < cells.to_int(cell) < 2**63
    assert cells.steps_between(cell, cells.ring(cell, 3)[0]) == 3


def test_what_is_no_cell_and_no_resolution_is_refused():
    with pytest.raises(NotACell):
        cells.centre("nonsense")
    for resolution in (-1, 16):
        with pytest.raises(NotAResolution):
            cells.cell_at(MINNEAPOLIS, resolution)
    with pytest.raises(NotAResolution):
        cells.parent(cells.cell_at(MINNEAPOLIS, 5), 9)
    with pytest.raises(TooFarForCells):
        cells.steps_reaching(5_000)


def test_distances_of_many_equal_distances_one_by_one():
    rng = random.Random(1)
    there = [LonLat(rng.uniform(-180, 180), rng.uniform(-90, 90)) for _ in range(50)]
    metres = metres_from(MINNEAPOLIS, np.array([p.lon for p in there]), np.array([p.lat for p in there]))
    assert metres == pytest.approx([metres_between(MINNEAPOLIS, place) for place in there])
    assert metres_between(MINNEAPOLIS, moved(MINNEAPOLIS, 300, -400)) == pytest.approx(500, rel=0.001)
