"""What the forms of the panels send."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.schemas.plan import MOST_PAIRS, PairsEach
from geo.points import LonLat
from records.enums import Basis, Task, TravelMode, Unit, Verdict

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _empty_is_none(text: Any) -> Any:
    return text.strip() or None if isinstance(text, str) else text


NotGiven = BeforeValidator(_empty_is_none)
"""A field left empty in a form was not given."""

ShownId = Annotated[str | None, Field(max_length=13), NotGiven]
Degrees = Annotated[float | None, Field(allow_inf_nan=False), NotGiven]


class JudgementForm(BaseModel):
    """What one person judged."""

    model_config = _STRICT

    verdict: Verdict
    agency: Unit = Unit.UNKNOWN
    basis: Annotated[Basis | None, NotGiven] = None
    note: Annotated[str | None, Field(max_length=500), NotGiven] = None


class OtherForm(BaseModel):
    """Another incident."""

    model_config = _STRICT

    other: Annotated[str, Field(max_length=13)]


class SplitForm(BaseModel):
    """The reports that were ticked."""

    model_config = _STRICT

    sightings: Annotated[list[Annotated[str, Field(max_length=13)]], Field(max_length=1000)] = []


class DispatchForm(BaseModel):
    """Whom to send: two people chosen, or a wave."""

    model_config = _STRICT

    task: Task
    observer: ShownId = None
    buddy: ShownId = None
    wave: Annotated[int | None, Field(ge=2, le=60), NotGiven] = None


_Planned = Annotated[str, Field(pattern=r"^([0-9A-Za-z]{1,13}:){3}[a-z]{1,12}:[0-9a-f]{1,32}$")]


class PlanForm(BaseModel):
    """What a plan is for, and the pairs on the page: incident, observer, buddy, task, version in one word each."""

    model_config = _STRICT

    pairs_each: PairsEach = 1
    pair: list[_Planned] = Field(default_factory=list, max_length=MOST_PAIRS)

    def before(self) -> list[dict[str, str]]:
        """Return the pairs shown before, as the desk's plan takes them."""
        return [dict(zip(("incident", "observer", "buddy"), each.split(":")[:3], strict=True)) for each in self.pair]

    def to_send(self) -> list[dict[str, str]]:
        """Return the pairs to be sent, as the desk's plan takes them."""
        names = ("incident", "observer", "buddy", "task", "version")
        return [dict(zip(names, each.split(":"), strict=True)) for each in self.pair]


class ShiftForm(BaseModel):
    """A shift that begins or ends; the place is opt-in and becomes a cell at once."""

    model_config = _STRICT

    available: Literal["yes", "no"]
    hours: int = Field(default=2, ge=1, le=12)
    mode: TravelMode = TravelMode.FOOT
    rules: Literal["yes", "no"] = "no"
    share: str = ""
    lon: Degrees = None
    lat: Degrees = None

    @property
    def lasts(self) -> timedelta:
        """How long the shift is."""
        return timedelta(hours=self.hours)

    @property
    def place(self) -> LonLat | None:
        """Where the browser says it is, None where nothing was shared; raises PlaceOutOfRange."""
        return LonLat(self.lon, self.lat) if self.lon is not None and self.lat is not None else None
