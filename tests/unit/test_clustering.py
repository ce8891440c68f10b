"""Clusters: the batch definition beside brute force, and every step beside the batch definition."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import clustering, window
from geo.cells import pentagons
from geo.clustering import best_anchor, settle, step
from geo.distance import moved
from geo.linking import DEFAULT_POLICY, RETRACT_STEPS, ClusterPolicy, Point, linked
from geo.naming import Role
from geo.points import LonLat
from geo.vehicles import Vehicle
from geo.window import (
    LoadedWindow,
    MemoryWindow,
    NeedsCells,
    NeedsClusters,
    cells_for_coarse,
    cells_round,
)

HOME = LonLat(-93.265, 44.978)
EXPLORER = Vehicle.of(type="SUV", make="Ford", model="Explorer", color="white")
TAHOE = Vehicle.of(type="SUV", make="Chevrolet", model="Tahoe", color="black")
ORIGINS = (HOME, LonLat(179.9995, -17.7), LonLat(10.0, 78.2), pentagons(9)[0], LonLat(-0.001, 0.001))
THREE_GROUPS = ClusterPolicy(min_groups=3)
EXAMPLES = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def a_point(number, east_m=0.0, north_m=0.0, minutes=0.0, *, home=HOME, group=None, **more):
    group = number if group is None else group
    return Point(
        number, moved(home, east_m, north_m), minutes * 60.0, group, **{"vouched": True, "accuracy_m": 60.0, **more}
    )


@st.composite
def worlds(draw, size=22):
    """Crowded little worlds: few places and times, so that ties, duplicates and chains are common."""
    home = draw(st.sampled_from(ORIGINS))
    count = draw(st.integers(1, size))
    points = []
    for number in range(1, count + 1):
        coarse = draw(st.integers(0, 9)) == 0
        points.append(
            a_point(
                number,
                draw(st.integers(0, 12)) * 95.0,
                draw(st.integers(0, 2)) * 90.0,
                draw(st.integers(0, 6)) * 12.0,
                home=home,
                group=draw(st.integers(1, 5)),
                vouched=draw(st.integers(0, 2)) > 0,
                activity=draw(st.sampled_from([None, None, "stop", "arrest", "patrol", "other"])),
                vehicles=draw(st.sampled_from([(), (), (EXPLORER,), (TAHOE,), (EXPLORER, TAHOE)])),
                token=draw(st.sampled_from([None, None, None, 7, 8])),
                coarse=coarse,
                accuracy_m=draw(st.sampled_from([300.0, 700.0] if coarse else [20.0, 60.0, 140.0])),
            )
        )
    return points


@st.composite
def streets(draw):
    """Sightings along one street, few groups, hardly any time: clusters that hand borders over to each other."""
    home = draw(st.sampled_from(ORIGINS))
    return [
        a_point(number, draw(st.integers(0, 16)) * 120.0, 0.0, draw(st.integers(0, 1)) * 3.0, home=home, group=group)
        for number, group in enumerate(draw(st.lists(st.integers(1, 2), min_size=8, max_size=14)), 1)
    ]


@st.composite
def histories(draw):
    """Batches of arrivals in any order, with retractions anywhere, and what is left at the end."""
    points = draw(st.permutations(draw(streets() | worlds())))
    doomed = draw(st.sets(st.sampled_from([point.id for point in points]), max_size=max(1, len(points) // 3)))
    batches, waiting, present = [], list(points), []
    while waiting or doomed & {point.id for point in present}:
        size = draw(st.integers(0, 4)) if waiting else 0
        going = [point for point in present if point.id in doomed and (not waiting or draw(st.booleans()))]
        if not size and not going:
            size = 1
        coming, waiting = waiting[:size], waiting[size:]
        batches.append((coming, going))
        present = [point for point in present if point not in going] + coming
    return batches, present


def by_definition(points, policy=DEFAULT_POLICY):
    """The definition written down again, slowly: every pair is looked at, no cells, no grid."""
    exact = [point for point in points if not point.coarse]
    links = {p.id: [q for q in exact if q.id != p.id and linked(p, q, policy)] for p in exact}
    cores = {p.id for p in exact if is_core(p, links[p.id], policy)}
    owners = {i: min((q.rank for q in near if q.id in cores), default=None) for i, near in links.items()}
    label = {p.id: p.id for p in exact}
    for _ in exact:  # labels only fall; after as many rounds as there are sightings nothing moves any more
        for p in exact:
            for q in links[p.id]:
                both_cores = p.id in cores and q.id in cores
                both_left = owners[p.id] is None and owners[q.id] is None and not cores & {p.id, q.id}
                if both_cores or both_left:
                    label[p.id] = label[q.id] = min(label[p.id], label[q.id])
    for p in exact:
        if p.id not in cores and owners[p.id] is not None:
            label[p.id] = label[owners[p.id][1]]
    for p in points:
        if p.coarse:
            anchor = best_anchor(p, exact, policy)
            label[p.id] = label[anchor.id] if anchor else -p.id
    return frozenset(frozenset(i for i in label if label[i] == name) for name in label.values())


def is_core(point, neighbours, policy):
    heard = [point, *neighbours]
    return len({p.source_group for p in heard}) >= policy.min_groups and any(p.vouched for p in heard)


def played(batches, win=None):
    win = win or MemoryWindow()
    for coming, going in batches:
        changes = step(win, coming, going)
        win.write(changes, coming, going)
    return win


@EXAMPLES
@given(worlds(size=26))
def test_settle_equals_the_definition_by_brute_force(points):
    assert settle(points).clusters() == by_definition(points)


@EXAMPLES
@given(histories())
def test_any_order_any_batches_any_retractions_equal_settling_everything(history):
    batches, left = history
    win = MemoryWindow()
    so_far = {}
    for coming, going in batches:
        changes = step(win, coming, going)
        win.write(changes, coming, going)
        so_far = {i: p for i, p in so_far.items() if p not in going} | {p.id: p for p in coming}
        whole = settle(so_far.values())
        assert win.clusters() == whole.clusters()
        assert all(whole.roles[sighting] == role for sighting, role in changes.roles.items())
    assert set(so_far) == {point.id for point in left}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_a_loaded_window_that_loads_what_it_is_asked_for_gives_the_same_changes(history):
    batches, _ = history
    world = MemoryWindow()
    for coming, going in batches:
        expected = step(world, coming, going)
        cells, whole = set(cells_round((*coming, *going), RETRACT_STEPS)), set()
        for _ in range(10):
            try:
                got = step(_loaded(world, cells, whole), coming, going)
            except NeedsCells as more:
                cells |= more.cells
            except NeedsClusters as more:
                whole |= more.clusters
            else:
                break
        assert got == expected
        world.write(expected, coming, going)


def _loaded(world, cells, whole):
    """Read a part of a world the way a database would."""
    rows = {p.id: p for p in world.points.values() if p.coarse or p.cell in cells}
    rows |= {p.id: p for p in world.members(whole)}
    held = world.clusters_of(rows)
    return LoadedWindow([(point, held[i]) for i, point in rows.items()], cells, world.facts(whole))


@settings(max_examples=200, deadline=None)
@given(worlds(size=2))
def test_a_link_is_symmetric_and_bounded(points):
    for one, other in itertools.product(points, points):
        assert linked(one, other) == linked(other, one)


# Control tests: the properties above must notice the mistakes that are easy to make.


def _differs(batches_of):
    """Tell whether some fixed world shows the mistake that is patched in."""
    for points, going in batches_of:
        win = played([([point], []) for point in points] + [([], [point]) for point in going])
        left = [point for point in points if point not in going]
        if win.clusters() != settle(left).clusters():
            return True
    return False


def _handover():
    """A border loses its core and belongs from then on to a cluster three reaches from the retracted sighting."""
    gone, lost = a_point(1, 0, group=1), a_point(2, 240, group=2)
    border = a_point(3, 480, minutes=1, group=2)
    far, farther = a_point(4, 720, minutes=2, group=2), a_point(5, 900, minutes=2, group=3)
    return [([gone, lost, border, far, farther], [gone])]


def test_a_retraction_looks_three_reaches_far(monkeypatch):
    assert not _differs(_handover())
    win = played([([point], []) for point in _handover()[0][0]])
    assert frozenset({1, 2, 3}) in win.clusters()
    win = played([([], [win.points[1]])], win)
    assert win.clusters() == {frozenset({2}), frozenset({3, 4, 5})}


def test_a_retraction_that_looks_two_reaches_far_is_noticed(monkeypatch):
    monkeypatch.setattr(clustering, "_third_reach", lambda around, orphans: {})
    assert _differs(_handover())


def test_a_ring_too_small_is_noticed(monkeypatch):
    rng = random.Random(3)
    pairs = []
    for _ in range(1_500):
        here = a_point(1, rng.uniform(-2_000, 2_000), rng.uniform(-2_000, 2_000), accuracy_m=140.0)
        bearing = rng.uniform(0, math.tau)
        there = moved(here.place, 318 * math.cos(bearing), 318 * math.sin(bearing))
        there = Point(2, there, 0.0, 2, accuracy_m=140.0)
        pairs.append([here, there])
    assert all(len(settle(pair).clusters()) == 1 for pair in pairs)
    monkeypatch.setattr(clustering, "NEIGHBOUR_STEPS", 1)
    assert any(len(settle(pair).clusters()) == 2 for pair in pairs)


def test_counting_rows_instead_of_groups_is_noticed(monkeypatch):
    chain = [a_point(n, 240.0 * n, group=1, minutes=n) for n in range(3)] + [a_point(9, 480.0, 200.0, group=2)]
    assert settle(chain).clusters() == by_definition(chain)
    right = settle(chain).roles
    monkeypatch.setattr(clustering, "is_core", lambda point, others, policy: len(list(others)) >= 1)
    assert settle(chain).roles != right


# What the words mean, one case each.


def test_two_independent_groups_make_cores_and_one_of_them_must_be_vouched():
    same = [a_point(1, group=1), a_point(2, 50, group=1)]
    assert set(settle(same).roles.values()) == {Role.LEFTOVER}
    assert len(settle(same).clusters()) == 1
    strangers = [a_point(1, group=1, vouched=False), a_point(2, 50, group=2, vouched=False)]
    assert set(settle(strangers).roles.values()) == {Role.LEFTOVER}
    one_known = [a_point(1, group=1, vouched=False), a_point(2, 50, group=2)]
    assert set(settle(one_known).roles.values()) == {Role.CORE}


def test_unvouched_pins_cannot_chain_two_incidents_into_one():
    west = [a_point(1, 0, group=1), a_point(2, 30, group=2)]
    east = [a_point(3, 2_000, group=3), a_point(4, 2_030, group=4)]
    chain = [a_point(100 + n, 50.0 * n, group=100 + n, vouched=False) for n in range(1, 40)]
    held = settle([*west, *east, *chain])
    assert held.keys[1] != held.keys[3]


def test_a_border_belongs_to_the_earliest_core_it_is_linked_to():
    west = [a_point(1, 0, group=1), a_point(2, -200, group=2), a_point(3, -200, group=3)]
    east = [a_point(4, 480, minutes=1, group=1), a_point(5, 680, group=2), a_point(6, 680, group=3)]
    border = a_point(7, 240, minutes=1, group=1)
    held = settle([*west, *east, border], THREE_GROUPS)
    assert held.roles[7] is Role.BORDER
    assert held.keys[7] == held.keys[1] != held.keys[4]
    east[0] = a_point(4, 480, minutes=-1, group=1)
    held = settle([*west, *east, border], THREE_GROUPS)
    assert held.keys[7] == held.keys[4] != held.keys[1]


def test_a_patrol_does_not_chain_across_town():
    one = a_point(1, activity="patrol", minutes=0)
    assert linked(one, a_point(2, activity="patrol", minutes=15))
    assert not linked(one, a_point(2, activity="patrol", minutes=17))
    assert linked(a_point(1, activity="stop"), a_point(2, activity="stop", minutes=17))


def test_a_coarse_sighting_is_attached_to_the_nearest_and_moves_with_it():
    near, far = a_point(1, 300), a_point(2, -400, group=2)
    coarse = a_point(3, 0, coarse=True, accuracy_m=500.0)
    win = played([([coarse], []), ([far], []), ([near], [])])
    assert win.clusters() == {frozenset({1, 3}), frozenset({2})}
    win = played([([], [near])], win)
    assert win.clusters() == {frozenset({2, 3})}
    win = played([([], [far])], win)
    assert win.clusters() == {frozenset({3})}


def test_a_coarse_sighting_is_not_attached_against_its_activity():
    anchor = a_point(1, 100, activity="stop")
    told = {"minutes": 20, "coarse": True, "accuracy_m": 500.0}
    assert len(settle([anchor, a_point(3, 0, activity="stop", **told)]).clusters()) == 1
    assert len(settle([anchor, a_point(3, 0, activity="workplace", **told)]).clusters()) == 2


def test_the_antimeridian_does_not_cut_a_cluster():
    home = LonLat(179.9999, 51.9)
    points = [a_point(1, 0, home=home), a_point(2, 60, home=home)]
    assert points[1].place.lon < 0 < points[0].place.lon
    assert len(settle(points).clusters()) == 1


def test_pulling_cells_beyond_the_loaded_ones_is_refused_by_name():
    arriving = a_point(1)
    with pytest.raises(NeedsCells) as asked:
        step(LoadedWindow([], [], {}), [arriving], [])
    assert asked.value.cells == cells_round([arriving], 2)
    assert cells_for_coarse([]) == frozenset()
    assert issubclass(NeedsClusters, window.NeedsMore)
