"""The open window as the database holds it: what a clustering step may look at, locked before it is read."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.distance import EARTH_RADIUS_M
from geo.linking import NEIGHBOUR_STEPS, ClusterPolicy, Point, coarse_reach_m
from geo.naming import Changes, ClusterFacts
from geo.window import cells_round
from records.errors import TryAgain
from records.live import Box, Held, LiveSighting
from records.values import GroupFigures, IncidentFigures


@dataclass(frozen=True, slots=True)
class Written:
    """What a step changes, with the ids that were given: what a window that remembers has to follow."""

    opened: Mapping[int, int]
    """For each new cluster its new incident."""
    assigned: Mapping[int, int]
    """For each sighting that is new or moves, its cluster."""
    merged: Sequence[tuple[int, int]]
    """Clusters that were swallowed, each with its survivor."""
    emptied: Collection[int]
    given: Mapping[int, int]
    """For the key of each new cluster the id it was given."""
    apart: Collection[int]
    """Clusters that the step joined, whose incidents stay apart because people had their hands on them."""


class Window(Protocol):
    """What writing a step down asks of the window it was taken in."""

    def point(self, sighting: int) -> Point:
        """Return a sighting that the window showed."""
        ...

    def incidents_of(self, clusters: Iterable[int]) -> dict[int, int]:
        """Return the incident of each of these clusters, as it was before the step."""
        ...

    def hold(self, incidents: Collection[int]) -> dict[int, Held]:
        """Take the incidents that a step disturbs until the end of this transaction; return how they stand.

        Raises
        ------
        TryAgain
            Somebody ended or changed one of them meanwhile.
        """
        ...

    def mark(self, changes: Changes, arrived: Collection[Point]) -> None:
        """Say in which cells this transaction changes clusters; before anything is written."""
        ...

    def apply(self, written: Written) -> None:
        """Follow what is being written."""
        ...

    def at_hand(self, incidents: Collection[int]) -> tuple[list[IncidentFigures], list[GroupFigures]]:
        """Return what `figures` does for those incidents that this window knows without asking; after `apply`."""
        ...

    def figures(self, incidents: Collection[int]) -> tuple[list[IncidentFigures], list[GroupFigures]]:
        """Return what the sightings of incidents add up to, and what each source says in them; once it is written."""
        ...

    def said(self, versions: Mapping[int, int], merged: Collection[int]) -> None:
        """Learn the new versions of incidents, and which of them point to a survivor now."""
        ...


_MARGIN = 1.01
"""Boxes are a little larger than the reach; the pure step decides by the metre."""


class DatabaseWindow:
    """The open window in the database: each question is one statement, asked only of cells that are locked.

    Locks are taken before reading, on every cell round anything that is looked at, so two writers that could see each
    other's sightings never work at once. Sightings of incidents that have ended are not part of the window.
    """

    def __init__(self, uow: UnitOfWork, gone: Iterable[LiveSighting] = ()) -> None:
        self._uow = uow
        self._policy: ClusterPolicy = uow.policy.clustering
        self._known: dict[int, LiveSighting] = {}
        self._gone = {each.point.id: each for each in gone}
        self.remember(self._gone.values())

    def remember(self, rows: Iterable[LiveSighting]) -> None:
        """Keep what was read last of each sighting."""
        for row in rows:
            self._known[row.point.id] = row
            if row.point.id in self._gone:
                self._gone[row.point.id] = row

    def lock_round(self, points: Iterable[Point], steps: int) -> bool:
        """Lock the cells at most `steps` from these, coarse ones as far as they look; say whether any was new."""
        return bool(self._uow.sightings.lock_round(rounds(points, steps, self._policy)))

    def near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.near`."""
        return self._exact(points, NEIGHBOUR_STEPS, self._policy.reach_m, self._policy.reach_s)

    def anchors_near(self, coarse: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.anchors_near`."""
        reach_m = max((coarse_reach_m(point, self._policy) for point in coarse), default=0.0)
        return self._exact(coarse, cells.steps_reaching(reach_m), reach_m, self._policy.coarse_reach_s)

    def coarse_near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.coarse_near`."""
        if not points:
            return []
        box = box_round(points, self._policy.coarse_reach_cap_m, self._policy.coarse_reach_s)
        rows = self._uow.sightings.coarse_near(box)
        if self.lock_round([row.point for row in rows], NEIGHBOUR_STEPS):
            rows = self._uow.sightings.coarse_near(box)
        self.remember(rows)
        leaving = [each.point for each in self._gone.values() if each.point.coarse]
        return [*(row.point for row in rows), *leaving]

    def clusters_of(self, sightings: Collection[int]) -> Mapping[int, int]:
        """Answer `Window.clusters_of`."""
        found = {sighting: self._known[sighting].cluster_id for sighting in sightings if sighting in self._known}
        return {sighting: cluster for sighting, cluster in found.items() if cluster is not None}

    def members(self, clusters: Collection[int]) -> Iterable[Point]:
        """Answer `Window.members`."""
        rows = self._uow.sightings.of_clusters(clusters) if clusters else []
        # A far end of a cluster may have been changing until we locked it: look again.
        while rows and self.lock_round([row.point for row in rows], NEIGHBOUR_STEPS):
            rows = self._uow.sightings.of_clusters(clusters)
        self.remember(rows)
        leaving = [each.point for each in self._gone.values() if each.cluster_id in clusters]
        return [*(row.point for row in rows), *leaving]

    def facts(self, clusters: Collection[int]) -> Mapping[int, ClusterFacts]:
        """Answer `Window.facts`."""
        known = {row.cluster_id: row for row in self._known.values() if row.cluster_id in clusters}
        return {
            cluster: ClusterFacts(cluster, known[cluster].touched, known[cluster].cluster_since) for cluster in clusters
        }

    def incidents_of(self, clusters: Iterable[int]) -> dict[int, int]:
        """Return the incident of each of these clusters, as it was before the step."""
        wanted = set(clusters)
        return {
            row.cluster_id: row.incident_id
            for row in self._known.values()
            if row.cluster_id in wanted and row.cluster_id is not None and row.incident_id is not None
        }

    def point(self, sighting: int) -> Point:
        """Return a sighting that was read."""
        return self._known[sighting].point

    def hold(self, incidents: Collection[int]) -> dict[int, Held]:
        """Take incidents that a step disturbs; raises TryAgain where somebody ended one while we looked."""
        held = self._uow.incidents.hold(incidents)
        if held.keys() != set(incidents) or any(each.ended or each.merged for each in held.values()):
            raise TryAgain
        return held

    def mark(self, changes: Changes, arrived: Collection[Point]) -> None:
        """Say in which cells this transaction changes clusters."""
        newcomers = {point.id: point.cell for point in arrived}
        own = {newcomers.get(each) or self._known[each].point.cell for each in changes.roles}
        own |= {each.point.cell for each in self._gone.values()}
        self._uow.sightings.mark(own)

    def apply(self, written: Written) -> None:
        """Nothing to remember: the next step reads the database again."""

    def at_hand(self, incidents: Collection[int]) -> tuple[list[IncidentFigures], list[GroupFigures]]:  # noqa: ARG002
        """Nothing is: it has to be written before it can be counted."""
        return [], []

    def figures(self, incidents: Collection[int]) -> tuple[list[IncidentFigures], list[GroupFigures]]:
        """Return what the sightings of incidents add up to, and what each source says in them."""
        return self._uow.incidents.figures(incidents), self._uow.incidents.groups(incidents)

    def said(self, versions: Mapping[int, int], merged: Collection[int]) -> None:
        """Nothing to remember."""

    def _exact(self, points: Collection[Point], steps: int, reach_m: float, reach_s: float) -> list[Point]:
        if not points:
            return []
        self.lock_round(points, steps)
        rows = self._uow.sightings.near(_boxes(points, steps, reach_m, reach_s))
        self.remember(rows)
        leaving = [each.point for each in self._gone.values() if not each.point.coarse]
        return [*(row.point for row in rows), *leaving]


def rounds(points: Iterable[Point], steps: int, policy: ClusterPolicy) -> set[tuple[str, int]]:
    """Return the cells of these with how far to lock round each, coarse ones as far as they look."""
    return {
        (
            point.cell,
            max(steps, cells.steps_reaching(coarse_reach_m(point, policy))) if point.coarse else steps,
        )
        for point in points
    }


def _boxes(points: Collection[Point], steps: int, reach_m: float, reach_s: float) -> list[Box]:
    """Return every cell to look into once, with the box and the time that the points round it can reach."""
    by_cell: dict[str, list[Point]] = {}
    for point in points:
        by_cell.setdefault(point.cell, []).append(point)
    asking: dict[str, list[Box]] = {}
    for own in by_cell.values():
        box = box_round(own, reach_m, reach_s)
        for other in cells_round(own[:1], steps):
            asking.setdefault(other, []).append(box)
    return [_joined(cells.to_int(cell), boxes) for cell, boxes in sorted(asking.items())]


def _joined(cell: int, boxes: Sequence[Box]) -> Box:
    return Box(
        cell=cell,
        since=min(box.since for box in boxes),
        until=max(box.until for box in boxes),
        west=min(box.west for box in boxes),
        south=min(box.south for box in boxes),
        east=max(box.east for box in boxes),
        north=max(box.north for box in boxes),
    )


def box_round(points: Collection[Point], reach_m: float, reach_s: float) -> Box:
    """Return the box of degrees and time that holds everything within reach of any of these points."""
    high = math.degrees(reach_m * _MARGIN / EARTH_RADIUS_M)
    south = min(point.place.lat for point in points) - high
    north = max(point.place.lat for point in points) + high
    shrink = math.cos(math.radians(min(89.9, max(abs(south), abs(north)))))
    wide = high / shrink
    west = min(point.place.lon for point in points) - wide
    east = max(point.place.lon for point in points) + wide
    if west < -180.0 or east > 180.0 or max(abs(south), abs(north)) >= 89.0:
        west, east = -180.0, 180.0
    return Box(
        cell=0,
        since=moment(min(point.t for point in points) - reach_s) - timedelta(milliseconds=1),
        until=moment(max(point.t for point in points) + reach_s) + timedelta(milliseconds=1),
        west=west,
        south=south,
        east=east,
        north=north,
    )


def moment(t: float) -> datetime:
    """Return the moment for seconds since 1970-01-01 UTC."""
    return datetime.fromtimestamp(t, UTC)
