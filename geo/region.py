"""An OpenStreetMap extract as what the house keeps: ground, streets, public places; only this module speaks osmium."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import osmium
import shapely

from geo.errors import FileTooLarge, NoStreetsInRegion, NotARegionFile
from geo.gatherings import PublicSpot, public_spots
from geo.streets import KNOWN, Access, Section, access_of, class_of, cut

Layer = Literal["water", "park", "landuse", "building", "street", "place"]
Tags = dict[str, str]

LARGEST_FILE_BYTES: Final = 1024 * 1024 * 1024
"""A state's extract fits; a continent's does not, and no network covers one."""
_EACH: Final = 20_000
_STREET_ZOOM: Final = {
    "motorway": 7, "trunk": 8, "primary": 9, "secondary": 11, "tertiary": 12, "residential": 13, "unclassified": 13,
    "living_street": 13, "road": 13, "pedestrian": 13,
}  # fmt: skip
_SMALL_STREET_ZOOM: Final = 14
_PARKS: Final = {
    ("leisure", "park"): "park", ("leisure", "garden"): "garden", ("leisure", "playground"): "park",
    ("leisure", "nature_reserve"): "park", ("leisure", "recreation_ground"): "park", ("landuse", "forest"): "wood",
    ("natural", "wood"): "wood", ("landuse", "meadow"): "meadow", ("landuse", "grass"): "meadow",
    ("landuse", "recreation_ground"): "park", ("landuse", "cemetery"): "cemetery",
    ("amenity", "grave_yard"): "cemetery",
}  # fmt: skip
_GROUND: Final = {
    ("landuse", "commercial"): "commercial", ("landuse", "retail"): "commercial",
    ("landuse", "industrial"): "industrial",
    ("place", "square"): "square", ("natural", "beach"): "beach", ("amenity", "university"): "campus",
    ("amenity", "college"): "campus",
}  # fmt: skip
_AMENITIES: Final = {
    "library": "library", "community_centre": "community", "marketplace": "market", "school": "school",
    "kindergarten": "school", "clinic": "clinic", "hospital": "clinic",
}  # fmt: skip
_STOPS: Final = frozenset({
    ("highway", "bus_stop"), ("railway", "tram_stop"), ("railway", "halt"), ("railway", "station"),
    ("public_transport", "platform"), ("public_transport", "stop_position"), ("public_transport", "station"),
})  # fmt: skip
_QUARTERS: Final = {"city": 5, "town": 8, "suburb": 11, "quarter": 11, "neighbourhood": 12, "village": 10}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the base map, WGS84; `min_zoom` is the lowest web map zoom it is drawn at."""

    layer: Layer
    kind: str
    name: str | None
    min_zoom: int
    shape: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Region:
    """What an extract held that is of use here, WGS84, and what was left out for which reason."""

    pieces: tuple[Piece, ...]
    sections: tuple[Section, ...]
    spots: tuple[PublicSpot, ...]
    read: Counter[str]
    kept: Counter[str]
    skipped: Counter[str]


@dataclass(slots=True)
class _Found:
    """What was read so far."""

    places: dict[int, tuple[float, float]] = field(default_factory=dict)
    streets: list[tuple[str | None, str, Access, list[int]]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    stops: list[tuple[str, shapely.Geometry]] = field(default_factory=list)
    lines: dict[int, list[int]] = field(default_factory=dict)
    """Nodes of the ways that are members of areas."""
    read: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)


