"""Statements as members, the desk, and whoever holds a receipt read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from desk.access import ALLOWED, Act, Actor
from desk.alerts.saying import bucket
from desk.errors import NotAllowed, NotFound
from desk.unit_of_work import UnitOfWork
from geo import cells
from records import ids
from records.enums import Heard, IncidentStatus, StatementState, Template
from records.models import Statement


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
        "time": _moment(bucket(incident.last_seen_at)),
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
    incident = uow.incidents.get(uow.decisions.root(sighting.incident_id))
    said = [each for each in uow.statements.of_incident(incident.id) if each.said_at is not None]
    if incident.status == IncidentStatus.UNFOUNDED:
        return Heard.NOT_CONFIRMED
    if incident.status == IncidentStatus.CLOSED:
        return Heard.OVER
    if any(each.answers is None and each.state == StatementState.STANDING for each in said):
        return Heard.CONFIRMED
    corrected = any(each.state == StatementState.CORRECTED for each in said)
    return Heard.NOT_CONFIRMED if corrected else Heard.CHECKING
