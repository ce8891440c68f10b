"""The open window out of this process's memory, each cell believed only while the database says it is fresh."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from itertools import islice
from typing import Final

from desk.corroboration.window import Written, box_round, rounds
from desk.resident import Member, Memory, Resident, cells_within
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.distance import EARTH_RADIUS_M
from geo.linking import NEIGHBOUR_STEPS, Point, coarse_reach_m
from geo.naming import Changes, ClusterFacts
from records.live import Held, LiveSighting
from records.values import GroupFigures, IncidentFigures

_MARGIN: Final = 1.01
_REMEMBERED: Final = timedelta(hours=12)
"""How far back a window is loaded: a report may be six hours late, and what it disturbs lies three hours further."""
_SWEPT_EVERY_S: Final = 600.0
_LOOKED_AT: Final = 64
"""Incidents beside those at hand that each transaction asks after, so that ended ones do not stay for long."""


class LookAgain(Exception):
    """What was remembered was not how things stand; it was set right, and the step has to be taken again."""


class BeyondMemory(Exception):
    """The step looks further than is remembered; it has to ask the database."""


class RememberedWindow:
    """The open window in memory, for one transaction.

    Every cell is locked before it is looked at, and after that its version is read: where another transaction than
    the one remembered changed it last, it is loaded again. Incidents that ended meanwhile, or that people changed, are
    noticed when they are taken. Memory follows what this transaction writes; where it is not kept, every cell it
    entered is forgotten.
    """

    def __init__(self, uow: UnitOfWork, memory: Memory, arrived: Iterable[LiveSighting]) -> None:
        self._uow = uow
        self._memory = memory
        self._resident: Resident = memory.resident
        self._policy = uow.policy.clustering
        self._newcomers = {each.point.id: Member(each.point, each.told) for each in arrived if each.told is not None}
        self._rounds: set[tuple[str, int]] = set()
        self._entered: set[int] = set()
        self._overtaken: set[int] = set()
        self._own: int | None = None
        self._marks = 0
        self._marked: set[int] = set()
        self._shown: set[int] = set()
        self._held: dict[int, Held] = {}
        self._begins = -math.inf
        uow.when_over(self._over)
        self._sweep()

    # what a step asks

    def lock_round(self, points: Iterable[Point], steps: int) -> bool:
        """Lock the cells round these and make sure of what is remembered of them; say whether any was new."""
        return self._enter(rounds(points, steps, self._policy))

    def near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.near`."""
        self.lock_round(points, NEIGHBOUR_STEPS)
        return self._around(points, NEIGHBOUR_STEPS, self._policy.reach_m, self._policy.reach_s)

    def anchors_near(self, coarse: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.anchors_near`."""
        reach_m = max((coarse_reach_m(point, self._policy) for point in coarse), default=0.0)
        steps = cells.steps_reaching(reach_m)
        self.lock_round(coarse, steps)
        return self._around(coarse, steps, reach_m, self._policy.coarse_reach_s)

    def coarse_near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.coarse_near`: the database finds the few there are, wherever they stand."""
        if not points:
            return []
        box = box_round(points, self._policy.coarse_reach_cap_m, self._policy.coarse_reach_s)
        rows = self._uow.sightings.coarse_near(box)
        while self.lock_round([row.point for row in rows], NEIGHBOUR_STEPS):
            rows = self._uow.sightings.coarse_near(box)
        found = [row.point for row in rows if row.point.id not in self._newcomers]
        if any(point.id not in self._resident.cluster_of for point in found):
            raise BeyondMemory
        self._show(found)
        return found

    def clusters_of(self, sightings: Collection[int]) -> Mapping[int, int]:
        """Answer `Window.clusters_of`."""
        known = self._resident.cluster_of
        return {sighting: known[sighting] for sighting in sightings if sighting in known}

    def members(self, clusters: Collection[int]) -> Iterable[Point]:
        """Answer `Window.members`."""
        every = self._resident.clusters
        while self._enter({(cell, NEIGHBOUR_STEPS) for key in clusters if key in every for cell in every[key].cells}):
            pass
        if any(key not in every for key in clusters):
            # Entering its far end told us that it is another one now.
            raise LookAgain
        self._shown |= {every[key].incident_id for key in clusters}
        return [member.point for key in clusters for member in every[key].members.values()]

    def facts(self, clusters: Collection[int]) -> Mapping[int, ClusterFacts]:
        """Answer `Window.facts`."""
        return {
            key: ClusterFacts(key, self._resident.incidents[each.incident_id].touched, each.first_t)
            for key, each in ((key, self._resident.clusters[key]) for key in clusters)
        }

    # what writing asks

    def point(self, sighting: int) -> Point:
        """Return a sighting that was shown."""
        return self._resident.point(sighting)

    def incidents_of(self, clusters: Iterable[int]) -> dict[int, int]:
        """Return the incident of each of these clusters."""
        every = self._resident.clusters
        return {key: every[key].incident_id for key in set(clusters) if key in every}

    def hold(self, incidents: Collection[int]) -> dict[int, Held]:
        """Take incidents; raises LookAgain where they, or others that were shown, are not as they were remembered."""
        asked = self._shown | self._some_others()
        self._held = self._uow.incidents.hold(incidents, asked)
        gone = (asked - self._held.keys()) & self._resident.incidents.keys()
        for incident_id in gone:
            self._resident.end(incident_id)
        # Every one is looked at: to find one wrong sets it right.
        wrong = [incident_id for incident_id, each in self._held.items() if not self._stands(incident_id, each)]
        if wrong or gone & self._shown:
            self._refresh()
            raise LookAgain
        return {key: each for key, each in self._held.items() if key in incidents}

    def mark(self, changes: Changes, arrived: Collection[Point]) -> None:
        """Say in which cells this transaction changes clusters."""
        own = {point.cell for point in arrived}
        for key in {*changes.clusters, *(merge.loser for merge in changes.merged)}:
            if key in self._resident.clusters:
                own |= self._resident.clusters[key].cells.keys()
        for key in {each.split_from for each in changes.opened if each.split_from is not None}:
            own |= self._resident.clusters[key].cells.keys()
        marks = self._uow.sightings.mark(own)
        self._marks = self._uow.sightings.marks
        for cell, (own_number, was) in marks.items():
            self._own = own_number
            self._marked.add(cell)
            if was not in {self._resident.versions.get(cell), own_number}:
                self._overtaken.add(cell)

    def apply(self, written: Written) -> None:
        """Follow what is being written."""
        for cluster_id, incident_id in written.opened.items():
            self._resident.open(cluster_id, incident_id)
        self._resident.move(written.assigned, self._newcomers)
        for loser, survivor in written.merged:
            self._resident.merge(loser, survivor)
        for cluster_id in written.emptied:
            self._resident.drop(cluster_id)

    def figures(self, incidents: Collection[int]) -> tuple[list[IncidentFigures], list[GroupFigures]]:
        """Return what sightings add up to: counted here for an incident of one cluster, by the database for others."""
        every = self._resident
        own = {key for key in incidents if key in every.incidents and every.incidents[key].alone}
        rest = set(incidents) - own
        figures = self._uow.incidents.figures(rest) if rest else []
        groups = self._uow.incidents.groups(rest) if rest else []
        for key in sorted(own):
            known = every.incidents[key]
            [cluster] = (every.clusters[each] for each in known.clusters)
            status = self._held[key].status if key in self._held else "unverified"
            figures.append(cluster.figures(status, touched=known.touched))
            groups += cluster.groups()
        return figures, groups

    def said(self, versions: Mapping[int, int], merged: Collection[int]) -> None:
        """Remember the new versions of incidents."""
        for incident_id, version in versions.items():
            known = self._resident.incidents.get(incident_id)
            if known is not None:
                known.version = version
        for incident_id in set(merged) & self._resident.incidents.keys():
            self._doubt(incident_id)

    # how memory is kept true

    def _enter(self, wanted: set[tuple[str, int]]) -> bool:
        wanted -= self._rounds
        self._rounds |= wanted
        fresh = self._uow.sightings.lock_round(wanted)
        if not fresh:
            return False
        self._entered |= fresh
        versions = self._uow.sightings.versions(fresh)
        self._load({lock: each for lock, each in versions.items() if self._resident.versions.get(lock) != each})
        self._begins = max(self._begins, *(self._resident.since[lock] for lock in fresh))
        return True

    def _load(self, versions: Mapping[int, int]) -> None:
        since = self._uow.now - _REMEMBERED
        # One at a time: the server ends a transaction in which it hears nothing for long.
        for lock, version in sorted(versions.items()):
            self._resident.replace(cells_within(lock), self._uow.sightings.window([lock], since))
            self._resident.versions[lock] = version
            self._resident.since[lock] = since.timestamp()

    def _around(self, points: Collection[Point], steps: int, reach_m: float, seconds: float) -> Collection[Point]:
        if min((point.t for point in points), default=math.inf) - seconds < self._begins:
            raise BeyondMemory
        around = self._resident.exact.around
        high = math.degrees(reach_m * _MARGIN / EARTH_RADIUS_M)
        found: dict[int, Point] = {}
        for point in points:
            here = point.place
            # East and west are left to whoever decides by the metre: near the antimeridian they are hard to compare.
            south, north = here.lat - high, here.lat + high
            for other in around(point, steps, seconds):
                if south <= other.place.lat <= north:
                    found[other.id] = other
        self._show(found.values())
        return found.values()

    def _show(self, points: Iterable[Point]) -> None:
        every, own = self._resident.clusters, self._resident.cluster_of
        self._shown |= {every[own[point.id]].incident_id for point in points}

    def _some_others(self) -> set[int]:
        """Return some incidents in turn, the longest unasked first."""
        known = self._resident.incidents
        some = list(islice(known, _LOOKED_AT))
        for incident_id in some:
            known[incident_id] = known.pop(incident_id)
        return set(some)

    def _stands(self, incident_id: int, now: Held) -> bool:
        """Tell whether an incident is as it was remembered; where not, doubt it."""
        known = self._resident.incidents.get(incident_id)
        if known is None:
            return incident_id not in self._shown
        if now.ended:
            self._resident.end(incident_id)
        elif now.merged or (now.version, now.touched) != (known.version, known.touched):
            self._doubt(incident_id)
        else:
            return True
        return incident_id not in self._shown

    def _doubt(self, incident_id: int) -> None:
        """Load the cells of an incident again before they are believed the next time."""
        for cluster in self._resident.incidents[incident_id].clusters:
            for cell in self._resident.clusters[cluster].cells:
                self._resident.versions.pop(cells.to_int(cells.parent(cell, 6)), None)

    def _refresh(self) -> None:
        """Load every entered cell again that came into doubt."""
        doubted = {lock for lock in self._entered if lock not in self._resident.versions}
        self._load(self._uow.sightings.versions(doubted) if doubted else {})
        self._shown.clear()

    def _sweep(self) -> None:
        now = self._uow.now.timestamp()
        if not self._memory.swept_at <= now < self._memory.swept_at + _SWEPT_EVERY_S:
            self._resident.forget_before(now - _REMEMBERED.total_seconds())
            self._memory.swept_at = now

    def _over(self, kept: bool) -> None:
        versions = self._resident.versions
        # Whatever else changed clusters in this transaction did not tell us what.
        if not kept or (self._own is not None and self._uow.sightings.marks != self._marks):
            for lock in self._entered:
                versions.pop(lock, None)
        elif self._own is not None:
            for lock in self._marked:
                if lock in self._overtaken:
                    versions.pop(lock, None)
                elif lock in versions:
                    versions[lock] = self._own
        self._memory.give_back()
