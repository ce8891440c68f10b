"""What decisions teach: shrunk, bounded, fading, and never the same thing twice."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.reliability import DEFAULT_RELIABILITY_POLICY, Record, counted, faded, lean

P = DEFAULT_RELIABILITY_POLICY


def after(real, unreal, expected=0.5):
    record = Record()
    for outcome in [True] * real + [False] * unreal:
        record = counted(record, real=outcome, expected=expected, day=3)
    return record


def leaning(record, **more):
    return lean(record, 3, **({"at_most": 1.5, "cases": 20.0} | more))


def test_as_expected_teaches_nothing_and_few_cases_teach_little():
    assert leaning(Record()) == 0.0
    assert leaning(after(10, 10)) == pytest.approx(0.0)
    # Ten imagined of each beside three real ones: 13 to 10.
    assert leaning(after(3, 0)) == pytest.approx(math.log(1.3))
    assert leaning(after(0, 3)) == pytest.approx(-math.log(1.3))


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_bounded_and_better_for_each_one_that_was_real(real, unreal, expected):
    held = leaning(after(real, unreal, expected))
    assert -1.5 <= held <= 1.5
    assert leaning(after(real + 1, unreal, expected)) >= held - 1e-9
    assert leaning(after(real, unreal + 1, expected)) <= held + 1e-9


def test_what_the_network_explains_is_not_held_for_or_against_a_source():
    record = after(30, 10, expected=0.1)
    network = leaning(record, at_most=9.0)
    assert network > 1.0
    odds = math.log(0.75 / 0.25) - math.log(0.1 / 0.9)
    assert leaning(record, already=odds) == pytest.approx(0.0, abs=1e-9)


def test_counts_fade_by_half():
    record = after(8, 4)
    later = faded(record, 3 + int(P.half_life_days))
    assert (later.real, later.unreal, later.expected) == pytest.approx((4.0, 2.0, 3.0))
    assert faded(record, 0) == record
