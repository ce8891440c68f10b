"""Receive sightings, many at a time; take one back."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from desk import plates, sanity
from desk.access import Actor
from desk.errors import DeskError, NotFound, NotSignedIn
from desk.events import SightingReceived, SightingRetracted
from desk.persons import is_unattended
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.linking import RETRACT_STEPS
from geo.points import LonLat
from records import ids
from records.enums import AccountKind, Role, Use
from records.values import KeptKey, NewSighting, Sender

_CREATED = 201
_RECEIPT_BYTES = 15
_NOBODY = 0


class InTheFuture(DeskError):
    """The time of a sighting cannot lie in the future."""

    field = "observed_at"


class TooLongAgo(DeskError):
    """The time of this sighting lies too far in the past."""

    field = "observed_at"


class OutsideOurArea(DeskError):
    """This place lies outside the area of this network; the longitude comes first."""

    field = "location"


class KeyTakenOtherwise(DeskError):
    """This Idempotency-Key was used before with another body."""


class NoSuchReceipt(NotFound):
    """There is no sighting that belongs to this receipt."""


@dataclass(frozen=True, slots=True)
class VehicleSeen:
    """A vehicle as it was described; the plate is turned into a token and dropped."""

    type: str | None = None
    make: str | None = None
    model: str | None = None
    color: str | None = None
    plate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A sighting as somebody sends it; `key` and `body_sha256` make a retry harmless."""

    actor: Actor
    key: str
    body_sha256: bytes
    kind: str
    place: LonLat
    accuracy_m: float
    observed_at: datetime
    activity: str | None = None
    unit: str = "unknown"
    basis: str | None = None
    size: int | None = None
    vehicles: tuple[VehicleSeen, ...] = ()
    note: str | None = None
    lang: str | None = None
    device_m: float | None = None
    second_hand: bool = False
    photo_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A sighting that is stored, the receipt that can take it back, and whether something was masked in its note."""

    id: int
    receipt: str
    masked: bool
    known: bool = False
    """Whether it was stored before: this is the first answer again."""


Outcome = Received | DeskError


@dataclass(frozen=True, slots=True)
class _Draft:
    report: Report
    row: NewSighting
    masked: bool

    @property
    def claim(self) -> tuple[int, str]:
        return (self.report.actor.account_id or _NOBODY, self.report.key)

    @property
    def told(self) -> sanity.Told:
        said = self.report
        return sanity.Told(self.row, said.device_m, said.second_hand, said.photo_sha256)


def receive(uow: UnitOfWork, reports: Sequence[Report]) -> list[Outcome]:
    """Store sightings, all in a few statements; each report gets its own answer, in the order given.

    A report that cannot be kept gets its error and the others stand. The same key and body get the first answer again.
    """
    outcomes: list[Outcome | None] = [None] * len(reports)
    drafts: dict[int, _Draft] = {}
    senders = _senders(uow, reports)
    for number, report in enumerate(reports):
        try:
            drafts[number] = _drafted(uow, report, senders)
        except DeskError as error:
            outcomes[number] = error
    ours: dict[tuple[int, str], _Draft] = {}
    for draft in drafts.values():
        ours.setdefault(draft.claim, draft)
    kept = _claimed(uow, ours)
    fresh = _under_the_cap(uow, sanity.marked(uow, [draft.told for claim, draft in ours.items() if claim not in kept]))
    uow.sightings.add(fresh)
    uow.record_all(SightingReceived(subject=row.id, cell5=cells.from_int(row.cell5)) for row in fresh)
    for number, draft in drafts.items():
        first = ours[draft.claim]
        known = draft.claim in kept or draft is not first
        outcomes[number] = _answer(uow, draft, kept.get(draft.claim) or _key_of(first), known=known)
    return [outcome for outcome in outcomes if outcome is not None]


def retract(uow: UnitOfWork, sighting_id: int, receipt: str) -> None:
    """Take a sighting back for whoever holds its receipt; a second time changes nothing. Raises NoSuchReceipt."""
    require_receipt(uow, sighting_id, receipt)
    cell = uow.sightings.cell_of(sighting_id)
    if cell is not None:
        # Before the row is taken: whoever works on its surroundings may be about to write this row too.
        uow.sightings.lock_round({(cell, RETRACT_STEPS)})
    changed = uow.sightings.retract(sighting_id, uow.now)
    if changed is None:
        raise NoSuchReceipt
    if changed:
        uow.record(SightingRetracted(subject=sighting_id))


def require_receipt(uow: UnitOfWork, sighting_id: int, receipt: str) -> None:
    """Raise NoSuchReceipt unless a receipt belongs to a sighting; takes as long either way."""
    if not hmac.compare_digest(receipt_of(uow, sighting_id).encode(), receipt.encode("utf-8", "replace")):
        raise NoSuchReceipt


def receipt_of(uow: UnitOfWork, sighting_id: int) -> str:
    """Return the receipt of a sighting: derived from its id with a key kept outside the database, never stored."""
    said = b"receipt\0" + uow.network.id.to_bytes(8, "big") + sighting_id.to_bytes(8, "big")
    digest = hmac.digest(uow.keys.receipt_key(), said, hashlib.sha256)
    return base64.b32encode(digest[:_RECEIPT_BYTES]).decode()


def _senders(uow: UnitOfWork, reports: Sequence[Report]) -> dict[int, Sender]:
    accounts = {report.actor.account_id for report in reports if report.actor.account_id is not None}
    return uow.sightings.senders(accounts, _week_of(uow.now))


def _week_of(moment: datetime) -> date:
    """Return the Monday of a moment's week: the link to a reporter is cut week by week."""
    day = moment.date()
    return day - timedelta(days=day.weekday())


