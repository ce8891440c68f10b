"""Who may go where by the tags of a street, how streets are cut at junctions, and which corners they make."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.streets import Access, Way, access_of, class_of, corners, cut, line_metres, sections_of_lines
from tests.regions import OPEN, a_grid

B, F, R, N = Way.BOTH, Way.FORWARD, Way.BACKWARD, Way.CLOSED


@pytest.mark.parametrize(
    ("kind", "tags", "foot", "bicycle", "car", "public"),
    [
        ("residential", {}, B, B, B, True),
        ("residential", {"oneway": "yes"}, B, F, F, True),
        ("residential", {"oneway": "-1"}, B, R, R, True),
        ("residential", {"oneway": "no"}, B, B, B, True),
        ("residential", {"oneway": "reversible"}, B, N, N, True),
        ("residential", {"oneway": "yes", "oneway:bicycle": "no"}, B, B, F, True),
        ("residential", {"oneway": "yes", "cycleway": "opposite_lane"}, B, B, F, True),
        ("residential", {"oneway": "yes", "cycleway:left:oneway": "-1"}, B, B, F, True),
        ("residential", {"oneway": "yes", "oneway:bicycle": "-1"}, B, R, F, True),
        ("tertiary", {"junction": "roundabout"}, B, F, F, True),
        ("tertiary", {"junction": "roundabout", "oneway": "no"}, B, B, B, True),
        ("motorway", {}, N, N, F, False),
        ("motorway", {"oneway": "no"}, N, N, B, False),
        ("trunk", {"motorroad": "yes"}, N, N, B, False),
        ("residential", {"access": "private"}, N, N, N, False),
        ("residential", {"access": "no", "foot": "yes"}, B, N, N, False),
        ("residential", {"access": "private", "motor_vehicle": "yes"}, N, N, B, False),
        ("residential", {"access": "destination"}, B, B, B, True),
        ("residential", {"motor_vehicle": "no"}, B, B, N, True),
        ("residential", {"vehicle": "no"}, B, N, N, True),
        ("residential", {"foot": "no"}, N, B, B, False),
        ("service", {}, B, B, B, False),
        ("service", {"service": "driveway"}, B, B, B, False),
        ("footway", {}, B, N, N, True),
        ("footway", {"bicycle": "designated"}, B, B, N, True),
        ("footway", {"tunnel": "yes"}, B, N, N, False),
        ("footway", {"indoor": "yes"}, B, N, N, False),
        ("path", {}, B, B, N, True),
        ("path", {"bicycle": "dismount"}, B, N, N, True),
        ("steps", {"bicycle": "yes"}, B, N, N, True),
        ("cycleway", {"oneway": "yes"}, B, F, N, True),
        ("cycleway", {"foot": "no"}, N, B, N, False),
        ("pedestrian", {"bicycle": "yes", "motor_vehicle": "yes"}, B, B, N, True),
        ("track", {}, B, B, N, False),
    ],
)
def test_who_may_go_where(kind, tags, foot, bicycle, car, public):
    assert access_of(kind, tags) == Access(foot, bicycle, car, public=public)


def test_links_belong_to_their_class():
    assert [class_of(it) for it in ("motorway_link", "primary", "tertiary_link")] == ["motorway", "primary", "tertiary"]


def test_streets_are_cut_where_they_meet_and_nowhere_else():
    places = {number: (number * 0.001, 0.0) for number in range(1, 6)} | {9: (0.003, 0.001)}
    sections = cut([("Long", "residential", OPEN, [1, 2, 3, 4, 5]), ("Side", "residential", OPEN, [9, 3])], places)
    assert [(it.name, it.start, it.end, len(it.line)) for it in sections] == [
        ("Long", 1, 3, 3),
        ("Long", 3, 5, 3),
        ("Side", 9, 3, 2),
    ]


def test_a_street_that_meets_itself_is_cut_there():
    places = {number: (number * 0.001, (number % 3) * 0.001) for number in range(1, 6)}
    sections = cut([("Loop", "residential", OPEN, [1, 2, 3, 4, 2, 5])], places)
    assert [(it.start, it.end) for it in sections] == [(1, 2), (2, 2), (2, 5)]
    closed = cut([("Ring", "residential", OPEN, [1, 2, 3, 1])], places)
    assert [(it.start, it.end, len(it.line)) for it in closed] == [(1, 1, 4)]


def test_corners_have_two_names_and_are_told_apart_when_the_words_mean_two_places():
    found = corners(a_grid(3))
    assert len(found) == 9
    assert found[0].words == "Corner of Column 0 and Row 0"
    assert all(corner.alone for corner in found)
    # The same two streets meet twice, 400 m apart: the words alone would send two people to two places.
    renamed = [
        type(it)("Bend" if it.name in {"Row 0", "Row 2"} else it.name, it.kind, it.access, it.start, it.end, it.line)
        for it in a_grid(3)
    ]
    twice = [corner for corner in corners(renamed) if corner.first == "Bend"]
    assert len(twice) == 6
    assert not any(corner.alone for corner in twice)


@pytest.mark.parametrize("tags", [{"access": "private"}, {"highway": "motorway"}])
def test_no_corner_on_private_or_fast_roads(tags):
    access = access_of(tags.get("highway", "residential"), tags)
    assert corners(a_grid(3, access=access)) == []


def test_drawn_lines_that_share_places_share_junctions():
    lines = [
        ("Along", "residential", shapely.LineString([(0, 0), (0.001, 0), (0.002, 0)])),
        ("Across", "residential", shapely.MultiLineString([[(0.001, 0), (0.001, 0.001)]])),
        ("Rail", "railway", shapely.LineString([(0, 0), (0, 1)])),
    ]
    sections = sections_of_lines(lines, {"residential": OPEN})
    assert [(it.name, it.start, it.end) for it in sections] == [("Along", 0, 1), ("Along", 1, 2), ("Across", 1, 3)]
    assert line_metres(np.array([(0.0, 0.0), (0.001, 0.0)]))[0] == pytest.approx(111.19, abs=0.1)
