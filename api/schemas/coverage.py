"""Coverage as it crosses the wire: cells, never people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel

from geo import cells
from zones.coverage import CellCoverage


class CoverageCell(BaseModel):
    """One res-8 cell: a GeoJSON Feature with how many pairs reach it, at most 3, and whether none does."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any]
    properties: dict[str, int | bool]


class CoverageOut(BaseModel):
    """The cells of all zones as a FeatureCollection, WGS84."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    minutes: float
    gaps: int
    features: list[CoverageCell]

    @classmethod
    def of(cls, found: Sequence[CellCoverage], minutes: float) -> Self:
        """Show coverage."""
        return cls(minutes=minutes, gaps=sum(each.gap for each in found), features=[_cell(each) for each in found])


def _cell(each: CellCoverage) -> CoverageCell:
    ring = [[round(at.lon, 7), round(at.lat, 7)] for at in cells.boundary(each.cell)]
    return CoverageCell(
        id=each.cell,
        geometry={"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        properties={"pairs": each.pairs, "gap": each.gap},
    )
