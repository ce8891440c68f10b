"""What is kept for counsel, as it is asked for and shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from desk.retention import HoldSeen
from records import ids
from records.enums import HoldReason


class HoldIn(BaseModel):
    """Which incident is to be kept, and why."""

    model_config = ConfigDict(extra="forbid")

    incident: str = Field(max_length=40)
    reason: HoldReason


class HoldOut(BaseModel):
    """One hold: which incident, why, by whom and until when; nothing of the incident."""

    id: str
    incident: str
    reason: HoldReason
    asked_by: str | None
    asked_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    lapses_at: datetime
    lifted_at: datetime | None

    @classmethod
    def of(cls, hold: HoldSeen) -> HoldOut:
        """Return the desk's hold as it is sent."""
        return cls(
            id=ids.shown(hold.id),
            incident=ids.shown(hold.incident_id),
            reason=HoldReason(hold.reason),
            asked_by=hold.asked_by,
            asked_at=hold.asked_at,
            confirmed_by=hold.confirmed_by,
            confirmed_at=hold.confirmed_at,
            lapses_at=hold.lapses_at,
            lifted_at=hold.lifted_at,
        )


class HoldsOut(BaseModel):
    """All holds, the newest first."""

    holds: list[HoldOut]

    @classmethod
    def of(cls, found: Sequence[HoldSeen]) -> HoldsOut:
        """Return the desk's holds as they are sent."""
        return cls(holds=[HoldOut.of(each) for each in found])
