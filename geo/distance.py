"""Metres between places: great-circle for one pair or arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geo.points import LonLat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8
"""Mean earth radius in metres (IUGG 1980, R1)."""


def metres_between(here: LonLat, there: LonLat) -> float:
    """Return the great-circle distance in metres between two WGS84 places (haversine)."""
    lat1, lat2 = math.radians(here.lat), math.radians(there.lat)
    half_dlat = (lat2 - lat1) / 2
    half_dlon = math.radians(there.lon - here.lon) / 2
    chord = math.sin(half_dlat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_dlon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


Spot = tuple[float, float, float]
"""A place in the numbers that distances are made of: half its latitude, half its longitude (radians), cosine of the
latitude. Whoever measures from one place again and again makes it once."""


def spot_of(place: LonLat) -> Spot:
    """Return the numbers of a place for `metres_apart`."""
    lat = math.radians(place.lat)
    return (lat / 2, math.radians(place.lon) / 2, math.cos(lat))


def metres_apart(here: Spot, there: Spot) -> float:
    """Return the metres between two places that are close (haversine; 1 part in 10⁸ short at 2 km)."""
    half_dlat = here[0] - there[0]
    half_dlon = math.sin(here[1] - there[1])
    return 2 * EARTH_RADIUS_M * math.sqrt(half_dlat * half_dlat + here[2] * there[2] * half_dlon * half_dlon)


def metres_from(here: LonLat, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return great-circle metres from one WGS84 place to each of many, given as degrees in two equal arrays."""
    lat1 = math.radians(here.lat)
    lat2 = np.radians(lats)
    half_dlat = (lat2 - lat1) / 2
    half_dlon = np.radians(lons - here.lon) / 2
    chord = np.sin(half_dlat) ** 2 + math.cos(lat1) * np.cos(lat2) * np.sin(half_dlon) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord)))
    return metres


def metres_from_each(
    places: Sequence[LonLat], lons: NDArray[np.float64], lats: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return great-circle metres from each of some places (row) to each of many (column), degrees, WGS84."""
    lon1, lat1 = np.radians(np.array([(place.lon, place.lat) for place in places]).reshape(-1, 2).T)[:, :, None]
    lon2, lat2 = np.radians(lons), np.radians(lats)
    chord = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord)))
    return metres


def metres_among(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return great-circle metres between WGS84 places, degrees, longitude first on the last axis; shapes broadcast."""
    lon1, lat1 = np.radians(here[..., 0]), np.radians(here[..., 1])
    lon2, lat2 = np.radians(there[..., 0]), np.radians(there[..., 1])
    chord = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord)))
    return metres


def moved(place: LonLat, east_m: float, north_m: float) -> LonLat:
    """Return the place that lies `east_m` and `north_m` metres away (local plane; good to 0.1 % below 10 km)."""
    lat = place.lat + math.degrees(north_m / EARTH_RADIUS_M)
    lat = max(-90.0, min(90.0, lat))
    shrink = max(1e-9, math.cos(math.radians(place.lat)))
    lon = place.lon + math.degrees(east_m / (EARTH_RADIUS_M * shrink))
    return LonLat((lon + 180.0) % 360.0 - 180.0, lat)
