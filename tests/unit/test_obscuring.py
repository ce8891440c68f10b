"""Places and counts that may be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.cells import cell_at, children, parent
from geo.distance import moved
from geo.errors import TooFewToShow
from geo.obscuring import Tally, k_anonymous, obscured
from geo.points import LonLat

HOME = LonLat(-93.265, 44.978)
TOP = cell_at(HOME, 5)
CELLS = children(TOP, 8)
TALLIES = st.dictionaries(
    st.sampled_from(CELLS[::5]), st.builds(Tally, st.integers(0, 9), st.integers(1, 5)), max_size=20
)


def test_all_places_of_a_cell_show_as_one():
    shown = obscured(HOME)
    assert obscured(shown) == shown != HOME
    assert obscured(moved(shown, 30, 30)) == shown


@given(TALLIES)
def test_nothing_small_shows_and_nothing_counts_twice(tallies):
    shown = k_anonymous(tallies)
    assert all(count >= 5 for count in shown.counts.values())
    total = sum(tally.incidents for tally in tallies.values())
    assert sum(shown.counts.values()) <= total
    assert shown.withheld == (sum(shown.counts.values()) < total)
    assert k_anonymous(dict(reversed(tallies.items()))) == shown


def test_what_is_left_out_is_never_one_small_count_alone():
    lone = {
        cell_at(LonLat(10.0, 50.0), 8): Tally(3, 3),
        CELLS[0]: Tally(8, 3),
        cell_at(LonLat(0.0, 0.0), 8): Tally(6, 3),
    }
    shown = k_anonymous(lone)
    assert shown.counts == {CELLS[0]: 8}
    assert shown.withheld


def test_a_lone_small_cell_takes_its_smallest_sibling_along():
    above = parent(CELLS[0], 7)
    small, middle, large = children(above, 8)[:3]
    shown = k_anonymous({small: Tally(2, 1), middle: Tally(6, 3), large: Tally(9, 4)})
    assert shown.counts == {above: 8, large: 9}
    assert not shown.withheld


def test_enough_incidents_from_two_people_do_not_show():
    shown = k_anonymous({CELLS[0]: Tally(50, 2)})
    assert shown.counts == {}
    assert shown.withheld
    joined = Tally(3, 2).joined(Tally(4, 2))
    assert joined == Tally(7, 2)


@pytest.mark.parametrize("minimum", [{"fewest_incidents": 4}, {"fewest_reporters": 2}])
def test_the_minimum_cannot_be_lowered(minimum):
    with pytest.raises(TooFewToShow):
        k_anonymous({}, **minimum)
