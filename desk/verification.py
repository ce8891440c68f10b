"""People judge: two of different lineage verify an incident; what two decided is not undone by a third alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from desk import criteria, plates
from desk.access import Actor
from desk.errors import AlreadyJudged, DeskError, NotAllowed, NotFound, NotLawful
from desk.events import (
    EvidenceMoved,
    Fact,
    IncidentChanged,
    IncidentClosed,
    IncidentJudged,
    IncidentQuiet,
    IncidentUnfounded,
    IncidentVerified,
    IncidentWithdrawn,
    OutcomeMoved,
)
from desk.lifecycle import OPEN_INCIDENT, require_incident_step
from desk.persons import person_of
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.score import DEFAULT_SCORE_POLICY
from records.enums import IncidentStatus, Unit, Verdict
from records.errors import NoSuchRecord
from records.models import Incident, Judgement

_AT_ONCE: Final = 200


class BasisMissing(DeskError):
    """Please say whose they are and how you know: a marking, their words, a document, or seen in person."""

    field = "basis"


class BasisNotAccepted(DeskError):
    """This network does not take that as a way of knowing whose they are."""

    field = "basis"


class OwnSighting(NotAllowed):
    """You reported this, or its only source is of your own circle: somebody else has to judge it."""


class OnlyPeopleJudge(NotAllowed):
    """Only people judge, never a script."""


class IncidentHasEnded(NotLawful):
    """This incident has ended; undo the judgement that ended it first."""


class IncidentWasMerged(NotLawful):
    """This incident became part of another one; please judge that one."""


class OverturningTakesTwo(NotLawful):
    """Two people decided this: they may take back their own word, or two others judge it anew."""


def judge(
    uow: UnitOfWork,
    actor: Actor,
    incident_id: int,
    verdict: str,
    *,
    agency: str | None = None,
    basis: str | None = None,
    note: str | None = None,
) -> Judgement:
    """Keep what one person judged of an incident, and what follows for its state.

    Two verdicts `verified` by two people of different lineage, each with a basis, verify it; the agency stands only if
    both name the same one. One person may find it unfounded, two of different lineage where it was verified. `clear`
    ends what was verified, and what nobody saw again for half an hour.

    Raises
    ------
    NotFound, IncidentHasEnded, IncidentWasMerged, OnlyPeopleJudge, OwnSighting, BasisMissing, AlreadyJudged
        Why this person cannot judge this incident so.
    """
    account, lineage = person_of(uow, actor, OnlyPeopleJudge)
    incident = _taken(uow, incident_id)
    if incident.merged_into is not None:
        raise IncidentWasMerged
    if IncidentStatus(incident.status) not in OPEN_INCIDENT:
        raise IncidentHasEnded
    if verdict == Verdict.VERIFIED:
        if agency is None or basis is None:
            raise BasisMissing
        if basis not in uow.policy.verification.accepted_bases:
            raise BasisNotAccepted
        if criteria.is_involved(account, lineage, uow.incidents.sources(incident_id)):
            raise OwnSighting
    for own in uow.incidents.judgements(incident_id):
        if own.account_id == account and own.undone_at is None:
            # Whether it was real and whether it is over are two questions: the first answer makes room for the second.
            if verdict != Verdict.CLEAR or own.verdict == Verdict.CLEAR:
                raise AlreadyJudged
            uow.incidents.undo_judgement(own, by=account, at=uow.now)
    judgement = uow.incidents.add_judgement(
        incident_id,
        account_id=account,
        lineage=lineage,
        verdict=verdict,
        agency=agency,
        basis=basis,
        note=plates.masked(note)[0] or None if note else None,
        judged_at=uow.now,
    )
    _settle(uow, incident, moved=IncidentJudged)
    return judgement


def undo(uow: UnitOfWork, actor: Actor, judgement_id: int) -> Judgement:
    """Take a judgement back, one's own or another's; it stays in the history.

    What two people verified, or overturned, is not undone by a third alone: everybody takes back their own word.

    Raises
    ------
    NotFound, NotLawful, IncidentWasMerged, OverturningTakesTwo, OnlyPeopleJudge
        Why it cannot be taken back by this person now.
    """
    account, _lineage = person_of(uow, actor, OnlyPeopleJudge)
    try:
        judgement = uow.incidents.judgement(judgement_id)
    except NoSuchRecord as error:
        raise NotFound from error
    incident = _taken(uow, judgement.incident_id)
    if incident.merged_into is not None:
        raise IncidentWasMerged
    judgement = uow.incidents.judgement(judgement_id)
    if judgement.undone_at is not None:
        raise NotLawful
    if judgement.account_id != account and _stands_on_two(uow, incident, judgement):
        raise OverturningTakesTwo
    made_room = next(criteria.gave_way(judgement, uow.incidents.judgements(incident.id)), None)
    uow.incidents.undo_judgement(judgement, by=account, at=uow.now)
    if made_room is not None:
        uow.incidents.undo_judgement(made_room, by=None, at=None)
    _settle(uow, incident, moved=IncidentChanged)
    return judgement


def weigh(uow: UnitOfWork, facts: Sequence[EvidenceMoved]) -> None:
    """Look again whether verified incidents whose sightings changed may still stand and be spoken of."""
    for incident_id in sorted({fact.subject for fact in facts}):
        incident = _taken(uow, incident_id)
        if incident.merged_into is not None or incident.status != IncidentStatus.VERIFIED:
            continue
        outcome = _outcome(uow, incident, uow.incidents.judgements(incident_id))
        if outcome.status != incident.status and uow.dispatches.live_counts([incident_id]):
            # Somebody is out there because it stood as verified: people call them back first, no retraction does.
            outcome = replace(outcome, status=IncidentStatus.VERIFIED)
        if (outcome.status, outcome.floor_met) != (incident.status, incident.floor_met):
            _write(uow, incident, outcome, moved=IncidentChanged)


def criteria_of(uow: UnitOfWork, incident_id: int) -> list[criteria.Criterion]:
    """Return what this incident shows and what it lacks, by the criteria of its network. Raises NotFound."""
    try:
        incident = uow.incidents.get(incident_id)
    except NoSuchRecord as error:
        raise NotFound from error
    votes = criteria.votes(uow.incidents.judgements(incident_id), uow.incidents.sources(incident_id))
    pair = criteria.agreeing(votes)
    agency = None if pair is None else _Outcome(IncidentStatus.VERIFIED, *pair).agency
    return criteria.listed(incident, votes, agency, uow.incidents.evidence(incident_id), uow.policy.verification)


def close_quiet(uow: UnitOfWork) -> int:
    """End unverified incidents in which nothing new was seen for long and to which nobody is sent; return how many."""
    portion, before = uow.portion, uow.now - uow.policy.verification.quiet_after
    ended = uow.incidents.close_quiet(before=before, now=uow.now, limit=portion.limit(_AT_ONCE), after=portion.after)
    portion.note(incident_id for incident_id, _version, _cell7 in ended)
    uow.record_all(
        IncidentClosed(subject=incident_id, version=version, cell5=cells.from_int(cell7))
        for incident_id, version, cell7 in ended
    )
    return len(ended)


def propose_clear(uow: UnitOfWork) -> int:
    """Propose that incidents are over of which nothing new was seen for long: people end them, no clock does."""
    portion, before = uow.portion, uow.now - uow.policy.verification.over_after
    quiet = uow.incidents.propose_clear(before=before, now=uow.now, limit=portion.limit(_AT_ONCE), after=portion.after)
    portion.note(incident_id for incident_id, _version, _cell7 in quiet)
    uow.record_all(
        IncidentQuiet(subject=incident_id, version=version, cell5=cells.from_int(cell7))
        for incident_id, version, cell7 in quiet
    )
    return len(quiet)


# who judges


def _taken(uow: UnitOfWork, incident_id: int) -> Incident:
    try:
        return uow.incidents.take(incident_id)
    except NoSuchRecord as error:
        raise NotFound from error


def _stands_on_two(uow: UnitOfWork, incident: Incident, judgement: Judgement) -> bool:
    """Tell whether what an incident stands as needs this judgement of one of two."""
    if judgement.verdict == Verdict.VERIFIED:
        return incident.status == IncidentStatus.VERIFIED
    same = [
        each
        for each in uow.incidents.judgements(incident.id)
        if each.undone_at is None and each.verdict == Verdict.UNFOUNDED
    ]
    overturned = incident.status == IncidentStatus.UNFOUNDED and incident.was_verified
    return judgement.verdict == Verdict.UNFOUNDED and overturned and criteria.pair_of(same) is not None


# what follows


@dataclass(frozen=True, slots=True)
class _Outcome:
    status: IncidentStatus
    first: Judgement | None = None
    second: Judgement | None = None
    floor_met: bool = False

    @property
    def agency(self) -> str | None:
        if self.first is None or self.second is None:
            return None
        return self.first.agency if self.first.agency == self.second.agency else Unit.UNKNOWN


def _settle(uow: UnitOfWork, incident: Incident, *, moved: type[Fact]) -> None:
    """Work out the state from everything judged, write it, and say what happened."""
    _write(uow, incident, _outcome(uow, incident, uow.incidents.judgements(incident.id)), moved=moved)


def _write(uow: UnitOfWork, incident: Incident, outcome: _Outcome, *, moved: type[Fact]) -> None:
    was, could_be_said = incident.status, (incident.broadcastable, incident.agency)
    decided = (was, incident.agency) if was in _FACTS else None
    # Whoever judges has answered whether it is over; if not, it is asked again when all stayed quiet.
    changes: dict[str, object] = {"touched": True, "floor_met": outcome.floor_met, "clear_proposed_at": None}
    if outcome.status != was:
        require_incident_step(was, outcome.status)
        ended = outcome.status not in OPEN_INCIDENT
        changes |= {"status": outcome.status, "ended_at": uow.now if ended else None}
    if outcome.first is not None and outcome.second is not None:
        changes |= {
            "agency": outcome.agency,
            "was_verified": True,
            "verifier1": outcome.first.account_id,
            "verifier1_lineage": outcome.first.lineage,
            "verifier2": outcome.second.account_id,
            "verifier2_lineage": outcome.second.lineage,
        }
    elif outcome.status in {IncidentStatus.UNVERIFIED, IncidentStatus.CORROBORATED}:
        changes["agency"] = None
    uow.incidents.change(incident, **changes)
    if could_be_said[0] and (incident.broadcastable, incident.agency) != could_be_said:
        uow.record(IncidentWithdrawn(subject=incident.id, version=incident.version, cell5=incident.cell7))
    said = _FACTS.get(outcome.status, IncidentChanged) if outcome.status != was else moved
    uow.record(said(subject=incident.id, version=incident.version, cell5=incident.cell7))
    if said not in _DECIDED and decided not in {None, (incident.status, incident.agency)}:
        uow.record(OutcomeMoved(subject=incident.id, version=incident.version, cell5=incident.cell7))


_FACTS: Final[dict[IncidentStatus, type[Fact]]] = {
    IncidentStatus.VERIFIED: IncidentVerified,
    IncidentStatus.UNFOUNDED: IncidentUnfounded,
    IncidentStatus.CLOSED: IncidentClosed,
}
_DECIDED: Final = frozenset(_FACTS.values())


def _outcome(uow: UnitOfWork, incident: Incident, judgements: Sequence[Judgement]) -> _Outcome:
    """Return the state that these judgements make, and by whom where it was verified."""
    standing = [each for each in judgements if each.undone_at is None]
    against = [each for each in standing if each.verdict == Verdict.UNFOUNDED]
    over = [each for each in standing if each.verdict == Verdict.CLEAR]
    votes = criteria.votes(judgements, uow.incidents.sources(incident.id))
    floor = criteria.floor_met(uow.incidents.evidence(incident.id), votes)
    pair = criteria.agreeing(votes)
    if pair is not None and _suffices(uow, pair, votes, floor=floor):
        if criteria.pair_of(against) is not None:
            return _Outcome(IncidentStatus.UNFOUNDED, *pair, floor)
        return _Outcome(IncidentStatus.CLOSED if over else IncidentStatus.VERIFIED, *pair, floor)
    if against:
        return _Outcome(IncidentStatus.UNFOUNDED, floor_met=floor)
    quiet = uow.now - incident.last_seen_at >= uow.policy.verification.over_after
    if over and (quiet or incident.was_verified or incident.status == IncidentStatus.CLOSED):
        return _Outcome(IncidentStatus.CLOSED, floor_met=floor)
    enough = incident.vouched_groups >= DEFAULT_SCORE_POLICY.corroborated_groups
    if enough and incident.standing >= DEFAULT_SCORE_POLICY.corroborated_standing:
        return _Outcome(IncidentStatus.CORROBORATED, floor_met=floor)
    return _Outcome(IncidentStatus.UNVERIFIED, floor_met=floor)


def _suffices(uow: UnitOfWork, pair: tuple[Judgement, Judgement], votes: Sequence[Judgement], *, floor: bool) -> bool:
    """Tell whether two who agree are enough by the criteria of this network."""
    policy = uow.policy.verification
    agreed = pair[0].agency == pair[1].agency != Unit.UNKNOWN
    return (
        criteria.enough_people(votes, policy)
        and (floor or not policy.require_evidence_floor)
        and (agreed or not policy.require_agreed_agency)
    )
