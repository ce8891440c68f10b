"""Sightings as they cross the wire: what is sent, the receipt that comes back, what the desk reads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from api.schemas.places import PointIn
from desk.access import Actor
from desk.board import Bounds
from desk.errors import DeskError
from desk.intake import Received, Report, VehicleSeen
from geo.points import LonLat
from records import ids
from records.enums import Activity, Basis, SightingKind, Unit

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _is_text(said: Any) -> Any:
    # A bare number, in quotes or not, would be read as seconds since 1970, which nobody meant.
    if not isinstance(said, (str, datetime)) or (isinstance(said, str) and "-" not in said[1:]):
        raise ValueError("This must be a time like 2026-11-20T14:03:00Z.")
    return said


Moment = Annotated[AwareDatetime, BeforeValidator(_is_text)]
Word = Annotated[str, Field(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]


class NotABox(DeskError):
    """A box is four numbers in degrees: west, south, east, north."""

    field = "bbox"


def bounds_of(bbox: str) -> Bounds:
    """Read `west,south,east,north` in degrees, WGS84; raises NotABox."""
    try:
        west, south, east, north = (float(number) for number in bbox.split(","))
        LonLat(west, south), LonLat(east, north)
    except ValueError as error:
        raise NotABox from error
    if south > north:
        raise NotABox
    return Bounds(west, south, east, north)


class VehicleIn(BaseModel):
    """A vehicle as it was seen; the plate becomes a token and its last two characters, and is dropped."""

    model_config = _STRICT

    type: Word | None = None
    make: Word | None = None
    model: Word | None = None
    color: Word | None = None
    plate: Annotated[str, Field(max_length=16)] | None = None


class SightingIn(BaseModel):
    """A sighting as it is sent; only `kind`, `location` and `observed_at` are needed."""

    model_config = _STRICT

    kind: SightingKind
    location: PointIn
    observed_at: Moment
    accuracy_m: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] = 50.0
    activity: Activity | None = None
    size: Annotated[int, Field(ge=0, le=1000)] | None = None
    unit: Unit = Unit.UNKNOWN
    basis: Basis | None = None
    vehicles: Annotated[list[VehicleIn], Field(max_length=8)] = Field(default_factory=list)
    note: Annotated[str, Field(max_length=500)] | None = None
    lang: Annotated[str, Field(max_length=16, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")] | None = None

    second_hand: bool = False
    """Somebody else saw it and told whoever sends this."""
    device_distance_m: Annotated[float, Field(ge=0, le=50_000_000, allow_inf_nan=False)] | None = None
    """How far the device is from the pin; used once and never kept."""
    photo_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """The digest of a photo, so that one photo from many accounts counts once; only a keyed token is kept."""

    def report(self, actor: Actor, key: str, body_sha256: bytes) -> Report:
        """Return the report the desk takes in."""
        return Report(
            actor=actor,
            key=key,
            body_sha256=body_sha256,
            kind=self.kind,
            place=self.location.place(),
            accuracy_m=self.accuracy_m,
            observed_at=self.observed_at,
            activity=self.activity,
            unit=self.unit,
            basis=self.basis,
            size=self.size,
            vehicles=tuple(
                VehicleSeen(seen.type, seen.make, seen.model, seen.color, seen.plate) for seen in self.vehicles
            ),
            note=self.note,
            lang=self.lang,
            device_m=self.device_distance_m,
            second_hand=self.second_hand,
            photo_sha256=self.photo_sha256,
        )


class ReceivedOut(BaseModel):
    """That a sighting is stored; no coordinates come back."""

    id: str
    receipt: str
    masked: bool

    @classmethod
    def of(cls, received: Received) -> Self:
        """Show what was received."""
        return cls(id=ids.shown(received.id), receipt=received.receipt, masked=received.masked)


class RetractIn(BaseModel):
    """The receipt of a sighting that is taken back."""

    model_config = _STRICT

    receipt: Annotated[str, Field(min_length=1, max_length=64)]


class RetractedOut(BaseModel):
    """That a sighting was taken back."""

    id: str
    retracted: Literal[True] = True


class SightingProperties(BaseModel):
    """What the desk reads of a sighting; `null` where a view does not show it."""

    kind: str
    activity: str | None
    unit: str
    basis: str | None
    size: int | None
    accuracy_m: float | None
    observed_at: str
    received_at: str
    use: str
    incident: str | None
    source: str | None
    vouched: bool
    vehicles: list[dict[str, str]]
    plate_tail: str | None
    note: str | None
    flags: list[str]
    lang: str | None


class SightingOut(BaseModel):
    """A sighting as a GeoJSON Feature: at the centre of its cell, or exact in one opened incident."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any] | None
    properties: SightingProperties


class SightingsOut(BaseModel):
    """Sightings as a FeatureCollection; `cursor` leads to the next page."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[SightingOut]
    cursor: str | None = None

    @classmethod
    def of(cls, features: list[dict[str, Any]], cursor: str | None = None) -> Self:
        """Show what the board projected."""
        return cls(features=[SightingOut(**feature) for feature in features], cursor=cursor)
