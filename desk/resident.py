"""The open window as one process remembers it: a copy that the database may overrule at any time."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from geo import cells
from geo.gravity import rank_of
from geo.linking import ClusterPolicy, Point
from geo.live import LiveClusters
from geo.points import LonLat
from records.enums import Unit
from records.live import LiveSighting, Told
from records.values import GroupFigures, IncidentFigures

_VAGUE: Final = 1e-9
"""What a coarse sighting counts for the place of an incident that has exact ones."""

_NAMED: Final = frozenset({Unit.IMMIGRATION, Unit.OTHER_FEDERAL})

_T = TypeVar("_T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Member:
    """A sighting of the window, and what it adds to its incident."""

    point: Point
    told: Told


@dataclass(slots=True)
class _Group:
    best: Member
    reports: int = 0
    local_police: bool = False
    named: set[bool] = field(default_factory=set)
    """Whether reports that name immigration or another federal agency, with a basis, are vouched for or not."""
    other: set[bool] = field(default_factory=set)
    """The same of reports that name local police."""
    gravest: dict[bool, str] = field(default_factory=dict)
    """The gravest that reports say is going on, by whether they are vouched for."""
    before: tuple[tuple[float, int], str] | None = None
    """When what it said first was seen, and what that was."""


class Cluster:
    """A cluster with its members, and what they add up to: kept up to date sighting by sighting."""

    def __init__(self, cluster_id: int, incident_id: int) -> None:
        self.id = cluster_id
        self.incident_id = incident_id
        self.members: dict[int, Member] = {}
        self.cells: Counter[str] = Counter()
        self.first_t = math.inf
        self.last_t = -math.inf
        self._groups: dict[int, _Group] = {}
        self._units: Counter[str] = Counter()
        self._zones: Counter[tuple[int, ...]] = Counter()
        self._sum = [0.0, 0.0, 0.0]

    def add(self, member: Member) -> None:
        """Count one more sighting."""
        point, told = member.point, member.told
        self.members[point.id] = member
        self.cells[point.cell] += 1
        self.first_t, self.last_t = min(self.first_t, point.t), max(self.last_t, point.t)
        group = self._groups.get(point.source_group)
        if group is None:
            group = self._groups[point.source_group] = _Group(member)
        elif _order(point) < _order(group.best.point):
            group.best = member
        group.reports += 1
        if told.unit == Unit.LOCAL_POLICE:
            group.local_police |= point.vouched
            group.other.add(point.vouched)
        elif told.based and told.unit in _NAMED:
            group.named.add(point.vouched)
        if point.activity is not None:
            group.gravest[point.vouched] = min(point.activity, group.gravest.get(point.vouched, "other"), key=rank_of)
            group.before = min((point.rank, point.activity), group.before or (point.rank, point.activity))
        if told.unit != Unit.UNKNOWN:
            self._units[told.unit] += 1
        self._zones[told.zone_ids] += 1
        share = _VAGUE if point.coarse else 1.0
        lon, lat = math.radians(point.place.lon), math.radians(point.place.lat)
        self._sum[0] += share * math.cos(lat) * math.cos(lon)
        self._sum[1] += share * math.cos(lat) * math.sin(lon)
        self._sum[2] += share * math.sin(lat)

    def without(self, sightings: Collection[int]) -> Cluster:
        """Return this cluster counted again without some sightings."""
        rest = Cluster(self.id, self.incident_id)
        for sighting, member in self.members.items():
            if sighting not in sightings:
                rest.add(member)
        return rest

    def figures(self, status: str, *, touched: bool) -> IncidentFigures:
        """Return what the sightings of an incident that consists of this cluster add up to."""
        x, y, z = self._sum
        return IncidentFigures(
            incident_id=self.incident_id,
            status=status,
            sightings=len(self.members),
            groups=len(self._groups),
            vouched_groups=sum(group.best.point.vouched for group in self._groups.values()),
            place=LonLat(math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))),
            unit=_most(self._units),
            zone_ids=_most(self._zones) or (),
            first_seen_at=datetime.fromtimestamp(self.first_t, UTC),
            last_seen_at=datetime.fromtimestamp(self.last_t, UTC),
            touched=touched,
        )

    def groups(self) -> list[GroupFigures]:
        """Return what each source group says, by its number."""
        return [self._figures_of(number, group) for number, group in sorted(self._groups.items())]

    def _figures_of(self, number: int, group: _Group) -> GroupFigures:
        best = group.best.point
        return GroupFigures(
            incident_id=self.incident_id,
            source_group=number,
            vouched=best.vouched,
            first_id=best.id,
            place=best.place,
            t=best.t,
            reports=group.reports,
            local_police=group.local_police,
            named=best.vouched in group.named,
            other=best.vouched in group.other,
            activity=group.gravest.get(best.vouched),
            activity_before=group.before[1] if group.before else None,
        )


def _order(point: Point) -> tuple[bool, float, int]:
    """Return what makes one report the best of its group: vouched for first, then the earliest."""
    return (not point.vouched, point.t, point.id)


def _most(counted: Counter[_T]) -> _T | None:
    """Return what was said most often, the first in order where several were (as `mode()` in SQL does)."""
    if not counted:
        return None
    most = max(counted.values())
    said: list[Any] = [word for word, times in counted.items() if times == most]
    return min(said)  # type: ignore[no-any-return]


@dataclass(slots=True)
class Known:
    """How an incident stood when it was last read or written."""

    version: int
    touched: bool
    alone: bool
    """Whether it consists of one cluster."""
    clusters: set[int] = field(default_factory=set)


class Resident:
    """The clusters of open incidents over some large cells, each with the last transaction known to have changed it."""

    def __init__(self, policy: ClusterPolicy) -> None:
        self.policy = policy
        self.live = LiveClusters(policy)
        self.versions: dict[int, int] = {}
        self.since: dict[int, float] = {}
        self.clusters: dict[int, Cluster] = {}
        self.incidents: dict[int, Known] = {}
        self.cluster_of: dict[int, int] = {}
        self._in_cell: dict[str, set[int]] = {}
        """The sightings of each cell of the clustering resolution."""

    def point(self, sighting: int) -> Point:
        """Return a sighting."""
        return self.clusters[self.cluster_of[sighting]].members[sighting].point

    def replace(self, cells9: Iterable[str], rows: Iterable[LiveSighting]) -> None:
        """Forget all clusters with a sighting in some cells, and take in what the database holds there now."""
        stale = {self.cluster_of[one] for cell in cells9 for one in self._in_cell.get(cell, ())}
        fresh = list(rows)
        stale |= {row.cluster_id for row in fresh if row.cluster_id in self.clusters}
        stale |= {self.cluster_of[row.point.id] for row in fresh if row.point.id in self.cluster_of}
        for cluster in stale:
            self._strike(cluster)
        standing: list[tuple[Point, int]] = []
        touched: set[int] = set()
        for row in fresh:
            if row.cluster_id is None or row.incident_id is None or row.told is None:
                continue
            known = Known(row.told.incident_version, row.touched, row.told.alone)
            self._enlist(Member(row.point, row.told), row.cluster_id, row.incident_id, known)
            standing.append((row.point, row.cluster_id))
            if row.touched:
                touched.add(row.cluster_id)
        self.live.exchange(stale, standing, touched)

    def _enlist(self, member: Member, cluster_id: int, incident_id: int, known: Known) -> None:
        cluster = self.clusters.get(cluster_id)
        if cluster is None:
            cluster = self.clusters[cluster_id] = Cluster(cluster_id, incident_id)
        former = self.incidents.setdefault(incident_id, known)
        former.clusters.add(cluster_id)
        former.version, former.touched, former.alone = known.version, known.touched, known.alone
        cluster.add(member)
        self._index(member.point, cluster_id)

    def _index(self, point: Point, cluster_id: int) -> None:
        self.cluster_of[point.id] = cluster_id
        self._in_cell.setdefault(point.cell, set()).add(point.id)

    def drop(self, clusters: Collection[int]) -> None:
        """Forget clusters with all their sightings."""
        for cluster_id in clusters:
            self._strike(cluster_id)
        self.live.exchange(clusters, ())

    def _strike(self, cluster_id: int) -> None:
        cluster = self.clusters.pop(cluster_id)
        for sighting, member in cluster.members.items():
            del self.cluster_of[sighting]
            own = self._in_cell[member.point.cell]
            own.discard(sighting)
            if not own:
                del self._in_cell[member.point.cell]
        self._leave(cluster)

    def _leave(self, cluster: Cluster) -> None:
        known = self.incidents[cluster.incident_id]
        known.clusters.discard(cluster.id)
        if not known.clusters:
            del self.incidents[cluster.incident_id]

    def end(self, incident_id: int) -> None:
        """Forget an incident with all its clusters."""
        self.drop(tuple(self.incidents[incident_id].clusters))

    def touch(self, incident_id: int) -> None:
        """Note that people had their hands on an incident."""
        self.incidents[incident_id].touched = True
        self.live.touch(self.incidents[incident_id].clusters)

    def stand_apart(self, clusters: Collection[int]) -> None:
        """Let clusters that a step joined, but whose incidents people keep apart, be several again."""
        rows = [(member.point, key) for key in clusters for member in self.clusters[key].members.values()]
        touched = {key for key in clusters if self.incidents[self.clusters[key].incident_id].touched}
        self.live.exchange(clusters, rows, touched)

    def open(self, cluster_id: int, incident_id: int) -> None:
        """Begin a cluster with an incident of its own."""
        self.clusters[cluster_id] = Cluster(cluster_id, incident_id)
        self.incidents[incident_id] = Known(0, touched=False, alone=True, clusters={cluster_id})

    def move(self, clusters: Mapping[int, int], newcomers: Mapping[int, Member]) -> None:
        """Put sightings into other clusters, and newcomers into their first one."""
        leaving: dict[int, set[int]] = {}
        moving: dict[int, Member] = {}
        for sighting in clusters:
            former = self.cluster_of.get(sighting)
            if former is not None:
                leaving.setdefault(former, set()).add(sighting)
                moving[sighting] = self.clusters[former].members[sighting]
        for former, gone in leaving.items():
            self.clusters[former] = self.clusters[former].without(gone)
        for sighting, cluster_id in clusters.items():
            member = moving.get(sighting)
            if member is None:
                member = newcomers[sighting]
                self._index(member.point, cluster_id)
            self.cluster_of[sighting] = cluster_id
            self.clusters[cluster_id].add(member)

    def close(self, cluster_id: int) -> None:
        """Forget a cluster in which no sighting stands any more."""
        self._leave(self.clusters.pop(cluster_id))

    def merge(self, loser: int, survivor: int) -> None:
        """Let the sightings of one cluster follow into another."""
        swallowed = self.clusters.pop(loser)
        for sighting, member in swallowed.members.items():
            self.cluster_of[sighting] = survivor
            self.clusters[survivor].add(member)
        self._leave(swallowed)

    def forget_before(self, t: float) -> None:
        """Forget clusters in which nothing was seen since, and that anything earlier was known."""
        self.drop([key for key, each in self.clusters.items() if each.last_t < t])
        self.since = {cell: max(since, t) for cell, since in self.since.items()}


class Memory:
    """One network's window in this process; one transaction at a time leans on it, others read the database."""

    def __init__(self) -> None:
        self._taken = threading.Lock()
        self._resident: Resident | None = None
        self.swept_at = -math.inf

    def under(self, policy: ClusterPolicy) -> Resident:
        """Return what is remembered under these numbers; under others everything is forgotten."""
        if self._resident is None or self._resident.policy != policy:
            self._resident = Resident(policy)
        return self._resident

    def forget(self) -> None:
        """Forget everything: it is loaded anew, cell by cell, when it is needed."""
        self._resident = None

    def take(self) -> bool:
        """Take it for a transaction, unless another one has it."""
        return self._taken.acquire(blocking=False)

    def give_back(self) -> None:
        """Leave it to the next one."""
        self._taken.release()


def cells_within(lock: int) -> list[str]:
    """Return the cells of the clustering resolution in a large cell."""
    return cells.children(cells.from_int(lock), cells.CLUSTER_RESOLUTION)
