"""What the desk may see now: incidents and sightings, each view in the one projection that all screens share."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from desk import histories, sanity
from desk.access import Actor
from desk.errors import DeskError, NotFound
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.gravity import gravity_of
from geo.points import LonLat
from geo.queue import Waiting, in_order
from geo.score import still_there
from records import ids
from records.enums import DecisionKind
from records.errors import NoSuchRecord, NotAnId
from records.models import Decision, Incident, Judgement
from records.values import SightingFound

_LISTED_FOR: Final = timedelta(hours=24)
_SWEEP: Final = 1000
_OPENED_MOST: Final = 5000


class CursorUnknown(DeskError):
    """This cursor is not one of ours; please start from the first page."""

    field = "cursor"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box of degrees, WGS84; west may lie east of east, across the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def hold(self, place: LonLat) -> bool:
        """Tell whether a place lies inside."""
        if not self.south <= place.lat <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= place.lon <= self.east
        return place.lon >= self.west or place.lon <= self.east


# incidents


def incident_features(uow: UnitOfWork, records: Collection[Incident]) -> list[dict[str, Any]]:
    """Return incidents as every list, stream and tile of the desk shows them: a cell's centre, by the minute."""
    names = uow.zones.names() if records else {}
    live = uow.dispatches.live_counts([record.id for record in records]) if records else {}
    return [_incident_feature(record, names, live.get(record.id, 0)) for record in records]


def _incident_feature(record: Incident, names: dict[int, str], dispatches: int) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": ids.shown(record.id),
        "geometry": _point(cells.centre(record.cell10)),
        "properties": {
            "id": ids.shown(record.id),
            "status": record.status,
            "activity": record.activity,
            "unit": record.unit,
            "agency": record.agency,
            "sightings": record.sightings,
            "groups": record.groups,
            "vouched_groups": record.vouched_groups,
            "standing": round(record.standing, 3),
            "queue": round(record.queue, 3),
            "probability": round(record.probability, 3),
            "opened_at": _minute(record.opened_at),
            "first_seen_at": _minute(record.first_seen_at),
            "last_seen_at": _minute(record.last_seen_at),
            "zones": sorted(names[zone] for zone in record.zone_ids if zone in names),
            "cell": record.cell10,
            "version": record.version,
            "dispatches": dispatches,
            "clear_proposed_at": _proposed(record),
            "merged_into": None if record.merged_into is None else ids.shown(record.merged_into),
        },
    }


def _proposed(record: Incident) -> str | None:
    """Return since when it is proposed that an incident is over, None where it is not."""
    proposed = record.status in _MAY_BE_OVER and record.merged_into is None
    return _minute(record.clear_proposed_at) if proposed and record.clear_proposed_at is not None else None


_MAY_BE_OVER: Final = frozenset({"corroborated", "verified"})


