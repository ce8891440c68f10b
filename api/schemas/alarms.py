"""Calls of people out there, as the desk reads and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from desk.alarms import OpenCall
from desk.escalation import Call, Told
from records import ids
from records.enums import CallEnd


class AlarmOut(BaseModel):
    """One open call; whose it is is said by alias, and never where they are."""

    id: str
    kind: Call
    alias: str
    dispatch: str
    incident: str
    state: str = Field(description="Of the dispatch, which may have ended: the call stays.")
    begun_at: datetime
    told: list[Told]
    lines_at: datetime | None
    taken_by: str | None
    taken_at: datetime | None


class AlarmsOut(BaseModel):
    """All open calls: those nobody has taken first, then as they began."""

    alarms: list[AlarmOut]

    @classmethod
    def of(cls, found: Sequence[OpenCall]) -> AlarmsOut:
        """Return the desk's open calls as they are sent."""
        return cls(
            alarms=[
                AlarmOut(
                    id=ids.shown(each.id),
                    kind=each.kind,
                    alias=each.alias,
                    dispatch=ids.shown(each.dispatch_id),
                    incident=ids.shown(each.incident_id),
                    state=each.state,
                    begun_at=each.begun_at,
                    told=list(each.told),
                    lines_at=each.lines_at,
                    taken_by=each.taken_by,
                    taken_at=each.taken_at,
                )
                for each in found
            ]
        )


class AlarmEndIn(BaseModel):
    """Why a call ends."""

    model_config = ConfigDict(extra="forbid")

    reason: CallEnd
