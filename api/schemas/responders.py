"""Responders as they cross the wire: never with a place, but for the one they send themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.schemas.accounts import Alias
from api.schemas.places import PointIn
from api.schemas.sightings import Moment
from desk.roster import Joining
from records import ids
from records.enums import CertificateKind, Task, TravelMode
from records.errors import NotAnId

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _is_id(text: str) -> str:
    try:
        ids.read(text)
    except NotAnId as error:
        raise ValueError("This is not an id of ours.") from error
    return text


ShownId = Annotated[str, Field(max_length=13), AfterValidator(_is_id)]
"""An id inside a body, thirteen characters."""


class AvailabilityIn(BaseModel):
    """I can go, or I cannot; `location` is opt-in and becomes a cell at once."""

    model_config = _STRICT

    available: bool
    until: Moment | None = None
    location: PointIn | None = None
    mode: TravelMode | None = None
    rules_read: bool = True


class AvailabilityOut(BaseModel):
    """What was understood; no place comes back."""

    available: bool
    until: str | None
    position_kept_until: str | None
    card: str | None


class RestIn(BaseModel):
    """For how many hours longer somebody wants to be left in peace."""

    model_config = _STRICT

    hours: int = Field(default=24, ge=1, le=30 * 24)

    @property
    def by(self) -> timedelta:
        """How much longer."""
        return timedelta(hours=self.hours)


class LoadOut(BaseModel):
    """What one person has carried, shown to them alone; `rule` keeps them from being asked until `asked_again_at`."""

    dispatches_this_shift: int
    dispatches_a_shift: int
    load_7d: int
    offers_today: int
    offers_a_day: int
    resting_until: str | None
    rule: Literal["resting", "shift_full", "enough_offers", "on_call"] | None
    asked_again_at: str | None


class CertificateIn(BaseModel):
    """A training somebody holds until a moment."""

    model_config = _STRICT

    kind: CertificateKind
    valid_until: Moment


class ResponderIn(BaseModel):
    """An account that joins the roster, or a change of how it stands there."""

    model_config = _STRICT

    alias: Alias
    languages: list[Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]] = Field(
        default=["en"], min_length=1, max_length=20
    )
    mode: TravelMode = TravelMode.FOOT
    base_zone: ShownId | None = None
    zones: list[ShownId] = Field(default=[], max_length=200)
    no_tasks: list[Task] = Field(default=[], max_length=3)
    certificates: list[CertificateIn] = Field(default=[], max_length=10)

    def joining(self) -> Joining:
        """Return what the desk is asked to write."""
        return Joining(
            alias=self.alias,
            languages=self.languages,
            mode=self.mode.value,
            base_zone=None if self.base_zone is None else ids.read(self.base_zone),
            zones=[ids.read(zone) for zone in self.zones],
            no_tasks=[task.value for task in self.no_tasks],
            certificates=[(each.kind.value, each.valid_until) for each in self.certificates],
        )


class ResponderOut(BaseModel):
    """A responder as organizers see them: training, load and rest, never a place."""

    id: str
    alias: str
    languages: list[str]
    mode: str
    zones: list[str]
    no_tasks: list[str]
    trained_until: str | None
    observer_until: str | None
    seats: list[str]
    available: bool
    available_until: str | None
    busy: bool
    resting_until: str | None
    dispatches_this_shift: int
    load_7d: int
    cleared_total: int

    @classmethod
    def of(cls, shown: dict[str, Any]) -> Self:
        """Show a responder."""
        return cls(**shown)


class RosterOut(BaseModel):
    """The roster, by alias; `cursor` leads to the next page."""

    responders: list[ResponderOut]
    cursor: str | None = None
