"""What casts doubt on a sighting: pure rules, at their edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.distance import moved
from geo.points import LonLat
from geo.sanity import (
    DEFAULT_SANITY_POLICY,
    Pin,
    SanityPolicy,
    is_far_from_device,
    is_impossible_travel,
    words_of,
)

HERE = LonLat(-93.2650, 44.9778)


def pin(east_m: float = 0.0, t: float = 0.0, accuracy_m: float = 0.0) -> Pin:
    return Pin(moved(HERE, east_m, 0.0), t, accuracy_m)


@pytest.mark.parametrize(
    ("there", "impossible"),
    [
        (pin(290), False),
        (pin(310), True),
        (pin(310, accuracy_m=20), False),
        (pin(35 * 60 + 290, t=60), False),
        (pin(35 * 60 + 310, t=60), True),
        (pin(35 * 60 + 310, t=-60), True),
        (pin(35 * 3600, t=3600), False),
    ],
)
def test_nobody_travels_faster_than_a_fast_car(there, impossible):
    assert is_impossible_travel(pin(), [there]) is impossible
    assert is_impossible_travel(there, [pin()]) is impossible


def test_one_pin_that_cannot_be_is_enough_and_none_is_none():
    assert is_impossible_travel(pin(), [pin(100), pin(5_000)])
    assert not is_impossible_travel(pin(), [])


@given(metres=st.floats(0, 200_000), seconds=st.floats(-7_200, 7_200))
def test_more_time_never_makes_travel_less_possible(metres, seconds):
    if is_impossible_travel(pin(), [pin(metres, seconds * 2)]):
        assert is_impossible_travel(pin(), [pin(metres, seconds)])


@given(seconds=st.floats(DEFAULT_SANITY_POLICY.looks_back_s, 86_400), metres=st.floats(0, 120_000))
def test_what_lies_further_back_than_we_look_is_reachable_in_any_networks_area(seconds, metres):
    assert not is_impossible_travel(pin(), [pin(metres, seconds)])


@pytest.mark.parametrize(
    ("distance_m", "age_s", "far"),
    [(1_990, 0, False), (2_010, 0, True), (2_010, 60, False), (40_000, 60, True), (2_010, -60, True)],
)
def test_a_device_may_have_gone_on_since(distance_m, age_s, far):
    assert is_far_from_device(distance_m, age_s) is far


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Two vans, blocking the alley!", "two vans blocking the alley"),
        ("TWO  VANS\nblocking the alley", "two vans blocking the alley"),
        ("Están en la esquina, tres coches", "estan en la esquina tres coches"),
        ("\uff54\uff57\uff4f vans blocking the alley", "two vans blocking the alley"),
    ],
)
def test_the_same_words_are_the_same_however_they_are_typed(one, other):
    assert words_of(one) == words_of(other) is not None


@pytest.mark.parametrize("note", ["", "they are here", "ICE!!! ICE!!! ICE!!!", "?!?! ... " * 20])
def test_few_words_are_nobodys_own(note):
    assert words_of(note) is None


def test_how_many_letters_is_a_number_of_the_policy():
    assert words_of("they are here", SanityPolicy(shortest_text=5)) == "theyarehere"