def _drafted(uow: UnitOfWork, report: Report, senders: Mapping[int, Sender]) -> _Draft:
    """Return the row with its place and its source; of no weight unless a person with a lineage stands behind it."""
    observed_at, clamped = _time_of(uow, report)
    if not uow.zone_map.covers(report.place, uow.policy.intake.area_margin_m):
        raise OutsideOurArea
    sender = _sender_of(report, senders)
    vouched = sender is not None and _is_witness(uow, report.actor, sender)
    use = _use_of(uow, report, observed_at)
    note, was_masked = plates.masked(report.note) if report.note else (None, False)
    plate_token, plate_tail = _plate_of(uow, report, observed_at, use)
    row = NewSighting(
        id=ids.new_id(),
        reporter_id=None if sender is None else sender.reporter_id,
        source_group=_group_of(sender, vouched=vouched),
        lineage=sender.lineage if sender and vouched else None,
        vouched=vouched,
        kind=report.kind,
        activity=report.activity,
        unit=report.unit,
        basis=report.basis,
        size=report.size,
        accuracy_m=report.accuracy_m,
        observed_at=observed_at,
        received_at=uow.now,
        clamped=clamped,
        use=use,
        lon=report.place.lon,
        lat=report.place.lat,
        cell5=cells.number_at(report.place, 5),
        cell6=cells.number_at(report.place, 6),
        cell7=cells.number_at(report.place, 7),
        cell8=cells.number_at(report.place, 8),
        cell9=cells.number_at(report.place, 9),
        cell10=cells.number_at(report.place, 10),
        zone_ids=uow.zone_map.at(report.place),
        vehicles=_described(report.vehicles),
        plate_token=plate_token,
        plate_tail=plate_tail,
        note=note or None,
        lang=report.lang,
    )
    return _Draft(report, row, was_masked)


def _time_of(uow: UnitOfWork, report: Report) -> tuple[datetime, bool]:
    """Return when it was observed, and whether a clock that is a little fast was set right."""
    intake = uow.policy.intake
    if report.observed_at > uow.now + intake.early_by:
        raise InTheFuture
    if report.observed_at < uow.now - intake.oldest:
        raise TooLongAgo
    return (uow.now, True) if report.observed_at > uow.now else (report.observed_at, False)


def _use_of(uow: UnitOfWork, report: Report, observed_at: datetime) -> str:
    intake = uow.policy.intake
    if uow.now - observed_at > intake.late_after:
        return Use.DOCUMENTATION
    return Use.COARSE if report.accuracy_m > intake.coarse_beyond_m else Use.INDEXED


