"""What members are told: two people say it, of what is verified alone; what changes is set right to the same people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from desk.access import ALLOWED, Act, Actor
from desk.errors import (
    AlreadySaid,
    NotAllowed,
    NotAnnounceable,
    NotFound,
    NotLawful,
    OneWhoDidNotJudge,
    SecondPersonNeeded,
)
from desk.events import (
    Fact,
    StatementCorrected,
    StatementDropped,
    StatementOver,
    StatementProposed,
    StatementSaid,
)
from desk.unit_of_work import UnitOfWork
from geo import cells
from records import ids
from records.enums import Activity, Heard, IncidentStatus, NetworkKind, StatementState, Template
from records.errors import NoSuchRecord
from records.models import Incident, Statement

_BUCKET: Final = timedelta(minutes=5)
_AREA: Final = 9
_AREA_OF_HOMES: Final = 8
"""Resolutions: a place is told as the centre of its cell, one step coarser where it may be somebody's home."""


class OnlyPeopleSpeak(NotAllowed):
    """Only people speak for the network, never a script."""


# said


def propose(uow: UnitOfWork, actor: Actor, incident_id: int) -> Statement:
    """Propose to tell the members of an incident's zones; nothing is told before a second person agrees.

    Raises
    ------
    NotFound, NotAnnounceable, AlreadySaid, OnlyPeopleSpeak
        Why this cannot be proposed.
    """
    account, lineage = _person(uow, actor)
    incident = _taken(uow, incident_id)
    if not incident.broadcastable:
        raise NotAnnounceable
    if any(each.answers is None and each.live_key for each in uow.statements.of_incident(incident_id)):
        raise AlreadySaid
    statement = uow.statements.add(
        incident_id,
        template=Template.VERIFIED,
        agency=incident.agency,
        cell=_area(incident),
        seen_at=_bucket(incident.last_seen_at),
        zone_ids=sorted(incident.zone_ids),
        approver1=account,
        approver1_lineage=lineage,
        proposed_at=uow.now,
    )
    uow.record(StatementProposed(subject=statement.id))
    return statement


def approve(uow: UnitOfWork, actor: Actor, statement_id: int) -> Statement:
    """Say what somebody proposed: the second of two people, of another lineage, at least one of whom did not judge.

    Raises
    ------
    NotFound, NotLawful, SecondPersonNeeded, OneWhoDidNotJudge, OnlyPeopleSpeak
        Why this person cannot say it.
    """
    account, lineage = _person(uow, actor)
    statement = _taken_with_incident(uow, statement_id)
    if statement.state != StatementState.PROPOSED:
        raise NotLawful
    if statement.approver1 == account or statement.approver1_lineage == lineage:
        raise SecondPersonNeeded
    judges = {each.account_id for each in uow.incidents.judgements(statement.incident_id)}
    if {statement.approver1, account} <= judges:
        raise OneWhoDidNotJudge
    uow.statements.change(
        statement,
        state=StatementState.STANDING,
        approver2=account,
        approver2_lineage=lineage,
        said_at=uow.now,
        valid_until=uow.now + uow.policy.verification.statement_lasts,
    )
    uow.record(StatementSaid(subject=statement.id))
    return statement


def drop(uow: UnitOfWork, actor: Actor, statement_id: int) -> Statement:
    """Let a proposal go that nobody was told of. Raises NotFound, NotLawful, OnlyPeopleSpeak."""
    _person(uow, actor)
    statement = _taken_with_incident(uow, statement_id)
    if statement.state != StatementState.PROPOSED:
        raise NotLawful
    _drop(uow, statement)
    return statement


def _person(uow: UnitOfWork, actor: Actor) -> tuple[int, int]:
    if actor.script and uow.network.kind == NetworkKind.LIVE:
        raise OnlyPeopleSpeak
    if actor.account_id is None or actor.lineage is None:
        raise NotAllowed
    return actor.account_id, actor.lineage


def _taken(uow: UnitOfWork, incident_id: int) -> Incident:
    try:
        return uow.incidents.take(incident_id)
    except NoSuchRecord as error:
        raise NotFound from error


