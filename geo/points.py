"""A place on earth: the only module where the order of the axes is ever swapped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from geo.errors import PlaceOutOfRange

EPSG_WGS84 = 4326
"""Every place in Tandem is WGS84 longitude and latitude in degrees."""


@dataclass(frozen=True, slots=True, order=True)
class LonLat:
    """One place, WGS84 (EPSG:4326), degrees, longitude first.

    Raises
    ------
    PlaceOutOfRange
        When a coordinate is not finite or outside the earth.
    """

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lon) and math.isfinite(self.lat)):
            raise PlaceOutOfRange
        if not (-180.0 <= self.lon <= 180.0 and -90.0 <= self.lat <= 90.0):
            raise PlaceOutOfRange

    @classmethod
    def from_latlng(cls, latlng: tuple[float, float]) -> Self:
        """Read a (latitude, longitude) pair, the order that H3 speaks; degrees."""
        lat, lon = latlng
        return cls(lon, lat)

    @property
    def latlng(self) -> tuple[float, float]:
        """The same place as (latitude, longitude), the order that H3 and folium speak; degrees."""
        return (self.lat, self.lon)

    @property
    def lonlat(self) -> tuple[float, float]:
        """The same place as (longitude, latitude), the order of GeoJSON and shapely; degrees."""
        return (self.lon, self.lat)
