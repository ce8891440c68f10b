"""Counts of past incidents as they cross the wire; cells no finer than resolution 8, no place finer than a cell."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, Field


class GroupOut(BaseModel):
    """How many incidents had these one or two properties, to the nearest five."""

    cell: str | None = None
    zone: str | None = None
    hour_of_week: str | None = None
    weekday: str | None = None
    activity: str | None = None
    agency: str | None = None
    status: str | None = None
    incidents: int


class PatternsOut(BaseModel):
    """Counts that may be shown, and whether any were left out for being small."""

    by: list[str]
    first: str = Field(serialization_alias="from")
    last: str = Field(serialization_alias="to")
    status: str
    cell_resolution: int
    time_zone: str
    fewest_incidents: int
    fewest_reporters: int
    counted_in_steps_of: int
    groups: list[GroupOut]
    withheld: bool
    notice: str

    @classmethod
    def of(cls, shown: dict[str, Any]) -> Self:
        """Show counts."""
        return cls(
            first=shown["from"], last=shown["to"], **{key: shown[key] for key in shown if key not in {"from", "to"}}
        )
