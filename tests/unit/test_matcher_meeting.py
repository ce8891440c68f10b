"""Meeting points: outside the stand-off, in the ring, spread around, always the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPoint, Point

from geo.distance import metres_between, moved
from geo.exits import Footways, ways_out
from geo.gatherings import public_spots
from geo.hull import Hull
from geo.points import LonLat
from geo.travel import Roads
from matcher.meeting import MeetingPoint, PublicPlace, _Ground, _Spot, meeting_points, outward
from matcher.policy import PairPolicy
from tests.regions import HERE, a_grid
from tests.unit.matcher_people import SCENE_PLACE, a_scene

centres = st.builds(LonLat, st.floats(-180, 180), st.floats(-66, 66))
offsets = st.tuples(st.floats(-900, 900), st.floats(-900, 900))
named = st.lists(st.tuples(st.text(max_size=3), offsets), max_size=12)


def hull_metres(scene, place):
    """Distance to the hull of the pins by shapely, on a plane around the place of the scene."""

    def flat(it):
        shrink = math.cos(math.radians(scene.place.lat))
        dlon = (it.lon - scene.place.lon + 180) % 360 - 180
        return (math.radians(dlon) * 6_371_008.8 * shrink, math.radians(it.lat - scene.place.lat) * 6_371_008.8)

    return MultiPoint([flat(it) for it in scene.spots]).convex_hull.distance(Point(flat(place)))


@settings(max_examples=150, deadline=None)
@given(centres, st.lists(offsets, max_size=6), named, named, st.sampled_from([50.0, 200.0, 400.0]))
def test_meeting_points_lie_in_the_ring_and_outside_every_stand_off(centre, pins, vetted, public, stand_off_m):
    policy = PairPolicy(stand_off_m=stand_off_m, meeting_ring_m=(max(150.0, stand_off_m), 800.0))
    scene = a_scene(place=centre, pins=tuple(moved(centre, *pin) for pin in pins))
    vetted_places = [PublicPlace(name, moved(centre, *offset)) for name, offset in vetted]
    public_places = [PublicPlace(name, moved(centre, *offset)) for name, offset in public]
    chosen = meeting_points(scene, policy, vetted=vetted_places, public_places=public_places)
    assert 1 <= len(chosen) <= policy.max_meeting_points
    for point in chosen:
        assert min(metres_between(point.place, pin) for pin in scene.spots) >= stand_off_m
        assert policy.meeting_ring_m[0] * 0.995 <= hull_metres(scene, point.place) <= 800 * 1.005
        assert point.source != "cell" or all(it.source == "cell" for it in chosen)
    again = meeting_points(
        a_scene(place=centre, pins=scene.pins[::-1]),
        policy,
        vetted=vetted_places[::-1],
        public_places=public_places[::-1],
    )
    assert [(it.place, it.name) for it in again] == [(it.place, it.name) for it in chosen]


def test_cells_around_one_pin_are_spread_around_it():
    chosen = meeting_points(a_scene(), PairPolicy())
    assert len(chosen) >= 4
    turns = sorted(
        math.degrees(math.atan2(it.place.lon - SCENE_PLACE.lon, it.place.lat - SCENE_PLACE.lat)) % 360 for it in chosen
    )
    assert max(b - a for a, b in zip(turns, [*turns[1:], turns[0] + 360], strict=True)) < 180


def test_a_wide_scene_still_has_meeting_points():
    pins = (moved(SCENE_PLACE, 3_000, 0), moved(SCENE_PLACE, 0, 4_000), moved(SCENE_PLACE, -2_000, -2_000))
    assert len(meeting_points(a_scene(pins=pins), PairPolicy())) >= 3


def test_vetted_places_come_first_and_cells_only_when_nothing_has_a_name():
    park = PublicPlace("Elm Park", moved(SCENE_PLACE, 300, 0))
    corner = PublicPlace("Corner of Ash and 3rd", moved(SCENE_PLACE, -200, 0))
    beside = PublicPlace("Bus stop beside", moved(SCENE_PLACE, -220, 10))
    too_near = PublicPlace("Front door", moved(SCENE_PLACE, 40, 0))
    chosen = meeting_points(a_scene(), PairPolicy(), vetted=[park], public_places=[corner, beside, too_near])
    assert [(it.name, it.source) for it in chosen] == [
        ("Elm Park", "vetted"),
        ("Corner of Ash and 3rd", "public place"),
    ]
    only_cells = meeting_points(a_scene(), PairPolicy(), vetted=[too_near])
    assert {it.source for it in only_cells} == {"cell"}


def test_a_place_inside_the_hull_is_no_meeting_point_however_far_from_a_pin():
    corners = [(-1_000, -1_000), (1_000, -1_000), (1_000, 1_000), (-1_000, 1_000)]
    scene = a_scene(place=moved(SCENE_PLACE, 1_000, 0), pins=tuple(moved(SCENE_PLACE, *it) for it in corners))
    square = PublicPlace("Main square", SCENE_PLACE)
    assert "Main square" not in {it.name for it in meeting_points(scene, PairPolicy(), public_places=[square])}


def test_names_do_not_give_the_scene_away():
    for point in meeting_points(a_scene(only_patrol=True), PairPolicy()):
        assert point.name in {
            "Meeting point A",
            "Meeting point B",
            "Meeting point C",
            "Meeting point D",
            "Meeting point E",
        }
        assert point.reason.startswith("For watching only")


@pytest.mark.parametrize("pins", [(), (SCENE_PLACE,), (SCENE_PLACE, SCENE_PLACE)])
def test_pins_that_coincide_are_one_spot(pins):
    assert meeting_points(a_scene(pins=pins), PairPolicy()) == meeting_points(a_scene(), PairPolicy())


def test_the_stand_off_is_a_second_wall_behind_the_ring():
    pins = (SCENE_PLACE, moved(SCENE_PLACE, 500, 0))
    mistaken = _Spot("Says it is far", moved(SCENE_PLACE, 540, 0), hull_m=300.0, bearing_deg=0.0)
    right = _Spot("Is far", moved(SCENE_PLACE, 560, 0), hull_m=300.0, bearing_deg=0.0)
    assert _Ground(pins, PairPolicy()).safe([mistaken, right]) == [right]


# on a map


@st.composite
def town_scenes(draw):
    """A grid with some streets missing, and a scene of one to five pins somewhere in it."""
    grid = a_grid(9, 120.0)
    missing = draw(st.sets(st.integers(0, len(grid) - 1), max_size=60))
    sections = [section for number, section in enumerate(grid) if number not in missing]
    pins = draw(st.lists(st.tuples(st.floats(-350, 350), st.floats(-350, 350)), min_size=1, max_size=5))
    return sections, [moved(HERE, *pin) for pin in pins]


@settings(max_examples=80, deadline=None)
@given(town_scenes(), st.booleans(), st.sampled_from([50.0, 120.0]))
def test_on_a_map_every_meeting_point_is_safe_public_and_has_two_ways_out(town, named_places, stand_off_m):
    sections, pins = town
    roads, policy = Roads(sections), PairPolicy(stand_off_m=stand_off_m)
    streets, hull = Footways(roads), Hull(pins)
    spots, _ = public_spots(sections, [], [])
    public = [PublicPlace(it.name, it.place) for it in spots if it.kind == "corner"] if named_places else []
    scene = a_scene(place=pins[0], pins=tuple(pins))
    chosen = meeting_points(scene, policy, public_places=public, streets=streets)
    pavement = {tuple(place) for section in roads.sections for place in section.line.tolist()}
    for point in chosen:
        assert min(metres_between(point.place, pin) for pin in pins) >= stand_off_m
        assert 150 * 0.995 <= hull_metres(scene, point.place) <= 600 * 1.005
        assert point.place.lonlat in pavement
        # A hair less: streets lie at just this distance from a pin, and a plane laid elsewhere rounds otherwise.
        assert ways_out(roads.network("foot"), point.place, hull, stand_off_m - 0.01) >= 2
        assert "ways out" in point.reason
        # Whoever stands at another of them gets here without passing the scene, or is told that there is no way.
        from_others = roads.clear_of(hull, stand_off_m).seconds(
            [it.place for it in chosen], ["foot"] * len(chosen), [point.place]
        )
        assert from_others.min() < math.inf
    assert chosen == meeting_points(scene, policy, public_places=public[::-1], streets=streets)


def test_a_corner_with_one_way_out_is_passed_over():
    # Of the streets at junction 38, which lies 240 m west of the middle, only the one from further west is left.
    one_way_out = [it for it in a_grid(9, 120.0) if 38 not in {it.start, it.end} or it.start == 37]
    corner = PublicPlace("Dead end", moved(HERE, -240, 0))
    crossing = PublicPlace("Crossing", moved(HERE, 240, 0))
    scene = a_scene(place=HERE)
    chosen = meeting_points(scene, PairPolicy(), public_places=[corner, crossing], streets=Footways(Roads(one_way_out)))
    assert [it.name for it in chosen] == ["Crossing"]


def test_a_place_off_every_street_is_kept_and_says_nothing_of_ways_out():
    square = PublicPlace("Square", moved(HERE, 4_000, 300))
    scene = a_scene(place=moved(HERE, 4_000, 0))
    (point,) = meeting_points(scene, PairPolicy(), public_places=[square], streets=Footways(Roads(a_grid(5))))
    assert "ways out" not in point.reason


# stepping back


def a_point(name, east_m):
    return MeetingPoint(moved(HERE, east_m, 0), name, "", "public place")


def test_people_step_back_to_the_nearest_place_farther_out():
    points = [a_point("Closer", 150), a_point("As far", 200), a_point("Farther", 260), a_point("Far", 500)]
    anywhere = {point.place for point in points}.__contains__
    found = outward(points, moved(HERE, 200, 0), HERE, anywhere)
    assert found is not None
    assert found.name == "Farther"
    assert outward(points[:2], moved(HERE, 200, 0), HERE, anywhere) is None
    behind = outward(points, moved(HERE, 200, 0), HERE, {moved(HERE, 500, 0)}.__contains__)
    assert behind is not None
    assert behind.name == "Far"
    assert outward(points, moved(HERE, 200, 0), HERE, lambda _: False) is None
