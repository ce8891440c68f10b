"""Which counts may be shown."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from desk.analytics import By, Period, _groups, _shown
from geo.obscuring import Tally
from records.values import TallyOf


def test_one_small_count_takes_a_second_one_with_it() -> None:
    tallies = {"arrest": Tally(9, 4), "stop": Tally(6, 3), "patrol": Tally(2, 5)}
    assert _shown(tallies) == ({"arrest": 9}, True)
    assert _shown({"arrest": Tally(9, 4), "stop": Tally(6, 3)}) == ({"arrest": 9, "stop": 6}, False)


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 6)), max_size=8))
def test_no_count_is_small_and_none_is_hidden_alone(pairs) -> None:
    tallies = {str(number): Tally(*pair) for number, pair in enumerate(pairs)}
    shown, withheld = _shown(tallies)
    hidden = tallies.keys() - shown.keys()
    assert all(tallies[key].incidents >= 5 and tallies[key].reporters >= 3 for key in shown)
    assert len(hidden) != 1 or not shown
    assert withheld == bool(hidden)


def test_counts_by_two_things_protect_each_other_within_the_first() -> None:
    found = [
        TallyOf("arrest", "immigration", 8, 3),
        TallyOf("arrest", "unknown", 2, 3),
        TallyOf("stop", "immigration", 9, 3),
    ]
    groups, withheld = _groups(found, [By.ACTIVITY, By.AGENCY])
    assert groups == [{"activity": "stop", "agency": "immigration", "incidents": 10}]
    assert withheld


def test_a_period_is_whole_days() -> None:
    days = Period(date(2026, 3, 1), date(2026, 3, 2))
    assert days.before - days.since == timedelta(days=2)
