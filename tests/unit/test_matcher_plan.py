"""One plan for all, beside every plan tried and beside an integer program over every lawful pair."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from geo.distance import moved
from matcher.eligibility import Rule
from matcher.errors import IncidentTwiceInPlan, PersonTwiceInRoster, PlanNumbersOutOfRange
from matcher.pairs import crow_flies, rank_pairs
from matcher.plan import PlanPolicy, Site, Why, solve
from matcher.plan import costs as plan_costs
from matcher.plan import generating as plan_generating
from matcher.policy import PairPolicy
from tests.unit.matcher_people import (
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

PRICES = PlanPolicy()


def lawful(people, sites, policy, prices=PRICES, shown=None):
    """Every lawful pair of every site by the slow rules: incident -> {(smaller id, larger id): cost}."""
    answer = {}
    for site in sites:
        there = [replace(it, is_reporter=it.is_reporter or it.responder_id in site.reporters) for it in people]
        ranked = slow_ranking(there, site.scene, policy, list(site.meeting_points))[0]
        answer[site.incident_id] = {
            (low, high): cost
            + sum(
                60 * prices.move_min
                for it in (low, high)
                if (shown or {}).get(it, site.incident_id) != site.incident_id
            )
            for cost, low, high, _ in ranked
        }
    return answer


def missing_s(site, served, prices=PRICES):
    first = 60 * prices.unserved_min * site.priority
    further = 60 * prices.further_min * site.priority
    return (site.wanted - served) * further if served else first + (site.wanted - 1) * further


def tried(sites, pairs, taken=frozenset()):
    """The least cost over all plans, one site after the other, for sites that want one pair."""
    if not sites:
        return 0
    site, rest = sites[0], sites[1:]
    best = missing_s(site, 0) + tried(rest, pairs, taken)
    for two, cost in pairs[site.incident_id].items():
        if taken.isdisjoint(two):
            best = min(best, cost + tried(rest, pairs, taken | set(two)))
    return best


def programmed(sites, pairs, prices=PRICES):
    """The least cost by an integer program over all lawful pairs."""
    rows, columns, costs, most = [], [], [], []
    line = {}
    number = count()
    for index, site in enumerate(sites):
        first, further = (60 * it * site.priority for it in (prices.unserved_min, prices.further_min))
        for cost, limit in ((first, 1), (further, site.wanted - 1)):
            rows.append(index)
            columns.append(next(number))
            costs.append(cost)
            most.append(limit)
        for two, cost in pairs[site.incident_id].items():
            column = next(number)
            for row in (index, *(line.setdefault(it, len(sites) + len(line)) for it in two)):
                rows.append(row)
                columns.append(column)
            costs.append(cost)
            most.append(1)
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(sites) + len(line), len(costs)))
    wanted = np.array([site.wanted for site in sites], dtype=float)
    least = np.concatenate([wanted, np.zeros(len(line))])
    limits = LinearConstraint(matrix, least, np.concatenate([wanted, np.ones(len(line))]))
    found = milp(costs, constraints=limits, bounds=Bounds(0, most), integrality=np.ones(len(costs)))
    return round(found.fun)


def check_lawful(plan, sites, pairs, prices=PRICES):
    """Nobody twice, only lawful pairs at their cost, everything adds up, and the bound is none too high."""
    seated = [it for each in plan.pairs for it in (each.pair.observer_id, each.pair.buddy_id)]
    assert len(seated) == len(set(seated))
    for each in plan.pairs:
        two = tuple(sorted((each.pair.observer_id, each.pair.buddy_id)))
        assert pairs[each.incident_id][two] == each.pair.cost_s == sum(it.seconds for it in each.pair.reasons)
    served = [each.incident_id for each in plan.pairs]
    missing = {it.incident_id: it.missing for it in plan.unserved}
    for site in sites:
        assert served.count(site.incident_id) + missing.get(site.incident_id, 0) == site.wanted
    total = sum(each.pair.cost_s for each in plan.pairs)
    total += sum(missing_s(site, served.count(site.incident_id), prices) for site in sites)
    assert plan.cost_s == total
    assert plan.bound_s <= plan.cost_s
    for each in plan.pairs:
        assert each.pair.cost_s <= plan.dearest_s[each.incident_id]


def a_world(seed):
    """A roster, a few sites around the same place, and what was shown before, from one number."""
    people, scene, policy, meeting_points = seeded_world(seed)
    dice = random.Random(seed + 1)
    sites = []
    for incident_id in dice.sample(range(1, 60), dice.randint(1, 6)):
        east, north = dice.randint(-900, 900), dice.randint(-900, 900)
        places = [replace(it, place=moved(it.place, east, north)) for it in meeting_points]
        sites.append(
            Site(
                incident_id=incident_id,
                scene=replace(
                    scene, task=dice.choice(["look", "observe"]), zone_ids=dice.choice([frozenset(), frozenset({1})])
                ),
                meeting_points=tuple(places if dice.random() < 0.95 else ()),
                reporters=frozenset(it.responder_id for it in people if dice.random() < 0.05),
                wanted=dice.choice([1, 1, 1, 2]),
                priority=dice.choice([1, 1, 2, 3]),
            )
        )
    shown = {it.responder_id: dice.choice(sites).incident_id for it in people if dice.random() < 0.2}
    return people, sites, policy, shown


def pairs_of(people, sites, policy, shown=None):
    met = [site for site in sites if site.meeting_points]
    answer = lawful(people, met, policy, shown=shown)
    return answer | {site.incident_id: {} for site in sites if not site.meeting_points}


def compare(seed):
    people, sites, policy, shown = a_world(seed)
    plan = solve(people, sites, policy, crow_flies(policy), shown=shown)
    pairs = pairs_of(people, sites, policy, shown)
    check_lawful(plan, sites, pairs)
    assert (seed, plan.cost_s) == (seed, programmed(sites, pairs))
    assert (seed, plan.bound_s) == (seed, plan.cost_s)
    check_reasons(plan, people, sites, policy, pairs)


def check_reasons(plan, people, sites, policy, pairs):
    used = {it for each in plan.pairs for it in (each.pair.observer_id, each.pair.buddy_id)}
    for each in plan.unserved:
        site = next(it for it in sites if it.incident_id == each.incident_id)
        assert each.could_go + sum(each.ruled_out.values()) == len(people)
        if not site.meeting_points:
            assert each.why is Why.NO_MEETING_POINT
            continue
        there = [replace(it, is_reporter=it.is_reporter or it.responder_id in site.reporters) for it in people]
        full = rank_pairs(there, site.scene, policy, crow_flies(policy), site.meeting_points, n=1)
        assert (each.could_go, dict(each.ruled_out)) == (full.candidates, dict(full.ruled_out))
        if full.candidates < 2:
            assert each.why is (Why.ONLY_ONE if full.candidates else Why.NOBODY)
        elif not full.pairs:
            assert each.why is Why.NO_PAIR
        else:
            assert not [two for two in pairs[each.incident_id] if used.isdisjoint(two)]
            assert each.why is Why.NEEDED_ELSEWHERE


@settings(max_examples=60, deadline=None)
@given(rosters(most=7), st.lists(st.tuples(scenes, points), min_size=1, max_size=3), policies)
def test_the_plan_is_the_best_of_all_plans_tried(people, places, policy):
    sites = [
        Site(incident_id=number, scene=scene, meeting_points=tuple(some)) for number, (scene, some) in enumerate(places)
    ]
    plan = solve(people, sites, policy, crow_flies(policy))
    pairs = lawful(people, sites, policy)
    check_lawful(plan, sites, pairs)
    assert plan.cost_s == plan.bound_s == tried(sites, pairs)


@settings(max_examples=440, deadline=None)
@given(st.integers(0, 2**40))
def test_the_plan_equals_an_integer_program_over_all_pairs(seed):
    compare(seed)


@pytest.mark.full
def test_the_plan_equals_an_integer_program_over_all_pairs_five_thousand_times():
    for seed in range(5_000):
        compare(seed)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 12))
def test_a_plan_cut_short_is_lawful_and_its_bound_is_true(seed, looks):
    people, sites, policy, shown = a_world(seed)
    clock = count(start=looks, step=-1)
    plan = solve(people, sites, policy, crow_flies(policy), shown=shown, seconds_left=lambda: float(next(clock)))
    pairs = pairs_of(people, sites, policy, shown)
    check_lawful(plan, sites, pairs)
    best = programmed(sites, pairs)
    assert plan.bound_s <= best <= plan.cost_s


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order_of_what_is_given(seed, dice):
    people, sites, policy, shown = a_world(seed)
    plan = solve(people, sites, policy, crow_flies(policy), shown=shown)
    dice.shuffle(people)
    dice.shuffle(sites)
    assert solve(people, sites, policy, crow_flies(policy), shown=shown) == plan


def crowded(people=120, sites=12, seed=3):
    """More people than the first look at a site takes in, and sites that all want the same ones."""
    dice = random.Random(seed)
    roster = [
        a_person(
            number,
            place=moved(SCENE_PLACE, dice.randint(-3_000, 3_000), dice.randint(-3_000, 3_000)),
            observer_until=NOW + timedelta(days=9) if dice.random() < 0.3 else None,
            mode=dice.choice(["foot", "bicycle"]),
            load_7d=dice.choice([0, 0, 1]),
            lineage=dice.randint(1, 4),
        )
        for number in range(people)
    ]
    places = [
        Site(
            incident_id=number,
            scene=a_scene(),
            meeting_points=(a_point(dice.randint(-90, 90), dice.randint(-90, 90)),),
        )
        for number in range(sites)
    ]
    return roster, places, PairPolicy()


@pytest.mark.parametrize("first", [(1, 2), (4, 4)])
def test_nobody_is_left_out_without_proof(monkeypatch, first):
    people, sites, policy = crowded()
    pairs = lawful(people, sites, policy)
    monkeypatch.setattr(plan_costs, "_FIRST_OBSERVERS", first[0])
    monkeypatch.setattr(plan_costs, "_FIRST_BUDDIES", first[1])
    plan = solve(people, sites, policy, crow_flies(policy))
    check_lawful(plan, sites, pairs)
    assert len(plan.pairs) == len(sites)
    assert plan.cost_s == plan.bound_s == programmed(sites, pairs)


def test_where_the_matrix_may_not_grow_the_bound_stays_true(monkeypatch):
    people, sites, policy = crowded()
    pairs = lawful(people, sites, policy)
    monkeypatch.setattr(plan_costs, "_FIRST_OBSERVERS", 4)
    monkeypatch.setattr(plan_costs, "_FIRST_BUDDIES", 4)
    monkeypatch.setattr(plan_costs, "_MOST_CELLS", 16)
    plan = solve(people, sites, policy, crow_flies(policy))
    check_lawful(plan, sites, pairs)
    assert plan.bound_s <= programmed(sites, pairs) <= plan.cost_s


def test_a_good_plan_is_found_even_where_not_every_pair_near_it_may_be_listed(monkeypatch):
    people, sites, policy = crowded(people=600, sites=20)
    best = solve(people, sites, policy, crow_flies(policy))
    assert best.cost_s == best.bound_s
    monkeypatch.setattr(plan_generating, "_MOST_LISTED", 0)
    plan = solve(people, sites, policy, crow_flies(policy))
    check_lawful(plan, sites, lawful(people, sites, policy))
    assert plan.bound_s <= best.cost_s <= plan.cost_s
    assert plan.gap < 0.01


def test_with_one_incident_the_plan_is_its_best_pair():
    people, sites, policy = crowded(sites=1)
    best = rank_pairs(people, sites[0].scene, policy, crow_flies(policy), sites[0].meeting_points, n=1).pairs[0]
    plan = solve(people, sites, policy, crow_flies(policy))
    assert [it.pair for it in plan.pairs] == [best]


def test_people_stay_where_they_were_shown_unless_moving_is_worth_two_minutes():
    policy = PairPolicy()
    here, there = (
        Site(incident_id=number, scene=a_scene(), meeting_points=(a_point(east_m),))
        for number, east_m in ((1, 200.0), (2, 230.0))
    )
    people = [a_person(number, place=moved(SCENE_PLACE, number * 5.0, 0.0)) for number in range(1, 5)]
    first = solve(people, [here, there], policy, crow_flies(policy))
    swapped = {it: 3 - each.incident_id for each in first.pairs for it in (each.pair.observer_id, each.pair.buddy_id)}
    second = solve(people, [here, there], policy, crow_flies(policy), shown=swapped)
    assert {
        it: each.incident_id for each in second.pairs for it in (each.pair.observer_id, each.pair.buddy_id)
    } == swapped
    assert second.cost_s == sum(each.pair.cost_s for each in second.pairs) < first.cost_s + 4 * 120
    free = PlanPolicy(move_min=0)
    assert solve(people, [here, there], policy, crow_flies(policy), prices=free, shown=swapped) == first


def test_everybody_gets_a_first_pair_before_anybody_gets_a_second():
    policy = PairPolicy()
    near = Site(incident_id=1, scene=a_scene(), meeting_points=(a_point(200.0),), wanted=2, priority=1)
    far = Site(incident_id=2, scene=a_scene(), meeting_points=(a_point(3_000.0),))
    people = [a_person(number, place=moved(SCENE_PLACE, 10.0 * number, 0.0)) for number in range(1, 5)]
    plan = solve(people, [near, far], policy, crow_flies(policy))
    assert sorted(it.incident_id for it in plan.pairs) == [1, 2]
    assert [(it.incident_id, it.missing, it.why) for it in plan.unserved] == [(1, 1, Why.NEEDED_ELSEWHERE)]


def test_the_reasons_for_the_unserved():
    policy = PairPolicy()
    travel = crow_flies(policy)
    site = Site(incident_id=1, scene=a_scene(), meeting_points=(a_point(),))
    nobody = solve([a_person(1, busy=True), a_person(2, busy=True), a_person(3, offered=True)], [site], policy, travel)
    assert [(it.why, it.rule, it.could_go) for it in nobody.unserved] == [(Why.NOBODY, Rule.BUSY.value, 0)]
    assert nobody.unserved[0].ruled_out == {Rule.BUSY: 2, Rule.HOLDS_OFFER: 1}
    alone = solve([a_person(1)], [site], policy, travel)
    assert [(it.why, it.could_go, it.free) for it in alone.unserved] == [(Why.ONLY_ONE, 1, 1)]
    buddies = solve([a_person(it, observer_until=None) for it in (1, 2)], [site], policy, travel)
    assert [(it.why, it.rule) for it in buddies.unserved] == [(Why.NO_PAIR, "no_observer")]
    other = Site(incident_id=2, scene=a_scene(), meeting_points=(a_point(),), priority=2)
    taken = solve([a_person(it) for it in (1, 2, 3)], [site, other], policy, travel)
    assert [(it.incident_id, it.why, it.could_go, it.free) for it in taken.unserved] == [
        (1, Why.NEEDED_ELSEWHERE, 3, 1)
    ]
    dear = solve([a_person(it, coverage_lost_min=200) for it in (1, 2)], [site], policy, travel)
    assert [it.why for it in dear.unserved] == [Why.TOO_COSTLY]
    assert dear.cost_s == dear.bound_s == 240 * 60


def test_what_makes_no_sense_is_refused():
    site = Site(incident_id=1, scene=a_scene(), meeting_points=(a_point(),))
    policy = PairPolicy()
    assert solve([], [], policy, crow_flies(policy)).cost_s == 0
    assert [it.why for it in solve([], [site], policy, crow_flies(policy)).unserved] == [Why.NOBODY]
    with pytest.raises(PersonTwiceInRoster):
        solve([a_person(1), a_person(1)], [site], policy, crow_flies(policy))
    with pytest.raises(IncidentTwiceInPlan):
        solve([], [site, site], policy, crow_flies(policy))
    for wrong in ({"priority": 0}, {"priority": 10}, {"wanted": 0}):
        with pytest.raises(PlanNumbersOutOfRange):
            replace(site, **wrong)
    for wrong in ({"unserved_min": 0}, {"unserved_min": 481}, {"further_min": 241}, {"move_min": -1}):
        with pytest.raises(PlanNumbersOutOfRange):
            PlanPolicy(**wrong)
