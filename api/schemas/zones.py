"""Zones as they cross the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.pages import page_of
from desk import territory
from desk.territory import ZonesTaken
from records import ids
from zones.model import Zone


class ZoneProperties(BaseModel):
    """What a zone is called."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")


class ZoneIn(BaseModel):
    """A zone as it is drawn: a GeoJSON Feature, WGS84."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    type: Literal["Feature"]
    properties: ZoneProperties
    geometry: dict[str, Any]


class ZoneOut(BaseModel):
    """A zone as it stands: a GeoJSON Feature, WGS84."""

    type: Literal["Feature"] = "Feature"
    id: str
    properties: ZoneProperties
    geometry: dict[str, Any]

    @classmethod
    def of(cls, zone: Zone) -> Self:
        """Show a zone."""
        shown = territory.feature(zone)
        return cls(id=ids.shown(zone.id), properties=ZoneProperties(name=shown["name"]), geometry=shown["geometry"])


class ZonesOut(BaseModel):
    """Zones as a FeatureCollection; `cursor` leads to the next page."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[ZoneOut]
    cursor: str | None = None

    @classmethod
    def page(cls, zones: Sequence[Zone], limit: int, cursor: str | None) -> Self:
        """Show one page of zones."""
        page, following = page_of(zones, limit, cursor, key=lambda zone: ids.shown(zone.id))
        return cls(features=[ZoneOut.of(zone) for zone in page], cursor=following)


class RepairedOut(BaseModel):
    """A zone that was kept after a repair."""

    index: int
    name: str
    area_change_percent: float


class RefusedOut(BaseModel):
    """A feature that was not kept, and why."""

    index: int
    name: str
    reason: str


class ZoneImportOut(BaseModel):
    """What became of every feature of a file."""

    kept: int
    repaired: list[RepairedOut]
    refused: list[RefusedOut]
    crs: str
    overlaps: int

    @classmethod
    def of(cls, taken: ZonesTaken) -> Self:
        """Show what was taken in."""
        found = taken.imported
        return cls(
            kept=taken.zones,
            repaired=[
                RepairedOut(index=each.index, name=each.name, area_change_percent=round(each.area_change_percent, 4))
                for each in found.repaired
            ],
            refused=[RefusedOut(index=each.index, name=each.name, reason=each.reason) for each in found.refused],
            crs=found.crs,
            overlaps=found.overlaps,
        )
