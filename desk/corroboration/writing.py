"""What a clustering step found, written down as clusters and incidents, and said as facts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from desk.corroboration import learning
from desk.corroboration.scoring import Beside, update_of
from desk.corroboration.window import DatabaseWindow, Window, Written, moment
from desk.events import (
    EvidenceMoved,
    IncidentChanged,
    IncidentClosed,
    IncidentCorroborated,
    IncidentMerged,
    IncidentOpened,
    IncidentSplit,
)
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.linking import Point
from geo.naming import Changes
from records import ids
from records.enums import IncidentStatus
from records.values import GroupFigures, IncidentFigures, IncidentUpdate, NewIncident


@dataclass(slots=True)
class _Found:
    """The step's answer in the words of incidents."""

    clusters: dict[int, int] = field(default_factory=dict)
    """For each cluster, by id, its incident."""
    opened: dict[int, NewIncident] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    """For each incident that was swallowed the cluster that took it in."""
    apart: dict[int, int] = field(default_factory=dict)
    """Incidents that people work on and that look like one, both ways."""
    disturbed: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the sightings of incidents add up to, what each of their sources says, and what is known beside them."""

    figures: dict[int, IncidentFigures]
    groups: dict[int, list[GroupFigures]]
    beside: dict[int, Beside]

    @classmethod
    def of(cls, uow: UnitOfWork, every: Iterable[IncidentFigures], said: Iterable[GroupFigures]) -> _Counted:
        figures = {each.incident_id: each for each in every}
        groups: dict[int, list[GroupFigures]] = {}
        for group in said:
            groups.setdefault(group.incident_id, []).append(group)
        return cls(figures, groups, learning.beside(uow, figures, groups) if groups else {})

    def scored(self, apart: Collection[int]) -> dict[int, IncidentUpdate]:
        """Return what is to be written of those that have any sighting left."""
        return {
            key: update_of(self.figures[key], groups, apart=key in apart, beside=self.beside[key])
            for key, groups in self.groups.items()
        }


def write(uow: UnitOfWork, window: Window, changes: Changes, arrived: Sequence[Point]) -> None:
    """Write down what a step found: clusters, incidents, who stands where, figures and scores."""
    merges = [merge for merge in changes.merged if merge not in changes.merge_proposals]
    named = {key for key in changes.clusters if key > 0} | {merge.loser for merge in changes.merged}
    before = window.incidents_of(
        named | {each.split_from for each in changes.opened if each.split_from is not None} | set(changes.emptied)
    )
    found = _Found(disturbed=set(before.values()))
    window.hold(found.disturbed)
    window.mark(changes, arrived)
    given = _opened(uow, changes, before, found, _members(window, changes, arrived))
    figures = {given.get(key, key): each for key, each in changes.clusters.items()}
    times = {cluster: (moment(each.t_min), moment(each.t_max)) for cluster, each in figures.items()}
    assigned = {sighting: given.get(key, key) for sighting, key in sorted(changes.assigned.items())}
    swallowed = [(merge.loser, merge.survivor) for merge in merges]
    apart = {key for merge in changes.merge_proposals for key in (merge.loser, merge.survivor)}
    window.apply(Written(found.clusters, assigned, swallowed, changes.emptied, given, apart))
    for merge in merges:
        if before[merge.loser] != before[merge.survivor]:
            found.merged[before[merge.loser]] = merge.survivor
    for merge in changes.merge_proposals:
        if before[merge.loser] != before[merge.survivor]:
            found.apart[before[merge.loser]] = before[merge.survivor]
            found.apart[before[merge.survivor]] = before[merge.loser]
    counted = _Counted.of(uow, *window.at_hand(found.disturbed | set(found.opened)))
    newcomers = {point.id for point in arrived}
    with uow.burst():
        uow.incidents.open(list(found.opened.values()))
        uow.incidents.add_clusters({key: (found.clusters[key], *times[key]) for key in given.values()})
        uow.incidents.resize_clusters({key: each for key, each in sorted(times.items()) if key in before})
        uow.sightings.store({sighting: key for sighting, key in assigned.items() if sighting in newcomers})
        uow.sightings.move({sighting: key for sighting, key in assigned.items() if sighting not in newcomers})
        uow.incidents.merge_clusters({merge.loser: merge.survivor for merge in merges})
        uow.incidents.remove_clusters({merge.loser for merge in merges} | set(changes.emptied))
        # The database is busy with this for a while: what is known already is scored meanwhile.
        updates = counted.scored(found.apart)
    _refresh(uow, window, found, counted, updates)


def recount(uow: UnitOfWork, incident_ids: Collection[int], *, opened: int | None = None) -> None:
    """Count, place and score incidents again after people moved sightings between them; `opened` was just split off."""
    if incident_ids:
        found = _Found(disturbed=set(incident_ids))
        _refresh(uow, DatabaseWindow(uow), found, _Counted.of(uow, (), ()), {}, parted=opened)


def _members(window: Window, changes: Changes, arrived: Sequence[Point]) -> dict[int, Point]:
    """Return for each new cluster, by its temporary key, its earliest sighting."""
    first: dict[int, Point] = {}
    newcomers = {point.id: point for point in arrived}
    for sighting, key in changes.assigned.items():
        if key < 0:
            point = newcomers.get(sighting) or window.point(sighting)
            if key not in first or point.rank < first[key].rank:
                first[key] = point
    return first


def _opened(
    uow: UnitOfWork, changes: Changes, before: Mapping[int, int], found: _Found, first: Mapping[int, Point]
) -> dict[int, int]:
    """Give every new cluster an id and an incident of its own; return the ids by temporary key."""
    given: dict[int, int] = {}
    for opened in changes.opened:
        point = first[opened.key]
        given[opened.key] = ids.new_id()
        incident = NewIncident(
            id=ids.new_id(),
            lon=point.place.lon,
            lat=point.place.lat,
            cell7=cells.number_at(point.place, 7),
            cell10=cells.number_at(point.place, 10),
            opened_at=uow.now,
            seen_at=moment(point.t),
            split_from=None if opened.split_from is None else before.get(opened.split_from),
        )
        found.clusters[given[opened.key]] = incident.id
        found.opened[incident.id] = incident
    return given


def _refresh(
    uow: UnitOfWork,
    window: Window,
    found: _Found,
    counted: _Counted,
    updates: dict[int, IncidentUpdate],
    *,
    parted: int | None = None,
) -> None:
    """Count, place and score every incident that gained or lost sightings, and say what became of it."""
    versions = uow.incidents.merge(found.merged)
    uow.record_all(IncidentMerged(subject=loser, version=version) for loser, version in versions.items())
    rest = (found.disturbed | set(found.opened)) - versions.keys() - counted.figures.keys()
    if rest:
        others = _Counted.of(uow, *window.figures(rest))
        counted.figures.update(others.figures)
        updates |= others.scored(found.apart)
    written = uow.incidents.write(list(updates.values()))
    window.said(written, versions)
    for incident_id in sorted(updates):
        was = counted.figures[incident_id].status
        _say(uow, found, updates[incident_id], written[incident_id], was, parted=parted)
    _end_empty(uow, [each for incident_id, each in counted.figures.items() if incident_id not in updates])


def _say(uow: UnitOfWork, found: _Found, update: IncidentUpdate, version: int, was: str, *, parted: int | None) -> None:
    cell5 = cells.from_int(update.cell7)
    opened = found.opened.get(update.id)
    if update.id == parted:
        uow.record(IncidentSplit(subject=update.id, version=version, cell5=cell5))
    elif opened is None:
        uow.record(IncidentChanged(subject=update.id, version=version, cell5=cell5))
    elif opened.split_from is not None:
        uow.record(IncidentSplit(subject=update.id, version=version, cell5=cell5))
    else:
        uow.record(IncidentOpened(subject=update.id, version=version, cell5=cell5))
    if update.status == IncidentStatus.VERIFIED:
        uow.record(EvidenceMoved(subject=update.id, version=version, cell5=cell5))
    if update.status == IncidentStatus.CORROBORATED and was != IncidentStatus.CORROBORATED:
        uow.record(IncidentCorroborated(subject=update.id, version=version, cell5=cell5))


def _end_empty(uow: UnitOfWork, empty: Iterable[IncidentFigures]) -> None:
    """Close incidents whose last sighting was taken back, unless people work on them or split the others off."""
    for each in empty:
        incident = uow.incidents.get(each.incident_id)
        kept = each.touched or each.status == IncidentStatus.VERIFIED
        if kept or uow.decisions.clusters_of([each.incident_id]):
            uow.incidents.change(incident, sightings=0, groups=0, vouched_groups=0)
            uow.record(IncidentChanged(subject=incident.id, version=incident.version, cell5=incident.cell7))
            if each.status == IncidentStatus.VERIFIED:
                uow.record(EvidenceMoved(subject=incident.id, version=incident.version, cell5=incident.cell7))
        else:
            uow.incidents.change(
                incident, sightings=0, groups=0, vouched_groups=0, status=IncidentStatus.CLOSED, ended_at=uow.now
            )
            uow.record(IncidentClosed(subject=incident.id, version=incident.version, cell5=incident.cell7))
