"""Metres and back, in local planes and other frames."""

from __future__ import annotations

import pytest

from geo.crs import LocalPlane, place_in, read_frame
from geo.distance import metres_between, moved
from geo.errors import PlaceOutOfRange, UnknownFrame
from geo.points import LonLat


@pytest.mark.parametrize("middle", [LonLat(-93.265, 44.978), LonLat(179.999, -17.0), LonLat(25.0, 78.0)])
def test_metres_and_back(middle):
    plane = LocalPlane(middle)
    there = moved(middle, 3_000, -4_000)
    east_m, north_m = plane.to_metres(there)
    assert (east_m**2 + north_m**2) ** 0.5 == pytest.approx(metres_between(middle, there), rel=0.006)
    assert east_m > 0 > north_m
    assert metres_between(plane.to_place(east_m, north_m), there) < 0.01
    assert plane.to_metres(middle) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_a_frame_in_feet_is_honoured():
    illinois_feet = read_frame("EPSG:3435")
    chicago = place_in(illinois_feet, 1_176_000, 1_900_000)
    assert metres_between(chicago, LonLat(-87.628, 41.881)) < 5_000
    assert place_in(read_frame(illinois_feet.to_wkt()), 1_176_000, 1_900_000) == chicago


def test_unknown_frames_and_points_beyond_them_are_refused():
    for text in ("nonsense", 999_999):
        with pytest.raises(UnknownFrame):
            read_frame(text)
    with pytest.raises(PlaceOutOfRange):
        place_in(read_frame(4326), 500.0, 95.0)


def test_longitude_comes_first_whatever_the_authority_says():
    assert place_in(read_frame("EPSG:4326"), -93.0, 45.0) == LonLat(-93.0, 45.0)
