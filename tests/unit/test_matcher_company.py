"""Strangers who come too late are not looked at, unless somebody they know is there."""

from __future__ import annotations

import random

import pytest

from geo.distance import moved
from matcher.company import Company
from matcher.nearby import Nearby
from matcher.pairs import crow_flies, rank_nearby, rank_pairs, rank_streamed
from matcher.policy import PairPolicy
from matcher.soonest import soonest_first
from tests.unit.matcher_people import NOW, SCENE_PLACE, a_person, a_point, a_scene


def ids(people):
    return [it.responder_id for it in people]


def test_strangers_wait_until_somebody_they_know_comes():
    company = Company()
    company.meet([a_person(1, worked_with=frozenset({5}))])
    assert ids(company.called([a_person(2), a_person(3, worked_with=frozenset({7}))])) == []
    assert ids(company.called([a_person(4, worked_with=frozenset({1}))])) == [4]
    assert ids(company.called([a_person(5)])) == [5]
    assert ids(company.called([a_person(6, worked_with=frozenset({2}))])) == [2, 6]
    assert ids(company.called([a_person(7)])) == [3, 7]
    assert ids(company.called([a_person(8, worked_with=frozenset({2, 3}))])) == [8]


def a_street(*far):
    """Two strangers at the meeting point, and others who come half a minute later."""
    near = [a_person(1, lineage=1), a_person(2, lineage=2)]
    late = [
        a_person(it, lineage=it, mode="foot", place=moved(SCENE_PLACE, 30.0, 0.0), worked_with=knows)
        for it, knows in far
    ]
    return [*near, *late]


@pytest.mark.parametrize(
    ("far", "best"),
    [
        ([(3, frozenset()), (4, frozenset())], (1, 2)),
        ([(3, frozenset()), (4, frozenset({1}))], (1, 4)),
        ([(3, frozenset()), (4, frozenset({3}))], (3, 4)),
        ([(3, frozenset({4})), (4, frozenset())], (3, 4)),
    ],
)
def test_late_comers_win_only_beside_somebody_they_know(far, best):
    people, scene, policy, points = a_street(*far), a_scene(), PairPolicy(), [a_point(0.0, 0.0)]
    travel = crow_flies(policy)
    # One at a time, so that everybody far comes when the best two strangers are known.
    batches = [(90 if person.responder_id <= 2 else 118, [person]) for person in people]
    (pair,) = rank_streamed(batches, scene, policy, travel, points, n=1)
    assert tuple(sorted((pair.observer_id, pair.buddy_id))) == best
    assert (pair,) == rank_pairs(people, scene, policy, travel, points, n=1).pairs


def test_a_late_stranger_who_draws_level_still_wins_by_a_smaller_id():
    # 29 seconds of cost on one side, 29 seconds of way on the other.
    near = [a_person(8, lineage=8), a_person(9, lineage=9, coverage_lost_min=29 / 60)]
    late = a_person(1, lineage=1, mode="foot", place=moved(SCENE_PLACE, 30.0, 0.0))
    scene, policy, points = a_scene(), PairPolicy(), [a_point(0.0, 0.0)]
    (pair,) = rank_streamed([(90, near), (119, [late])], scene, policy, crow_flies(policy), points, n=1)
    assert (pair.cost_s, *sorted((pair.observer_id, pair.buddy_id))) == (179, 1, 8)


def test_times_are_not_asked_for_late_strangers():
    policy, scene, points, dice = PairPolicy(), a_scene(), [a_point(0.0, 0.0)], random.Random(4)
    crowd = [
        a_person(number, place=moved(SCENE_PLACE, dice.uniform(-3e3, 3e3), dice.uniform(-3e3, 3e3)), lineage=number)
        for number in range(6_000)
    ]
    looked_at = 0

    class Counting(type(crow_flies(policy))):
        def seconds(self, origins, modes, destinations):
            nonlocal looked_at
            looked_at += len(origins)
            return super().seconds(origins, modes, destinations)

    nearby = Nearby(crowd, NOW, policy.position_age)
    best = rank_nearby(nearby, scene, policy, Counting(policy.speeds_m_s), points)
    within = 0
    for bound_s, batch in nearby.in_order([it.place for it in points], crow_flies(policy), 1):
        within += len(batch) if bound_s <= best[-1].cost_s else 0
    assert 0 < 2 * looked_at < within


def test_blocks_are_opened_in_their_turn_and_only_as_far_as_needed():
    drawn = []

    def opened(block):
        for bound, person in block:
            drawn.append(person)
            yield bound, [person]

    blocks = [[(5, "e"), (9, "i")], [(1, "a"), (2, "b"), (7, "g")], [], [(30, "z")]]
    batches = soonest_first([3, 0, 0, 20], blocks, opened, 2)
    assert next(batches) == (1, ["a", "b"])
    assert "i" not in drawn
    assert "z" not in drawn
    assert list(batches) == [(5, ["e", "g"]), (9, ["i", "z"])]


def test_a_place_never_promises_less_than_its_block():
    assert list(soonest_first([4], [[(1, "a")]], lambda block: ((b, [p]) for b, p in block), 1)) == [(4, ["a"])]
