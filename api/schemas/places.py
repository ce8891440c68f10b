"""Places as they come in: GeoJSON points, WGS84, longitude first."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geo.points import LonLat

Degrees = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class PointIn(BaseModel):
    """A GeoJSON Point, WGS84, longitude first; a height is ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    type: Literal["Point"]
    coordinates: Annotated[list[Degrees], Field(min_length=2, max_length=3)]

    @model_validator(mode="after")
    def on_the_earth(self) -> PointIn:
        """Refuse a place that is not on the earth."""
        self.place()
        return self

    def place(self) -> LonLat:
        """Return the place; raises PlaceOutOfRange."""
        return LonLat(self.coordinates[0], self.coordinates[1])