def _sender_of(report: Report, senders: Mapping[int, Sender]) -> Sender | None:
    """Return who sent a report, None where nobody in particular did; raises NotSignedIn."""
    if report.actor.account_id is None:
        return None
    sender = senders.get(report.actor.account_id)
    if sender is None:
        raise NotSignedIn
    return sender


def _plate_of(uow: UnitOfWork, report: Report, observed_at: datetime, use: str) -> tuple[int | None, str | None]:
    """Return the token and the tail of the first plate that was read well enough, for a report that is clustered."""
    if not report.vehicles or use not in {Use.INDEXED, Use.COARSE}:
        return None, None
    plate = next((seen.plate for seen in report.vehicles if seen.plate and plates.readable(seen.plate)), None)
    if plate is None:
        return None, None
    key = uow.keys.plate_key(uow.network.id, observed_at.date())
    return None if key is None else plates.token(key, plate), plates.tail(plate)


def _is_witness(uow: UnitOfWork, actor: Actor, sender: Sender) -> bool:
    """Tell whether somebody vouched for counts as a witness: a person does; an operator types in what callers say."""
    if sender.kind != AccountKind.PERSON or Role.OPERATOR in sender.roles:
        return False
    return not is_unattended(uow, actor)


def _group_of(sender: Sender | None, *, vouched: bool) -> int:
    """Return whom a sighting comes from: a lineage, a feed or script as one, a stranger or a caller each alone."""
    if sender is None or Role.OPERATOR in sender.roles:
        return ids.new_id()
    return sender.lineage if vouched else sender.account_id


def _described(vehicles: Sequence[VehicleSeen]) -> tuple[dict[str, str], ...]:
    """Return the words of each vehicle, without its plate, and without a word that may be one: it would be a list."""
    said = (
        {name: plates.clean(getattr(seen, name) or "").lower() for name in ("type", "make", "model", "color")}
        for seen in vehicles
    )
    kept = ({name: word for name, word in words.items() if word and not plates.hides_a_plate(word)} for words in said)
    return tuple(words for words in kept if words)


def _key_of(draft: _Draft) -> KeptKey:
    # The receipt is not among what is kept: it is derived anew for whoever sends the same key and body again.
    return KeptKey(draft.report.body_sha256, {"sighting": ids.shown(draft.row.id), "masked": draft.masked})


def _claimed(uow: UnitOfWork, ours: Mapping[tuple[int, str], _Draft]) -> dict[tuple[int, str], KeptKey]:
    """Take the keys of these drafts; return what stands under those that were taken before."""
    if not ours:
        return {}
    taken = uow.answers.claim_many({claim: _key_of(draft) for claim, draft in ours.items()}, _CREATED)
    return uow.answers.kept(ours.keys() - taken)


def _answer(uow: UnitOfWork, draft: _Draft, standing: KeptKey, *, known: bool) -> Outcome:
    shown = standing.answer.get("sighting")
    if standing.body_sha256 != draft.report.body_sha256 or not isinstance(shown, str):
        return KeyTakenOtherwise()
    sighting_id = ids.read(shown)
    return Received(sighting_id, receipt_of(uow, sighting_id), bool(standing.answer.get("masked")), known)


def _under_the_cap(uow: UnitOfWork, rows: Sequence[NewSighting]) -> list[NewSighting]:
    """Put aside what nobody vouched for beyond so many in one cell and hour: stored and counted, never indexed."""
    limit = uow.policy.intake.unvouched_per_cell_and_hour
    places = [None if row.vouched or row.use == Use.DOCUMENTATION else _cell_and_hour(row) for row in rows]
    counts = Counter(uow.sightings.unvouched_counts({place for place in places if place is not None}))
    kept: list[NewSighting] = []
    for row, place in zip(rows, places, strict=True):
        if place is None:
            kept.append(row)
        elif counts[place] >= limit:
            kept.append(replace(row, use=Use.OVER_CAP))
        else:
            counts[place] += 1
            kept.append(row)
    return kept


def _cell_and_hour(row: NewSighting) -> tuple[int, datetime]:
    return (row.cell9, row.observed_at.replace(minute=0, second=0, microsecond=0))
