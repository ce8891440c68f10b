"""Two people say to members what is verified; nothing is told before the second agrees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from desk.access import Actor
from desk.errors import (
    AlreadySaid,
    NotAllowed,
    NotAnnounceable,
    NotFound,
    NotLawful,
    OneWhoDidNotJudge,
    SecondPersonNeeded,
)
from desk.events import StatementDropped, StatementProposed, StatementSaid
from desk.persons import person_of
from desk.unit_of_work import UnitOfWork
from geo import cells
from records.enums import Activity, StatementState, Template
from records.errors import NoSuchRecord
from records.models import Incident, Statement

_BUCKET: Final = timedelta(minutes=5)
_AREA: Final = 9
_AREA_OF_HOMES: Final = 8
"""Resolutions: a place is told as the centre of its cell, one step coarser where it may be somebody's home."""


class OnlyPeopleSpeak(NotAllowed):
    """Only people speak for the network, never a script."""


def propose(uow: UnitOfWork, actor: Actor, incident_id: int) -> Statement:
    """Propose to tell the members of an incident's zones; nothing is told before a second person agrees.

    Raises
    ------
    NotFound, NotAnnounceable, AlreadySaid, OnlyPeopleSpeak
        Why this cannot be proposed.
    """
    account, lineage = person_of(uow, actor, OnlyPeopleSpeak)
    incident = _taken(uow, incident_id)
    if not incident.broadcastable:
        raise NotAnnounceable
    if any(each.live_key for each in uow.statements.of_incident(incident_id)):
        raise AlreadySaid
    statement = uow.statements.add(
        incident_id,
        template=Template.VERIFIED,
        agency=incident.agency,
        cell=_area(incident),
        seen_at=bucket(incident.last_seen_at),
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
    account, lineage = person_of(uow, actor, OnlyPeopleSpeak)
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
    person_of(uow, actor, OnlyPeopleSpeak)
    statement = _taken_with_incident(uow, statement_id)
    if statement.state != StatementState.PROPOSED:
        raise NotLawful
    let_go(uow, statement)
    return statement


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


def bucket(moment: datetime) -> datetime:
    """Return a moment as members are told it: the five minutes it lies in."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(_BUCKET.total_seconds()), UTC)


def let_go(uow: UnitOfWork, statement: Statement) -> None:
    """End a proposal that nobody was told of."""
    uow.statements.change(statement, state=StatementState.DROPPED, ended_at=uow.now)
    uow.record(StatementDropped(subject=statement.id))
