"""People merge, split and keep apart; all of it can be undone, and nothing the machine computes touches it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from desk.access import Actor
from desk.corroboration import writing
from desk.corroboration.window import DatabaseWindow
from desk.errors import DeskError, NotAllowed, NotFound, NotLawful
from desk.events import IncidentChanged, IncidentMerged, IncidentSplit, SightingRetracted
from desk.lifecycle import OPEN_INCIDENT
from desk.persons import account_of
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.clustering import step
from geo.linking import INSERT_STEPS, NEIGHBOUR_STEPS
from records import ids
from records.enums import DecisionKind, IncidentStatus
from records.errors import NoSuchRecord
from records.groupings import CountedSighting
from records.models import Decision, Incident
from records.values import NewIncident

# A merge lets one incident live on in another, a split pins sightings to a cluster of its own: what a sighting counts
# for is the incident of the cluster it is pinned to, else of the cluster it stands in. Judgements and dispatches stay
# with the incident they were made for (decision 10).

_SETTLED_AGAIN_AT_MOST: Final = 2000
"""More sightings than this are left as they are when something is undone: the next report there looks again."""


class OnlyPeopleDecide(NotAllowed):
    """Only people merge and split, never a script."""


class IntoItself(DeskError):
    """An incident cannot be merged into itself; please choose another one."""

    field = "into"


class LivesOnElsewhere(NotLawful):
    """One of these became part of another incident; please use that one, or undo that merge first."""


class OneIsOver(NotLawful):
    """One of these has ended; undo the judgement that ended it first."""


class VerifiedSurvives(NotLawful):
    """What two people verified can only become part of another verified incident; merge the other one into it."""


class VerifierReported(NotLawful):
    """One of the two who verified this reported the other one: somebody else has to verify it first."""


class NotOfThisIncident(DeskError):
    """Please choose among the reports that count for this incident now."""

    field = "sightings"


class NothingLeft(DeskError):
    """At least one report has to stay; leave out the one that belongs here."""

    field = "sightings"


class UndoTheLaterOneFirst(NotLawful):
    """Something was merged with this part since; undo that merge first."""


def merge(uow: UnitOfWork, actor: Actor, incident_id: int, into: int) -> Decision:
    """Let one incident live on in another; a merge alone never verifies anything.

    Raises
    ------
    NotFound, IntoItself, LivesOnElsewhere, OneIsOver, VerifiedSurvives, VerifierReported, OnlyPeopleDecide
        Why these two cannot become one.
    """
    account = account_of(uow, actor, OnlyPeopleDecide)
    if incident_id == into:
        raise IntoItself
    one, survivor = _taken(uow, incident_id, into)
    _require_both_open(one, survivor)
    if one.status == IncidentStatus.VERIFIED and survivor.status != IncidentStatus.VERIFIED:
        raise VerifiedSurvives
    decision = uow.decisions.add(DecisionKind.MERGE, one.id, survivor.id, account_id=account, decided_at=uow.now)
    version = uow.decisions.merged_into(one.id, survivor.id)
    uow.decisions.join(one.id, survivor.id)
    _require_judges_from_outside(uow, survivor)
    uow.incidents.touch(survivor.id)
    uow.decisions.forget_suggestions([one.id])
    uow.record(IncidentMerged(subject=one.id, version=version, cell5=one.cell7))
    writing.recount(uow, [survivor.id])
    return decision


def split(uow: UnitOfWork, actor: Actor, incident_id: int, sighting_ids: Collection[int]) -> Decision:
    """Split reports off an incident into a new one, which begins unverified.

    Raises
    ------
    NotFound, LivesOnElsewhere, OneIsOver, NotOfThisIncident, NothingLeft, OnlyPeopleDecide
        Why they cannot be split off.
    """
    account = account_of(uow, actor, OnlyPeopleDecide)
    [incident] = _taken(uow, incident_id)
    _require_both_open(incident)
    counted = {each.id: each for each in uow.decisions.counted([incident_id])}
    chosen = set(sighting_ids)
    if not chosen or not chosen <= counted.keys():
        raise NotOfThisIncident
    if chosen == counted.keys():
        raise NothingLeft
    part = _begun(uow, incident, [counted[each] for each in counted if each in chosen])
    decision = uow.decisions.add(DecisionKind.SPLIT, incident_id, part, account_id=account, decided_at=uow.now)
    members = [counted[each] for each in chosen]
    cluster = ids.new_id()
    times = [each.observed_at for each in members]
    uow.incidents.add_clusters({cluster: (part, min(times), max(times))})
    uow.decisions.pin(decision.id, cluster, chosen)
    for each in (incident_id, part):
        uow.incidents.touch(each)
    writing.recount(uow, [incident_id, part], opened=part)
    return decision


def keep_apart(uow: UnitOfWork, actor: Actor, incident_id: int, other_id: int) -> Decision:
    """Note that two incidents are not the same: it is not suggested again, and the machine never merges them.

    Raises
    ------
    NotFound, IntoItself, LivesOnElsewhere, OneIsOver, AlreadyKeptApart, OnlyPeopleDecide
        Why this cannot be said of these two.
    """
    account = account_of(uow, actor, OnlyPeopleDecide)
    if incident_id == other_id:
        raise IntoItself
    _require_both_open(*_taken(uow, incident_id, other_id))
    decision = uow.decisions.add(DecisionKind.APART, incident_id, other_id, account_id=account, decided_at=uow.now)
    uow.decisions.forget_pair(incident_id, other_id)
    for each in (incident_id, other_id):
        uow.incidents.touch(each)
        _say_changed(uow, each)
    return decision


def undo(uow: UnitOfWork, actor: Actor, decision_id: int) -> Decision:
    """Take a merge, a split or a "not the same" back, one's own or another's; it stays in the history.

    Both incidents are again what they would be had it never been decided: reports that came meanwhile count where the
    machine put them.

    Raises
    ------
    NotFound, NotLawful, UndoTheLaterOneFirst, VerifiedSurvives, OnlyPeopleDecide
        Why it cannot be undone now.
    """
    account = account_of(uow, actor, OnlyPeopleDecide)
    try:
        decision = uow.decisions.get(decision_id)
        # A merge is undone at the survivor as it is called today.
        roots = {uow.decisions.root(decision.incident_id), uow.decisions.root(decision.other_id)}
        incidents = {each.id: each for each in _taken(uow, *sorted({decision.incident_id, decision.other_id} | roots))}
        decision = uow.decisions.take(decision_id)
    except NoSuchRecord as error:
        raise NotFound from error
    if decision.undone_at is not None:
        raise NotLawful
    uow.decisions.undo(decision, by=account, at=uow.now)
    match DecisionKind(decision.kind):
        case DecisionKind.MERGE:
            _unmerge(uow, decision)
        case DecisionKind.SPLIT:
            _rejoin(uow, decision, incidents[decision.incident_id], incidents[decision.other_id])
        case DecisionKind.APART:
            for each in (decision.incident_id, decision.other_id):
                _say_changed(uow, each)
    uow.decisions.untouch([decision.incident_id, decision.other_id])
    _settle_again(uow, roots | {decision.incident_id})
    return decision


def recount_pinned(uow: UnitOfWork, facts: Sequence[SightingRetracted]) -> None:
    """Count the incidents again that people had split off what is taken back now: the machine knows none of them."""
    writing.recount(uow, uow.decisions.pinned_incidents({fact.subject for fact in facts}))


# who, and what is taken for it


def _taken(uow: UnitOfWork, *incident_ids: int) -> list[Incident]:
    """Take incidents until the end of this transaction, in the order given; raises NotFound.

    First the cells round all that counts for them, as whoever clusters does, then the rows in order.
    """
    while uow.sightings.lock_round(
        {(each.cell9, NEIGHBOUR_STEPS) for each in uow.decisions.counted(incident_ids) if each.cell9 is not None}
    ):
        pass
    try:
        found = {incident_id: uow.incidents.take(incident_id) for incident_id in sorted(set(incident_ids))}
    except NoSuchRecord as error:
        raise NotFound from error
    return [found[incident_id] for incident_id in incident_ids]


def _require_both_open(*incidents: Incident) -> None:
    if any(each.merged_into is not None for each in incidents):
        raise LivesOnElsewhere
    if any(IncidentStatus(each.status) not in OPEN_INCIDENT for each in incidents):
        raise OneIsOver


def _require_judges_from_outside(uow: UnitOfWork, survivor: Incident) -> None:
    """Raise VerifierReported where somebody who verified the survivor reported what it takes in."""
    if survivor.status == IncidentStatus.VERIFIED:
        reporters = {source.account_id for source in uow.incidents.sources(survivor.id)}
        if reporters & {survivor.verifier1, survivor.verifier2}:
            raise VerifierReported


def _begun(uow: UnitOfWork, incident: Incident, members: Sequence[CountedSighting]) -> int:
    """Open the incident of what is split off, at its earliest report; return its id."""
    first = members[0]
    place = first.place or uow.incidents.place(incident.id)
    opened = NewIncident(
        id=ids.new_id(),
        lon=place.lon,
        lat=place.lat,
        cell7=cells.number_at(place, 7),
        cell10=cells.number_at(place, 10),
        opened_at=uow.now,
        seen_at=first.observed_at,
        split_from=incident.id,
    )
    uow.incidents.open([opened])
    return opened.id


# undone


def _unmerge(uow: UnitOfWork, decision: Decision) -> None:
    survivor = uow.decisions.root(decision.other_id)
    version = uow.decisions.merged_into(decision.incident_id, None)
    uow.decisions.part(decision.incident_id)
    writing.recount(uow, {decision.incident_id, survivor})
    incident = uow.incidents.get(decision.incident_id)
    uow.record(IncidentSplit(subject=incident.id, version=max(version, incident.version), cell5=incident.cell7))


def _rejoin(uow: UnitOfWork, decision: Decision, rest: Incident, part: Incident) -> None:
    """Let what was split off count again where the machine has it; its own history stays with it."""
    if part.merged_into is not None or uow.decisions.standing_merges_into(part.id):
        raise UndoTheLaterOneFirst
    survivor = uow.incidents.get(uow.decisions.root(rest.id))
    if part.status == IncidentStatus.VERIFIED and survivor.status != IncidentStatus.VERIFIED:
        raise VerifiedSurvives
    uow.decisions.unpin(decision.id)
    back = uow.decisions.counted_in(uow.decisions.taken_along([decision.id])[decision.id])
    version = uow.decisions.merged_into(part.id, rest.id)
    uow.decisions.forget_suggestions([part.id])
    uow.record(IncidentMerged(subject=part.id, version=version, cell5=part.cell7))
    writing.recount(uow, {survivor.id, *back})


def _settle_again(uow: UnitOfWork, incident_ids: Collection[int]) -> None:
    """Join clusters that stayed apart only because people had their hands on both of their incidents."""
    open_ids = [
        each.id
        for each in uow.incidents.many(incident_ids)
        if each.merged_into is None and IncidentStatus(each.status) in OPEN_INCIDENT
    ]
    rows = uow.sightings.of_clusters(uow.decisions.clusters_of(open_ids)) if open_ids else []
    if not rows or len(rows) > _SETTLED_AGAIN_AT_MOST:
        return
    window = DatabaseWindow(uow)
    window.remember(rows)
    points = [row.point for row in rows]
    window.lock_round(points, INSERT_STEPS)
    writing.write(uow, window, step(window, points, (), uow.policy.clustering), points)


def _say_changed(uow: UnitOfWork, incident_id: int) -> None:
    incident = uow.incidents.get(incident_id)
    uow.record(IncidentChanged(subject=incident.id, version=incident.version, cell5=incident.cell7))
