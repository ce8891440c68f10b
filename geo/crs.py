"""Coordinate reference systems: to metres and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyproj
from pyproj.exceptions import CRSError

from geo.errors import PlaceOutOfRange, UnknownFrame
from geo.points import EPSG_WGS84, LonLat

WGS84 = pyproj.CRS.from_epsg(EPSG_WGS84)
"""What every place in Tandem is in; readers give longitude first whatever the authority says."""


def read_frame(text: str | int) -> pyproj.CRS:
    """Read a coordinate reference system from an EPSG code, "EPSG:2790", a PROJ string or well-known text.

    Raises
    ------
    UnknownFrame
        When PROJ does not know it.
    """
    try:
        return pyproj.CRS.from_user_input(text)
    except CRSError as error:
        raise UnknownFrame from error


@dataclass(frozen=True)
class LocalPlane:
    """A flat frame in metres round one place: x to the east, y to the north.

    An azimuthal equidistant projection on the WGS84 ellipsoid: distances from the middle are true, others are
    within 0.1 % up to 100 km away. Works across the antimeridian.
    """

    middle: LonLat

    @cached_property
    def frame(self) -> pyproj.CRS:
        """The projection itself, for geometry libraries."""
        lon, lat = self.middle.lonlat
        return pyproj.CRS.from_proj4(f"+proj=aeqd +lat_0={lat!r} +lon_0={lon!r} +datum=WGS84 +units=m +type=crs")

    @cached_property
    def _there(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(WGS84, self.frame, always_xy=True)

    @cached_property
    def _back(self) -> pyproj.Transformer:
        return pyproj.Transformer.from_crs(self.frame, WGS84, always_xy=True)

    def to_metres(self, place: LonLat) -> tuple[float, float]:
        """Return a place (WGS84) as metres east and metres north of the middle."""
        east_m, north_m = self._there.transform(*place.lonlat)
        return (float(east_m), float(north_m))

    def to_place(self, east_m: float, north_m: float) -> LonLat:
        """Return the place (WGS84) that lies so many metres east and north of the middle."""
        lon, lat = self._back.transform(east_m, north_m)
        return LonLat(float(lon), float(lat))


def place_in(frame: pyproj.CRS, x: float, y: float) -> LonLat:
    """Return a point of another frame, easting or longitude first, as a place (WGS84).

    Raises
    ------
    PlaceOutOfRange
        When the point has no place on earth.
    """
    try:
        lon, lat = pyproj.Transformer.from_crs(frame, WGS84, always_xy=True).transform(x, y, errcheck=True)
    except pyproj.exceptions.ProjError as error:
        raise PlaceOutOfRange from error
    return LonLat(float(lon), float(lat))
