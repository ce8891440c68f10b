"""Zone files of any kind and CRS into zones: what was kept, what was repaired, what was refused, each with a reason."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError

from geo.points import EPSG_WGS84
from zones import containers, errors, repair
from zones.containers import Container, ImportLimits, RawLayer
from zones.geojson import WGS84, read_geojson

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

UNNAMED_CRS = "not named, read as WGS 84 degrees"
ASKS_A_PERSON = "a repair would change its area by {change}, more than 5 %: look at it, then import it by force"
OVERLAPS_COUNTED = 10_000
"""Overlapping pairs are counted up to this many."""

_OVERLAP_SHARE = 1e-6
_NAME_LENGTH = 120
_LIKELY_NAMES = (
    "name", "zone", "zone_name", "neighborhood", "neighbourhood", "neighborho", "nhood", "community", "district",
    "ward", "precinct", "borough", "label", "title", "namelsad", "mapname", "name_en",
)  # fmt: skip
_NAMELIKE = ("name", "hood", "zone", "district", "label")


@dataclass(frozen=True, slots=True)
class LoadedZone:
    """One zone as it will stand: `index` is its place in the file, counted from 1; boundary WGS84, valid."""

    index: int
    name: str
    boundary: shapely.MultiPolygon


@dataclass(frozen=True, slots=True)
class RepairedFeature:
    """A zone that was kept after a repair, and by how many per cent its area changed (signed)."""

    index: int
    name: str
    area_change_percent: float


@dataclass(frozen=True, slots=True)
class RefusedFeature:
    """A feature that was not kept, and why, as half a sentence."""

    index: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ZoneImport:
    """What became of every feature of a file; `kept` holds the repaired ones too."""

    kept: tuple[LoadedZone, ...]
    repaired: tuple[RepairedFeature, ...]
    refused: tuple[RefusedFeature, ...]
    crs: str
    name_field: str | None
    overlaps: int


@dataclass
class _Sorting:
    """The three heaps while a file is being sorted."""

    kept: list[LoadedZone] = field(default_factory=list)
    repaired: list[RepairedFeature] = field(default_factory=list)
    refused: list[RefusedFeature] = field(default_factory=list)


def load(
    path: Path, *, name_field: str | None = None, force: bool = False, limits: ImportLimits | None = None
) -> ZoneImport:
    """Read a zone file: GeoJSON, a shapefile (with its parts beside it, or zipped) or a GeoPackage, in any CRS.

    Parameters
    ----------
    path
        A file; its name says nothing, its first bytes do.
    name_field
        The field that holds the zones' names; by default a likely one is chosen.
    force
        Keep even what a repair changes by more than 5 %.
    limits
        How large the file may be.

    Raises
    ------
    ZoneFileError
        When the file cannot be read at all; the class says why in one sentence.
    """
    limits = limits or ImportLimits()
    try:
        if path.stat().st_size > limits.upload_bytes:
            raise errors.ZoneFileTooLarge
        content = path.read_bytes()
        parts = containers.beside(path) if containers.container_of(content) is Container.SHAPEFILE else {}
    except OSError as error:
        raise errors.ZoneFileError from error
    if sum(len(part) for part in parts.values()) > limits.unpacked_bytes:
        raise errors.ZoneFileTooLarge
    layer = containers.read_shapefile(parts, limits) if parts else _layer_of(content, limits)
    return _sorted(layer, name_field, force=force, limits=limits)


def load_bytes(
    content: bytes, *, name_field: str | None = None, force: bool = False, limits: ImportLimits | None = None
) -> ZoneImport:
    """Read a zone file that was uploaded: as `load`, but a shapefile must be zipped, since it has several parts."""
    limits = limits or ImportLimits()
    if len(content) > limits.upload_bytes:
        raise errors.ZoneFileTooLarge
    return _sorted(_layer_of(content, limits), name_field, force=force, limits=limits)


def _layer_of(content: bytes, limits: ImportLimits) -> RawLayer:
    container = containers.container_of(content)
    if container is Container.GEOJSON:
        return read_geojson(content, limits)
    if container is Container.GEOPACKAGE:
        return containers.read_geopackage(content, limits)
    if container is Container.ZIP:
        return containers.read_shapefile(containers.unzipped(content, limits), limits)
    raise errors.IncompleteShapefile


def _sorted(layer: RawLayer, name_field: str | None, *, force: bool, limits: ImportLimits) -> ZoneImport:
    corners = sum(int(shapely.count_coordinates(feature.shape)) for feature in layer.features if feature.shape)
    if len(layer.features) > limits.features or corners > limits.vertices:
        raise errors.TooManyZones
    chosen = _name_field(layer, name_field)
    crs_name, to_wgs84 = _into_wgs84(layer.crs)
    heaps = _Sorting()
    for index, feature in enumerate(layer.features, start=1):
        name = _named(feature.properties.get(chosen) if chosen else None, index)
        flaw = repair.flaw_of(feature)
        if feature.shape is None or flaw is not None:
            heaps.refused.append(RefusedFeature(index, name, flaw or ""))
            continue
        try:
            mended = repair.repaired(shapely.transform(feature.shape, to_wgs84))
        except repair.Unusable as unusable:
            heaps.refused.append(RefusedFeature(index, name, str(unusable)))
            continue
        change = mended.change_percent
        if change is not None and abs(change) > repair.ALLOWED_CHANGE_PERCENT and not force:
            heaps.refused.append(RefusedFeature(index, name, ASKS_A_PERSON.format(change=_percent(change))))
            continue
        if change is not None:
            heaps.repaired.append(RepairedFeature(index, name, change))
        heaps.kept.append(LoadedZone(index, name, mended.boundary))
    return ZoneImport(
        tuple(heaps.kept),
        tuple(heaps.repaired),
        tuple(heaps.refused),
        crs_name,
        chosen,
        overlapping_pairs([zone.boundary for zone in heaps.kept]),
    )


def overlapping_pairs(boundaries: list[shapely.MultiPolygon]) -> int:
    """Return how many pairs share more ground than a millionth of the smaller one, counted up to 10,000."""
    tree = shapely.STRtree(boundaries)
    areas = shapely.area(boundaries)
    pairs = 0
    for here, boundary in enumerate(boundaries):
        others = tree.query(boundary)
        others = others[others > here]
        shared = shapely.area(shapely.intersection(boundary, np.asarray(boundaries, dtype=object)[others]))
        pairs += int(np.count_nonzero(shared > _OVERLAP_SHARE * np.minimum(areas[here], areas[others])))
        if pairs >= OVERLAPS_COUNTED:
            return OVERLAPS_COUNTED
    return pairs


def _into_wgs84(crs: str | None) -> tuple[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    if crs is None:
        return UNNAMED_CRS, _as_they_are
    if crs == WGS84:
        return "WGS 84 (longitude, latitude)", _as_they_are
    try:
        # PROJ warns where a text says more than it keeps; what it keeps is what we use.
        with warnings.catch_warnings(action="ignore"):
            source = pyproj.CRS.from_user_input(crs)
            turn = pyproj.Transformer.from_crs(source, EPSG_WGS84, always_xy=True)
            code = source.to_epsg()
    except (CRSError, ProjError) as error:
        raise errors.UnknownCoordinates from error

    def to_wgs84(places: NDArray[np.float64]) -> NDArray[np.float64]:
        # What PROJ cannot place becomes infinite, and is then refused as outside the earth.
        lons, lats = turn.transform(places[:, 0], places[:, 1])
        return np.column_stack((lons, lats))

    return source.name if code is None else f"{source.name} (EPSG:{code})", to_wgs84


def _as_they_are(lonlats: NDArray[np.float64]) -> NDArray[np.float64]:
    return lonlats


def _name_field(layer: RawLayer, asked: str | None) -> str | None:
    fields = list(dict.fromkeys(key for feature in layer.features for key in feature.properties))
    if asked is not None:
        if fields and asked not in fields:
            raise errors.NoSuchNameField
        return asked if fields else None
    texts = [key for key in fields if any(isinstance(feature.properties.get(key), str) for feature in layer.features)]
    by_lower = {key.lower(): key for key in reversed(texts)}
    for likely in _LIKELY_NAMES:
        if likely in by_lower:
            return by_lower[likely]
    return next((key for key in texts if any(word in key.lower() for word in _NAMELIKE)), None)


def _named(value: Any, index: int) -> str:
    if isinstance(value, float | np.floating) and math.isfinite(value) and float(value).is_integer():
        value = int(value)
    missing = value is None or isinstance(value, dict | list | bool) or (isinstance(value, float) and math.isnan(value))
    text = "" if missing else " ".join(str(value).split())
    text = "".join(sign for sign in text if sign.isprintable())[:_NAME_LENGTH].strip()
    return text or f"Zone {index}"


def _percent(change: float) -> str:
    return f"{abs(change):.1f} %" if math.isfinite(change) else "more than it had"
