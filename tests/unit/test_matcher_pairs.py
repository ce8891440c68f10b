"""The exact best pairs, beside all pairs tried."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.distance import moved
from matcher.buddy import PairRule, kind_of
from matcher.candidates import Candidate
from matcher.eligibility import Rule, screen
from matcher.errors import NoMeetingPoint, PersonTwiceInRoster, SnapshotOutOfDate
from matcher.nearby import Nearby
from matcher.order import order_to_ask
from matcher.pairs import Arrival, arrivals, crow_flies, rank_nearby, rank_pairs, scan
from matcher.policy import PairPolicy
from tests.unit.matcher_people import (
    LATER,
    NOW,
    SCENE_PLACE,
    a_person,
    a_point,
    a_scene,
    points,
    policies,
    rosters,
    scenes,
    seeded_world,
    slow_ranking,
)


def keyed(pairs):
    return [(it.cost_s, *sorted((it.observer_id, it.buddy_id)), it.meeting_point) for it in pairs]


@settings(max_examples=100, deadline=None)
@given(rosters(most=9), scenes, policies, points, st.integers(1, 8))
def test_ranked_pairs_equal_all_pairs_tried(people, scene, policy, meeting_points, n):
    compare(people, scene, policy, meeting_points, n)


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 8))
def test_ranked_pairs_equal_all_pairs_tried_on_larger_rosters(seed, n):
    compare(*seeded_world(seed), n)


@pytest.mark.full
def test_ranked_pairs_equal_all_pairs_tried_five_thousand_times():
    for seed in range(5_000):
        compare(*seeded_world(seed), 1 + seed % 8)


def compare(people, scene, policy, meeting_points, n):
    ranking = rank_pairs(people, scene, policy, crow_flies(policy), meeting_points, n=n)
    truth, why, refused = slow_ranking(people, scene, policy, meeting_points)
    assert keyed(ranking.pairs) == [(c, a, b, meeting_points[i]) for c, a, b, i in truth[:n]]
    assert ranking.why == why
    assert ranking.ruled_out == Counter(why.values())
    assert ranking.pairs_ruled_out == refused
    assert ranking.possible_pairs == len(truth)
    assert ranking.candidates + ranking.ruled_out.total() == len(people)
    nearby = Nearby(people, NOW, policy.position_age)
    assert rank_nearby(nearby, scene, policy, crow_flies(policy), meeting_points, n=n) == ranking.pairs
    by_id = {it.responder_id: it for it in people}
    for pair in ranking.pairs:
        assert sum(it.seconds for it in pair.reasons) == pair.cost_s
        assert sum(it.minutes for it in pair.reasons) == pytest.approx(pair.cost_min)
        assert pair.reasons[0].seconds == max(pair.observer_eta_s, pair.buddy_eta_s)
        assert by_id[pair.observer_id].observer_until == LATER
        assert by_id[pair.buddy_id].trained_until == LATER


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_the_order_of_the_roster_does_not_matter(seed, shuffler):
    people, scene, policy, meeting_points = seeded_world(seed)
    shuffled = list(people)
    shuffler.shuffle(shuffled)
    one = rank_pairs(people, scene, policy, crow_flies(policy), meeting_points)
    assert rank_pairs(shuffled, scene, policy, crow_flies(policy), meeting_points) == one


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 30))
def test_people_are_asked_in_the_order_of_their_cheapest_pair(seed, most):
    people, scene, policy, meeting_points = seeded_world(seed)
    screened = screen(people, scene, policy, crow_flies(policy), [it.place for it in meeting_points])
    asked = order_to_ask(arrivals(screened, scene, policy), scene, policy, most)
    truth, _, _ = slow_ranking(people, scene, policy, meeting_points)
    cheapest = {}
    for cost, one, other, _ in truth:
        cheapest.setdefault(one, (cost, one, other))
        cheapest.setdefault(other, (cost, one, other))
    assert [it.responder_id for it in asked] == sorted(cheapest, key=lambda it: (cheapest[it], it))[:most]


def crowd(size: int, seed: int) -> list[Candidate]:
    dice = random.Random(seed)
    return [
        a_person(
            number,
            place=moved(SCENE_PLACE, dice.randint(-30, 30) * 250.0, dice.randint(-30, 30) * 250.0),
            mode=dice.choice(["foot", "bicycle", "car"]),
            observer_until=LATER if dice.random() < 0.3 else None,
            cleared_total=dice.randint(0, 9),
            load_7d=dice.choice([0, 0, 1, 2]),
            languages=frozenset(dice.sample(["en", "es", "so", "om"], 2)),
            lineage=dice.randint(1, 5),
            avoids=frozenset(dice.sample(range(size), 2)),
            worked_with=frozenset(dice.sample(range(size), 5)),
        )
        for number in range(size)
    ]


def test_a_large_crowd_is_ranked_like_a_small_one():
    people, scene, policy = crowd(400, seed=7), a_scene(), PairPolicy()
    meeting_points = [a_point(250, 0), a_point(-200, 200)]
    truth, _, _ = slow_ranking(people, scene, policy, meeting_points)
    ranking = rank_pairs(people, scene, policy, crow_flies(policy), meeting_points, n=25)
    assert keyed(ranking.pairs) == [(c, a, b, meeting_points[i]) for c, a, b, i in truth[:25]]
    nearby = Nearby(people, NOW, policy.position_age)
    assert rank_nearby(nearby, scene, policy, crow_flies(policy), meeting_points, n=25) == ranking.pairs


def test_the_scan_looks_at_the_near_only():
    people, scene, policy = crowd(5_000, seed=3), a_scene(), PairPolicy()
    looked_at = 0

    class Counting(type(crow_flies(policy))):
        def seconds(self, origins, modes, destinations):
            nonlocal looked_at
            looked_at += len(origins)
            return super().seconds(origins, modes, destinations)

    nearby = Nearby(people, NOW, policy.position_age)
    assert len(rank_nearby(nearby, scene, policy, Counting(policy.speeds_m_s), [a_point()])) == 3
    assert looked_at < 500


def test_the_scan_stops_before_a_batch_that_cannot_win():
    people, scene, policy = [a_person(1), a_person(2)], a_scene(), PairPolicy()
    going = arrivals(screen(people, scene, policy, crow_flies(policy), [a_point().place]), scene, policy)

    def batches():
        yield 0, going
        yield 10**6, never_asked()

    def never_asked() -> list[Arrival]:
        class Untouched(list):
            def __iter__(self):
                raise AssertionError("a hopeless batch was opened")

        return Untouched()

    assert len(scan(batches(), scene, policy, 1)) == 1


def test_equal_pairs_are_ranked_by_their_ids():
    people = [a_person(number) for number in (9, 4, 7, 2)]
    ranking = rank_pairs(people, a_scene(), PairPolicy(), crow_flies(PairPolicy()), [a_point()], n=4)
    assert [tuple(sorted((it.observer_id, it.buddy_id))) for it in ranking.pairs] == [(2, 4), (2, 7), (2, 9), (4, 7)]


def test_a_tie_at_the_bound_still_goes_to_the_smaller_ids():
    scene, policy = a_scene(task="observe"), PairPolicy(unfamiliar_min=0.0)
    kind = kind_of(a_person(1), NOW, policy)
    near = Arrival(a_person(9), seconds=(50,), soonest_s=50, own_s=50, kind=kind)
    middle = Arrival(a_person(8), seconds=(150,), soonest_s=150, own_s=0, kind=kind)
    far = Arrival(a_person(1), seconds=(200,), soonest_s=200, own_s=0, kind=kind)
    batches = [(it.least_s, [it]) for it in (near, middle, far)]
    assert [key for key, *_ in scan(batches, scene, policy, 1)] == [(200, 1, 8)]


def test_a_pair_meets_where_the_later_of_the_two_is_soonest():
    west, east, middle = a_point(-600, 0), a_point(600, 0), a_point(0, 200)
    people = [
        a_person(1, place=moved(SCENE_PLACE, -2_000, 0)),
        a_person(2, place=moved(SCENE_PLACE, 2_000, 0)),
    ]
    policy = PairPolicy()
    (pair,) = rank_pairs(people, a_scene(), policy, crow_flies(policy), [west, east, middle]).pairs
    assert pair.meeting_point is middle


def test_one_person_is_never_a_pair():
    policy = PairPolicy()
    ranking = rank_pairs([a_person(1)], a_scene(), policy, crow_flies(policy), [a_point()])
    assert ranking.pairs == ()
    assert ranking.candidates == 1


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ({"available_until": NOW}, Rule.NOT_AVAILABLE),
        ({"available_until": NOW, "busy": True}, Rule.NOT_AVAILABLE),
        ({"position_at": NOW - timedelta(minutes=15, seconds=1)}, Rule.PLACE_UNKNOWN),
        ({"busy": True, "offered": True}, Rule.BUSY),
        ({"offered": True}, Rule.HOLDS_OFFER),
        ({"dispatches_this_shift": 2, "last_cleared_at": NOW - timedelta(hours=7, minutes=59)}, Rule.RESTING),
        ({"dispatches_this_shift": 2}, Rule.RESTING),
        ({"distressed_until": NOW + timedelta(seconds=1)}, Rule.RESTING),
        ({"trained_until": NOW, "observer_until": None}, Rule.NO_CERTIFICATE),
        ({"tasks": frozenset({"observe"})}, Rule.TASK_SKILL),
        ({"languages": frozenset({"so"})}, Rule.LANGUAGE),
        ({"opted_out_tasks": frozenset({"look"})}, Rule.OPTED_OUT),
        ({"opted_out_zones": frozenset({5})}, Rule.OPTED_OUT),
        ({"is_reporter": True}, Rule.IS_REPORTER),
        ({"place": moved(SCENE_PLACE, 9_000, 0), "mode": "foot"}, Rule.TOO_FAR),
        ({"position_at": NOW - timedelta(hours=3), "base_place": SCENE_PLACE}, None),
        ({"dispatches_this_shift": 2, "last_cleared_at": NOW - timedelta(hours=8)}, None),
        ({"dispatches_this_shift": 1, "last_cleared_at": NOW}, None),
        ({"trained_until": None}, None),
    ],
)
def test_each_rule_is_read_in_its_turn(words, rule):
    policy, scene = PairPolicy(), a_scene(zone_ids=frozenset({5}), languages=frozenset({"en"}))
    screened = screen([a_person(1, **words)], scene, policy, crow_flies(policy), [a_point().place])
    assert screened.why.get(1) is rule
    assert len(screened.candidates) == (rule is None)


def test_every_rule_has_a_sentence():
    for rule in [*Rule, *PairRule]:
        assert rule.sentence.endswith(".")


def test_no_way_at_all_is_too_far():
    policy = PairPolicy()

    class Island(type(crow_flies(policy))):
        def seconds(self, origins, modes, destinations):
            return np.full((len(origins), len(destinations)), np.inf)

    screened = screen([a_person(1)], a_scene(), policy, Island(policy.speeds_m_s), [a_point().place])
    assert screened.why == {1: Rule.TOO_FAR}


def test_nobody_stands_twice_in_a_roster_and_nobody_meets_nowhere():
    policy = PairPolicy()
    with pytest.raises(PersonTwiceInRoster):
        rank_pairs([a_person(1), a_person(1)], a_scene(), policy, crow_flies(policy), [a_point()])
    with pytest.raises(NoMeetingPoint):
        rank_pairs([a_person(1)], a_scene(), policy, crow_flies(policy), [])
    with pytest.raises(NoMeetingPoint):
        rank_nearby(Nearby([], NOW, policy.position_age), a_scene(), policy, crow_flies(policy), [])


def test_an_old_snapshot_is_refused():
    policy = PairPolicy()
    nearby = Nearby([a_person(1), a_person(2)], NOW, policy.position_age)
    for moment in (NOW - timedelta(seconds=1), NOW + timedelta(minutes=15, seconds=1)):
        with pytest.raises(SnapshotOutOfDate):
            rank_nearby(nearby, a_scene(now=moment), policy, crow_flies(policy), [a_point()])
    at_the_end = a_scene(now=NOW + policy.position_age)
    assert len(rank_nearby(nearby, at_the_end, policy, crow_flies(policy), [a_point()])) == 1
