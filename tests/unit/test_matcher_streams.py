"""People who come cell by cell, nearest first, are ranked as if all had been there; and why somebody is not asked."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import cells
from geo.distance import metres_from, moved
from geo.points import LonLat
from matcher.buddy import PairRule, may_go_together
from matcher.eligibility import screen
from matcher.nearby import CellsInOrder, cells_within
from matcher.order import nearest_streamed, order_streamed, order_to_ask
from matcher.pairs import arrivals, crow_flies, rank_pairs, rank_streamed
from matcher.policy import PairPolicy
from matcher.why import why_not
from tests.unit.matcher_people import NOW, SCENE_PLACE, a_person, a_point, a_scene, seeded_world, slow_ranking

MODES = ("foot", "bicycle", "car")


def in_cells(people, policy):
    """The same people where the database has them: in the middle of a cell."""
    return [
        replace(
            person,
            place=person.place and cells.centre(cells.cell_at(person.place, 9)),
            base_place=person.base_place and cells.centre(cells.cell_at(person.base_place, 9)),
        )
        for person in people
    ]


def streamed(people, points, policy, dice, read=None, looks=(6, 7, 8, 9, 9)):
    """Batches as the desk makes them: cells in order, of any size and fineness, and the people in them."""
    by_cell = defaultdict(list)
    for person in people:
        place = person.where(NOW, policy.position_age)
        if place is not None:
            by_cell[cells.number_at(place, 9)].append(person)
    order = CellsInOrder([it.place for it in points], crow_flies(policy), MODES, policy.eta_limit.total_seconds())
    while True:
        bound_s, numbers = order.take(dice.randint(1, 40), dice.choice(looks))
        if not numbers:
            return
        spans = [cells.descendants(number, 9) for number in numbers]
        found = [each for cell, those in by_cell.items() for each in those if any(a <= cell <= b for a, b in spans)]
        if read is not None:
            read += found
        yield bound_s, found


def compare(seed, n):
    people, scene, policy, points = seeded_world(seed)
    people, travel, dice = in_cells(people, policy), crow_flies(policy), random.Random(seed)
    ranking = rank_pairs(people, scene, policy, travel, points, n=n)
    assert rank_streamed(streamed(people, points, policy, dice), scene, policy, travel, points, n=n) == ranking.pairs

    meet_at, most = points[0].place, dice.randint(1, 12)
    going = arrivals(screen(people, scene, policy, travel, [meet_at]), scene, policy)
    best = rank_pairs(people, scene, policy, travel, points[:1], n=1).pairs
    asked, eta_s = order_streamed(
        streamed(people, points, policy, dice),
        scene,
        policy,
        travel,
        meet_at=meet_at,
        most=most,
        at_least_s=dice.choice([0, best[0].cost_s]) if best else 0,
    )
    assert asked == order_to_ask(going, scene, policy, most)
    assert eta_s.items() <= {it.person.responder_id: it.seconds[0] for it in going}.items()

    for waiting in people[:2]:
        joining, _ = nearest_streamed(
            streamed(people, points, policy, dice),
            scene,
            policy,
            travel,
            meet_at=meet_at,
            most=most,
            fits=lambda it, yes=waiting: may_go_together(yes, it, NOW, policy),
        )
        fitting = [it for it in going if may_go_together(waiting, it.person, NOW, policy)]
        wanted = sorted(fitting, key=lambda it: (it.least_s, it.person.responder_id))[:most]
        assert joining == [it.person for it in wanted]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 8))
def test_what_comes_in_batches_is_ranked_like_the_whole(seed, n):
    compare(seed, n)


@pytest.mark.full
def test_what_comes_in_batches_is_ranked_like_the_whole_five_thousand_times():
    for seed in range(5_000):
        compare(seed, 1 + seed % 8)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40))
def test_why_not_says_what_trying_every_pair_says(seed):
    people, scene, policy, points = seeded_world(seed)
    people, travel, dice = in_cells(people, policy), crow_flies(policy), random.Random(seed)
    truth, why, _ = slow_ranking(people, scene, policy, points)
    going = {it.responder_id for it in people} - why.keys()
    for person in people:
        answer = why_not(person, streamed(people, points, policy, dice), scene, policy, travel, points)
        assert answer.rule == why.get(person.responder_id)
        own = [(cost, low, high) for cost, low, high, _ in truth if person.responder_id in {low, high}]
        found = answer.pair and (answer.pair.cost_s, *sorted((answer.pair.observer_id, answer.pair.buddy_id)))
        assert found == (own[0] if own else None)
        if answer.rule is None and not own:
            assert sum(map(len, answer.kept_apart.values())) == answer.looked_at == len(going) - 1


def test_an_avoid_list_is_said_before_anything_else():
    policy, scene, points = PairPolicy(), a_scene(), [a_point()]
    one, other = a_person(1, avoids=frozenset({2}), languages=frozenset({"so"})), a_person(2)
    answer = why_not(one, [(0, [one, other])], scene, policy, crow_flies(policy), points)
    assert (answer.pair, dict(answer.kept_apart)) == (None, {PairRule.ON_AVOID_LIST: (2,)})


def test_only_the_near_are_read_however_many_there_are():
    policy, scene, points, dice = PairPolicy(), a_scene(), [a_point(250, 0), a_point(-200, 200)], random.Random(3)
    crowd = in_cells(
        [
            a_person(number, place=moved(SCENE_PLACE, dice.uniform(-9e3, 9e3), dice.uniform(-9e3, 9e3)), mode="foot")
            for number in range(4_000)
        ],
        policy,
    )
    read = []
    batches = streamed(crowd, points, policy, dice, read, looks=(9,))
    found = rank_streamed(batches, scene, policy, crow_flies(policy), points, n=3)
    assert found == rank_pairs(crowd, scene, policy, crow_flies(policy), points, n=3).pairs
    assert len(read) < 400


@pytest.mark.parametrize("place", [SCENE_PLACE, LonLat(179.99, 10.0), LonLat(20.0, 69.5), *cells.pentagons(5)[:2]])
def test_cells_come_once_each_in_order_and_none_is_missed(place):
    policy = PairPolicy()
    travel, points, dice = crow_flies(policy), [place, moved(place, 400, 300)], random.Random(9)
    order, bounds, spans = CellsInOrder(points, travel, MODES, 1_800.0), [], []
    while True:
        bound_s, numbers = order.take(dice.randint(1, 30), dice.choice([7, 8, 9]))
        if not numbers:
            break
        bounds.append(bound_s)
        spans += [(*cells.descendants(number, 9), bound_s) for number in numbers]
    assert bounds == sorted(bounds)
    assert all(before[1] < after[0] for before, after in pairwise(sorted(spans)))
    near = set(cells_within(points, travel, "car", 1_800.0, 7))
    for _ in range(400):
        spot = cells.centre(cells.cell_at(moved(place, dice.uniform(-1e4, 1e4), dice.uniform(-1e4, 1e4)), 9))
        number = cells.number_at(spot, 9)
        held = [bound_s for low, high, bound_s in spans if low <= number <= high]
        soonest = min(travel.seconds([spot], ["car"], points)[0])
        if soonest <= 1_800:
            assert len(held) == 1
            assert held[0] <= soonest
            assert cells.number_at(spot, 7) in near or cells.to_int(cells.parent(cells.from_int(number), 7)) in near


def test_descendants_are_one_range_and_lie_within_their_reach():
    rng = random.Random(2)
    somewhere = [LonLat(rng.uniform(-180, 180), rng.uniform(-85, 85)) for _ in range(60)]
    for place in [*somewhere, *cells.pentagons(5)]:
        for resolution in (5, 6, 7, 8):
            number = cells.number_at(place, resolution)
            low, high = cells.descendants(number, 9)
            inner = [cells.to_int(each) for each in cells.children(cells.from_int(number), 9)]
            assert all(low <= each <= high for each in inner)
            lons, lats = cells.centres(inner)
            middle = cells.centre(cells.from_int(number))
            assert metres_from(middle, lons, lats).max() <= cells.DESCENDANT_REACH_M[resolution]
            beside = cells.to_int(cells.ring(cells.from_int(number), 1)[0])
            assert not low <= cells.to_int(cells.children(cells.from_int(beside), 9)[0]) <= high
