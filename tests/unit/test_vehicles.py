"""The same vehicle: what agrees, what contradicts, and what one car can reach."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.vehicles import Vehicle, agreement, best_agreement, reachable, same_looks

EXPLORER = Vehicle.of(type="SUV", make=" Ford ", model="Explorer", color="white")
WORD = st.sampled_from([None, "a", "b"])
VEHICLES = st.builds(Vehicle, WORD, WORD, WORD, WORD)


def test_words_are_read_without_case_spaces_or_unknown():
    assert Vehicle.of(type="suv", make="FORD", model=" explorer", color="White") == EXPLORER
    assert Vehicle.of(type="unknown", make="", model="other") == Vehicle()


def test_agreement_needs_three_equal_words_and_one_difference_contradicts():
    assert agreement(EXPLORER, Vehicle.of(type="suv", make="ford", model="explorer", color="black")) == 1
    assert agreement(EXPLORER, Vehicle.of(type="suv", make="ford")) == 0
    assert agreement(EXPLORER, Vehicle.of(make="dodge")) == -1
    assert agreement(Vehicle(), Vehicle()) == 0


@given(VEHICLES, VEHICLES)
def test_agreement_is_symmetric(one, other):
    assert agreement(one, other) == agreement(other, one)


@given(st.lists(VEHICLES, max_size=3), st.lists(VEHICLES, max_size=3))
def test_one_agreeing_pair_is_enough_and_contradiction_needs_all(some, others):
    answers = [agreement(one, other) for one, other in itertools.product(some, others)]
    expected = 1 if 1 in answers else -1 if answers and set(answers) == {-1} else 0
    assert best_agreement(some, others) == best_agreement(others, some) == expected


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