def incidents(
    uow: UnitOfWork,
    *,
    statuses: Collection[str] = (),
    zone: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of incidents as features, newest first, and the cursor of the next page.

    Parameters
    ----------
    statuses
        Only these; all when empty.
    zone
        Only those in this zone, by its name or shown id.
    since
        Last seen at or after this moment, by the minute shown.
    limit, cursor
        How many at most, and where the page before ended; raises CursorUnknown.
    """
    zone_id = None if zone is None else _zone_id(uow, zone)
    found = uow.incidents.page(
        statuses=statuses, zone_id=zone_id, since=since, after=_read_cursor(cursor), limit=limit + 1
    )
    page = found[:limit]
    following = _cursor(page[-1].last_seen_at, page[-1].id) if len(found) > limit else None
    return incident_features(uow, page), following


def queue(uow: UnitOfWork, *, sends: bool, limit: int) -> list[dict[str, Any]]:
    """Return open incidents in the order to look at them, as features; no flood of reports hides others.

    Who sends sees what is verified first, who checks what is corroborated; `geo.queue` says how the rest take turns.
    """
    lineages = uow.incidents.waiting(turns=limit)
    records = {record.id: record for record in uow.incidents.many(lineages)}
    order = in_order(_waiting(record, lineages[record.id], sends=sends) for record in records.values())
    return incident_features(uow, [records[each.id] for each in order[:limit]])


def _waiting(record: Incident, lineage: int | None, *, sends: bool) -> Waiting:
    steps = _SEND_FIRST if sends else _CHECK_FIRST
    return Waiting(
        id=record.id,
        step=steps[record.status],
        lineage=lineage,
        vouched_groups=record.vouched_groups,
        standing=record.standing,
        queue=record.queue,
        cell=cells.parent(record.cell7, 6),
        gravity=gravity_of(record.activity),
    )


_SEND_FIRST: Final[dict[str, int]] = {"verified": 0, "corroborated": 1, "unverified": 2}
_CHECK_FIRST: Final[dict[str, int]] = {"corroborated": 0, "unverified": 2, "verified": 3}


def _zone_id(uow: UnitOfWork, zone: str) -> int:
    for zone_id, name in uow.zones.names().items():
        if zone in {name, ids.shown(zone_id)}:
            return zone_id
    raise NotFound


def opened(uow: UnitOfWork, actor: Actor, incident_id: int) -> dict[str, Any]:
    """Return one incident with its exact place, reasons, sightings and judgements; that somebody looked is audited."""
    try:
        record = uow.incidents.get(incident_id)
    except NoSuchRecord as error:
        raise NotFound from error
    [feature] = incident_features(uow, [record])
    found = _opened_sightings(uow, actor, incident_id)
    judgements = uow.incidents.judgements(incident_id)
    aliases = uow.accounts.aliases({each.account_id for each in judgements})
    history = histories.of(uow, record)
    taken_back = [histories.retracted_reason(history["retracted"])] if history["retracted"] else []
    feature["geometry"] = _point(uow.incidents.place(incident_id))
    feature["properties"] |= {
        "opened_at": _moment(record.opened_at),
        "first_seen_at": _moment(record.first_seen_at),
        "last_seen_at": _moment(record.last_seen_at),
        "reasons": [*record.reasons, *_doubts(found), *taken_back, *_quiet(uow, record)],
        "still_there": round(still_there((uow.now - record.last_seen_at).total_seconds()), 2),
        "split_from": None if record.split_from is None else ids.shown(record.split_from),
        "sightings_found": {"type": "FeatureCollection", "features": _marked(found)},
        "judgements": [judgement_view(each, aliases.get(each.account_id)) for each in judgements],
        **history,
    }
    return feature


def _quiet(uow: UnitOfWork, record: Incident) -> list[dict[str, Any]]:
    """Return why it is proposed that an incident is over, as a reason that weighs nothing: it does not unmake it."""
    if _proposed(record) is None:
        return []
    minutes = int(uow.policy.verification.over_after.total_seconds() // 60)
    return [{"text": f"nothing new for {minutes} minutes: perhaps it is over", "weight": 0.0}]


def others(uow: UnitOfWork, incident_id: int) -> list[dict[str, Any]]:
    """Return the open incidents near one that it may be merged with, nearest first, each with its metres away."""
    near = {each.id: each for each in histories.choice(uow, incident_id)}
    features = {each["id"]: each for each in incident_features(uow, uow.incidents.many(near))}
    return [
        features[ids.shown(each.id)]["properties"] | {"metres": round(each.metres, -1), "apart": each.apart}
        for each in near.values()
    ]


def decided(uow: UnitOfWork, decision: Decision) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a decision, and both of its incidents as they stand now: first the one that lives on."""
    both = {each.id: each for each in uow.incidents.many({decision.incident_id, decision.other_id})}
    lives_on = decision.other_id if decision.kind == DecisionKind.MERGE else decision.incident_id
    ordered = sorted(both.values(), key=lambda each: each.id != lives_on)
    return histories.decided(uow, decision), incident_features(uow, ordered)


def judged(uow: UnitOfWork, judgement: Judgement) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a judgement, and its incident as it stands now."""
    [feature] = incident_features(uow, [uow.incidents.get(judgement.incident_id)])
    alias = uow.accounts.aliases({judgement.account_id}).get(judgement.account_id)
    return judgement_view(judgement, alias), feature


def judgement_view(judgement: Judgement, alias: str | None) -> dict[str, Any]:
    """Return what one person judged, under their alias."""
    return {
        "id": ids.shown(judgement.id),
        "by": alias,
        "verdict": judgement.verdict,
        "agency": judgement.agency,
        "basis": judgement.basis,
        "note": judgement.note,
        "judged_at": _moment(judgement.judged_at),
        "undone_at": None if judgement.undone_at is None else _moment(judgement.undone_at),
    }


# sightings


def sightings_of(uow: UnitOfWork, actor: Actor, incident_id: int) -> list[dict[str, Any]]:
    """Return the sightings of one opened incident, exact; that somebody looked is audited, never at which one."""
    return _marked(_opened_sightings(uow, actor, incident_id))


def _opened_sightings(uow: UnitOfWork, actor: Actor, incident_id: int) -> list[SightingFound]:
    uow.audits.note(actor.account_id, "read exact", "incident", uow.now.date())
    return uow.sightings.found(incident_id=incident_id, limit=_OPENED_MOST)


def _doubts(found: Sequence[SightingFound]) -> list[dict[str, Any]]:
    """Return what is odd about the sightings of an incident, as reasons that weigh nothing by themselves."""
    return [{"text": line, "weight": 0.0} for line in sanity.lines_of(found)]


def _marked(found: Sequence[SightingFound]) -> list[dict[str, Any]]:
    groups = dict.fromkeys(each.source_group for each in sorted(found, key=lambda each: (each.observed_at, each.id)))
    marks = {group: f"r-{number}" for number, group in enumerate(groups, 1)}
    return [_exact(each, marks[each.source_group]) for each in found]


def sightings(
    uow: UnitOfWork,
    *,
    since: datetime | None = None,
    bounds: Bounds | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of sightings at the centres of their cells, newest first, and the cursor of the next page.

    The box is held against the place that is shown, never the exact one: a moving box finds cells and no more.
    """
    since = since or uow.now - _LISTED_FOR
    after = _read_cursor(cursor)
    page: list[SightingFound] = []
    while len(page) <= limit:
        found = uow.sightings.found(since=since, after=after, limit=_SWEEP)
        page += [each for each in found if bounds is None or bounds.hold(_shown(each))]
        if len(found) < _SWEEP:
            break
        after = (_to_minute(found[-1].observed_at), found[-1].id)
    shown = page[:limit]
    following = _cursor(shown[-1].observed_at, shown[-1].id) if len(page) > limit else None
    return [_listed(each) for each in shown], following


def _shown(each: SightingFound) -> LonLat:
    return cells.centre(each.cell10 or each.cell7)


def _listed(each: SightingFound) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": ids.shown(each.id),
        "geometry": _point(_shown(each)),
        "properties": _words(each)
        | {"observed_at": _minute(each.observed_at), "received_at": _minute(each.received_at)},
    }


