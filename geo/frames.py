"""Sighting files, CSV, GeoJSON or GeoParquet, read row by row with a reason for each row that cannot be kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyproj
import shapely

if TYPE_CHECKING:
    import geopandas

from geo.crs import WGS84, place_in, read_frame
from geo.errors import ColumnMissing, FileTooLarge, GeoError, NotASightingFile
from geo.points import LonLat
from geo.rows import SightingRow, read_row

LARGEST_FILE_BYTES = 512 * 1024 * 1024
"""The largest file that is opened."""

LARGEST_GEOJSON_BYTES = 64 * 1024 * 1024
"""GeoJSON has to be read whole, so it may be smaller only."""

_NEEDED = {"kind", "observed_at"}


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be kept: its line (CSV) or its number in the file, from 1, and why; never what it said."""

    line: int
    reason: str


def read_sightings(path: Path) -> Iterator[SightingRow | RefusedRow]:
    """Read a file of sightings row by row, as `numbered_sightings` does, without the numbers."""
    return (row for _, row in numbered_sightings(path))


def numbered_sightings(path: Path) -> Iterator[tuple[int, SightingRow | RefusedRow]]:
    """Read a file of sightings with the line (CSV) or number of each row; good ones are kept whatever stands beside.

    The first bytes say what it is, not the name. GeoParquet in another frame is brought to WGS84.

    Raises
    ------
    FileTooLarge
        When the file is beyond what an import may be.
    NotASightingFile
        When it is none of the three formats.
    ColumnMissing
        When no row of it could be a sighting.
    """
    size = path.stat().st_size
    if size > LARGEST_FILE_BYTES:
        raise FileTooLarge
    with path.open("rb") as file:
        head = file.read(4_096)
    if head.startswith(b"PAR1"):
        return _read(_parquet_rows(path))
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        if size > LARGEST_GEOJSON_BYTES:
            raise FileTooLarge
        return _read(_geojson_rows(path))
    if b"\0" in head or not head:
        raise NotASightingFile
    return _read(_csv_rows(path))


Raw = tuple[int, Mapping[str, Any] | str]
"""A line number with what stands there, or with the reason why it cannot be read."""


def _read(rows: Iterable[Raw]) -> Iterator[tuple[int, SightingRow | RefusedRow]]:
    """Turn raw rows into sightings and refusals."""
    for line, raw in rows:
        if isinstance(raw, str):
            yield line, RefusedRow(line, raw)
            continue
        try:
            yield line, read_row(raw)
        except ValueError as error:
            yield line, RefusedRow(line, str(error) or (type(error).__doc__ or "").strip())


def _csv_rows(path: Path) -> Iterator[Raw]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        try:
            header = [name.strip().lower() for name in next(reader, [])]
        except csv.Error as error:
            raise NotASightingFile from error
        if not _NEEDED | {"lon", "lat"} <= set(header):
            raise ColumnMissing
        while True:
            first_line = reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield first_line, "The line cannot be read: a field is too long or a quotation mark is missing."
                continue
            if not values:
                continue
            if len(values) != len(header):
                yield first_line, "The line does not have as many fields as the first one."
            else:
                yield first_line, dict(zip(header, values, strict=True))


def _geojson_rows(path: Path) -> Iterator[Raw]:
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotASightingFile from error
    features = whole.get("features")
    if whole.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise NotASightingFile
    for number, feature in enumerate(features, 1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            yield number, "The feature has no properties."
        elif not isinstance(geometry, dict) or geometry.get("type") != "Point":
            yield number, "The feature has no point."
        else:
            corner = geometry.get("coordinates")
            lon, lat = corner[:2] if isinstance(corner, list) and len(corner) in {2, 3} else (None, None)
            own = {"id": feature.get("id")} if "id" not in properties else {}
            yield number, {**properties, **own, "lon": lon, "lat": lat}


def _parquet_rows(path: Path) -> Iterator[Raw]:
    # Loaded by the first file that needs it: every command would wait for it otherwise.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    try:
        file = parquet.ParquetFile(path)
        about = json.loads((file.schema_arrow.metadata or {})[b"geo"])
        column = about["primary_column"]
        frame = about["columns"][column].get("crs", "OGC:CRS84")
    except (KeyError, ValueError, TypeError, OSError, pa.ArrowException) as error:
        raise NotASightingFile from error
    if not set(file.schema_arrow.names) >= _NEEDED:
        raise ColumnMissing
    crs = read_frame(json.dumps(frame) if isinstance(frame, dict) else frame or "OGC:CRS84")
    number = 0
    for batch in file.iter_batches(batch_size=4_096):
        for values in batch.to_pylist():
            number += 1
            try:
                place = _point(values.pop(column, None), crs)
            except (GeoError, shapely.errors.ShapelyError, TypeError):
                yield number, "The row has no point on earth."
            else:
                yield number, {**values, "lon": place.lon, "lat": place.lat}


def _point(wkb: Any, crs: pyproj.CRS) -> LonLat:
    """Read a WKB point of some frame as a place (WGS84)."""
    point = shapely.from_wkb(wkb)
    if not isinstance(point, shapely.Point) or point.is_empty:
        raise TypeError
    return place_in(crs, point.x, point.y)


COLUMNS = tuple(field.name for field in fields(SightingRow) if field.name != "place")
"""The columns of a frame of sightings, besides its geometry."""


def sightings_frame(rows: Iterable[SightingRow]) -> geopandas.GeoDataFrame:
    """Return sightings as a GeoDataFrame: points in WGS84, longitude first, the columns of `COLUMNS`, also if empty."""
    import geopandas  # noqa: PLC0415 - pandas takes longer to load than all else here together

    kept = list(rows)
    table: dict[str, list[Any]] = {name: [getattr(row, name) for row in kept] for name in COLUMNS}
    table["vehicles"] = [_described(row) for row in kept]
    places: list[shapely.Point] = [shapely.Point(*row.place.lonlat) for row in kept]
    return checked_frame(geopandas.GeoDataFrame(table, geometry=places, crs=WGS84), COLUMNS)


def _described(row: SightingRow) -> str:
    """Write the vehicles of a row as JSON, without any plate: a plate never leaves in clear."""
    told = [{name: word for name, word in vehicle.items() if name != "plate"} for vehicle in row.vehicles]
    return json.dumps(told) if told else ""


def checked_frame(frame: geopandas.GeoDataFrame, columns: Iterable[str]) -> geopandas.GeoDataFrame:
    """Return a frame in WGS84 with exactly these columns and its geometry.

    Raises
    ------
    ColumnMissing
        When one is not there, or the frame does not say what its coordinates mean.
    """
    wanted = list(columns)
    if frame.crs is None or not set(wanted) <= set(frame.columns):
        raise ColumnMissing
    there = frame if frame.crs == WGS84 else frame.to_crs(WGS84)
    return there[[*wanted, there.geometry.name]]


def write_geoparquet(frame: geopandas.GeoDataFrame, path: Path) -> None:
    """Write a checked frame as GeoParquet."""
    frame.to_parquet(path, index=False)
