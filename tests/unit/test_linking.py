"""Whether two sightings are about the same thing: symmetric, bounded, and each kind of evidence pulls its own way."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.distance import metres_apart, metres_between, moved, spot_of
from geo.errors import PolicyUnsound
from geo.linking import (
    DEFAULT_POLICY,
    TAKEN_FOR,
    ClusterPolicy,
    Point,
    activity_evidence,
    attachment,
    coarse_reach_m,
    linked,
    log_odds,
    place_evidence,
)
from geo.points import LonLat
from geo.vehicles import Vehicle

HOMES = (LonLat(-93.265, 44.978), LonLat(179.9995, -17.7), LonLat(10.0, 78.2), LonLat(-0.001, 0.001))
EXPLORER = Vehicle.of(type="SUV", make="Ford", model="Explorer", color="white")
GRAY_EXPLORER = dataclasses.replace(EXPLORER, color="gray")
TAHOE = Vehicle.of(type="SUV", make="Chevrolet", model="Tahoe", color="black")
ACTIVITIES = [None, "other", *TAKEN_FOR]
MANY = settings(max_examples=400, deadline=None)


@st.composite
def pairs(draw):
    """Two sightings of anything, mostly near each other, now and then coarse."""
    home = draw(st.sampled_from(HOMES))
    return tuple(_drawn(draw, number, home) for number in (1, 2))


def _drawn(draw, number, home):
    coarse = draw(st.integers(0, 5)) == 0
    return Point(
        number,
        moved(home, draw(st.floats(-250, 250)), draw(st.floats(-250, 250))),
        draw(st.floats(0, 4_500)),
        draw(st.integers(1, 2)),
        vouched=draw(st.booleans()),
        activity=draw(st.sampled_from(ACTIVITIES)),
        vehicles=draw(st.sampled_from([(), (EXPLORER,), (TAHOE,), (GRAY_EXPLORER, TAHOE), (Vehicle(),)])),
        token=draw(st.sampled_from([None, None, 7, 8])),
        coarse=coarse,
        accuracy_m=draw(st.floats(150, 2_000) if coarse else st.floats(0, 150)),
        unit=draw(st.sampled_from([None, "unknown", "immigration", "local_police"])),
        size=draw(st.sampled_from([None, 1, 4, 30])),
    )


def a_pair(metres=100.0, minutes=10.0, **more):
    """Two sightings that differ only in place, time, sender and what is said of each as a pair of values."""
    one = {name: values[0] for name, values in more.items()}
    other = {name: values[1] for name, values in more.items()}
    here = Point(1, HOMES[0], 0.0, one.pop("source_group", 1), **{"accuracy_m": 20.0, **one})
    there = moved(HOMES[0], metres, 0)
    return here, Point(2, there, minutes * 60.0, other.pop("source_group", 2), **{"accuracy_m": 20.0, **other})


def weight(**words):
    one, other = a_pair(**words)
    return log_odds(one, other, metres_apart(one.spot, other.spot), abs(one.t - other.t), DEFAULT_POLICY)


@MANY
@given(pairs())
def test_a_link_is_the_same_from_both_ends_and_never_beyond_the_reach(pair):
    one, other = pair
    assert linked(one, other) is linked(other, one)
    if linked(one, other):
        assert metres_between(one.place, other.place) <= DEFAULT_POLICY.reach_m + 1e-6
        assert abs(one.t - other.t) <= DEFAULT_POLICY.reach_s
        assert not one.coarse
        assert not other.coarse


@MANY
@given(pairs(), st.floats(0, 1), st.floats(0, 1))
def test_nearer_or_sooner_never_unlinks(pair, nearer, sooner):
    one, other = pair
    if linked(one, other):
        east = (other.place.lon - one.place.lon + 180) % 360 - 180
        lon = (one.place.lon + east * nearer + 180) % 360 - 180
        lat = one.place.lat + (other.place.lat - one.place.lat) * nearer
        closer = dataclasses.replace(other, place=LonLat(lon, lat), t=one.t + (other.t - one.t) * sooner)
        assert linked(one, closer)


@MANY
@given(pairs())
def test_an_attachment_is_never_farther_than_the_coarse_one_looks(pair):
    coarse, anchor = pair
    if attachment(coarse, anchor, DEFAULT_POLICY) is not None:
        assert metres_between(coarse.place, anchor.place) <= coarse_reach_m(coarse, DEFAULT_POLICY) + 1e-6
        assert abs(coarse.t - anchor.t) <= DEFAULT_POLICY.coarse_reach_s


@MANY
@given(pairs())
def test_short_distances_are_the_great_circle(pair):
    one, other = pair
    assert metres_apart(spot_of(one.place), spot_of(other.place)) == pytest.approx(
        metres_between(one.place, other.place), rel=1e-6, abs=1e-6
    )


@given(st.floats(0, 320), st.floats(0, 320), st.floats(0, 150), st.floats(0, 150))
def test_distance_counts_less_the_vaguer_the_pins_are(metres, more, accuracy_m, other_m):
    here = place_evidence(metres, accuracy_m, other_m, DEFAULT_POLICY)
    assert place_evidence(metres + more, accuracy_m, other_m, DEFAULT_POLICY) <= here
    assert place_evidence(metres, other_m, accuracy_m, DEFAULT_POLICY) == here
    near, far = (place_evidence(at, 100, 100, DEFAULT_POLICY) for at in (0, 250))
    sharp_near, sharp_far = (place_evidence(at, 10, 10, DEFAULT_POLICY) for at in (0, 250))
    assert sharp_near > near
    assert sharp_far < far


def test_activities_that_are_taken_for_each_other_speak_less_against_than_others():
    same, like, other = (activity_evidence("stop", said, DEFAULT_POLICY) for said in ("stop", "arrest", "workplace"))
    assert same > 0 > like > other
    assert activity_evidence("other", "stop", DEFAULT_POLICY) == activity_evidence("stop", "other", DEFAULT_POLICY) == 0
    assert weight(activity=("stop", None)) == weight(activity=("stop", "other")) == weight()
    assert all(said in TAKEN_FOR[other] for said, others in TAKEN_FOR.items() for other in others)
    assert not any(said in others for said, others in TAKEN_FOR.items())


def test_witnesses_who_disagree_about_the_activity_are_still_linked_when_they_stand_together():
    assert linked(*a_pair(30, 3, activity=("stop", "arrest")))
    assert not linked(*a_pair(250, 25, activity=("stop", "arrest")))


def test_looks_speak_for_a_link_the_more_words_agree_and_against_it_when_they_contradict():
    unknown = weight()
    said = {
        looks: weight(vehicles=((EXPLORER,), (other,)))
        for looks, other in {
            "alike": EXPLORER,
            "gray": GRAY_EXPLORER,
            "partly": Vehicle.of(type="suv"),
            "tahoe": TAHOE,
        }.items()
    }
    assert said["alike"] > said["gray"] > said["partly"] > unknown > said["tahoe"]
    assert weight(vehicles=((EXPLORER,), (TAHOE, EXPLORER))) == said["alike"]
    assert weight(vehicles=((EXPLORER,), (Vehicle.of(color="red"),))) == unknown


def test_a_plate_goes_before_looks_and_counts_only_where_one_car_can_have_been():
    same = weight(token=(7, 7), vehicles=((EXPLORER,), (TAHOE,)))
    assert same > weight(vehicles=((EXPLORER,), (EXPLORER,)))
    assert weight(token=(7, 8), vehicles=((EXPLORER,), (EXPLORER,))) < weight()
    assert weight(token=(7, None)) == weight()
    assert weight(metres=2_000, minutes=10, token=(7, 7)) > weight(metres=2_000, minutes=10)
    assert weight(metres=2_000, minutes=0.1, token=(7, 7)) == weight(metres=2_000, minutes=0.1)


def test_units_sizes_and_lineages_pull_their_own_way():
    plain = weight()
    assert weight(unit=("immigration", "local_police")) < plain
    assert weight(unit=("immigration", "unknown")) == plain
    assert weight(size=(4, 4)) > plain > weight(size=(2, 12))
    assert weight(size=(4, 5)) > weight(size=(4, 7))
    assert weight(size=(1, 30)) == weight(size=(1, 90))
    assert weight(size=(4, None)) == plain
    lineage = {"source_group": (1, 1), "vouched": (True, True)}
    assert weight(**lineage) > plain
    assert weight(source_group=(1, 1)) == plain


def test_a_patrol_is_left_behind_sooner():
    for minutes in (5, 10):
        stop, patrol = (weight(metres=0, minutes=minutes, activity=(said, said)) for said in ("stop", "patrol"))
        assert patrol < stop


def test_a_coarse_one_prefers_what_resembles_it_to_what_is_nearest():
    coarse = Point(1, HOMES[0], 0.0, 1, coarse=True, accuracy_m=400.0, activity="workplace", token=7)
    near = Point(2, moved(HOMES[0], 200, 0), 1_500.0, 2, activity="stop", accuracy_m=20.0)
    like = Point(3, moved(HOMES[0], 400, 0), 300.0, 3, activity="workplace", token=7, accuracy_m=20.0)
    weights = [attachment(coarse, anchor, DEFAULT_POLICY) for anchor in (near, like)]
    assert weights[1] is not None
    assert weights[0] is None or weights[0] < weights[1]
    assert attachment(coarse, dataclasses.replace(like, t=3_601.0), DEFAULT_POLICY) is None
    assert attachment(coarse, dataclasses.replace(like, place=moved(HOMES[0], 1_550, 0)), DEFAULT_POLICY) is None


@pytest.mark.parametrize(
    "numbers",
    [
        {"reach_m": 330.0},
        {"scale_s": 0.0},
        {"tail": -1.0},
        {"vagueness": -0.1},
        {"size_step": -0.1},
        {"at_once": math.inf},
        {"same_token": math.nan},
        {"coarse_reach_cap_m": 1_601.0},
        {"min_groups": 0},
    ],
)
def test_numbers_that_would_break_the_definition_are_refused(numbers):
    with pytest.raises(PolicyUnsound):
        ClusterPolicy(**numbers)
