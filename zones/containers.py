"""What a zone file is, by its first bytes; shapefiles and GeoPackages into raw features, with limits."""

from __future__ import annotations

import io
import stat
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import shapely

from zones import errors
from zones.geopackage import refuse_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapely.geometry.base import BaseGeometry

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_SHAPEFILE = b"\x00\x00\x27\x0a"
_SQLITE = b"SQLite format 3\x00"
_GEOPACKAGE_IDS = (b"GPKG", b"GP10", b"GP11")
_APPLICATION_ID = slice(68, 72)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MAX_ENTRIES = 1_000
_SLICE_BYTES = 1 << 20
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """How much one zone file may ask of us; the console may raise what the door may not."""

    upload_bytes: int = 20_000_000
    unpacked_bytes: int = 200_000_000
    features: int = 10_000
    vertices: int = 1_000_000


@dataclass(frozen=True, slots=True)
class RawFeature:
    """One feature as the file has it: `shape` in the file's own coordinates, or the reason why there is none."""

    properties: Mapping[str, Any]
    shape: BaseGeometry | None
    flaw: str | None = None


@dataclass(frozen=True, slots=True)
class RawLayer:
    """All features of a file in their order, and its coordinate reference system as the file names it."""

    features: tuple[RawFeature, ...]
    crs: str | None


class Container(Enum):
    """The formats a zone file may have."""

    GEOJSON = "GeoJSON"
    SHAPEFILE = "ESRI Shapefile"
    ZIP = "zip"
    GEOPACKAGE = "GPKG"


def _gdal() -> Any:
    """Fetch GDAL's reader when the first shapefile or GeoPackage asks: it takes longer to load than all else here."""
    import pyogrio  # noqa: PLC0415
    import pyogrio.raw  # noqa: PLC0415

    return pyogrio


def container_of(content: bytes) -> Container:
    """Return the format by the first bytes, never by the name; raises `UnknownZoneFormat`."""
    if content.startswith(_SHAPEFILE):
        return Container.SHAPEFILE
    if content.startswith((_ZIP, _EMPTY_ZIP)):
        return Container.ZIP
    if content.startswith(_SQLITE) and content[_APPLICATION_ID] in _GEOPACKAGE_IDS:
        return Container.GEOPACKAGE
    if content.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] == b"{":
        return Container.GEOJSON
    raise errors.UnknownZoneFormat


def beside(path: Path) -> dict[str, bytes]:
    """Return the parts of the shapefile at `path`, by suffix, read from the files that lie beside it."""
    parts: dict[str, bytes] = {}
    for neighbour in sorted(path.parent.glob(f"{path.stem}.*")):
        suffix = neighbour.suffix.lower()
        if neighbour.stem == path.stem and suffix in _PARTS and neighbour.is_file():
            parts[suffix] = neighbour.read_bytes()
    return parts


