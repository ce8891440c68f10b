"""Sighting files: good rows kept, bad rows refused by line and reason, nothing echoed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import geopandas
import pytest
import shapely

from geo import frames, rows
from geo.errors import ColumnMissing, FileTooLarge, NotASightingFile
from geo.frames import RefusedRow, checked_frame, read_sightings, sightings_frame, write_geoparquet
from geo.rows import SightingRow
from records import enums

HEADER = "id,kind,lon,lat,observed_at,accuracy_m,activity,size,unit,basis,source,vehicles,note"
GOOD = "s-1,activity,-93.265,44.978,2026-11-20T14:03:00Z,20,stop,4,immigration,vehicle marking,t01/lead2,,by a park"


def a_file(tmp_path, *lines, name="s.csv"):
    path = tmp_path / name
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def with_field(name, value):
    fields = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    return ",".join((fields | {name: value}).values())


def test_a_good_row_is_read_in_full(tmp_path):
    cars = '"[{""type"": ""suv"", ""make"": ""Ford"", ""plate"": ""ABC1234"", ""driver"": ""x""}]"'
    (row,) = read_sightings(a_file(tmp_path, with_field("vehicles", cars)))
    assert isinstance(row, SightingRow)
    assert row.place.lonlat == (-93.265, 44.978)
    assert row.observed_at == datetime(2026, 11, 20, 14, 3, tzinfo=UTC)
    assert (row.accuracy_m, row.size, row.activity) == (20.0, 4, "stop")
    assert row.vehicles == ({"type": "suv", "make": "Ford", "plate": "ABC1234"},)


def test_only_kind_place_and_time_are_needed_and_a_missing_id_repeats(tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("lat,lon,kind,observed_at\n44.978,-93.265,vehicle,2026-11-20T15:03:00+01:00\n", encoding="utf-8")
    (row,), (again,) = read_sightings(path), read_sightings(path)
    assert row == again
    assert len(row.id) == 64
    assert row.observed_at.hour == 14
    assert row.activity is row.accuracy_m is row.note is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "ufo-9931"),
        ("kind", ""),
        ("lon", "193.265"),
        ("lon", "nan"),
        ("lat", "north-9931"),
        ("lat", "-93.265"),
        ("observed_at", "2026-11-20T14:03:00"),
        ("observed_at", "yesterday-9931"),
        ("observed_at", ""),
        ("observed_at", "0001-01-01T00:00:00+14:00"),
        ("accuracy_m", "-1"),
        ("accuracy_m", "inf"),
        ("activity", "party-9931"),
        ("size", "2.5"),
        ("size", "9931000"),
        ("unit", "martians-9931"),
        ("vehicles", "not-json-9931"),
        ("vehicles", '"{""a"": 9931}"'),
        ("vehicles", "[" * 50_000),
        ("note", "9931" * 1_000),
        ("id", "9931" * 100),
        ("note", "a,b"),
    ],
)
def test_a_bad_row_is_refused_by_line_without_an_echo_and_the_others_stand(tmp_path, name, value):
    first, bad, last = read_sightings(a_file(tmp_path, GOOD, with_field(name, value), GOOD))
    assert isinstance(first, SightingRow)
    assert last == first
    assert isinstance(bad, RefusedRow)
    assert bad.line == 3
    assert bad.reason.endswith(".")
    assert "9931" not in bad.reason


def test_a_field_beyond_all_bounds_spoils_its_own_line_only(tmp_path):
    bad, good = read_sightings(a_file(tmp_path, with_field("note", "x" * 200_000), GOOD))
    assert isinstance(bad, RefusedRow)
    assert isinstance(good, SightingRow)


def test_geojson_and_geoparquet_tell_the_same_without_plates(tmp_path):
    cars = '"[{""make"": ""Ford"", ""plate"": ""ABC1234""}]"'
    kept = list(read_sightings(a_file(tmp_path, with_field("vehicles", cars), with_field("size", ""))))
    frame = sightings_frame(kept)
    write_geoparquet(frame, tmp_path / "s.bin")
    (tmp_path / "s.txt").write_text(frame.to_json(default=str), encoding="utf-8")
    back = list(read_sightings(tmp_path / "s.bin"))
    assert list(read_sightings(tmp_path / "s.txt")) == back
    assert [row.place for row in back] == [row.place for row in kept]
    assert [row.size for row in back] == [4, None]
    assert back[0].vehicles == ({"make": "Ford"},)
    assert b"ABC1234" not in (tmp_path / "s.bin").read_bytes()


def test_geoparquet_in_another_frame_is_brought_home(tmp_path):
    (kept,) = read_sightings(a_file(tmp_path, GOOD))
    sightings_frame([kept]).to_crs(26915).to_parquet(tmp_path / "utm.parquet")
    (row,) = read_sightings(tmp_path / "utm.parquet")
    assert row.place.lonlat == pytest.approx(kept.place.lonlat, abs=1e-8)


def test_broken_features_are_refused_by_number(tmp_path):
    point = {"type": "Point", "coordinates": [-93.2, 44.9]}
    said = {"kind": "vehicle", "observed_at": "2026-11-20T14:03:00Z"}
    features = [
        {"type": "Feature", "id": "a", "geometry": point, "properties": said},
        {"type": "Feature", "geometry": None, "properties": said},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": []}, "properties": said},
        {"type": "Feature", "geometry": point, "properties": None},
        "nothing",
    ]
    path = tmp_path / "s.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    good, *bad = read_sightings(path)
    assert good.id == "a"
    assert [row.line for row in bad] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", NotASightingFile),
        (b"\x89PNG\r\n\0", NotASightingFile),
        (b"PAR1nonsense", NotASightingFile),
        (b'{"type": "Feature"}', NotASightingFile),
        (b'{"type"', NotASightingFile),
        (b"name,street\na,b\n", ColumnMissing),
    ],
)
def test_what_is_no_file_of_sightings_is_refused(tmp_path, content, error):
    path = tmp_path / "f"
    path.write_bytes(content)
    with pytest.raises(error):
        list(read_sightings(path))


def test_a_file_beyond_the_bound_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(frames, "LARGEST_FILE_BYTES", 10)
    with pytest.raises(FileTooLarge):
        read_sightings(a_file(tmp_path, GOOD))


def test_frames_are_checked_and_may_be_empty():
    empty = sightings_frame([])
    assert list(empty.columns) == [*frames.COLUMNS, "geometry"]
    with pytest.raises(ColumnMissing):
        checked_frame(geopandas.GeoDataFrame({"id": []}, geometry=[], crs=4326), ["id", "kind"])
    with pytest.raises(ColumnMissing):
        checked_frame(geopandas.GeoDataFrame({"id": ["a"]}, geometry=[shapely.Point(0, 0)]), ["id"])


def test_the_words_are_the_words_the_records_know():
    assert {kind.value for kind in enums.SightingKind} == rows.KINDS
    assert {activity.value for activity in enums.Activity} == rows.ACTIVITIES
    assert {unit.value for unit in enums.Unit} == rows.UNITS
