"""Place, figures, score and state of an incident, from what its sightings add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from geo import cells
from geo.calibration import IDENTITY, Calibration
from geo.gravity import Voice, foremost, gravity_of
from geo.reliability import Circumstances, Leans
from geo.score import Claim, Doubt, Negative, OnScene, Report, Score, Standing, corroborated, kind_of, score
from records.enums import Found, IncidentStatus, Task, Unit
from records.told import FoundOnScene
from records.values import GroupFigures, IncidentFigures, IncidentUpdate


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of an incident beside its reports: what earlier ones teach, and what pairs found, seen from now."""

    leans: Leans = field(default_factory=lambda: Leans(0.0, {}, {}))
    calibration: Calibration = IDENTITY
    found: Sequence[FoundOnScene] = ()
    now: float = 0.0


_NOTHING: Final = Beside()


def update_of(
    each: IncidentFigures, groups: Sequence[GroupFigures], *, apart: bool, beside: Beside = _NOTHING
) -> IncidentUpdate:
    """Return what is to be written of an incident.

    What pairs found orders the queue and is shown; state and standing come from reports, as they would without it.

    Parameters
    ----------
    each, groups
        What its sightings add up to, and what each source says.
    apart
        People work on another one just like it.
    beside
        What earlier incidents teach, and what pairs found here.
    """
    place = each.place
    assert place is not None
    assert each.first_seen_at is not None
    assert each.last_seen_at is not None
    reported = scored(each, groups, beside.leans, beside.calibration)
    held = _with_found(each, groups, beside) if beside.found else reported
    reasons = [{"text": reason.text, "weight": round(reason.weight, 4)} for reason in held.reasons]
    risen = _risen(groups)
    reasons += [{"text": text, "weight": 0.0} for text in _told_worse(risen)]
    repeated = each.sightings - len(groups) - len(risen)
    if repeated:
        text = (
            "one more report from the same sources"
            if repeated == 1
            else f"{repeated} more reports from the same sources"
        )
        reasons.append({"text": f"{text}: adds nothing", "weight": 0.0})
    reasons += [{"text": text, "weight": 0.0} for text in _told_only(beside.found)]
    if apart:
        reasons.append(
            {"text": "perhaps the same event as another incident people work on: please look", "weight": 0.0}
        )
    return IncidentUpdate(
        id=each.incident_id,
        status=_status(each.status, reported),
        standing=reported.standing,
        queue=held.queue,
        probability=held.probability,
        reasons=tuple(reasons),
        lon=place.lon,
        lat=place.lat,
        cell7=cells.number_at(place, 7),
        cell10=cells.number_at(place, 10),
        zone_ids=each.zone_ids,
        activity=_activity(groups),
        unit=each.unit or Unit.UNKNOWN,
        sightings=each.sightings,
        groups=each.groups,
        vouched_groups=each.vouched_groups,
        first_seen_at=each.first_seen_at,
        last_seen_at=each.last_seen_at,
    )


def scored(
    each: IncidentFigures,
    groups: Sequence[GroupFigures],
    leans: Leans = _NOTHING.leans,
    calibration: Calibration = IDENTITY,
) -> Score:
    """Return how an incident stands by its reports alone."""
    reports = _reports(groups, leans.lineages)
    return score(reports, _police(each, groups), usual=leans.usual, calibration=calibration)


def circumstances_of(each: IncidentFigures, groups: Sequence[GroupFigures]) -> Circumstances:
    """Return what of an incident is counted once it is decided."""
    assert each.place is not None
    assert each.last_seen_at is not None
    return Circumstances(
        cell=cells.cell_at(each.place, 6),
        t=each.last_seen_at.timestamp(),
        evidence=kind_of(_reports(groups, {})),
        activity=_activity(groups),
        lineages=frozenset(str(group.source_group) for group in groups if group.vouched),
    )


def _with_found(each: IncidentFigures, groups: Sequence[GroupFigures], beside: Beside) -> Score:
    doubts, seen = weighed(beside.found, [group.t for group in groups], beside.now)
    return score(
        _reports(groups, beside.leans.lineages),
        [*_police(each, groups), *doubts],
        seen=seen,
        usual=beside.leans.usual,
        calibration=beside.calibration,
    )


