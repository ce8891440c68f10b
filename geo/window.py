"""The sightings a clustering step may look at: the port it asks, a window loaded from elsewhere, one kept in memory."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Protocol

from geo.cells import disk, steps_reaching
from geo.linking import DEFAULT_POLICY, NEIGHBOUR_STEPS, ClusterPolicy, Point, coarse_reach_m
from geo.naming import Changes, ClusterFacts


class NeedsMore(Exception):
    """The step has to look further than what was loaded; load it and take the step again."""


class NeedsCells(NeedsMore):
    """The step has to look into cells that were not loaded."""

    def __init__(self, cells: frozenset[str]) -> None:
        super().__init__()
        self.cells = cells


class NeedsClusters(NeedsMore):
    """The step has to look at clusters that were not loaded whole."""

    def __init__(self, clusters: frozenset[int]) -> None:
        super().__init__()
        self.clusters = clusters


class Window(Protocol):
    """What a step asks; each question comes for a whole set, so that one statement can answer it.

    Only sightings before the step are meant: neither what arrives is in there yet nor is anything retracted gone.
    """

    def near(self, points: Collection[Point]) -> Iterable[Point]:
        """Return all exact sightings that could be linked to any of these, and perhaps others; each once."""
        ...

    def coarse_near(self, points: Collection[Point]) -> Iterable[Point]:
        """Return all coarse sightings that could be attached to any of these, and perhaps others; each once."""
        ...

    def anchors_near(self, coarse: Collection[Point]) -> Iterable[Point]:
        """Return all exact sightings that any of these could be attached to, and perhaps others; each once."""
        ...

    def clusters_of(self, sightings: Collection[int]) -> Mapping[int, int]:
        """Return the present cluster of each of these sightings, merges resolved; unknown ones are left out."""
        ...

    def members(self, clusters: Collection[int]) -> Iterable[Point]:
        """Return every sighting of these clusters, coarse ones included; each once."""
        ...

    def facts(self, clusters: Collection[int]) -> Mapping[int, ClusterFacts]:
        """Return what naming has to know about these clusters."""
        ...


@lru_cache(maxsize=32_768)
def round_cell(cell: str, steps: int) -> tuple[str, ...]:
    """Return the cells at most `steps` away from one, itself first."""
    return (cell, *(other for other in disk(cell, steps) if other != cell))


def cells_round(points: Iterable[Point], steps: int) -> frozenset[str]:
    """Return the cells at most `steps` away from any of these sightings."""
    return frozenset(cell for own in {point.cell for point in points} for cell in round_cell(own, steps))


def cells_for_coarse(coarse: Iterable[Point], policy: ClusterPolicy = DEFAULT_POLICY) -> frozenset[str]:
    """Return the cells in which coarse sightings may find their anchors."""
    return frozenset(
        cell for point in coarse for cell in round_cell(point.cell, steps_reaching(coarse_reach_m(point, policy)))
    )


class Grid:
    """Sightings by cell and time, so that neighbours are found without looking at everybody."""

    def __init__(self, points: Iterable[Point] = ()) -> None:
        self._rows: dict[str, list[tuple[float, int, Point]]] = {}
        for point in points:
            self.add(point)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, point: Point) -> None:
        """Put one sighting in; its id must not be there yet."""
        bisect.insort(self._rows.setdefault(point.cell, []), (point.t, point.id, point))

    def remove(self, point: Point) -> None:
        """Take one sighting out again."""
        row = self._rows[point.cell]
        del row[bisect.bisect_left(row, (point.t, point.id))]
        if not row:
            del self._rows[point.cell]

    def around(self, point: Point, steps: int, seconds: float) -> list[Point]:
        """Return the sightings at most `steps` cells and `seconds` away, a superset to be looked at closely."""
        near: list[Point] = []
        for cell in round_cell(point.cell, steps):
            row = self._rows.get(cell)
            if row:
                first = bisect.bisect_left(row, (point.t - seconds,))
                last = bisect.bisect_right(row, point.t + seconds, key=lambda entry: entry[0])
                near.extend(entry[2] for entry in row[first:last])
        return near


class MemoryWindow:
    """All sightings of a small world, in memory: for tests, benches and audits, and the base of a loaded window."""

    def __init__(self, policy: ClusterPolicy = DEFAULT_POLICY) -> None:
        self.policy = policy
        self.points: dict[int, Point] = {}
        self.touched: set[int] = set()
        self._cluster_of: dict[int, int] = {}
        self._members: dict[int, set[int]] = defaultdict(set)
        self._exact = Grid()
        self._coarse = Grid()
        self._next_cluster = 1

    def put(self, point: Point, cluster: int) -> None:
        """Put a sighting in with the cluster it stands in."""
        self.points[point.id] = point
        (self._coarse if point.coarse else self._exact).add(point)
        self._move(point.id, cluster)

    def _move(self, sighting: int, cluster: int) -> None:
        former = self._cluster_of.get(sighting)
        if former is not None:
            self._members[former].discard(sighting)
        self._cluster_of[sighting] = cluster
        self._members[cluster].add(sighting)

    def near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.near`."""
        return self._each_once(points, self._exact, NEIGHBOUR_STEPS, self.policy.reach_s)

    def coarse_near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.coarse_near`."""
        steps = steps_reaching(self.policy.coarse_reach_cap_m)
        return self._each_once(points, self._coarse, steps, self.policy.coarse_reach_s)

    def anchors_near(self, coarse: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.anchors_near`."""
        steps = steps_reaching(max((coarse_reach_m(point, self.policy) for point in coarse), default=0.0))
        return self._each_once(coarse, self._exact, steps, self.policy.coarse_reach_s)

    def _each_once(self, points: Iterable[Point], grid: Grid, steps: int, seconds: float) -> Iterable[Point]:
        return {other.id: other for point in points for other in grid.around(point, steps, seconds)}.values()

    def clusters_of(self, sightings: Collection[int]) -> Mapping[int, int]:
        """Answer `Window.clusters_of`."""
        return {sighting: self._cluster_of[sighting] for sighting in sightings if sighting in self._cluster_of}

    def members(self, clusters: Collection[int]) -> Iterable[Point]:
        """Answer `Window.members`."""
        return [self.points[sighting] for cluster in sorted(clusters) for sighting in sorted(self._members[cluster])]

    def facts(self, clusters: Collection[int]) -> Mapping[int, ClusterFacts]:
        """Answer `Window.facts`."""
        return {
            cluster: ClusterFacts(
                cluster,
                cluster in self.touched,
                min((self.points[sighting].t for sighting in self._members[cluster]), default=0.0),
            )
            for cluster in clusters
        }

    def write(self, changes: Changes, arrived: Iterable[Point], retracted: Iterable[Point]) -> dict[int, int]:
        """Write a step down; return the ids that new clusters were given, by their temporary keys."""
        for point in retracted:
            (self._coarse if point.coarse else self._exact).remove(point)
            self._members[self._cluster_of.pop(point.id)].discard(point.id)
            del self.points[point.id]
        given: dict[int, int] = {}
        for opened in changes.opened:
            given[opened.key] = self._next_cluster
            self._next_cluster += 1
        newcomers = {point.id: point for point in arrived}
        for sighting, key in changes.assigned.items():
            cluster = given.get(key, key)
            if sighting in newcomers:
                self.put(newcomers[sighting], cluster)
            else:
                self._move(sighting, cluster)
        for merge in changes.merged:
            for sighting in tuple(self._members[merge.loser]):
                self._move(sighting, merge.survivor)
            del self._members[merge.loser]
        for cluster in changes.emptied:
            del self._members[cluster]
        return given

    def clusters(self) -> frozenset[frozenset[int]]:
        """Return the clusters as sets of sighting ids, without names."""
        return frozenset(frozenset(members) for members in self._members.values() if members)


class LoadedWindow(MemoryWindow):
    """Part of a larger window, loaded by somebody who can say exactly how much of it this is.

    Parameters
    ----------
    rows
        Each loaded sighting with its present cluster, merges resolved. They hold *every* live exact sighting of
        `cells`, every member of `whole`, and every live coarse sighting within `coarse_reach_cap_m` and
        `coarse_reach_s` of what arrives.
    cells
        Cells at `CLUSTER_RESOLUTION` that were loaded, all times.
    whole
        Clusters that were loaded whole, with what naming has to know about them.
    """

    def __init__(
        self,
        rows: Iterable[tuple[Point, int]],
        cells: Collection[str],
        whole: Mapping[int, ClusterFacts],
        policy: ClusterPolicy = DEFAULT_POLICY,
    ) -> None:
        super().__init__(policy)
        self.cells = frozenset(cells)
        self.whole = dict(whole)
        for point, cluster in rows:
            self.put(point, cluster)

    def near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.near`, or raise `NeedsCells`."""
        self._expect(cells_round(points, NEIGHBOUR_STEPS))
        return super().near(points)

    def anchors_near(self, coarse: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.anchors_near`, or raise `NeedsCells`."""
        self._expect(cells_for_coarse(coarse, self.policy))
        return super().anchors_near(coarse)

    def members(self, clusters: Collection[int]) -> Iterable[Point]:
        """Answer `Window.members`, or raise `NeedsClusters`."""
        missing = frozenset(clusters) - self.whole.keys()
        if missing:
            raise NeedsClusters(missing)
        return super().members(clusters)

    def facts(self, clusters: Collection[int]) -> Mapping[int, ClusterFacts]:
        """Answer `Window.facts`."""
        return {cluster: self.whole[cluster] for cluster in clusters}

    def _expect(self, cells: frozenset[str]) -> None:
        missing = cells - self.cells
        if missing:
            raise NeedsCells(missing)