def read_region(path: Path, *, seen: Callable[[int], None] = lambda _: None) -> Region:
    """Read an extract (.osm.pbf, .osm).

    Parameters
    ----------
    seen
        Is told now and then how many more objects were read.

    Raises
    ------
    FileTooLarge
        When the file is beyond what an import may be.
    NotARegionFile
        When it is no extract.
    NoStreetsInRegion
        When nobody could go anywhere in it.
    """
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise FileTooLarge
    found = _Found()
    try:
        areas = list(_areas(path))
        members = {member for _, outer, inner in areas for member in (*outer, *inner)}
        _read(path, found, members, seen)
    except (RuntimeError, osmium.InvalidLocationError) as error:
        raise NotARegionFile from error
    for tags, outer, inner in areas:
        _keep_relation(found, tags, outer, inner)
    sections = cut(found.streets, found.places)
    if not any(section.access.foot or section.access.car for section in sections):
        raise NoStreetsInRegion
    spots, crowded = public_spots(sections, found.pieces, found.stops)
    found.skipped += crowded
    kept: Counter[str] = Counter(piece.layer for piece in found.pieces)
    kept["section"] = len(sections)
    kept.update(f"public {spot.kind}" for spot in spots)
    return Region(tuple(found.pieces), tuple(sections), tuple(spots), found.read, kept, found.skipped)


def _objects(path: Path, kinds: Any) -> Iterator[Any]:
    # osmium takes a file's format from its name; one without a known ending is read as PBF.
    known = path.name.endswith((".pbf", ".osm", ".osm.bz2", ".osm.gz", ".xml", ".o5m"))
    file = osmium.io.File(str(path)) if known else osmium.io.File(str(path), "pbf")
    yield from osmium.FileProcessor(file, kinds)


# Areas are built here and not by osmium, whose assembly asks for sorted ids: extracts edited by hand have some below 0.


def _areas(path: Path) -> Iterator[tuple[Tags, list[int], list[int]]]:
    """Yield the multipolygons of interest: their tags, and their outer and inner ways."""
    for one in _objects(path, osmium.osm.RELATION):
        tags = dict(one.tags)
        if tags.get("type") == "multipolygon" and _meaning(tags) is not None:
            ways = [(member.ref, member.role) for member in one.members if member.type == "w"]
            yield tags, [ref for ref, role in ways if role != "inner"], [ref for ref, role in ways if role == "inner"]


def _read(path: Path, found: _Found, members: set[int], seen: Callable[[int], None]) -> None:
    count = 0
    for one in _objects(path, osmium.osm.ALL):
        count += 1
        if count % _EACH == 0:
            seen(_EACH)
        if one.is_node():
            found.read["nodes"] += 1
            if one.location.valid():
                found.places[one.id] = (one.location.lon, one.location.lat)
                if len(one.tags):
                    _keep_node(found, dict(one.tags), found.places[one.id])
        elif one.is_way():
            found.read["ways"] += 1
            _keep_way(found, one.id, dict(one.tags), [node.ref for node in one.nodes], members)
        elif one.is_relation():
            found.read["relations"] += 1
            if one.tags.get("type") == "restriction":
                found.skipped["turn restriction: turns are not told apart"] += 1
    seen(count % _EACH)


def _keep_node(found: _Found, tags: Tags, at: tuple[float, float]) -> None:
    name, here = tags.get("name"), shapely.Point(at)
    if _AMENITIES.get(tags.get("amenity", "")) and name:
        found.pieces.append(Piece("place", _AMENITIES[tags["amenity"]], name, 14, here))
    elif tags.get("place") in _QUARTERS and name:
        found.pieces.append(Piece("place", tags["place"], name, _QUARTERS[tags["place"]], here))
    elif _is_stop(tags):
        _keep_stop(found, name, here)


def _is_stop(tags: Tags) -> bool:
    return any((key, tags.get(key)) in _STOPS for key in ("highway", "railway", "public_transport"))


def _keep_stop(found: _Found, name: str | None, here: shapely.Geometry) -> None:
    if name:
        found.stops.append((name, here))
    else:
        found.skipped["stop without a name"] += 1