def weighed(found: Sequence[FoundOnScene], reported: Sequence[float], now: float) -> tuple[list[Doubt], list[OnScene]]:
    """Return what pairs found as evidence: half trust where one of two says so, full where both do.

    That nothing was found says something only of a pair that was sent to look.
    """
    doubts, seen = [], []
    counts = Counter((each.dispatch_id, each.found) for each in found)
    last = {(each.dispatch_id, each.found): each for each in found}
    for key, people in counts.items():
        each, trust = last[key], min(1.0, people / 2.0)
        at = each.found_at.timestamp()
        if each.found == Found.ENFORCEMENT_SEEN:
            seen.append(OnScene(trust))
        elif each.found == Found.LOCAL_POLICE:
            doubts.append(Doubt(Negative.FOUND_POLICE, trust=trust))
        elif each.found == Found.NOTHING_FOUND and each.task == Task.LOOK:
            late_s = at - max((t for t in reported if t <= at), default=at)
            doubts.append(Doubt(Negative.LOOKED_CLEAR, age_s=now - at, trust=trust, late_s=late_s))
    return doubts, seen


def _told_only(found: Sequence[FoundOnScene]) -> list[str]:
    """Return what pairs found that weighs nothing by itself and that whoever judges should read."""
    counts = Counter(each.found for each in found if each.found in _SAID)
    return [f"{'one' if count == 1 else count} of those on scene {_SAID[word]}" for word, count in counts.items()]


_SAID: Final[Mapping[str, str]] = {
    Found.OVER_BEFORE_ARRIVAL: "came when it was over",
    Found.SOMETHING_ELSE: "found something else",
    Found.NOT_REACHED: "did not reach it",
    Found.DRILL: "found a drill",
}


def _police(each: IncidentFigures, groups: Sequence[GroupFigures]) -> list[Doubt]:
    police = each.unit == Unit.IMMIGRATION and any(group.local_police for group in groups)
    return [Doubt(Negative.LOCAL_POLICE)] if police else []


def _reports(groups: Sequence[GroupFigures], leans: Mapping[str, float]) -> list[Report]:
    return [
        Report(
            id=group.first_id,
            group=group.source_group,
            standing=Standing.VOUCHED if group.vouched else Standing.UNVOUCHED,
            place=group.place,
            t=group.t,
            claim=_claim_of(group),
            lean=leans.get(str(group.source_group), 0.0) if group.vouched else 0.0,
        )
        for group in groups
    ]


def _activity(groups: Sequence[GroupFigures]) -> str | None:
    return foremost(map(_voice, groups))


def _voice(group: GroupFigures) -> Voice:
    return Voice(group.vouched, group.activity, group.activity_before)


def _risen(groups: Sequence[GroupFigures]) -> list[GroupFigures]:
    """Return the sources that said more than they first did, the gravest first."""
    rising = [group for group in groups if _voice(group).rose]
    return sorted(rising, key=lambda group: (-gravity_of(group.activity), group.t, group.first_id))


def _told_worse(risen: Sequence[GroupFigures]) -> list[str]:
    """Return one sentence about those who are vouched for and one about the others, however many they are."""
    told = []
    for vouched in (True, False):
        some = [group for group in risen if group.vouched is vouched]
        if some:
            who = ("one source" if len(some) == 1 else f"{len(some)} sources") + (
                "" if vouched else " nobody vouched for"
            )
            first, then = _words(some[0].activity_before), _words(some[0].activity)
            told.append(f"{who} reported {first} first and {then} then: more urgent, no more certain")
    return told


def _words(activity: str | None) -> str:
    return (activity or "").replace("_", " ")


def _claim_of(group: GroupFigures) -> Claim:
    if group.named:
        return Claim.NAMED
    return Claim.OTHER if group.other else Claim.UNSAID


def _status(status: str, held: Score) -> str:
    """Return the state that sightings alone can give: they order the queue and never verify anything."""
    if status not in {IncidentStatus.UNVERIFIED, IncidentStatus.CORROBORATED}:
        return status
    return IncidentStatus.CORROBORATED if corroborated(held) else IncidentStatus.UNVERIFIED