def _taken_with_incident(uow: UnitOfWork, statement_id: int) -> Statement:
    """Return a statement whose incident is taken: whatever changes what may be said takes the incident first."""
    try:
        _taken(uow, uow.statements.get(statement_id).incident_id)
        return uow.statements.get(statement_id)
    except NoSuchRecord as error:
        raise NotFound from error


def _area(incident: Incident) -> str:
    home = incident.activity == Activity.DOOR_VISIT
    return cells.parent(incident.cell10, _AREA_OF_HOMES if home else _AREA)


def _bucket(moment: datetime) -> datetime:
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(_BUCKET.total_seconds()), UTC)


# set right


def set_right(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Answer what was said of incidents that may not be spoken of so any more, to the same people, at once.

    Where the incident lives on in another that may be spoken of alike, the statement follows it there.
    """
    for statement_id in uow.statements.fallen({fact.subject for fact in facts}):
        statement = uow.statements.get(statement_id)
        incident = _living(uow, uow.incidents.get(statement.incident_id))
        if incident.broadcastable and incident.agency == statement.agency:
            uow.statements.change(statement, incident_id=incident.id)
        elif statement.state == StatementState.PROPOSED:
            _drop(uow, statement)
        else:
            over = incident.status == IncidentStatus.CLOSED
            _answer(uow, statement, Template.CLEAR if over else Template.CORRECTION)


def _living(uow: UnitOfWork, incident: Incident) -> Incident:
    while incident.merged_into is not None:
        incident = uow.incidents.get(incident.merged_into)
    return incident


def _drop(uow: UnitOfWork, statement: Statement) -> None:
    uow.statements.change(statement, state=StatementState.DROPPED, ended_at=uow.now)
    uow.record(StatementDropped(subject=statement.id))


def _answer(uow: UnitOfWork, statement: Statement, template: Template) -> None:
    answer = uow.statements.add(
        statement.incident_id,
        template=template,
        agency=statement.agency,
        cell=statement.cell,
        seen_at=statement.seen_at,
        zone_ids=statement.zone_ids,
        state=StatementState.STANDING,
        answers=statement.id,
        proposed_at=uow.now,
        said_at=uow.now,
        valid_until=uow.now + uow.policy.verification.statement_lasts,
    )
    over = template is Template.CLEAR
    uow.statements.change(statement, state=StatementState.OVER if over else StatementState.CORRECTED, ended_at=uow.now)
    uow.record((StatementOver if over else StatementCorrected)(subject=answer.id))


def forget_readers(uow: UnitOfWork) -> int:
    """Cut the link between people and what they read once no correction follows any more; return how many."""
    return uow.statements.forget_seen_before((uow.now - uow.policy.verification.corrected_within).date())


# shown


def mine(uow: UnitOfWork, actor: Actor) -> list[dict[str, Any]]:
    """Return what one member is told now, newest first, and note that they were told."""
    if actor.account_id is None:
        raise NotAllowed
    since = (uow.now - uow.policy.verification.corrected_within).date()
    read = uow.statements.read_by(actor.account_id, actor.zone_ids, now=uow.now, told_since=since)
    uow.statements.mark_seen(actor.account_id, [each.statement.id for each in read if not each.seen], uow.now.date())
    names = uow.zones.names() if read else {}
    return [_said(each.statement, names) | {"owed": each.owed, "new": not each.seen} for each in read]


def followed(uow: UnitOfWork, actor: Actor) -> list[str]:
    """Return the names of the zones whose alerts somebody gets; none means all."""
    names = uow.zones.names() if actor.zone_ids else {}
    return sorted(names[zone] for zone in actor.zone_ids if zone in names)


def outlook(uow: UnitOfWork, incident_id: int) -> dict[str, Any] | None:
    """Return what could be proposed of an incident now, and to how many; None where nothing can."""
    incident = uow.incidents.get(incident_id)
    if not incident.broadcastable or any(each.live_key for each in uow.statements.of_incident(incident_id)):
        return None
    names = uow.zones.names()
    return {
        "incident": ids.shown(incident_id),
        "template": Template.VERIFIED.value,
        "agency": incident.agency,
        "area": sorted(names[zone] for zone in incident.zone_ids if zone in names),
        "time": _moment(_bucket(incident.last_seen_at)),
        "audience": uow.statements.audience(incident.zone_ids, ALLOWED[Act.SEE_ALERTS]),
    }


def of_incident(uow: UnitOfWork, incident_id: int) -> list[dict[str, Any]]:
    """Return what was proposed and said of an incident, oldest first, with whom it reached."""
    found = uow.statements.of_incident(incident_id)
    return [view(uow, each) for each in found]


def view(uow: UnitOfWork, statement: Statement) -> dict[str, Any]:
    """Return one statement as the desk reads it: to how many, by how many read, and how many are still owed it."""
    people = {each for each in (statement.approver1, statement.approver2) if each is not None}
    aliases = uow.accounts.aliases(people)
    reach = uow.statements.reach([statement.id])[statement.id]
    return _said(statement, uow.zones.names()) | {
        "incident": ids.shown(statement.incident_id),
        "proposed_by": None if statement.approver1 is None else aliases.get(statement.approver1),
        "approved_by": None if statement.approver2 is None else aliases.get(statement.approver2),
        "audience": uow.statements.audience(statement.zone_ids, ALLOWED[Act.SEE_ALERTS]),
        "seen": reach.seen,
        "owed": reach.owed,
    }


def _said(statement: Statement, names: dict[int, str]) -> dict[str, Any]:
    place = cells.centre(statement.cell)
    return {
        "id": ids.shown(statement.id),
        "template": statement.template,
        "state": statement.state,
        "agency": statement.agency,
        "area": sorted(names[zone] for zone in statement.zone_ids if zone in names),
        "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]},
        "cell": statement.cell,
        "time": _moment(statement.seen_at),
        "said_at": None if statement.said_at is None else _moment(statement.said_at),
        "valid_until": None if statement.valid_until is None else _moment(statement.valid_until),
        "answers": None if statement.answers is None else ids.shown(statement.answers),
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# told to whoever reported


def heard(uow: UnitOfWork, sighting_id: int) -> Heard:
    """Return what somebody who holds the receipt of a sighting is told of it. Raises NotFound.

    `confirmed` only once the members were told: else pins would probe what the desk knows.
    """
    sighting = uow.sightings.standing(sighting_id)
    if sighting is None:
        raise NotFound
    if sighting.retracted:
        return Heard.RETRACTED
    if sighting.incident_id is None:
        return Heard.OVER if uow.now - sighting.received_at > uow.policy.intake.late_after else Heard.CHECKING
    incident = _living(uow, uow.incidents.get(sighting.incident_id))
    said = [each for each in uow.statements.of_incident(incident.id) if each.said_at is not None]
    if incident.status == IncidentStatus.UNFOUNDED:
        return Heard.NOT_CONFIRMED
    if incident.status == IncidentStatus.CLOSED:
        return Heard.OVER
    if any(each.answers is None and each.state == StatementState.STANDING for each in said):
        return Heard.CONFIRMED
    corrected = any(each.state == StatementState.CORRECTED for each in said)
    return Heard.NOT_CONFIRMED if corrected else Heard.CHECKING


# whose alerts somebody gets


def follow_zones(uow: UnitOfWork, alias: str, zones: Sequence[str]) -> list[str]:
    """Write the zones whose alerts an account gets, by name or shown id; none means all. Raises NotFound."""
    account = uow.accounts.find(alias)
    if account is None:
        raise NotFound
    names = uow.zones.names()
    known = {name: zone for zone, name in names.items()} | {ids.shown(zone): zone for zone in names}
    if not known.keys() >= set(zones):
        raise NotFound
    followed = sorted({known[zone] for zone in zones})
    uow.statements.follow_zones(account.id, followed)
    return [names[zone] for zone in followed]


@dataclass(frozen=True, slots=True)
class Audience:
    """Of which incident a statement speaks, for the desk, and to which zones it was said; None where to nobody yet."""

    incident_id: int
    zone_ids: frozenset[int] | None


def audiences(uow: UnitOfWork, statement_ids: Sequence[int]) -> dict[int, Audience]:
    """Return of each of some statements whom it concerns."""
    return {
        each.id: Audience(each.incident_id, None if each.said_at is None else frozenset(each.zone_ids))
        for each in uow.statements.many(statement_ids)
    }


def is_told(actor_zones: frozenset[int], zones: frozenset[int]) -> bool:
    """Tell whether somebody who follows these zones (none means all) is among whom those zones are told."""
    return not actor_zones or bool(actor_zones & zones)