def unzipped(content: bytes, limits: ImportLimits) -> dict[str, bytes]:
    """Return the parts of the one shapefile in a zip, by suffix.

    Every name is looked at before anything is unpacked, only the parts we know are, and never to a place that the
    archive chose. What comes out is counted as it comes, not as the archive says.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _refuse_tricks(archive.infolist(), limits)
            wanted = _parts_of_one_shapefile(entries)
            left = limits.unpacked_bytes
            parts: dict[str, bytes] = {}
            for suffix, entry in wanted.items():
                parts[suffix] = _unpacked(archive, entry, left)
                left -= len(parts[suffix])
            return parts
    except errors.ZonesError:
        raise
    except Exception as error:
        # Damaged headers and damaged deflate, bzip2 and lzma streams each raise a class of their own.
        raise errors.BrokenArchive from error


def _refuse_tricks(entries: list[zipfile.ZipInfo], limits: ImportLimits) -> None:
    if len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > limits.unpacked_bytes:
        raise errors.BrokenArchive
    for entry in entries:
        # zipfile cuts a name at a NUL and turns this system's separators; the name as stored is what counts.
        name = entry.orig_filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or any(sign in name for sign in ("\\", ":", "\0")):
            raise errors.UnsafeArchive
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise errors.UnsafeArchive
        if entry.flag_bits & _ENCRYPTED:
            raise errors.BrokenArchive


def _parts_of_one_shapefile(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    # Macintosh archives carry a shadow of every file, named "__MACOSX/._zones.shp".
    entries = [entry for entry in entries if not PurePosixPath(entry.filename).name.startswith("._")]
    shapes = [entry.filename for entry in entries if entry.filename.lower().endswith(".shp")]
    if not shapes:
        raise errors.NoShapefileInside
    if len(shapes) > 1:
        raise errors.SeveralLayers
    stem = shapes[0][: -len(".shp")].lower()
    named = {entry.filename.lower(): entry for entry in entries}
    return {suffix: named[stem + suffix] for suffix in _PARTS if stem + suffix in named}


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most_bytes: int) -> bytes:
    pieces = bytearray()
    with archive.open(entry) as stream:
        while piece := stream.read(_SLICE_BYTES):
            pieces += piece
            if len(pieces) > most_bytes:
                raise errors.BrokenArchive
    return bytes(pieces)


def read_shapefile(parts: Mapping[str, bytes], limits: ImportLimits) -> RawLayer:
    """Read a shapefile from its parts; raises `IncompleteShapefile`, `UnreadableLayer`, `TooManyZones`."""
    if ".shp" not in parts or ".shx" not in parts:
        raise errors.IncompleteShapefile
    if not parts[".shp"].startswith(_SHAPEFILE):
        raise errors.UnreadableLayer
    with tempfile.TemporaryDirectory(prefix="zones-") as folder:
        for suffix, content in parts.items():
            (Path(folder) / f"zones{suffix}").write_bytes(content)
        return _read(Path(folder) / "zones.shp", Container.SHAPEFILE, None, limits)


def read_geopackage(content: bytes, limits: ImportLimits) -> RawLayer:
    """Read the one layer of areas in a GeoPackage; raises what the classes of `ZoneFileError` say."""
    with tempfile.TemporaryDirectory(prefix="zones-") as folder:
        path = Path(folder) / "zones.gpkg"
        path.write_bytes(content)
        refuse_programs(path)
        listed = _asked(lambda: _gdal().list_layers(path))
        layers = [(str(name), str(kind)) for name, kind in listed if kind is not None]
        areas = [name for name, kind in layers if any(word in kind for word in ("Polygon", "Surface", "Unknown"))]
        chosen = areas or [name for name, _ in layers]
        if not chosen:
            raise errors.UnreadableLayer
        if len(chosen) > 1:
            raise errors.SeveralLayers
        return _read(path, Container.GEOPACKAGE, chosen[0], limits)


def _read(path: Path, container: Container, layer: str | None, limits: ImportLimits) -> RawLayer:
    about = _asked(lambda: _gdal().read_info(path, layer=layer, force_feature_count=True))
    if about["driver"] != container.value:
        raise errors.UnreadableLayer
    if about["features"] > limits.features:
        raise errors.TooManyZones
    meta, _, shapes_wkb, columns = _asked(
        lambda: _gdal().raw.read(path, layer=layer, force_2d=True, datetime_as_string=True)
    )
    names = [str(name) for name in meta["fields"]]
    features = []
    for row, content in enumerate(shapes_wkb if shapes_wkb is not None else ()):
        shape, flaw = _from_wkb(content)
        properties = {name: column[row] for name, column in zip(names, columns, strict=True)}
        features.append(RawFeature(properties, shape, flaw))
    return RawLayer(tuple(features), meta["crs"])


def _asked(question: Callable[[], Any]) -> Any:
    """Ask GDAL; whatever it, the text codecs or numpy make of a damaged file is one error here."""
    try:
        # GDAL warns about much that we judge ourselves, feature by feature.
        with warnings.catch_warnings(action="ignore"):
            return question()
    except Exception as error:
        raise errors.UnreadableLayer from error


def _from_wkb(content: bytes | None) -> tuple[BaseGeometry | None, str | None]:
    if content is None:
        return None, "it has no geometry"
    try:
        return shapely.from_wkb(content), None
    except (shapely.GEOSException, ValueError):
        return None, "its geometry cannot be read"