def _keep_way(found: _Found, number: int, tags: Tags, refs: list[int], members: set[int]) -> None:
    nodes = [ref for ref in refs if ref in found.places]
    if len(nodes) < len(refs):
        found.skipped["way cut short: some of its nodes are not in the file"] += 1
    if number in members:
        found.lines[number] = nodes
    if len(nodes) < 2:
        return
    if "highway" in tags:
        _keep_street(found, tags, nodes)
    elif _is_stop(tags):
        _keep_stop(found, tags.get("name"), shapely.LineString([found.places[node] for node in nodes]))
    elif (meaning := _meaning(tags)) is not None:
        if nodes[0] == nodes[-1] and len(nodes) >= 4:
            _keep_area(found, tags, meaning, shapely.Polygon([found.places[node] for node in nodes]))
        else:
            found.skipped["area that is not closed"] += 1
    elif number not in members:
        found.skipped["way of no use here"] += 1


def _keep_street(found: _Found, tags: Tags, nodes: list[int]) -> None:
    kind = class_of(tags["highway"])
    if kind not in KNOWN:
        found.skipped["street that is planned, being built, or of an unknown class"] += 1
        return
    access = access_of(kind, tags)
    name = tags.get("name")
    line = shapely.LineString([found.places[node] for node in nodes])
    zoom = _STREET_ZOOM.get(kind, _SMALL_STREET_ZOOM)
    found.pieces.append(Piece("street", kind, name, zoom, line))
    if access.foot or access.bicycle or access.car:
        found.streets.append((name, kind, access, nodes))
    else:
        found.skipped["street closed to everybody: drawn, never used"] += 1


def _meaning(tags: Tags) -> tuple[Layer, str, int] | None:
    """Return layer, kind and zoom of an area, None for areas of no use here."""
    if tags.get("natural") == "water" or tags.get("waterway") == "riverbank":
        return "water", "river" if "river" in {tags.get("water"), tags.get("waterway", "")[:5]} else "lake", 8
    if "building" in tags and tags["building"] != "no":
        return "building", "building", 14
    for key in ("leisure", "landuse", "natural", "amenity", "place"):
        at = (key, tags.get(key, ""))
        if at in _PARKS:
            return "park", _PARKS[at], 12
        if at in _GROUND:
            return "landuse", _GROUND[at], 12
    return ("place", _AMENITIES[tags["amenity"]], 14) if tags.get("amenity") in _AMENITIES else None


def _keep_relation(found: _Found, tags: Tags, outer: list[int], inner: list[int]) -> None:
    meaning = _meaning(tags)
    shell, holes = _rings(found, outer), _rings(found, inner)
    if shapely.is_empty(shell) or meaning is None:
        found.skipped["area whose outline is not in the file"] += 1
        return
    _keep_area(found, tags, meaning, shapely.difference(shell, holes))


def _rings(found: _Found, ways: list[int]) -> shapely.Geometry:
    lines = [
        shapely.LineString([found.places[node] for node in found.lines[way]])
        for way in ways
        if len(found.lines.get(way, ())) >= 2
    ]
    return shapely.union_all(shapely.get_parts(shapely.polygonize(lines))) if lines else shapely.Polygon()


def _keep_area(found: _Found, tags: Tags, meaning: tuple[Layer, str, int], shape: shapely.Geometry) -> None:
    layer, kind, zoom = meaning
    sound = shape if shapely.is_valid(shape) else shapely.make_valid(shape)
    polygons = [part for part in shapely.get_parts(sound, return_index=False) if part.geom_type == "Polygon"]
    if not polygons:
        found.skipped["area without any ground"] += 1
        return
    name, whole = tags.get("name"), shapely.MultiPolygon(polygons) if len(polygons) > 1 else polygons[0]
    if layer == "place":
        if name:
            found.pieces.append(Piece("place", kind, name, zoom, whole.representative_point()))
        return
    # Gardens of houses are no parks to meet at: what is not open to all keeps its colour and loses its name.
    shut = tags.get("access") in {"private", "no", "customers"}
    found.pieces.append(Piece(layer, kind, None if shut else name, zoom, whole))
    amenity = _AMENITIES.get(tags.get("amenity", ""))
    if layer == "building" and amenity and name:
        found.pieces.append(Piece("place", amenity, name, 14, whole.representative_point()))
