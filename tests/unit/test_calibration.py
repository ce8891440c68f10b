"""Probabilities set right by what they turned out to mean: monotone, shrunk, and not before there is enough."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.calibration import IDENTITY, STEPS, calibrated, step_of
from geo.distance import moved
from geo.points import LonLat
from geo.reliability import Record
from geo.score import Report, Standing, score

HOME = LonLat(-93.265, 44.978)


def logit(share):
    return math.log(share / (1 - share))


def said(*counts):
    """Return records of steps: (real, unreal, mean probability that was said)."""
    return {
        step_of(logit(p)): Record(real=real, unreal=unreal, expected=p * (real + unreal)) for real, unreal, p in counts
    }


def test_too_few_decided_change_nothing():
    assert calibrated(said((0, 199, 0.5)), 0) is IDENTITY
    assert calibrated(said((0, 199, 0.5)), 0).shift(1.0) == 0.0
    assert calibrated(said((0, 201, 0.5)), 0).shift(0.0) < -2.0


def test_what_turned_out_as_said_stays_and_what_did_not_is_set_right():
    assert calibrated(said((150, 150, 0.5), (270, 30, 0.9)), 0).shift(logit(0.9)) == pytest.approx(0.0)
    held = calibrated(said((30, 270, 0.5), (270, 30, 0.9)), 0)
    # Ten imagined cases that went as expected stand beside three hundred.
    assert held.shift(0.0) == pytest.approx(logit(35 / 310))
    assert held.shift(logit(0.9)) == pytest.approx(0.0)


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=len(STEPS), max_size=len(STEPS)),
    st.lists(st.floats(-8, 8), min_size=2, max_size=30),
)
def test_a_higher_score_is_never_less_probable(counts, scores):
    records = {
        step: Record(real, unreal, (real + unreal) / (1 + math.exp(-0.5 * int(step.key) - 0.25)))
        for step, (real, unreal) in zip(STEPS, counts, strict=True)
    }
    held = calibrated(records, 0)
    right = [each + held.shift(each) for each in sorted(scores)]
    assert all(after >= before - 1e-9 for before, after in pairwise(right))


def test_it_is_a_reason_of_its_own_and_neither_standing_nor_what_is_learned_sees_it():
    reports = [Report(n, n, Standing.VOUCHED, moved(HOME, 10.0 * n, 0), 0.0) for n in (1, 2)]
    plain = score(reports)
    held = calibrated(said((10, 490, 0.3), (20, 480, 0.5)), 0)
    right = score(reports, calibration=held)
    assert right.queue == math.fsum(reason.weight for reason in right.reasons)
    assert right.queue == pytest.approx(plain.queue + held.shift(plain.queue))
    assert right.queue < plain.queue - 1.0
    assert (right.standing, right.plain, right.raw) == (plain.standing, plain.plain, plain.queue)
    assert right.reasons[-1].text == "what scores like this turned out to be, over 1000 decided incidents"
    # However well scores like this did, reports alone never make anything certain.
    sure = score(reports, calibration=calibrated(said((500, 0, 0.3), (500, 0, 0.5), (500, 0, 0.7)), 0))
    assert sure.probability == pytest.approx(0.95)
