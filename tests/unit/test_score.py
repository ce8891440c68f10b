"""The score: terms that add up, strangers that weigh nothing, and the words of each reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.distance import moved
from geo.points import LonLat
from geo.score import (
    Claim,
    Doubt,
    Negative,
    OnScene,
    Report,
    Standing,
    VehicleTie,
    corroborated,
    kind_of,
    score,
    still_there,
)

HOME = LonLat(-93.265, 44.978)


def a_report(number, standing=Standing.VOUCHED, *, group=None, east_m=0.0, t=0.0, **more):
    return Report(number, group or number, standing, moved(HOME, east_m, 0), t, **more)


REPORTS = st.lists(
    st.builds(
        a_report,
        st.integers(1, 99),
        st.sampled_from(Standing),
        group=st.integers(1, 6),
        east_m=st.sampled_from([0.0, 80.0]),
        t=st.sampled_from([0.0, 60.0]),
        copied=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda report: report.id,
)
DOUBTS = st.lists(
    st.builds(Doubt, st.sampled_from(Negative), st.sampled_from([0.0, 600.0]), st.sampled_from([0.5, 1.0])), max_size=8
)


@given(REPORTS, DOUBTS, st.randoms(use_true_random=False))
def test_terms_add_up_exactly_and_order_does_not_matter(reports, doubts, rng):
    held = score(reports, doubts)
    assert held.queue == math.fsum(reason.weight for reason in held.reasons)
    assert held.standing == math.fsum(reason.weight for reason in held.standing_reasons)
    assert held.probability <= 0.95 + 1e-9
    shuffled = rng.sample(reports, len(reports)), rng.sample(doubts, len(doubts))
    assert score(*shuffled) == held


@given(REPORTS, st.integers(1, 200))
def test_any_number_of_strangers_and_callers_leaves_the_standing_alone(reports, strangers):
    held = score(reports)
    crowd = [a_report(1_000 + n, Standing.UNVOUCHED) for n in range(strangers)]
    calls = [a_report(5_000 + n, Standing.HOTLINE) for n in range(strangers)]
    flooded = score([*reports, *crowd, *calls])
    assert flooded.standing == held.standing
    assert flooded.vouched_groups == held.vouched_groups
    assert corroborated(flooded) is corroborated(held)
    assert score([*reports, *crowd]).queue <= held.queue + 1.0 + 1e-9


@given(REPORTS, DOUBTS)
def test_adding_a_clear_never_raises_the_probability(reports, doubts):
    clear = Doubt(Negative.LOOKED_CLEAR, 60.0)
    assert score(reports, [*doubts, clear]).probability <= score(reports, doubts).probability + 1e-12


@given(REPORTS.filter(bool))
def test_an_echo_adds_a_line_of_nothing(reports):
    first = reports[0]
    echo = a_report(500, Standing.UNVOUCHED, group=first.group, t=999.0)
    assert score([*reports, echo]).standing == score(reports).standing


def test_the_words_of_a_good_case():
    reports = [
        a_report(17, label="r-17", group=1),
        a_report(18, group=2, east_m=80.0, t=60.0),
        a_report(19, label="r-19", group=1, t=90.0),
    ]
    held = score(reports, [Doubt(Negative.LOOKED_CLEAR)])
    told = {reason.text: reason.weight for reason in held.reasons}
    assert told["two witnesses vouched for by different organizers, 80 m apart"] == pytest.approx(4.2)
    assert told["echo of r-17 from the same lineage"] == 0.0
    assert told["a trained pair looked and saw nothing"] == pytest.approx(-2.2)


def test_a_crowd_is_as_wide_as_its_two_farthest_witnesses():
    reports = [a_report(number, east_m=10.0 * number) for number in range(1, 41)]
    told = {reason.text for reason in score(reports).reasons}
    assert "40 witnesses vouched for by different organizers, 390 m apart" in told
    there = [a_report(number) for number in range(1, 41)]
    assert any("40 witnesses" in reason.text and "0 m apart" in reason.text for reason in score(there).reasons)


def test_corroborated_needs_two_vouched_groups_and_a_standing_that_is_not_negative():
    two = [a_report(1), a_report(2)]
    assert corroborated(score(two))
    assert not corroborated(score([a_report(1, Standing.TRAINED), a_report(2, Standing.TRAINED, group=1)]))
    assert not corroborated(score(two, [Doubt(Negative.LOCAL_POLICE)]))
    assert not corroborated(score([a_report(1), a_report(2, copied=True)]))


def test_a_clear_fades_by_half_in_thirty_minutes():
    weights = [score([], [Doubt(Negative.LOOKED_CLEAR, age)]).reasons[-1].weight for age in (0.0, 1_800.0)]
    assert weights == pytest.approx([-2.2, -1.1])


def test_quiet_observers_and_vehicles_are_bounded():
    assert score([], [Doubt(Negative.QUIET_OBSERVER)] * 9).reasons[-1].weight == -0.5
    ties = [VehicleTie(1.5, "the same plate from another group", vouched=True), VehicleTie(9.0, "x", vouched=False)]
    held = score([], vehicles=ties)
    assert held.standing == pytest.approx(-0.7)
    assert held.queue == pytest.approx(0.8)


def test_what_strangers_say_counts_only_where_nobody_vouched_for_reports_and_never_in_the_standing():
    named = a_report(50, Standing.UNVOUCHED, claim=Claim.NAMED)
    police = a_report(51, Standing.UNVOUCHED, claim=Claim.OTHER)
    unsaid = a_report(52, Standing.UNVOUCHED)
    assert score([named]).queue > score([unsaid]).queue > score([police]).queue
    assert {score([each]).standing for each in (named, unsaid, police)} == {score([]).standing}
    witness = a_report(1)
    assert score([witness, police]).queue == score([witness, unsaid]).queue == score([witness, named]).queue
    crowd = [a_report(100 + n, Standing.UNVOUCHED, claim=Claim.NAMED) for n in range(500)]
    assert score(crowd).queue <= score([]).queue + 1.0 + 1e-9


def test_what_was_learned_is_a_reason_and_stays_out_of_what_is_learned_from():
    plain, learned = score([a_report(1)]), score([a_report(1, lean=-0.7)], usual=0.4)
    assert learned.queue == pytest.approx(plain.queue - 0.3)
    assert learned.standing == pytest.approx(plain.standing - 0.7)
    assert learned.plain == pytest.approx(plain.plain) == pytest.approx(plain.queue)
    assert "earlier reports of this source were confirmed less often than usual" in {
        reason.text for reason in learned.reasons
    }


def test_what_a_pair_saw_on_scene_counts_half_from_one():
    base = score([]).standing
    assert score([], seen=[OnScene()]).standing - base == pytest.approx(4.4)
    assert score([], seen=[OnScene(0.5)]).standing - base == pytest.approx(2.2)


def test_strangers_do_not_change_the_kind_of_what_others_vouched_for():
    named = a_report(1, claim=Claim.NAMED)
    assert kind_of([named]) == "vouched 1 named"
    assert kind_of([named, *(a_report(10 + n, Standing.UNVOUCHED, claim=Claim.OTHER) for n in range(9))]) == kind_of(
        [named]
    )
    assert kind_of([a_report(10 + n, Standing.UNVOUCHED) for n in range(9)]) == "strangers 3 unsaid"


def test_a_look_long_after_the_last_report_ends_an_incident_and_does_not_unmake_it():
    def weight(late_s, age_s=0.0):
        [doubt] = [
            reason.weight
            for reason in score([], [Doubt(Negative.LOOKED_CLEAR, age_s=age_s, late_s=late_s)]).reasons
            if "looked and saw nothing" in reason.text
        ]
        return doubt

    assert weight(0.0) == pytest.approx(-2.2)
    assert weight(0.0, age_s=1_800.0) == pytest.approx(-1.1)
    # As likely gone as not: one half of what it would say is not about whether it was real.
    assert weight(2_700.0) == pytest.approx(math.log(1 - 0.5 * (1 - math.exp(-2.2))))
    assert weight(0.0) < weight(2_700.0) < weight(10_000.0) < 0.0
    assert (still_there(0.0), still_there(2_700.0), still_there(-5.0)) == (1.0, pytest.approx(0.5), 1.0)


def test_local_police_found_on_scene_counts_by_trust():
    texts = {reason.text: reason.weight for reason in score([], [Doubt(Negative.FOUND_POLICE, trust=0.5)]).reasons}
    assert texts["one of a trained pair found local police on scene"] == pytest.approx(-1.2)
