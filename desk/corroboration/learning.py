"""What decided incidents teach of the next ones: counted when people decide, taken back when they undo it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from desk import criteria
from desk.corroboration.scoring import Beside, circumstances_of, scored
from desk.events import Fact
from desk.unit_of_work import UnitOfWork
from geo.reliability import About, Subject, counted, leans, taken_back
from geo.score import still_there
from records.enums import Found, IncidentStatus, Task, Unit
from records.models import Incident, ReliabilityCounted
from records.told import FoundOnScene
from records.values import GroupFigures, IncidentFigures

_WITHIN: Final = timedelta(days=7)
"""What is decided of an older incident teaches nothing: what it was counted as may be forgotten by then."""
_LOOKED_IN_TIME: Final = 0.5
"""A pair that comes when it is likelier gone than there says nothing of whether it was."""


def beside(
    uow: UnitOfWork, figures: Mapping[int, IncidentFigures], groups: Mapping[int, Sequence[GroupFigures]]
) -> dict[int, Beside]:
    """Return what is known of incidents beside their reports: one query, and one more where people work on any."""
    circumstances = {key: circumstances_of(each, groups[key]) for key, each in figures.items() if key in groups}
    records = uow.reliability.of({subject for each in circumstances.values() for subject in each.subjects()})
    found: dict[int, list[FoundOnScene]] = {}
    touched = [key for key in circumstances if figures[key].touched]
    for each in uow.dispatches.found(touched) if touched else []:
        found.setdefault(each.incident_id, []).append(each)
    day, now = uow.now.date().toordinal(), uow.now.timestamp()
    return {key: Beside(leans(each, records, day), found.get(key, ()), now) for key, each in circumstances.items()}


def learn(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Count what incidents were decided to be, once each, or take it back where that no longer stands."""
    for incident in uow.incidents.many({fact.subject for fact in facts}):
        # Nobody has judged the others, nor gone there.
        if incident.touched and incident.opened_at > uow.now - _WITHIN:
            _count(uow, incident)


def _count(uow: UnitOfWork, incident: Incident) -> None:
    was = uow.reliability.counted(incident.id)
    found = uow.dispatches.found([incident.id])
    real = _turned_out(uow, incident, found)
    if real == (None if was is None else was.real):
        return
    today = uow.now.date()
    subjects, expected = ([], 0.0) if real is None else _taught(uow, incident, found)
    former = [] if was is None else _subjects_of(was)
    records = uow.reliability.take(sorted({*subjects, *former}), today) if subjects or former else {}
    if was is not None:
        for each in former:
            records[each] = taken_back(
                records[each],
                real=was.real,
                expected=was.expected,
                counted_on=was.counted_on.toordinal(),
                day=today.toordinal(),
            )
        uow.reliability.uncount(was)
    if real is not None and subjects:
        for each in subjects:
            records[each] = counted(records[each], real=real, expected=expected, day=today.toordinal())
        uow.reliability.count(incident.id, real=real, expected=expected, subjects=subjects, counted_on=today)
    uow.reliability.keep(records)


def _taught(uow: UnitOfWork, incident: Incident, found: Sequence[FoundOnScene]) -> tuple[list[Subject], float]:
    """Return what an incident is counted by, without whoever decided, and how likely its reports alone made it.

    What earlier incidents taught is left out of that, and so is what the pair found: neither may speak for itself.
    """
    figures = {each.incident_id: each for each in uow.incidents.figures([incident.id])}
    groups: list[GroupFigures] = uow.incidents.groups([incident.id])
    if not groups:
        return [], 0.0
    each = figures[incident.id]
    judges = {own.lineage for own in uow.incidents.judgements(incident.id) if own.undone_at is None}
    leaving_out = {str(lineage) for lineage in judges | {one.lineage for one in found}}
    expected = 1.0 / (1.0 + math.exp(-scored(each, groups).plain))
    return circumstances_of(each, groups).subjects(leaving_out), expected


def _turned_out(uow: UnitOfWork, incident: Incident, found: Sequence[FoundOnScene]) -> bool | None:
    """Tell whether an incident was decided to be real, or not, or neither (None)."""
    if incident.merged_into is not None:
        return None
    if incident.status == IncidentStatus.UNFOUNDED:
        return False
    if incident.status not in {IncidentStatus.VERIFIED, IncidentStatus.CLOSED}:
        return None
    votes = criteria.votes(uow.incidents.judgements(incident.id), uow.incidents.sources(incident.id))
    if incident.status == IncidentStatus.VERIFIED or criteria.agreeing(votes) is not None:
        if incident.agency in criteria.ANNOUNCED:
            return True
        return False if incident.agency == Unit.LOCAL_POLICE else None
    return _both_found(incident, found)


def _both_found(incident: Incident, found: Sequence[FoundOnScene]) -> bool | None:
    """Tell what both people of one pair found, None where they did not agree or came too late to know."""
    words: dict[int, list[str]] = {}
    for each in found:
        silent_s = (each.found_at - incident.last_seen_at).total_seconds()
        if each.found != Found.NOTHING_FOUND or (each.task == Task.LOOK and still_there(silent_s) >= _LOOKED_IN_TIME):
            words.setdefault(each.dispatch_id, []).append(each.found)
    agreed = {said[0] for said in words.values() if len(said) > 1 and len(set(said)) == 1}
    if Found.ENFORCEMENT_SEEN in agreed:
        return True
    return False if agreed & {Found.NOTHING_FOUND, Found.LOCAL_POLICE} else None


def _subjects_of(was: ReliabilityCounted) -> list[Subject]:
    return [Subject(About(about), key) for about, key in zip(was.abouts, was.keys, strict=True)]
