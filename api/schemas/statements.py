"""Statements as they cross the wire: codes and times, never a free text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from records.enums import Heard

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SaidOut(BaseModel):
    """What was said: a code of the catalogue, whose, roughly where (the centre of a cell), in which five minutes."""

    id: str
    template: str
    state: str
    agency: str
    area: list[str]
    geometry: dict[str, Any]
    cell: str
    time: str
    said_at: str | None
    valid_until: str | None
    answers: str | None


class AlertOut(SaidOut):
    """A statement as one member reads it; `owed` where it answers what they read, `new` where they had not read it."""

    owed: bool
    new: bool


class AlertsOut(BaseModel):
    """What a member is told now, newest first."""

    alerts: list[AlertOut]


class StatementOut(SaidOut):
    """A statement as the desk reads it: by whom, to how many, read by how many, and owed to how many."""

    incident: str
    proposed_by: str | None
    approved_by: str | None
    audience: int
    seen: int
    owed: int


class CriterionOut(BaseModel):
    """One thing an incident has to show before it is verified, or before it is spoken of."""

    code: str
    needed_for: str
    met: bool
    text: str


class HeardOut(BaseModel):
    """What became of a report, for whoever holds its receipt."""

    status: Heard


class ZonesIn(BaseModel):
    """The zones whose alerts somebody gets, by name or id; none means all."""

    model_config = _STRICT

    zones: Annotated[list[Annotated[str, Field(max_length=120)]], Field(max_length=1000)]


class ZonesFollowedOut(BaseModel):
    """The zones whose alerts somebody gets; none means all."""

    alias: str
    zones: list[str]
