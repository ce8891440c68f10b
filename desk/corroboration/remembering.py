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
from geo.linking import INSERT_STEPS, NEIGHBOUR_STEPS, Point
from geo.naming import Changes
from records.errors import TryAgain
from records.live import Held, LiveSighting
from records.values import GroupFigures, IncidentFigures

_REMEMBERED: Final = timedelta(hours=12)
"""How far back a window is loaded: a report may be six hours late, and what it disturbs lies three hours further."""
_SWEPT_EVERY_S: Final = 600.0
_DISTURBED: Final = 3
"""Reaches of time within which a report can disturb anything."""
_LOOKS: Final = 8
_LOOKED_AT: Final = 16
"""Incidents beside those at hand that each transaction asks after, so that ended ones do not stay for long."""


class BeyondMemory(Exception):
    """The step looks further than is remembered; it has to ask the database."""


class RememberedWindow:
    """The open window in memory, for one transaction.

    Every cell is locked before it is looked at, and after that its version is read: where another transaction than
    the one remembered changed it last, it is loaded again. Incidents that ended meanwhile, or that people changed, are
    noticed before the step and when they are taken. The step changes memory at once; where the transaction is not
    kept, all that is remembered is forgotten.
    """

    def __init__(self, uow: UnitOfWork, memory: Memory, arrived: Iterable[LiveSighting]) -> None:
        self._uow = uow
        self._memory = memory
        self._policy = uow.policy.clustering
        self._resident: Resident = memory.under(self._policy)
        self._newcomers = {each.point.id: Member(each.point, each.told) for each in arrived if each.told is not None}
        self._rounds: set[tuple[str, int]] = set()
        self._entered: set[int] = set()
        self._overtaken: set[int] = set()
        self._own: int | None = None
        self._marks = 0
        self._marked: set[int] = set()
        self._held: dict[int, Held] = {}
        self._begins = -math.inf
        self._stepped = False
        uow.when_over(self._over)
        self._sweep()

    # the step

    def step(self, points: Collection[Point]) -> Changes:
        """Take in new sightings, once everything round them is locked and stands as the database says.

        Raises
        ------
        BeyondMemory
            They disturb something further away, or longer ago, than is remembered; nothing has changed.
        TryAgain
            The surroundings did not come to rest.
        """
        exact = [point for point in points if not point.coarse]
        for _ in range(_LOOKS):
            self._enter(rounds(points, INSERT_STEPS, self._policy))
            self._know_coarse(exact)
            if min((point.t for point in points), default=math.inf) - _DISTURBED * self._policy.reach_s < self._begins:
                raise BeyondMemory
            near = self._resident.live.names_round(exact) | self._anchors_of(points)
            ends = {(cell, NEIGHBOUR_STEPS) for key in near for cell in self._resident.clusters[key].cells}
            if not self._enter(ends) and self._stand(near):
                self._stepped = True
                return self._resident.live.arrive(points)
        raise TryAgain

    def _know_coarse(self, points: Collection[Point]) -> None:
        """Make sure that every coarse sighting that may follow one of these is remembered; the database finds them."""
        if not points:
            return
        box = box_round(points, self._policy.coarse_reach_cap_m, self._policy.coarse_reach_s)
        rows = self._uow.sightings.coarse_near(box)
        while self._enter(rounds([row.point for row in rows], NEIGHBOUR_STEPS, self._policy)):
            rows = self._uow.sightings.coarse_near(box)
        if any(row.point.id not in self._resident.cluster_of for row in rows):
            raise BeyondMemory

    def _anchors_of(self, points: Collection[Point]) -> set[int]:
        """Return the clusters that coarse sightings may join, and those that coarse ones may leave for others."""
        live = self._resident.live
        vague = [point for point in points if point.coarse]
        others = [*live.anchors_near(vague), *live.coarse_near([point for point in points if not point.coarse])]
        return set(live.clusters_of([point.id for point in others]).values())

    def _stand(self, clusters: Collection[int]) -> bool:
        """Tell whether the incidents of some clusters are as they are remembered; set right what is not."""
        shown = {self._resident.clusters[key].incident_id for key in clusters}
        asked = shown | self._some_others()
        now = self._uow.incidents.hold((), asked)
        gone = (asked - now.keys()) & self._resident.incidents.keys()
        for incident_id in gone:
            self._resident.end(incident_id)
        wrong = {incident_id for incident_id, each in now.items() if not self._is_as_known(incident_id, each)}
        if (wrong | gone) & shown:
            self._refresh()
            return False
        return True

    # what writing asks

    def point(self, sighting: int) -> Point:
        """Return a sighting that was shown."""
        return self._resident.point(sighting)

    def incidents_of(self, clusters: Iterable[int]) -> dict[int, int]:
        """Return the incident of each of these clusters."""
        every = self._resident.clusters
        return {key: every[key].incident_id for key in set(clusters) if key in every}

    def hold(self, incidents: Collection[int]) -> dict[int, Held]:
        """Take incidents; raises TryAgain where one is not as it was a moment ago."""
        self._held = self._uow.incidents.hold(incidents)
        if self._held.keys() != set(incidents) or not all(self._is_as_known(*each) for each in self._held.items()):
            raise TryAgain
        return self._held

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
        resident = self._resident
        resident.live.christen(written.given)
        for cluster_id, incident_id in written.opened.items():
            resident.open(cluster_id, incident_id)
        resident.move(written.assigned, self._newcomers)
        for loser, survivor in written.merged:
            resident.merge(loser, survivor)
        for cluster_id in written.emptied:
            resident.close(cluster_id)
        if written.apart:
            resident.stand_apart(written.apart)

    def at_hand(self, incidents: Collection[int]) -> tuple[list[IncidentFigures], list[GroupFigures]]:
        """Return what the sightings of each of these incidents that consists of one cluster add up to."""
        every = self._resident
        figures: list[IncidentFigures] = []
        groups: list[GroupFigures] = []
        for key in sorted(key for key in incidents if key in every.incidents and every.incidents[key].alone):
            known = every.incidents[key]
            [cluster] = (every.clusters[each] for each in known.clusters)
            status = self._held[key].status if key in self._held else "unverified"
            figures.append(cluster.figures(status, touched=known.touched))
            groups += cluster.groups()
        return figures, groups

    def figures(self, incidents: Collection[int]) -> tuple[list[IncidentFigures], list[GroupFigures]]:
        """Return what sightings add up to where several clusters are one incident: the database counts them."""
        return self._uow.incidents.figures(incidents), self._uow.incidents.groups(incidents)

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

    def _some_others(self) -> set[int]:
        """Return some incidents in turn, the longest unasked first."""
        known = self._resident.incidents
        some = list(islice(known, _LOOKED_AT))
        for incident_id in some:
            known[incident_id] = known.pop(incident_id)
        return set(some)

    def _is_as_known(self, incident_id: int, now: Held) -> bool:
        """Tell whether an incident is as it is remembered; where not, doubt it."""
        known = self._resident.incidents.get(incident_id)
        if known is None:
            return not now.ended
        if now.ended:
            self._resident.end(incident_id)
        elif now.merged or (now.version, now.touched) != (known.version, known.touched):
            self._doubt(incident_id)
        else:
            return True
        return False

    def _doubt(self, incident_id: int) -> None:
        """Load the cells of an incident again before they are believed the next time."""
        for cluster in self._resident.incidents[incident_id].clusters:
            for cell in self._resident.clusters[cluster].cells:
                self._resident.versions.pop(cells.to_int(cells.parent(cell, 6)), None)

    def _refresh(self) -> None:
        """Load every entered cell again that came into doubt."""
        doubted = {lock for lock in self._entered if lock not in self._resident.versions}
        self._load(self._uow.sightings.versions(doubted) if doubted else {})

    def _sweep(self) -> None:
        now = self._uow.now.timestamp()
        if not self._memory.swept_at <= now < self._memory.swept_at + _SWEPT_EVERY_S:
            self._resident.forget_before(now - _REMEMBERED.total_seconds())
            self._memory.swept_at = now

    def _over(self, kept: bool) -> None:
        if self._stepped and not kept:
            # The step was taken in memory, and is not what the database holds.
            self._memory.forget()
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
