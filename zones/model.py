"""A zone and a set of zones, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from zones.errors import TwoZonesWithOneId, ZoneNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely import MultiPolygon


@dataclass(frozen=True, slots=True)
class Zone:
    """Ground that a network looks after: WGS84 (EPSG:4326), longitude first; its edge belongs to it."""

    id: int
    name: str
    boundary: MultiPolygon


@dataclass(frozen=True, slots=True)
class ZoneSet:
    """All zones of one network at one version, ordered by id.

    Raises
    ------
    TwoZonesWithOneId
        When an id comes twice.
    """

    zones: tuple[Zone, ...]
    version: int = 0

    def __post_init__(self) -> None:
        ids = [zone.id for zone in self.zones]
        if len(set(ids)) != len(ids):
            raise TwoZonesWithOneId
        object.__setattr__(self, "zones", tuple(sorted(self.zones, key=lambda zone: zone.id)))

    @classmethod
    def of(cls, zones: Iterable[Zone], version: int = 0) -> Self:
        """Gather zones in any order."""
        return cls(tuple(zones), version)

    def get(self, zone_id: int) -> Zone:
        """Return the zone with this id; raises `ZoneNotFound`."""
        for zone in self.zones:
            if zone.id == zone_id:
                return zone
        raise ZoneNotFound
