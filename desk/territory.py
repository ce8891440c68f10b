"""Zones drawn and imported, the zone at a place, coverage by pairs, the ground of the base map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from desk.errors import DeskError, NameTaken, NotFound
from desk.events import ZonesChanged
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.distance import metres_between
from geo.gatherings import PublicSpot
from geo.points import LonLat
from geo.streets import Section
from records.errors import NoSuchRecord
from records.values import GroundPiece, NamedPlace
from zones import loader
from zones.coverage import CellCoverage, OnCall
from zones.coverage import coverage as coverage_of
from zones.features import boundary_geometry
from zones.index import cells_of, too_wide
from zones.loader import ZoneImport
from zones.model import Zone, ZoneSet

COVERAGE_RESOLUTION: Final = 8


class ZonesTooWide(DeskError):
    """All zones together would be wider than one network can look after; draw the ground you really cover."""

    field = "geometry"


class ZoneNotDrawable(DeskError):
    """This outline cannot be a zone: it must be a polygon on the earth that does not need mending."""

    field = "geometry"


@dataclass(frozen=True, slots=True)
class ZonesTaken:
    """What became of an import, by count and with every refusal and repair named."""

    zones: int
    imported: ZoneImport


def draw(uow: UnitOfWork, name: str, geometry: Mapping[str, Any]) -> Zone:
    """Draw a zone from a GeoJSON geometry (WGS84); raises ZoneNotDrawable."""
    boundary = _outline(name, geometry)
    if name in uow.zones.names().values():
        raise NameTaken
    [zone_id] = uow.zones.put([(name, boundary)], source="drawn", changed_at=uow.now)
    _changed(uow)
    return uow.zones.get(zone_id)


def redraw(uow: UnitOfWork, zone_id: int, name: str, geometry: Mapping[str, Any]) -> Zone:
    """Give a zone another name and outline; raises NotFound, ZoneNotDrawable."""
    boundary = _outline(name, geometry)
    try:
        uow.zones.redraw(zone_id, name, boundary, changed_at=uow.now)
    except NoSuchRecord as error:
        raise NotFound from error
    _changed(uow)
    return uow.zones.get(zone_id)


def remove(uow: UnitOfWork, zone_id: int) -> None:
    """Remove a zone; raises NotFound."""
    try:
        uow.zones.remove(zone_id)
    except NoSuchRecord as error:
        raise NotFound from error
    _changed(uow)


def take_in(uow: UnitOfWork, imported: ZoneImport, *, source: str = "imported") -> ZonesTaken:
    """Keep the zones of a file; one whose name is known already is redrawn, so a second import adds nothing."""
    seen: Counter[str] = Counter()
    named = []
    for zone in imported.kept:
        seen[zone.name] += 1
        number = seen[zone.name]
        named.append((zone.name if number == 1 else f"{zone.name[:112]} ({number})", zone.boundary))
    kept = uow.zones.put(named, source=source, changed_at=uow.now)
    if kept:
        _changed(uow)
    return ZonesTaken(len(kept), imported)


def at(uow: UnitOfWork, place: LonLat) -> list[Zone]:
    """Return the zones a place lies in; on an edge, all that meet there."""
    wanted = set(uow.zone_map.at(place))
    return [zone for zone in uow.zones.all() if zone.id in wanted]


def extent(uow: UnitOfWork) -> tuple[float, float, float, float] | None:
    """Return the west, south, east and north edge of all zones in degrees (WGS84), None where there are no zones."""
    edges = [zone.boundary.bounds for zone in uow.zone_map.zones.zones]
    if not edges:
        return None
    west, south, east, north = zip(*edges, strict=True)
    return min(west), min(south), max(east), max(north)


def coverage(uow: UnitOfWork, *, minutes: float, at: datetime | None = None) -> list[CellCoverage]:
    """Return for each res-8 cell of the zones how many pairs can be there within some minutes, and the gaps.

    Only who says that they are available counts, from the cell they gave or the one they usually start from; no more
    than three pairs are told apart, so that no count tells where a person is.
    """
    moment = at or uow.now
    people = [
        OnCall(
            id=entry.id,
            cell=cell,
            mode=entry.mode,
            observer=entry.observer_until is not None and entry.observer_until > moment,
            refuses=frozenset(entry.avoids),
        )
        for entry in uow.responders.roster(uow.now)
        if (cell := entry.cell9 or entry.base_cell9) is not None
        and entry.available_until is not None
        and entry.available_until > moment
        and not (entry.busy or entry.calls)
        and (entry.resting_until is None or entry.resting_until <= moment)
        and entry.trained_until is not None
        and entry.trained_until > moment
    ]
    return coverage_of(cells_of(uow.zone_map.zones, COVERAGE_RESOLUTION), people, minutes=minutes)


def nearest_gap(uow: UnitOfWork, area: str, *, minutes: float = 10) -> dict[str, Any] | None:
    """Return the nearest res-8 area that no pair can reach in time, with the name of its zone; None without one.

    An area and never a place: somebody may make themselves available there, nobody is sent.
    """
    gaps = [each.cell for each in coverage(uow, minutes=minutes) if each.gap and each.cell != area]
    if not gaps:
        return None
    here = cells.centre(area)
    away_m, nearest = min((metres_between(here, cells.centre(gap)), gap) for gap in gaps)
    names = {zone.id: zone.name for zone in uow.zone_map.zones.zones}
    zones = [names[zone] for zone in uow.zone_map.at(cells.centre(nearest)) if zone in names]
    return {"area": nearest, "area_name": zones[0] if zones else None, "away_km": round(away_m / 1000, 1)}


def lay_ground(uow: UnitOfWork, pieces: Sequence[GroundPiece]) -> int:
    """Put this base map in place of the one before; return how many pieces it has."""
    return uow.zones.replace_ground(pieces)


def take_in_region(
    uow: UnitOfWork,
    pieces: Sequence[GroundPiece],
    sections: Sequence[Section],
    spots: Sequence[PublicSpot],
    seen: Callable[[int], None] = lambda _: None,
) -> int:
    """Put a region in place of the one before: base map, streets, public places; return its version.

    Travel times follow its streets from the next act on, in every process.

    Parameters
    ----------
    seen
        Is told how many more records were written.
    """
    version = uow.networks.next_streets_version()
    seen(lay_ground(uow, pieces))
    uow.regions.replace_sections(sections)
    seen(len(sections))
    lay_public_places(uow, spots)
    seen(len(spots))
    return version


def lay_public_places(uow: UnitOfWork, spots: Sequence[PublicSpot]) -> None:
    """Put these places to meet at in place of those before."""
    uow.regions.replace_public_places(spots)


def nearest_corner(uow: UnitOfWork, place: LonLat, within_m: float = 300.0) -> NamedPlace | None:
    """Return the nearest corner of two named streets in words, None where none is so near or no map is known."""
    return uow.regions.nearest_corner(place, within_m)


def _outline(name: str, geometry: Mapping[str, Any]) -> Any:
    feature = {"type": "Feature", "properties": {"name": name}, "geometry": geometry}
    try:
        content = orjson.dumps({"type": "FeatureCollection", "features": [feature]})
    except orjson.JSONEncodeError as error:
        # A number of hundreds of digits, or lists in lists without end.
        raise ZoneNotDrawable from error
    found = loader.load_bytes(content)
    if found.refused or found.repaired or not found.kept:
        raise ZoneNotDrawable
    return found.kept[0].boundary


def _changed(uow: UnitOfWork) -> None:
    if too_wide(ZoneSet.of(uow.zones.all())):
        raise ZonesTooWide
    version = uow.networks.next_zones_version()
    uow.record(ZonesChanged(subject=version, version=version))


def feature(zone: Zone) -> dict[str, Any]:
    """Return a zone as a GeoJSON geometry and its name, WGS84."""
    return {"name": zone.name, "geometry": boundary_geometry(zone)}
