"""Which open incidents might be one: said to people, with a reason and an end; never done by the machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from desk.events import (
    IncidentClosed,
    IncidentMerged,
    IncidentsSuggested,
    IncidentUnfounded,
    SightingReceived,
)
from desk.unit_of_work import UnitOfWork
from geo.vehicles import reachable
from records.enums import SuggestionKind
from records.groupings import NewSuggestion, VehicleTieFound

SAME_LOOKS_FOR: Final = timedelta(hours=2)
"""Many vehicles look alike: after this long without another sighting of it nobody is asked to look any more."""


def suggest(uow: UnitOfWork, facts: Sequence[SightingReceived]) -> None:
    """Suggest that incidents may be one where a vehicle that was just reported can have been at both."""
    ties = [tie for tie in uow.decisions.vehicle_ties({fact.subject for fact in facts}, uow.now) if _driven(tie)]
    best: dict[tuple[int, int], NewSuggestion] = {}
    for tie in sorted(ties, key=lambda tie: (tie.same_plate, tie.last_at)):
        one, two = sorted((tie.one, tie.other))
        ends = _ends(uow, tie)
        if ends > uow.now:
            kind = SuggestionKind.PLATE if tie.same_plate else SuggestionKind.VEHICLE
            best[one, two] = NewSuggestion(one, two, kind, ends)
    about = uow.decisions.suggest(list(best.values()), uow.now) if best else set()
    for incident in uow.incidents.many(about):
        uow.record(IncidentsSuggested(subject=incident.id, version=incident.version, cell5=incident.cell7))


def forget(uow: UnitOfWork, facts: Sequence[IncidentClosed | IncidentMerged | IncidentUnfounded]) -> None:
    """Drop what is suggested about incidents that are over or live on in another."""
    uow.decisions.forget_suggestions({fact.subject for fact in facts})


def _driven(tie: VehicleTieFound) -> bool:
    return reachable(tie.metres, (tie.last_at - tie.first_at).total_seconds(), (tie.slack_m,))


def _ends(uow: UnitOfWork, tie: VehicleTieFound) -> datetime:
    """Return until when a tie is worth a look; an equal plate no longer than the key behind its token lives."""
    if tie.same_plate:
        return min(tie.first_at, uow.now) + uow.policy.retention.plate_tokens
    return min(tie.last_at, uow.now) + SAME_LOOKS_FOR
