"""GeoJSON read feature by feature by us, so that every feature that is refused gets its reason."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from zones import errors
from zones.containers import RawFeature, RawLayer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zones.containers import ImportLimits

WGS84 = "OGC:CRS84"
"""What RFC 7946 says a GeoJSON file is in, unless an older file names another system in its `crs` member."""

NO_GEOMETRY = "it has no geometry"
NOT_AN_AREA = "it is not an area: a Polygon or MultiPolygon is needed"
DAMAGED = "its coordinates are damaged"
TOO_FEW_CORNERS = "one of its rings has fewer than three corners"

_LINES_AND_POINTS = frozenset({"Point", "MultiPoint", "LineString", "MultiLineString"})
_AREAS = frozenset({"Polygon", "MultiPolygon", "GeometryCollection"})
_FEWEST_CORNERS = 3
_FEWEST_AXES = 2


class _Flaw(Exception):
    """This feature cannot be read; the text says why."""


class _Corners:
    """How many corners may still come before the file is too large."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise errors.TooManyZones


def read_geojson(content: bytes, limits: ImportLimits) -> RawLayer:
    """Read a FeatureCollection, a Feature or a bare area; raises `BrokenGeoJson`, `TooManyZones`, `UnknownCoordinates`.

    Coordinates are taken longitude first; a `crs` member by name (GeoJSON 2008) is honoured.
    """
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise errors.BrokenGeoJson from error
    if not isinstance(document, dict):
        raise errors.BrokenGeoJson
    features = _features_of(document)
    if len(features) > limits.features:
        raise errors.TooManyZones
    corners = _Corners(limits.vertices)
    return RawLayer(tuple(_feature(feature, corners) for feature in features), _crs_of(document))


def _features_of(document: dict[str, Any]) -> list[Any]:
    kind = document.get("type")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        features: list[Any] = document["features"]
        return features
    if kind == "Feature":
        return [document]
    if isinstance(kind, str) and kind in _AREAS | _LINES_AND_POINTS:
        return [{"type": "Feature", "properties": {}, "geometry": document}]
    raise errors.BrokenGeoJson


def _crs_of(document: dict[str, Any]) -> str | None:
    named = document.get("crs")
    if named is None:
        return WGS84
    properties = named.get("properties") if isinstance(named, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise errors.UnknownCoordinates
    return name


def _feature(feature: Any, corners: _Corners) -> RawFeature:
    if not isinstance(feature, dict):
        return RawFeature({}, None, "it is not a GeoJSON feature")
    properties = feature.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    geometry = feature.get("geometry")
    if geometry is None:
        return RawFeature(properties, None, NO_GEOMETRY)
    try:
        polygons = _polygons(geometry, corners)
        return RawFeature(properties, shapely.MultiPolygon(polygons))
    except _Flaw as flaw:
        return RawFeature(properties, None, str(flaw))


def _polygons(geometry: Any, corners: _Corners, depth: int = 0) -> list[shapely.Polygon]:
    if not isinstance(geometry, dict) or depth > _FEWEST_AXES:
        raise _Flaw(DAMAGED)
    kind = geometry.get("type")
    if kind == "Polygon":
        return [_polygon(geometry.get("coordinates"), corners)]
    if kind == "MultiPolygon":
        return [_polygon(rings, corners) for rings in _list(geometry.get("coordinates"))]
    if kind == "GeometryCollection":
        return [
            polygon
            for member in _list(geometry.get("geometries"))
            if not (isinstance(member, dict) and member.get("type") in _LINES_AND_POINTS)
            for polygon in _polygons(member, corners, depth + 1)
        ]
    raise _Flaw(NOT_AN_AREA)


def _polygon(rings: Any, corners: _Corners) -> shapely.Polygon:
    outlines = [_ring(ring, corners) for ring in _list(rings)]
    if not outlines:
        return shapely.Polygon()
    return shapely.Polygon(outlines[0], outlines[1:])


def _ring(positions: Any, corners: _Corners) -> NDArray[np.float64]:
    positions = _list(positions)
    corners.spend(len(positions))
    lonlats = [_position(position) for position in positions]
    if lonlats and lonlats[0] != lonlats[-1]:
        lonlats.append(lonlats[0])
    if len(lonlats) <= _FEWEST_CORNERS:
        raise _Flaw(TOO_FEW_CORNERS)
    return np.array(lonlats, dtype=np.float64)


def _position(position: Any) -> tuple[float, float]:
    if not isinstance(position, list) or len(position) < _FEWEST_AXES:
        raise _Flaw(DAMAGED)
    x, y = position[0], position[1]
    # bool is an int in Python, and a number of 400 digits is no place.
    if type(x) not in (int, float) or type(y) not in (int, float):
        raise _Flaw(DAMAGED)
    try:
        lonlat = float(x), float(y)
    except OverflowError as error:
        raise _Flaw(DAMAGED) from error
    if not (math.isfinite(lonlat[0]) and math.isfinite(lonlat[1])):
        raise _Flaw(DAMAGED)
    return lonlat


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _Flaw(DAMAGED)
    return value
