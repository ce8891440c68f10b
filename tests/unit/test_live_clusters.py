"""The window kept in memory: equal to the batch definition after every step, and cheap where a crowd stands."""

from __future__ import annotations

from hypothesis import given

from geo.clustering import settle
from geo.live import LiveClusters
from tests.unit.test_clustering import DEFAULT_POLICY, EXAMPLES, THREE_GROUPS, histories


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
