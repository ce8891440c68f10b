"""What decided incidents teach of the next ones: counted when people decide, taken back when they undo it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

from desk import criteria
from desk.corroboration.scoring import Beside, circumstances_of, scored
from desk.events import Fact
from desk.unit_of_work import UnitOfWork
from geo.calibration import STEPS, calibrated, step_of
from geo.reliability import About, Circumstances, Leans, Subject, counted, leans, taken_back
from geo.score import Score, still_there
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
    asked = {subject for each in circumstances.values() for subject in each.subjects()}
    records = uow.reliability.of([*STEPS, *sorted(asked)]) if asked else {}
    found: dict[int, list[FoundOnScene]] = {}
    touched = [key for key in circumstances if figures[key].touched]
    for each in uow.dispatches.found(touched) if touched else []:
        found.setdefault(each.incident_id, []).append(each)
    day, now = uow.now.date().toordinal(), uow.now.timestamp()
    calibration = calibrated(records, day)
    return {
        key: Beside(leans(each, records, day), calibration, found.get(key, ()), now)
        for key, each in circumstances.items()
    }


def learn(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Count what incidents were decided to be, once each, or take it back where that no longer stands."""
    # Nobody has judged the others, nor gone there.
    for incident in uow.incidents.many({fact.subject for fact in facts}, touched=True):
        if incident.opened_at > uow.now - _WITHIN:
            _count(uow, incident)


def _count(uow: UnitOfWork, incident: Incident) -> None:
    was = uow.reliability.counted(incident.id)
    found = uow.dispatches.found([incident.id])
    real = _turned_out(uow, incident, found)
    if real == (None if was is None else was.real):
        return
    today = uow.now.date()
    taught = {} if real is None else _taught(uow, incident, found)
    former = {} if was is None else _expected_of(was)
    if not taught and not former:
        return
    day, records = today.toordinal(), uow.reliability.take(sorted({*taught, *former}), today)
    if was is not None:
        on = was.counted_on.toordinal()
        for each, expected in former.items():
            records[each] = taken_back(records[each], real=was.real, expected=expected, counted_on=on, day=day)
        uow.reliability.uncount(was)
    if real is not None and taught:
        for each, expected in taught.items():
            records[each] = counted(records[each], real=real, expected=expected, day=day)
        uow.reliability.count(incident.id, real=real, expected=taught, counted_on=today)
    uow.reliability.keep(records)


def _taught(uow: UnitOfWork, incident: Incident, found: Sequence[FoundOnScene]) -> dict[Subject, float]:
    """Return what an incident is counted by, without whoever decided, and how likely each made it before.

    What a source's own record adds is left out of that, and so is what the pair found: neither may speak for itself.
    Only the step of the score, by which it is calibrated, is counted with all that was known.
    """
    figures = {each.incident_id: each for each in uow.incidents.figures([incident.id])}
    groups: list[GroupFigures] = uow.incidents.groups([incident.id])
    if not groups:
        return {}
    each = figures[incident.id]
    judges = {own.lineage for own in uow.incidents.judgements(incident.id) if own.undone_at is None}
    leaving_out = {str(lineage) for lineage in judges | {one.lineage for one in found}}
    circumstances = circumstances_of(each, groups)
    records = uow.reliability.of(circumstances.subjects())
    learned = leans(circumstances, records, uow.now.date().toordinal())
    return expected_of(circumstances, learned, scored(each, groups, learned), leaving_out)


def expected_of(
    circumstances: Circumstances, learned: Leans, held: Score, leaving_out: Collection[str] = ()
) -> dict[Subject, float]:
    """Return what a decided incident is counted by, each with the probability that was expected there."""
    subjects = circumstances.subjects(leaving_out)
    expected = {each: _probability(held.plain + learned.before[each]) for each in subjects}
    return expected | {step_of(held.raw): _probability(held.raw)}


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


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


def _expected_of(was: ReliabilityCounted) -> dict[Subject, float]:
    rows = zip(was.abouts, was.keys, was.expecteds, strict=True)
    return {Subject(About(about), key): expected for about, key, expected in rows}
