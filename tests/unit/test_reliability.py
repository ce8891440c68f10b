"""What decisions teach: shrunk, bounded, fading, and never the same thing twice."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.reliability import (
    DEFAULT_RELIABILITY_POLICY,
    About,
    Circumstances,
    Record,
    counted,
    faded,
    lean,
    leans,
)

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


def test_counts_fade_by_half():
    record = after(8, 4)
    later = faded(record, 3 + int(P.half_life_days))
    assert (later.real, later.unreal, later.expected) == pytest.approx((4.0, 2.0, 3.0))
    assert faded(record, 0) == record


def test_what_the_network_explains_is_not_learned_once_more_of_a_place_or_a_lineage():
    here = Circumstances("cell", 0.0, "vouched 1 named", "stop", frozenset({"1", "2"}))
    records, plain = {}, 0.0
    for number in range(400):
        held = leans(here, records, 0)
        for subject, before in held.before.items():
            real = number % 4 != 0
            # One of the two lineages is there when it is not real.
            if subject.key == ("1" if number % 4 == 0 else "2"):
                continue
            expected = 1 / (1 + math.exp(-plain - before))
            records[subject] = counted(records.get(subject, Record()), real=real, expected=expected, day=0)
    held = leans(here, records, 0)
    # Three in four are real where one in two was expected: 1.1, and once only.
    assert held.usual == pytest.approx(math.log(3), abs=0.15)
    assert held.lineages["1"] > 0.5
    assert held.lineages["2"] < -1.0


def test_those_who_decided_are_left_out_by_name():
    here = Circumstances("cell", 0.0, "vouched 2 named", None, frozenset({"1", "2"}))
    kept = here.subjects(leaving_out=["2", "3"])
    assert [each.key for each in kept if each.about is About.LINEAGE] == ["1"]
    assert {each.about for each in kept} == set(About) - {About.SCORE}
