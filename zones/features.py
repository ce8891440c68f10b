"""A zone as GeoJSON."""

from __future__ import annotations

from typing import Any

import shapely

from zones.model import Zone

_DIGITS = 7


def boundary_geometry(zone: Zone) -> dict[str, Any]:
    """Return a zone's boundary as a GeoJSON MultiPolygon, WGS84, seven decimals (about a centimetre)."""
    polygons = []
    for polygon in zone.boundary.geoms:
        outer = shapely.geometry.polygon.orient(polygon)
        rings = [outer.exterior, *outer.interiors]
        polygons.append([[[round(x, _DIGITS), round(y, _DIGITS)] for x, y in ring.coords] for ring in rings])
    return {"type": "MultiPolygon", "coordinates": polygons}
