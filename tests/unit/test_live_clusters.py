"""The window kept in memory: equal to the batch definition after every step, and cheap where a crowd stands."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import live as live_module
from geo import wards as wards_module
from geo.clustering import settle
from geo.linking import linked
from geo.live import LiveClusters
from tests.unit.test_clustering import DEFAULT_POLICY, EXAMPLES, THREE_GROUPS, a_point, histories, worlds


class Desk:
    """Writes down what steps say, as a database would, and names new clusters."""

    def __init__(self, policy=DEFAULT_POLICY):
        self.live = LiveClusters(policy)
        self.cluster_of = {}
        self.next_id = 1

    def arrive(self, points):
        return self.write(self.live.arrive(points))

    def retract(self, points):
        changes = self.live.retract(points)
        for point in points:
            del self.cluster_of[point.id]
        return self.write(changes)

    def write(self, changes):
        given = {}
        for opened in changes.opened:
            given[opened.key] = self.next_id
            self.next_id += 1
        self.live.christen(given)
        for sighting, key in changes.assigned.items():
            self.cluster_of[sighting] = given.get(key, key)
        survivors = {merge.loser: merge.survivor for merge in changes.merged}
        self.cluster_of = {sighting: survivors.get(it, it) for sighting, it in self.cluster_of.items()}
        return changes

    def clusters(self):
        found = {}
        for sighting, cluster in self.cluster_of.items():
            found.setdefault(cluster, set()).add(sighting)
        return frozenset(map(frozenset, found.values()))


def kept_equal(history, policy):
    batches, _ = history
    desk, so_far = Desk(policy), {}
    for coming, going in batches:
        for act, points in ((desk.retract, going), (desk.arrive, coming)):
            changes = act(points)
            assert all(desk.live.role_of(sighting) == role for sighting, role in changes.roles.items())
        so_far = {i: p for i, p in so_far.items() if p not in going} | {p.id: p for p in coming}
        whole = settle(so_far.values(), policy)
        assert desk.live.clusters() == whole.clusters()
        assert desk.clusters() == whole.clusters()
        assert all(desk.live.role_of(sighting) == role for sighting, role in whole.roles.items())


@EXAMPLES
@given(histories())
def test_any_order_any_batches_any_retractions_equal_settling_everything(history):
    kept_equal(history, DEFAULT_POLICY)


@EXAMPLES
@given(histories())
def test_it_holds_where_three_groups_are_asked_for(history):
    kept_equal(history, THREE_GROUPS)


@pytest.mark.full
@settings(EXAMPLES, max_examples=5_000)
@given(histories(), st.sampled_from([DEFAULT_POLICY, THREE_GROUPS]))
def test_it_holds_in_five_thousand_worlds(history, policy):
    kept_equal(history, policy)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), worlds())
def test_what_is_loaded_goes_on_like_what_grew(first, second):
    grown, second = Desk(), [replace(point, id=point.id + 100) for point in second]
    grown.arrive(first)
    loaded = LiveClusters()
    loaded.load([(point, grown.cluster_of[point.id]) for point in first])
    assert all(loaded.role_of(point.id) == grown.live.role_of(point.id) for point in first)
    assert loaded.arrive(second) == grown.live.arrive(second)


def test_a_step_that_passes_an_empty_name_on_says_who_carries_it():
    desk = Desk()
    lone, coarse = a_point(1, group=1), a_point(2, 40, group=1, coarse=True, accuracy_m=500.0)
    desk.arrive([lone])
    desk.arrive([coarse])
    desk.retract([lone])
    assert desk.cluster_of == {2: 1}


def test_a_touched_cluster_keeps_its_name_when_an_older_one_joins_it():
    desk = Desk()
    desk.arrive([a_point(1, 0, minutes=0, group=1), a_point(2, 30, minutes=0, group=2)])
    desk.arrive([a_point(3, 440, minutes=5, group=3), a_point(4, 470, minutes=5, group=4)])
    desk.live.touch([2])
    changes = desk.arrive([a_point(5, 235, minutes=3, group=5)])
    assert [(it.loser, it.survivor) for it in changes.merged] == [(1, 2)]
    assert not changes.merge_proposals
    assert set(desk.cluster_of.values()) == {2}


def test_two_touched_clusters_are_proposed():
    desk = Desk()
    desk.arrive([a_point(1, 0, group=1), a_point(2, 30, group=2)])
    desk.arrive([a_point(3, 440, group=3), a_point(4, 470, group=4)])
    desk.live.touch([1, 2])
    changes = desk.arrive([a_point(5, 235, group=5)])
    assert changes.merge_proposals == changes.merged != ()


def test_sealed_clusters_are_gone_and_the_rest_stays():
    live = LiveClusters()
    live.christen({opened.key: 7 for opened in live.arrive([a_point(1, minutes=0)]).opened})
    live.christen({opened.key: 8 for opened in live.arrive([a_point(2, minutes=500)]).opened})
    assert live.seal(100 * 60.0) == 1
    assert live.clusters() == {frozenset({2})}
    assert len(live) == 1


def counted(monkeypatch):
    """Count how often two sightings are compared."""
    looks = Counter()

    def look(one, other, policy):
        looks["linked"] += 1
        return linked(one, other, policy)

    for module in (live_module, wards_module):
        monkeypatch.setattr(module, "linked", look)
    return looks


@pytest.mark.parametrize("groups", [1, 2, 20, 1_000])
def test_a_crowd_in_one_block_costs_a_report_no_more_than_a_few_looks(monkeypatch, groups):
    looks, desk, rng = counted(monkeypatch), Desk(), random.Random(groups)
    for number in range(1, 1_001):
        east, north = rng.uniform(-60, 60), rng.uniform(-60, 60)
        desk.arrive([a_point(number, east, north, number * 0.05, group=number % groups, activity="stop")])
        if number == 500:
            half = looks["linked"]
    assert desk.live.clusters() == {frozenset(range(1, 1_001))}
    assert looks["linked"] - half < 500 * 12


def test_one_taken_back_from_a_crowd_is_not_settled_again(monkeypatch):
    desk, rng = Desk(), random.Random(4)
    points = [
        a_point(n, rng.uniform(-60, 60), rng.uniform(-60, 60), n * 0.05, group=n % 9, activity="stop")
        for n in range(1, 300)
    ]
    desk.arrive(points)
    monkeypatch.setattr(LiveClusters, "_settled_without", None)
    desk.retract([points[150]])
    assert desk.live.clusters() == settle([it for it in points if it is not points[150]]).clusters()


@pytest.mark.parametrize(
    ("mistake", "stands_in"),
    [
        ("_own_all", lambda self, core, ward: None),
        ("_seen_by_others", lambda self, point, wards: []),
        ("_pieces", lambda self, points: [sorted(points, key=lambda it: it.rank)]),
        ("_offer_as_anchor", lambda self, point: None),
        ("_is_spared", lambda self, point: True),
    ],
)
def test_mistakes_are_noticed(monkeypatch, mistake, stands_in):
    monkeypatch.setattr(LiveClusters, mistake, stands_in)
    with pytest.raises((AssertionError, KeyError, ValueError)):
        play_worlds(400)


def play_worlds(count):
    for seed in range(count):
        kept_equal(a_history(random.Random(seed)), DEFAULT_POLICY)


def a_history(rng):
    """A crowded little world that arrives one by one and is half taken back."""
    points = [
        a_point(
            number,
            rng.randrange(9) * 110.0,
            rng.randrange(2) * 90.0,
            rng.randrange(5) * 9.0,
            group=rng.randrange(1, 4),
            vouched=rng.random() < 0.7,
            coarse=rng.random() < 0.15,
            accuracy_m=400.0,
        )
        for number in range(1, 16)
    ]
    going = rng.sample(points, 7)
    return [([point], []) for point in points] + [([], [point]) for point in going], None


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), worlds(size=8), st.data())
def test_clusters_exchanged_from_outside_leave_a_window_like_one_loaded_anew(first, second, data):
    desk = Desk()
    desk.arrive(first)
    names = sorted(set(desk.cluster_of.values()))
    gone = set(data.draw(st.sets(st.sampled_from(names))))
    rows = [(replace(point, id=point.id + 100), 1_000 + point.id) for point in second]
    desk.live.exchange(gone, rows)
    kept = [(point, name) for point in first if (name := desk.cluster_of[point.id]) not in gone]
    anew = LiveClusters()
    anew.load([*kept, *rows])
    assert {it: desk.live.role_of(it) for it in desk.live.points} == {it: anew.role_of(it) for it in anew.points}
    assert desk.live.clusters() == anew.clusters()
    arriving = [replace(point, id=point.id + 500) for point in first[:6]]
    assert desk.live.arrive(arriving) == anew.arrive(arriving)
