"""Plain values that repositories take and return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import shapely

from geo.points import LonLat


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the event log: transaction id and number within it."""

    x: int
    id: int


@dataclass(frozen=True, slots=True)
class Log:
    """Which event log this is, and the last transaction that was forgotten from it."""

    epoch: str
    forgotten_x: int


@dataclass(frozen=True, slots=True)
class TileAddress:
    """Zoom, column and row of a tile (XYZ, EPSG:3857)."""

    z: int
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class GroundPiece:
    """A piece of the base map, WGS84, as it is taken in."""

    layer: str
    kind: str
    name: str | None
    min_zoom: int
    shape: shapely.Geometry


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A public place with a name, and how far away it is."""

    name: str
    place: LonLat
    away_m: float


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A responder with all that the matcher is told of them; cells are `str`, a place is never a point."""

    id: int
    account_id: int
    alias: str
    lineage: int
    languages: tuple[str, ...]
    mode: str
    base_cell9: str | None
    zone_ids: tuple[int, ...]
    avoids: tuple[int, ...]
    no_tasks: tuple[str, ...]
    no_zones: tuple[int, ...]
    yes_count: float
    no_count: float
    cleared_total: int
    resting_until: datetime | None
    available_until: datetime | None
    available_since: datetime | None
    cell9: str | None
    seen_at: datetime | None
    trained_until: datetime | None
    observer_until: datetime | None
    busy: bool
    offered: bool
    this_shift: int
    load_7d: int
    last_cleared_at: datetime | None
    worked_with: tuple[int, ...]
    asked_today: int
    calls: bool = False