def _exact(each: SightingFound, mark: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": ids.shown(each.id),
        "geometry": _point(each.place or _shown(each)),
        "properties": _words(each)
        | {
            "accuracy_m": round(each.accuracy_m, 1),
            "observed_at": _moment(each.observed_at),
            "received_at": _moment(each.received_at),
            "source": mark,
            "vehicles": list(each.vehicles),
            "plate_tail": each.plate_tail,
            "note": each.note,
            "flags": list(each.flags),
        },
    }


def _words(each: SightingFound) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "activity": each.activity,
        "unit": each.unit,
        "basis": each.basis,
        "size": each.size,
        "accuracy_m": None,
        "use": each.use,
        "incident": None if each.incident_id is None else ids.shown(each.incident_id),
        "source": None,
        "vouched": each.vouched,
        "vehicles": [],
        "plate_tail": None,
        "note": None,
        "flags": [],
        "lang": each.lang,
    }


# small things


def _point(place: LonLat) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [place.lon, place.lat]}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _to_minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _minute(moment: datetime) -> str:
    return _moment(_to_minute(moment))


def _cursor(moment: datetime, number: int) -> str:
    said = f"{int(_to_minute(moment).timestamp())}.{ids.shown(number)}"
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> tuple[datetime, int] | None:
    if cursor is None:
        return None
    try:
        said = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        seconds, _, number = said.partition(".")
        return datetime.fromtimestamp(int(seconds), UTC), ids.read(number)
    except (binascii.Error, ValueError, OverflowError, OSError, NotAnId) as error:
        raise CursorUnknown from error
