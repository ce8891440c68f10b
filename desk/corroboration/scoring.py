"""Place, figures, score and state of an incident, from what its sightings add up to."""

from __future__ import annotations

from collections.abc import Sequence

from geo import cells
from geo.score import Claim, Doubt, Negative, Report, Score, Standing, corroborated, score
from records.enums import IncidentStatus, Unit
from records.values import GroupFigures, IncidentFigures, IncidentUpdate


def update_of(each: IncidentFigures, groups: Sequence[GroupFigures], *, apart: bool) -> IncidentUpdate:
    """Return what is to be written of an incident; `apart` says that people work on another one just like it."""
    place = each.place
    assert place is not None
    assert each.first_seen_at is not None
    assert each.last_seen_at is not None
    held = _scored(each, groups)
    reasons = [{"text": reason.text, "weight": round(reason.weight, 4)} for reason in held.reasons]
    repeated = each.sightings - len(groups)
    if repeated:
        text = (
            "one more report from the same sources"
            if repeated == 1
            else f"{repeated} more reports from the same sources"
        )
        reasons.append({"text": f"{text}: adds nothing", "weight": 0.0})
    if apart:
        reasons.append(
            {"text": "perhaps the same event as another incident people work on: please look", "weight": 0.0}
        )
    return IncidentUpdate(
        id=each.incident_id,
        status=_status(each.status, held),
        standing=held.standing,
        queue=held.queue,
        probability=held.probability,
        reasons=tuple(reasons),
        lon=place.lon,
        lat=place.lat,
        cell7=cells.number_at(place, 7),
        cell10=cells.number_at(place, 10),
        zone_ids=each.zone_ids,
        activity=each.activity,
        unit=each.unit or Unit.UNKNOWN,
        sightings=each.sightings,
        groups=each.groups,
        vouched_groups=each.vouched_groups,
        first_seen_at=each.first_seen_at,
        last_seen_at=each.last_seen_at,
    )


def _scored(each: IncidentFigures, groups: Sequence[GroupFigures]) -> Score:
    reports = [
        Report(
            id=group.first_id,
            group=group.source_group,
            standing=Standing.VOUCHED if group.vouched else Standing.UNVOUCHED,
            place=group.place,
            t=group.t,
            claim=_claim_of(group),
        )
        for group in groups
    ]
    police = each.unit == Unit.IMMIGRATION and any(group.local_police for group in groups)
    return score(reports, [Doubt(Negative.LOCAL_POLICE)] if police else [])


def _claim_of(group: GroupFigures) -> Claim:
    if group.named:
        return Claim.NAMED
    return Claim.OTHER if group.other else Claim.UNSAID


def _status(status: str, held: Score) -> str:
    """Return the state that sightings alone can give: they order the queue and never verify anything."""
    if status not in {IncidentStatus.UNVERIFIED, IncidentStatus.CORROBORATED}:
        return status
    return IncidentStatus.CORROBORATED if corroborated(held) else IncidentStatus.UNVERIFIED