@dataclass(frozen=True, slots=True)
class RosterNews:
    """Who changed on the roster, as they are now, and where whoever took that in stands afterwards.

    `own` has everybody who changed and whether by this very transaction; whoever is not among `people` is on the roster
    no more. Each comes with when their dispatches of the last days began, and when they were asked. `cursor` and
    `taken` are numbers of transactions, `at` is the database's time.
    """

    own: Mapping[int, bool]
    people: Sequence[tuple[RosterEntry, tuple[datetime, ...], tuple[datetime, ...]]]
    cursor: str
    taken: Sequence[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands: its status, whether it lives on in another, whether it was ever verified."""

    status: str
    merged: bool
    was_verified: bool


@dataclass(frozen=True, slots=True)
class SceneRow:
    """An incident as those who send people need it, WGS84; `reporters` are accounts."""

    incident_id: int
    standing: Standing
    zone_ids: tuple[int, ...]
    sightings: int
    vouched_groups: int
    cell10: str
    place: LonLat
    corners: tuple[LonLat, ...]
    only_patrol: bool
    reporters: frozenset[int]


@dataclass(frozen=True, slots=True)
class DispatchPlaces:
    """Where a dispatch meets and where it goes, WGS84, with the incident's res-10 cell and zones."""

    meeting_point: LonLat
    place: LonLat
    cell10: str
    zone_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDispatch:
    """A dispatch as it begins: what for, at which of the incident's places, and where its pair meets (WGS84)."""

    incident_id: int
    task: str
    place: int
    meeting_point: LonLat
    meeting_name: str
    reasons: Sequence[Mapping[str, object]]
    ruled_out: Mapping[str, int]
    made_by: int | None
    made_at: datetime
    offers_until: datetime
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class NewOffer:
    """A person to be asked, and in how many seconds they could be at the meeting point."""

    responder_id: int
    eta_s: int


@dataclass(frozen=True, slots=True)
class Recognised:
    """The session behind a token, with its account and, where there is one, its responder."""

    account_id: int
    alias: str
    lineage: int
    roles: tuple[str, ...]
    suspended: bool
    last_seen_on: date | None
    kind: str
    used_at: datetime
    proved_at: datetime
    expires_at: datetime
    responder_id: int | None
    zone_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NewSighting:
    """A sighting as it is stored, WGS84, cells as numbers; `None` where nothing was said."""

    id: int
    reporter_id: int | None
    source_group: int
    lineage: int | None
    vouched: bool
    kind: str
    activity: str | None
    unit: str
    basis: str | None
    size: int | None
    accuracy_m: float
    observed_at: datetime
    received_at: datetime
    clamped: bool
    use: str
    lon: float
    lat: float
    cell5: int
    cell6: int
    cell7: int
    cell8: int
    cell9: int
    cell10: int
    zone_ids: tuple[int, ...]
    vehicles: tuple[dict[str, str], ...]
    plate_token: int | None
    plate_tail: str | None
    note: str | None
    lang: str | None
    flags: tuple[str, ...] = ()
    note_token: int | None = None
    photo_token: int | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """An account as a source of sightings: its reporter row, and the lineage it speaks for if it is a person."""

    account_id: int
    reporter_id: int
    kind: str
    lineage: int
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptKey:
    """What stands under an Idempotency-Key."""

    body_sha256: bytes
    answer: dict[str, object]


@dataclass(frozen=True, slots=True)
class IncidentFigures:
    """What an incident's sightings add up to; the place is the middle of them, WGS84."""

    incident_id: int
    status: str
    sightings: int
    groups: int
    vouched_groups: int
    place: LonLat | None
    unit: str | None
    zone_ids: tuple[int, ...]
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    touched: bool


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What one source group says in an incident: its best report, WGS84, how many there are, and how grave it is."""

    incident_id: int
    source_group: int
    vouched: bool
    first_id: int
    place: LonLat
    t: float
    reports: int
    local_police: bool
    named: bool
    other: bool
    activity: str | None
    """The gravest that it said is going on."""
    activity_before: str | None
    """What it said first."""


@dataclass(frozen=True, slots=True)
class NewIncident:
    """An incident about to be opened, WGS84."""

    id: int
    lon: float
    lat: float
    cell7: int
    cell10: int
    opened_at: datetime
    seen_at: datetime
    split_from: int | None


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    """What the machine found about an incident, WGS84, to be written."""

    id: int
    status: str
    standing: float
    queue: float
    probability: float
    reasons: tuple[dict[str, object], ...]
    lon: float
    lat: float
    cell7: int
    cell10: int
    zone_ids: tuple[int, ...]
    activity: str | None
    unit: str | None
    sightings: int
    groups: int
    vouched_groups: int
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class SourceOf:
    """One source of an incident: its group, its lineage where somebody vouched, the account while it is known."""

    source_group: int
    lineage: int | None
    account_id: int | None


@dataclass(frozen=True, slots=True)
class SightingFound:
    """A sighting as the desk reads it, WGS84."""

    id: int
    incident_id: int | None
    source_group: int
    vouched: bool
    kind: str
    activity: str | None
    unit: str
    basis: str | None
    size: int | None
    accuracy_m: float
    observed_at: datetime
    received_at: datetime
    use: str
    place: LonLat | None
    cell7: str
    cell10: str | None
    vehicles: tuple[dict[str, str], ...]
    plate_tail: str | None
    note: str | None
    lang: str | None
    flags: tuple[str, ...] = ()
    reporter_id: int | None = None


@dataclass(frozen=True, slots=True)
class TallyOf:
    """How many incidents there were with these one or two properties, and how many reporters are proven for them."""

    one: str | None
    two: str | None
    incidents: int
    reporters: int


@dataclass(frozen=True, slots=True)
class StepTimes:
    """How long a step took, in minutes: how often, the median, and the interval that holds eight of ten."""

    step: str
    n: int
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class LeadingTo:
    """How rows of one table lead to a person: by an account's id, a responder's, lists of these, an alias in words.

    `since` is the SQL expression of when a row's time begins; `by_reporter` where the reporter alone knows who it was.
    """

    table: str
    accounts: tuple[str, ...] = ()
    responders: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    since: str | None = None
    by_reporter: bool = False


@dataclass(frozen=True, slots=True)
class Leading:
    """How many rows of one table lead to a person, and when the youngest of them began, None where no clock runs."""

    table: str
    rows: int
    youngest: datetime | None
