"""A shape made a valid area in WGS84, with what the repair cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from zones.crossings import MOST_CROSSINGS, too_tangled

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from zones.containers import RawFeature

ALLOWED_CHANGE_PERCENT = 5.0
"""A repair that changes the area by more than this asks a person."""

NOT_AN_AREA = "it is not an area: a Polygon or MultiPolygon is needed"
EMPTY = "it is empty: no area is left"
TOO_TANGLED = f"its outline crosses itself more than {MOST_CROSSINGS} times or has too many corners to be repaired"
OUTSIDE_THE_EARTH = (
    "its coordinates lie outside the earth in degrees: perhaps feet or metres that the file does not name, "
    "or latitude before longitude"
)


@dataclass(frozen=True, slots=True)
class Repair:
    """A valid area, WGS84; `change_percent` is None where nothing had to be repaired."""

    boundary: shapely.MultiPolygon
    change_percent: float | None


class Unusable(Exception):
    """No area can be made of this feature; the text says why."""


def repaired(shape: BaseGeometry) -> Repair:
    """Return the valid polygon parts of a WGS84 shape, longitude first.

    The area change is measured on the equal-area cylinder, in per cent of the area that the shape itself claims.

    Raises
    ------
    Unusable
        When it is no area, is empty, lies outside the earth, or crosses itself too often to be repaired in time.
    """
    if shape.geom_type not in ("Polygon", "MultiPolygon", "GeometryCollection"):
        raise Unusable(NOT_AN_AREA)
    if shape.is_empty:
        raise Unusable(EMPTY)
    if not _on_earth(shapely.get_coordinates(shape)):
        raise Unusable(OUTSIDE_THE_EARTH)
    shape = shapely.force_2d(shape)
    if shape.is_valid and shape.geom_type != "GeometryCollection":
        boundary = polygon_parts(shape)
        if boundary.is_empty or boundary.area == 0:
            raise Unusable(EMPTY)
        return Repair(boundary, None)
    if too_tangled(shape):
        raise Unusable(TOO_TANGLED)
    boundary = polygon_parts(shapely.make_valid(shape))
    if boundary.is_empty or boundary.area == 0:
        raise Unusable(EMPTY)
    return Repair(boundary, change_percent(shape, boundary))


def polygon_parts(shape: BaseGeometry) -> shapely.MultiPolygon:
    """Return the areas of a valid shape as one MultiPolygon, dropping points and lines."""
    parts = [part for part in _flattened(shape) if isinstance(part, shapely.Polygon) and not part.is_empty]
    together = shapely.MultiPolygon(parts)
    if together.is_valid:
        return together
    # The members of a collection may overlap each other even when each is valid.
    return shapely.MultiPolygon(
        [part for part in _flattened(shapely.union_all(parts)) if isinstance(part, shapely.Polygon)]
    )


def change_percent(before: BaseGeometry, after: BaseGeometry) -> float:
    """Return by how much the area differs, in per cent of what it was, signed; infinite where it was nothing."""
    was, now = shapely.area(shapely.transform(np.array([before, after]), _equal_area))
    return float("inf") if was <= 0 else float((now - was) / was * 100)


def flaw_of(feature: RawFeature) -> str | None:
    """Return why a feature has no shape at all, or None when it has one."""
    return None if feature.shape is not None else feature.flaw or "it has no geometry"


def _flattened(shape: BaseGeometry) -> list[BaseGeometry]:
    if shape.geom_type in ("MultiPolygon", "GeometryCollection"):
        return [single for part in shapely.get_parts(shape) for single in _flattened(part)]
    return [shape]


def _on_earth(lonlats: NDArray[np.float64]) -> bool:
    lons, lats = lonlats[:, 0], lonlats[:, 1]
    return bool(np.isfinite(lonlats).all() and (np.abs(lons) <= 180.0).all() and (np.abs(lats) <= 90.0).all())


def _equal_area(lonlats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project degrees to the cylinder of Lambert, where areas keep their proportions (no units)."""
    return np.column_stack((np.radians(lonlats[:, 0]), np.sin(np.radians(lonlats[:, 1]))))
