"""Dispatches, pairs and offers as they cross the wire: one shape for the desk, one for each of the two people."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.responders import ShownId
from desk.escalation import Told
from records import ids
from records.enums import CheckinState, Found, Task

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


class DispatchIn(BaseModel):
    """Whom to send: the best wave, a wave of so many, or two people by their ids in the list of pairs."""

    model_config = _STRICT

    task: Task
    pair: list[ShownId] | None = Field(default=None, min_length=2, max_length=2)
    wave: int | None = Field(default=None, ge=2, le=60)
    by_hand: bool | None = None

    def two(self) -> tuple[int, int] | None:
        """Return the two people named, or None."""
        return None if self.pair is None else (ids.read(self.pair[0]), ids.read(self.pair[1]))


class ProgressIn(BaseModel):
    """The next step of one person; with `cleared` they may say what they found."""

    model_config = _STRICT

    step: Literal["en_route", "staged", "on_scene", "cleared", "withdraw"]
    found: Found | None = None
    brief_read: bool = True


class SteerIn(BaseModel):
    """Whether people are asked by hand alone, or as many as are needed by itself."""

    model_config = _STRICT

    by_hand: bool


class MovedIn(BaseModel):
    """That one person has seen where the meeting point is now."""

    model_config = _STRICT

    seen: Literal[True]


class CheckinIn(BaseModel):
    """How one person is."""

    model_config = _STRICT

    state: CheckinState


class PointOut(BaseModel):
    """A place as GeoJSON, WGS84, longitude first."""

    type: Literal["Point"]
    coordinates: list[float]


class MeetingPointOut(BaseModel):
    """Where two people meet before they go on together."""

    name: str
    geometry: PointOut
    reason: str | None = None


class ReasonOut(BaseModel):
    """One reason, with its weight in minutes."""

    text: str
    weight: float


class RuledOutOut(BaseModel):
    """How many people were ruled out by a rule."""

    rule: str
    text: str
    people: int


class RuledOutPairsOut(BaseModel):
    """How many pairs of people were ruled out by a rule."""

    rule: str
    text: str
    pairs: int


class CandidateOut(BaseModel):
    """A person who could go, and when they could be at the meeting point."""

    alias: str
    id: str
    eta_s: int


class PairOut(BaseModel):
    """Two people who could go together."""

    observer: CandidateOut
    buddy: CandidateOut
    meeting_point: MeetingPointOut
    cost_min: float
    reasons: list[ReasonOut]


class KeptApartOut(BaseModel):
    """How many people somebody may not go with under a rule, and the nearest of them; an avoid list names nobody."""

    rule: str
    text: str
    people: int
    with_: list[str] = Field(alias="with")


class AboutOut(BaseModel):
    """Why somebody would not be asked, or their best pair."""

    alias: str
    id: str
    eligible: bool
    rule: str | None
    text: str
    best_pair: PairOut | None
    kept_apart: list[KeptApartOut]
    looked_at: int


class PairsOut(BaseModel):
    """The best pairs for an incident, and why the others are not among them."""

    task: Task
    pairs: list[PairOut]
    ruled_out: list[RuledOutOut]
    ruled_out_pairs: list[RuledOutPairsOut]
    candidates: int
    roster: int
    places_free: int
    note: str
    caution: str | None
    about: AboutOut | None = None

    @classmethod
    def of(cls, shown: dict[str, Any]) -> Self:
        """Show ranked pairs."""
        return cls(**shown)


class SeatOut(BaseModel):
    """Who sits where, how far they are, and whether they called."""

    seat: Literal["observer", "buddy"]
    alias: str
    step: str
    found: Found | None
    move_seen: bool | None = None
    checkin_due_at: str | None
    checkin_missed_at: str | None
    brief_read: bool
    alarm: Literal["help", "duress"] | None
    alarm_at: str | None
    told: list[Told]
    lines_at: str | None


class LeftOut(BaseModel):
    """Who left a seat, and how."""

    seat: Literal["observer", "buddy"]
    alias: str
    because: Literal["withdrew", "lost"]
    at: str | None
    checkin_missed_at: str | None
    alarm: Literal["help", "duress"] | None
    alarm_at: str | None
    told: list[Told]
    lines_at: str | None


class DeskOfferOut(BaseModel):
    """One person asked, as the desk sees it."""

    id: str
    alias: str
    observes: bool
    state: str
    wave: int
    waits: bool
    eta_s: int
    expires_at: str


class DispatchOut(BaseModel):
    """A dispatch as the desk sees it."""

    id: str
    incident: str
    task: Task
    state: str
    place: int
    meeting_point: MeetingPointOut
    meeting_moved_at: str | None = None
    seats: list[SeatOut]
    left: list[LeftOut]
    offers: list[DeskOfferOut]
    reasons: list[ReasonOut]
    ruled_out: list[RuledOutOut]
    waves: int
    by_hand: bool
    seats_wanted: list[Literal["observer", "buddy"]]
    offers_until: str | None
    held_until: str | None
    made_at: str
    state_at: str
    version: int

    @classmethod
    def of(cls, shown: dict[str, Any]) -> Self:
        """Show a dispatch to the desk."""
        return cls(**shown)


class DispatchesOut(BaseModel):
    """A page of dispatches, newest first; `cursor` asks for the next one, None at the end."""

    dispatches: list[DispatchOut]
    cursor: str | None

    @classmethod
    def of(cls, shown: list[dict[str, Any]], limit: int) -> Self:
        """Show a page of at most `limit`."""
        page = [DispatchOut.of(each) for each in shown]
        return cls(dispatches=page, cursor=page[-1].id if len(page) == limit else None)


class OfferOut(BaseModel):
    """An offer as the person asked sees it: task, area and minutes, no place."""

    id: str
    dispatch: str
    task: Task
    area: str
    area_name: str | None
    minutes: int
    seats_open: list[Literal["observer", "buddy"]]
    expires_at: str
    state: str
    card: str | None


class OwnDispatchOut(BaseModel):
    """A dispatch as one of its two people sees it; `place` comes once both are at the meeting point."""

    id: str
    task: Task
    state: str
    my_seat: Literal["observer", "buddy"]
    my_step: str
    partner: str | None
    partner_step: str | None
    partner_calls_help: bool
    late: bool
    partner_late: bool
    meeting_point: MeetingPointOut | None
    meeting_moved_at: str | None = None
    move_seen: bool = True
    meet_by: str | None
    place: PointOut | None
    brief_read: bool
    checkin_due_at: str | None
    held_until: str | None
    card: str
    version: int

    @classmethod
    def of(cls, shown: dict[str, Any]) -> Self:
        """Show a dispatch to one of its two people."""
        return cls(**shown)


class GapOut(BaseModel):
    """The nearest area (res 8) that no pair can reach in time; nobody is sent there."""

    area: str
    area_name: str | None
    away_km: float


class ThanksOut(BaseModel):
    """Thanks for somebody who was asked and is not needed after all, and the area (res 8) it was for."""

    at: str
    card: str
    area: str
    nearest_gap: GapOut | None = None


class MineOut(BaseModel):
    """What one responder is asked, and where they are needed."""

    offers: list[OfferOut]
    dispatches: list[OwnDispatchOut]
    thanks: ThanksOut | None = None

    @classmethod
    def of(cls, shown: dict[str, Any]) -> Self:
        """Show one person their own."""
        return cls(**shown)


class AnswerOut(BaseModel):
    """The offer just answered, and the dispatch when the answer formed a pair."""

    offer: OfferOut
    dispatch: OwnDispatchOut | None

    @classmethod
    def of(cls, shown: dict[str, Any]) -> Self:
        """Show what an answer led to."""
        return cls(**shown)
