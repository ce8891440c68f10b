"""The same vehicle: what agrees, what contradicts, and what one car can reach."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.vehicles import Likeness, Vehicle, best_likeness, likeness, reachable, same_looks

EXPLORER = Vehicle.of(type="SUV", make=" Ford ", model="Explorer", color="white")
WORD = st.sampled_from([None, "a", "b"])
VEHICLES = st.builds(Vehicle, WORD, WORD, WORD, WORD)


def test_words_are_read_without_case_spaces_or_unknown():
    assert Vehicle.of(type="suv", make="FORD", model=" explorer", color="White") == EXPLORER
    assert Vehicle.of(type="unknown", make="", model="other") == Vehicle()


def test_looks_are_alike_with_three_equal_words_and_one_difference_contradicts():
    assert likeness(EXPLORER, EXPLORER) is Likeness.ALIKE
    assert likeness(EXPLORER, Vehicle.of(type="suv", make="ford", model="explorer")) is Likeness.ALIKE
    assert likeness(EXPLORER, Vehicle.of(type="suv", make="ford", model="explorer", color="black")) is (
        Likeness.OTHER_COLOR
    )
    assert likeness(EXPLORER, Vehicle.of(type="suv", make="ford")) is Likeness.PARTLY
    assert likeness(EXPLORER, Vehicle.of(color="white")) is Likeness.PARTLY
    assert likeness(EXPLORER, Vehicle.of(color="black")) is Likeness.UNKNOWN
    assert likeness(EXPLORER, Vehicle.of(make="dodge", color="white")) is Likeness.CONTRADICT
    assert likeness(Vehicle(), Vehicle()) is Likeness.UNKNOWN


@given(VEHICLES, VEHICLES)
def test_likeness_is_symmetric(one, other):
    assert likeness(one, other) is likeness(other, one)


@given(st.lists(VEHICLES, max_size=3), st.lists(VEHICLES, max_size=3))
def test_the_best_pair_of_two_lists_counts_and_contradiction_needs_all(some, others):
    answers = [likeness(one, other) for one, other in itertools.product(some, others)]
    expected = max(answers) if answers else Likeness.UNKNOWN
    assert best_likeness(some, others) is best_likeness(others, some) is expected


def test_looks_for_a_line_between_incidents_include_the_colour():
    assert same_looks(EXPLORER, Vehicle.of(type="suv", make="ford", color="white"))
    assert not same_looks(EXPLORER, Vehicle.of(type="suv", make="ford", color="black"))
    assert not same_looks(Vehicle(), Vehicle())


@pytest.mark.parametrize(
    ("metres", "seconds", "accuracies", "answer"),
    [(300, 0, (), True), (301, 0, (), False), (650, 10, (), True), (651, -10, (), False), (700, 10, (20, 30), True)],
)
def test_reachable_is_thirty_five_metres_a_second_and_three_hundred_metres(metres, seconds, accuracies, answer):
    assert reachable(metres, seconds, accuracies) is answer
