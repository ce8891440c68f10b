"""The bench of the score: measures that measure, labels that never shape what they judge, floods that buy nothing."""

from __future__ import annotations

import numpy as np
import pytest

from bench._floods import _Kind, flooded
from bench._judged import Desk, incidents, judge_in_order
from bench._witnesses import made
from bench.streams import Knobs, stream
from bench.verification import auc, average_precision, brier, by_chance, ece


@pytest.fixture(scope="module")
def told():
    return stream(Knobs(seed=77, days=1.0, floods=2, flood_pins=12))


def test_measures_of_known_answers():
    real = np.array([1.0, 1.0, 0.0, 0.0])
    assert auc(np.array([0.9, 0.4, 0.4, 0.1]), real) == pytest.approx(0.875)
    assert average_precision(np.array([0.9, 0.4, 0.6, 0.1]), real) == pytest.approx((1 + 2 / 3) / 2)
    assert brier(np.array([1.0, 0.5, 0.5, 0.0]), real) == pytest.approx(0.125)
    assert ece(np.full(1_000, 0.5), np.tile([0.0, 1.0], 500)) == pytest.approx(0.0, abs=0.02)


def test_chance_alone_leaves_some_error_of_calibration():
    probability = np.random.default_rng(1).random(700)
    assert 0.02 < by_chance(ece, probability) < 0.05
    assert by_chance(brier, probability) == pytest.approx((probability * (1 - probability)).mean(), abs=0.005)


def test_no_incident_is_scored_by_its_own_outcome_or_by_a_later_one(told):
    cases = incidents(told)
    judge_in_order(cases)
    before = [case.held.queue for case in cases]
    turned = incidents(told)
    # Whatever the last third turns out to be, nothing that was scored before it was decided may move.
    split = 2 * len(turned) // 3
    for case in turned[split:]:
        case.real = not case.real
    judge_in_order(turned)
    settled = [n for n, case in enumerate(turned) if case.until <= turned[split].until + 3_600.0]
    assert [turned[n].held.queue for n in settled] == [before[n] for n in settled]
    assert [case.held.queue for case in turned] != before


def test_a_share_of_incidents_is_decided_and_none_without_learning(told):
    cases = incidents(told)
    every = judge_in_order(cases).decided
    assert every > len(cases) // 2
    assert 0 < judge_in_order(cases, share=0.3).decided < every // 2
    judge_in_order(cases, learns=False)
    assert all(case.held.queue == Desk().scored(case).queue for case in cases)


def test_floods_corroborate_nothing_alone_verify_nothing_and_outrank_nothing():
    reports = made(3, events=120, hours=24.0)
    cases = incidents(reports)
    desk = judge_in_order(cases)
    rows = flooded(reports, cases, desk, trials=2, seed=3, most_pins=100)
    bounded = [row for row in rows if row.limit == 0.0]
    assert bounded
    assert all(row.ours == 0.0 for row in bounded)
    assert all(row.ours == 1.0 for row in rows if row.case.startswith("flooded real incident in the top"))


def test_large_floods_are_tried_less_often():
    trials = [_Kind(number, strangers=True, where="all over town").trials(200) for number in (100, 1_000, 10_000)]
    assert trials == [200, 50, 10]


def test_flood_of_one_lineage_that_judges_itself_would_verify_if_lineages_did_not_count(monkeypatch):
    reports = made(3, events=120, hours=24.0)
    cases = incidents(reports)
    desk = judge_in_order(cases)
    monkeypatch.setattr("desk.criteria.is_involved", lambda *_: False)
    monkeypatch.setattr("desk.criteria._apart", len)
    rows = flooded(reports, cases, desk, trials=1, seed=3, most_pins=20)
    assert any(row.ours for row in rows if row.case.startswith("verified with 20 accounts of one lineage"))
