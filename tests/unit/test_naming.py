"""Who keeps the name when clusters merge and split."""

from __future__ import annotations

from geo.clustering import step
from geo.distance import moved
from geo.linking import Point
from geo.naming import ClusterFigures, Merged, Opened
from geo.points import LonLat
from geo.window import MemoryWindow

HOME = LonLat(-93.265, 44.978)


def a_point(number, east_m=0.0, minutes=0.0, *, group=None, vouched=True):
    return Point(number, moved(HOME, east_m, 0), minutes * 60.0, group or number, vouched, accuracy_m=60.0)


def told(win, arrived=(), retracted=()):
    changes = step(win, arrived, retracted)
    win.write(changes, arrived, retracted)
    return changes


def two_clusters():
    win = MemoryWindow()
    told(win, [a_point(1, 0, 5), a_point(2, 10, 5)])
    told(win, [a_point(3, 480, 0), a_point(4, 490, 0)])
    return win, win.clusters_of([1])[1], win.clusters_of([3])[3]


BRIDGE = a_point(9, 240, 3)


def test_a_first_sighting_opens_a_cluster_that_split_from_nothing():
    changes = told(MemoryWindow(), [a_point(1)])
    assert changes.opened == (Opened(-1, None),)
    assert changes.assigned == {1: -1}
    assert changes.clusters[-1] == ClusterFigures(n=1, n_groups=1, n_vouched_groups=1, t_min=0.0, t_max=0.0)


def test_a_second_sighting_strengthens_the_cluster_and_moves_nobody():
    win = MemoryWindow()
    told(win, [a_point(1)])
    changes = told(win, [a_point(2, 20)])
    assert changes.assigned == {2: 1}
    assert not changes.opened
    assert changes.clusters[1].n == 2


def test_the_older_of_two_untouched_clusters_survives_and_no_sighting_is_rewritten():
    win, younger, older = two_clusters()
    changes = told(win, [BRIDGE])
    assert changes.merged == (Merged(loser=younger, survivor=older),)
    assert changes.assigned == {9: older}
    assert not changes.merge_proposals


def test_a_touched_cluster_survives_an_older_one():
    win, younger, older = two_clusters()
    win.touched.add(younger)
    assert told(win, [BRIDGE]).merged == (Merged(loser=older, survivor=younger),)


def test_two_touched_clusters_join_but_a_person_is_asked():
    win, younger, older = two_clusters()
    win.touched |= {younger, older}
    changes = told(win, [BRIDGE])
    assert changes.merge_proposals == changes.merged == (Merged(loser=younger, survivor=older),)


def test_a_split_leaves_the_name_with_most_vouched_groups_then_rows_then_the_earliest():
    win = MemoryWindow()
    west = [a_point(1, 0, 0), a_point(2, 10, 0, vouched=False), a_point(5, 10, 0, vouched=False, group=2)]
    east = [a_point(3, 480, 9), a_point(4, 490, 9)]
    told(win, [*west, *east, BRIDGE])
    changes = told(win, retracted=[BRIDGE])
    assert changes.opened == (Opened(-1, split_from=1),)
    assert changes.assigned == {1: -1, 2: -1, 5: -1}


def test_of_equal_pieces_the_one_with_more_rows_then_the_earlier_keeps_the_name():
    for extra, moved_away in (([a_point(5, 490, 9, group=4)], {1, 2}), ([], {3, 4})):
        win = MemoryWindow()
        told(win, [a_point(1, 0, 0), a_point(2, 10, 0), a_point(3, 480, 9), a_point(4, 490, 9), *extra, BRIDGE])
        assert told(win, retracted=[BRIDGE]).assigned.keys() == moved_away


def test_a_cluster_that_loses_its_last_sighting_is_empty():
    win = MemoryWindow()
    told(win, [a_point(1)])
    changes = told(win, retracted=[a_point(1)])
    assert changes.emptied == (1,)
    assert not win.clusters()
