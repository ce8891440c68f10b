"""Counsel stops the forgetting of one incident: two people of two lineages, for thirty days at a time, written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from desk.access import Actor
from desk.errors import NotAllowed, NotFound, NotLawful
from desk.persons import person_of
from desk.unit_of_work import UnitOfWork
from records.errors import NoSuchRecord
from records.models import Hold

HOLDS_FOR: Final = timedelta(days=30)
"""A hold ends by itself after this long unless it is renewed."""


class OnlyPeopleHold(NotAllowed):
    """Only people keep something for counsel or let go of it, never a script."""


@dataclass(frozen=True, slots=True)
class HoldSeen:
    """One hold as those who may see it do: which incident, why, by whom, until when; nothing of the incident."""

    id: int
    incident_id: int
    reason: str
    asked_by: str | None
    asked_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    lapses_at: datetime
    lifted_at: datetime | None


def ask(uow: UnitOfWork, actor: Actor, incident_id: int, reason: str) -> HoldSeen:
    """Ask that an incident and all that belongs to it be kept; it is from the moment another person confirms.

    Raises
    ------
    NotFound, AlreadyHeld, OnlyPeopleHold
        Why it cannot be asked for.
    """
    account, lineage = person_of(uow, actor, OnlyPeopleHold)
    try:
        uow.incidents.get(incident_id)
    except NoSuchRecord as error:
        raise NotFound from error
    hold = uow.holds.add(
        incident_id,
        reason=reason,
        asked_by=account,
        lineage=lineage,
        asked_at=uow.now,
        lapses_at=uow.now + HOLDS_FOR,
    )
    uow.audits.note(account, "asked for a hold", "incident", uow.now.date())
    return _seen(uow, [hold])[0]


def confirm(uow: UnitOfWork, actor: Actor, hold_id: int) -> HoldSeen:
    """Confirm what another person of another lineage asked for: from now on nothing of it is forgotten.

    That it was another one is seen to by the database.

    Raises
    ------
    NotFound, NotLawful, HoldTakesTwo, OnlyPeopleHold
        Why this person cannot.
    """
    account, lineage = person_of(uow, actor, OnlyPeopleHold)
    hold = _standing(uow, hold_id)
    if hold.confirmed_at is not None:
        raise NotLawful
    try:
        uow.incidents.get(hold.incident_id)
    except NoSuchRecord as error:
        raise NotFound from error
    uow.holds.change(
        hold,
        confirmed_by=account,
        confirmed_lineage=lineage,
        confirmed_at=uow.now,
        lapses_at=uow.now + HOLDS_FOR,
    )
    uow.audits.note(account, "confirmed a hold", "incident", uow.now.date())
    return _seen(uow, [hold])[0]


def renew(uow: UnitOfWork, actor: Actor, hold_id: int) -> HoldSeen:
    """Let a confirmed hold stand for thirty days more. Raises NotFound, NotLawful, OnlyPeopleHold."""
    account, _lineage = person_of(uow, actor, OnlyPeopleHold)
    hold = _standing(uow, hold_id)
    if hold.confirmed_at is None:
        raise NotLawful
    uow.holds.change(hold, renewed_at=uow.now, lapses_at=uow.now + HOLDS_FOR)
    uow.audits.note(account, "renewed a hold", "incident", uow.now.date())
    return _seen(uow, [hold])[0]


def lift(uow: UnitOfWork, actor: Actor, hold_id: int) -> HoldSeen:
    """End a hold: what is past its limit is forgotten with the next run. Raises NotFound, NotLawful, OnlyPeopleHold."""
    account, _lineage = person_of(uow, actor, OnlyPeopleHold)
    hold = _standing(uow, hold_id)
    uow.holds.change(hold, lifted_by=account, lifted_at=uow.now)
    uow.audits.note(account, "lifted a hold", "incident", uow.now.date())
    return _seen(uow, [hold])[0]


def holds(uow: UnitOfWork) -> list[HoldSeen]:
    """Return all holds, the newest first; those that ended stay to be seen as long as the audit."""
    return _seen(uow, uow.holds.every())


def _standing(uow: UnitOfWork, hold_id: int) -> Hold:
    try:
        hold = uow.holds.take(hold_id)
    except NoSuchRecord as error:
        raise NotFound from error
    if hold.lifted_at is not None:
        raise NotLawful
    return hold


def _seen(uow: UnitOfWork, found: Sequence[Hold]) -> list[HoldSeen]:
    people = {each for hold in found for each in (hold.asked_by, hold.confirmed_by) if each is not None}
    aliases = uow.accounts.aliases(people)
    return [
        HoldSeen(
            id=hold.id,
            incident_id=hold.incident_id,
            reason=hold.reason,
            asked_by=aliases.get(hold.asked_by),
            asked_at=hold.asked_at,
            confirmed_by=None if hold.confirmed_by is None else aliases.get(hold.confirmed_by),
            confirmed_at=hold.confirmed_at,
            lapses_at=hold.lapses_at,
            lifted_at=hold.lifted_at,
        )
        for hold in found
    ]
