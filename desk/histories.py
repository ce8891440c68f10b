"""What became of an incident: what people merged and split, what was taken back, what the machine suggests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any, Final

from desk.unit_of_work import UnitOfWork
from geo.distance import metres_between
from records import ids
from records.enums import DecisionKind, SuggestionKind
from records.groupings import NearbyIncident
from records.models import Decision, Incident

NEAR_M: Final = 400.0
NEAR_FOR: Final = timedelta(hours=1)
_CHOICE_M: Final = 3_000.0
_CHOICE: Final = 12
_SPRAWL_M: Final = 1_000.0
_SPRAWL_FOR: Final = timedelta(hours=4)

_SUGGESTED: Final = {
    SuggestionKind.PLATE: "the same plate was reported at both, and one vehicle can have been there both times",
    SuggestionKind.VEHICLE: "a vehicle of the same type, make and colour was seen at both, near enough to have driven",
}


def of(uow: UnitOfWork, incident: Incident) -> dict[str, Any]:
    """Return the history of one incident, its suggestions and hints, as the desk reads them."""
    family = uow.decisions.family([incident.id])
    decisions = uow.decisions.about(family)
    retracted = uow.decisions.retracted(family)
    return {
        "decisions": _decision_views(uow, decisions),
        "merged_here": _merged_here(uow, [each for each in family if each != incident.id]),
        "retracted": len(retracted),
        "retracted_found": [
            {
                "id": ids.shown(each.sighting_id),
                "observed_at": _moment(each.observed_at),
                "retracted_at": _moment(each.retracted_at),
            }
            for each in retracted
        ],
        "suggestions": suggestions(uow, incident),
        "sprawl": _sprawl(uow, incident),
    }


def retracted_reason(count: int) -> dict[str, Any]:
    """Return the reason line for reports that were taken back."""
    who = "one report was" if count == 1 else f"{count} reports were"
    return {"text": f"{who} taken back by whoever sent it: counts no more", "weight": 0.0}


def decided(uow: UnitOfWork, decision: Decision) -> dict[str, Any]:
    """Return one decision, under aliases."""
    return _decision_views(uow, [decision])[0]


def suggestions(uow: UnitOfWork, incident: Incident) -> list[dict[str, Any]]:
    """Return which other open incidents might be this one, each with its reason and until when it is worth a look."""
    if incident.ended_at is not None or incident.merged_into is not None:
        return []
    found: dict[int, dict[str, Any]] = {}
    for kept in uow.decisions.suggestions(incident.id, uow.now):
        other = kept.two_id if kept.one_id == incident.id else kept.one_id
        kind = SuggestionKind(kept.kind)
        found[other] = _suggestion(other, kind, _SUGGESTED[kind], kept.expires_at)
    for near in uow.decisions.nearby(incident.id, radius_m=NEAR_M, limit=_CHOICE):
        ends = near.last_at + NEAR_FOR
        if near.id not in found and not near.apart and near.seconds <= NEAR_FOR.total_seconds() and ends > uow.now:
            found[near.id] = _suggestion(near.id, SuggestionKind.NEAR, _near_text(near), ends)
    return list(found.values())


def choice(uow: UnitOfWork, incident_id: int) -> list[NearbyIncident]:
    """Return the open incidents that somebody may want to merge this one with, nearest first."""
    return uow.decisions.nearby(incident_id, radius_m=_CHOICE_M, limit=_CHOICE)


def _suggestion(other: int, kind: SuggestionKind, text: str, ends: datetime) -> dict[str, Any]:
    return {"incident": ids.shown(other), "kind": kind.value, "text": text, "expires_at": _moment(ends)}


def _near_text(near: NearbyIncident) -> str:
    metres = max(10, round(near.metres / 10) * 10)
    if near.seconds < 60:
        return f"about {metres} m away, at the same time"
    return f"about {metres} m away, {round(near.seconds / 60)} min apart"


def _decision_views(uow: UnitOfWork, decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    people = {each.account_id for each in decisions} | {each.undone_by for each in decisions if each.undone_by}
    aliases = uow.accounts.aliases(people)
    taken = uow.decisions.taken_along([each.id for each in decisions if each.kind == DecisionKind.SPLIT])
    return [_decision_view(each, aliases, taken.get(each.id, ())) for each in decisions]


def _decision_view(decision: Decision, aliases: Mapping[int, str], taken: Iterable[int]) -> dict[str, Any]:
    return {
        "id": ids.shown(decision.id),
        "kind": decision.kind,
        "incident": ids.shown(decision.incident_id),
        "other": ids.shown(decision.other_id),
        "sightings": [ids.shown(each) for each in taken],
        "by": aliases.get(decision.account_id),
        "decided_at": _moment(decision.decided_at),
        "undone_by": None if decision.undone_by is None else aliases.get(decision.undone_by),
        "undone_at": None if decision.undone_at is None else _moment(decision.undone_at),
    }


def _merged_here(uow: UnitOfWork, merged: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "id": ids.shown(each.id),
            "status": each.status,
            "activity": each.activity,
            "merged_into": None if each.merged_into is None else ids.shown(each.merged_into),
        }
        for each in uow.incidents.many(merged)
    ]


def _sprawl(uow: UnitOfWork, incident: Incident) -> str | None:
    """Return why an incident may be several events, None where nothing says so."""
    corners = uow.dispatches.scene(incident.id).corners
    across_m = max((metres_between(here, there) for here, there in combinations(corners, 2)), default=0.0)
    lasted = incident.last_seen_at - incident.first_seen_at
    if across_m <= _SPRAWL_M and lasted <= _SPRAWL_FOR:
        return None
    wide = f"{across_m / 1000:.1f} km across" if across_m > _SPRAWL_M else ""
    long = f"seen over {lasted.total_seconds() / 3600:.0f} hours" if lasted > _SPRAWL_FOR else ""
    return f"perhaps several events: {' and '.join(filter(None, (wide, long)))}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
