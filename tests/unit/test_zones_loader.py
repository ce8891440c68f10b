"""Zone files in every format and state of repair: kept, repaired or refused, each with a reason."""

from __future__ import annotations

import io
import json
import random
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from zones import containers, errors, repair
from zones.containers import ImportLimits
from zones.loader import ZoneImport, load, load_bytes

FEET_CRS = "EPSG:3435"


def a_square(lon: float = -87.7, lat: float = 41.8, side: float = 0.01) -> shapely.Polygon:
    return shapely.box(lon, lat, lon + side, lat + side)


def a_feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def geojson(*features: object, **members: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **members}).encode()


def a_polygon(*corners: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [list(corners)]}


BOW_TIE = a_polygon((0, 0), (1, 1), (1, 0), (0, 1), (0, 0))
SQUARE = shapely.geometry.mapping(a_square())


def reasons(result: ZoneImport) -> list[str]:
    return [refused.reason for refused in result.refused]


def a_shapefile(folder: Path) -> Path:
    frame = gpd.GeoDataFrame(
        {"ZONE_NO": [7, 8], "COMMUNITY": ["North Pier", "Süd"]},
        geometry=[a_square(), a_square(lon=-87.69)],
        crs="EPSG:4326",
    ).to_crs(FEET_CRS)
    path = folder / "zones.shp"
    frame.to_file(path, engine="pyogrio", driver="ESRI Shapefile")
    return path


def zipped(path: Path, prefix: str = "", leave_out: tuple[str, ...] = ()) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in path.parent.glob(f"{path.stem}.*"):
            if part.suffix not in leave_out:
                archive.write(part, prefix + part.name)
    return packed.getvalue()


class TestGeoJson:
    def test_keeps_a_good_area(self) -> None:
        result = load_bytes(geojson(a_feature(SQUARE, name="North Pier")))
        assert [(zone.index, zone.name) for zone in result.kept] == [(1, "North Pier")]
        assert result.kept[0].boundary.equals(a_square())
        assert result.kept[0].boundary.geom_type == "MultiPolygon"
        assert result.repaired == result.refused == ()
        assert "WGS 84" in result.crs

    def test_every_feature_without_geometry_gets_its_reason(self) -> None:
        result = load_bytes(geojson({"coordinates": [[0, 0]]}, a_feature(None), {"type": "Feature"}))
        assert result.kept == ()
        assert [refused.index for refused in result.refused] == [1, 2, 3]
        assert reasons(result) == ["it has no geometry"] * 3

    @pytest.mark.parametrize(
        ("geometry", "reason"),
        [
            ({"type": "Point", "coordinates": [0, 0]}, "not an area"),
            ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "not an area"),
            ({"type": "Polygon", "coordinates": []}, "empty"),
            ({"type": "MultiPolygon", "coordinates": []}, "empty"),
            ({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [0, 0]}]}, "empty"),
            (a_polygon((0, 0), (1, 1), (2, 2), (0, 0)), "empty"),
            (a_polygon((0, 0), (1, 1)), "fewer than three corners"),
            ({"type": "Polygon", "coordinates": [[[0, 0], [1, "x"], [1, 1], [0, 0]]]}, "damaged"),
            ({"type": "Polygon", "coordinates": [[[0, 0], [1], [1, 1], [0, 0]]]}, "damaged"),
            ({"type": "Polygon", "coordinates": [[[0, 0], [True, 1], [1, 1], [0, 0]]]}, "damaged"),
            ({"type": "Polygon", "coordinates": [[[0, 0], [float("nan"), 1], [1, 1], [0, 0]]]}, "damaged"),
            ({"type": "Polygon", "coordinates": [[[0, 0], [10**400, 1], [1, 1], [0, 0]]]}, "damaged"),
            ({"type": "Polygon", "coordinates": "nowhere"}, "damaged"),
            ("a shape", "damaged"),
            (a_polygon((45, -122), (45, -121), (46, -121), (45, -122)), "outside the earth"),
            (a_polygon((1_091_130, 1_813_891), (1_091_230, 1_813_891), (1_091_230, 1_813_991)), "outside the earth"),
        ],
    )
    def test_refuses_with_a_reason_and_keeps_the_others(self, geometry: object, reason: str) -> None:
        result = load_bytes(geojson(a_feature(geometry, name="odd"), a_feature(SQUARE, name="good")))
        assert [zone.name for zone in result.kept] == ["good"]
        assert [(refused.index, refused.name) for refused in result.refused] == [(1, "odd")]
        assert reason in result.refused[0].reason

    def test_a_bow_tie_asks_a_person_unless_forced(self) -> None:
        content = geojson(a_feature(BOW_TIE, name="tie"))
        asked = load_bytes(content)
        assert asked.kept == ()
        assert "5 %" in asked.refused[0].reason
        forced = load_bytes(content, force=True)
        assert forced.kept[0].boundary.is_valid
        assert forced.kept[0].boundary.area == pytest.approx(0.5)
        assert forced.repaired[0].name == "tie"

    def test_a_small_repair_is_kept_and_named_with_its_change(self) -> None:
        # A spike of one per cent of the square's area crosses itself at the corner.
        nearly = a_polygon((0, 0), (10, 0), (10, 10), (0, 10), (0, 5), (-0.5, 4), (-0.5, 5), (0, 4), (0, 0))
        result = load_bytes(geojson(a_feature(nearly, name="spike")))
        assert [zone.name for zone in result.kept] == ["spike"]
        assert result.repaired[0].index == 1
        assert 0.1 < abs(result.repaired[0].area_change_percent) < 1

    def test_a_polygon_among_lines_keeps_its_polygon_part(self) -> None:
        collection = {
            "type": "GeometryCollection",
            "geometries": [{"type": "Point", "coordinates": [0, 0]}, SQUARE, SQUARE],
        }
        result = load_bytes(geojson(a_feature(collection)), force=True)
        assert result.kept[0].boundary.equals(a_square())

    def test_an_open_ring_is_closed_and_heights_are_dropped(self) -> None:
        result = load_bytes(geojson(a_feature(a_polygon((0, 0, 5), (1, 0, 5), (1, 1, 5)))))
        assert result.kept[0].boundary.area == pytest.approx(0.5)
        assert not result.kept[0].boundary.has_z

    def test_an_older_file_may_name_its_crs(self) -> None:
        feet = gpd.GeoSeries([a_square()], crs="EPSG:4326").to_crs(FEET_CRS).iloc[0]
        named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3435"}}
        result = load_bytes(geojson(a_feature(shapely.geometry.mapping(feet)), crs=named))
        assert result.kept[0].boundary.hausdorff_distance(a_square()) < 2e-5
        assert "3435" in result.crs

    @pytest.mark.parametrize("crs", ["EPSG:4326", {"type": "link"}, {"type": "name", "properties": {"name": "Moon"}}])
    def test_an_unknown_crs_is_one_clear_error(self, crs: object) -> None:
        with pytest.raises(errors.UnknownCoordinates):
            load_bytes(geojson(a_feature(SQUARE), crs=crs))

    @pytest.mark.parametrize(
        "content",
        [
            b"{",
            b'{"type": "FeatureCollection"}',
            b'{"type": "Topology", "objects": {}}',
            b'{"type": ["Feature"]}',
            b'{"a": "\xff"}',
            b'{"a": ' + b"[" * 200_000,
            b'{"type": "Feature", "id": ' + b"9" * 5000 + b"}",
        ],
    )
    def test_a_broken_file_is_one_clear_error(self, content: bytes) -> None:
        with pytest.raises(errors.BrokenGeoJson):
            load_bytes(content)

    def test_names_are_found_or_made(self) -> None:
        rows = [a_feature(SQUARE, objectid=5, district=" PARK \n side "), a_feature(SQUARE, objectid=6, district=None)]
        assert [zone.name for zone in load_bytes(geojson(*rows)).kept] == ["PARK side", "Zone 2"]
        assert [zone.name for zone in load_bytes(geojson(*rows), name_field="objectid").kept] == ["5", "6"]
        with pytest.raises(errors.NoSuchNameField):
            load_bytes(geojson(*rows), name_field="ward")

    def test_overlaps_are_allowed_and_counted_but_shared_edges_are_not(self) -> None:
        squares = [a_square(), a_square(lon=-87.69), a_square(lon=-87.695)]
        result = load_bytes(geojson(*(a_feature(shapely.geometry.mapping(square)) for square in squares)))
        assert (len(result.kept), result.overlaps) == (3, 2)

    def test_limits_hold(self) -> None:
        content = geojson(a_feature(SQUARE), a_feature(SQUARE))
        with pytest.raises(errors.TooManyZones):
            load_bytes(content, limits=ImportLimits(features=1))
        with pytest.raises(errors.TooManyZones):
            load_bytes(content, limits=ImportLimits(vertices=9))
        with pytest.raises(errors.ZoneFileTooLarge):
            load_bytes(content, limits=ImportLimits(upload_bytes=20))
        assert len(load_bytes(content, limits=ImportLimits(features=2, vertices=10)).kept) == 2

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=5)
                | st.dictionaries(st.sampled_from(["type", "coordinates", "geometries", "properties"]), inner)
                | st.fixed_dictionaries(
                    {"type": st.sampled_from(["Polygon", "MultiPolygon", "GeometryCollection"]), "coordinates": inner}
                )
            ),
            max_leaves=20,
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_any_geometry_is_kept_or_gets_a_reason(self, geometry: object) -> None:
        result = load_bytes(geojson(a_feature(geometry)))
        assert len(result.kept) + len(result.refused) == 1
        assert all(reasons(result))


class TestShapefile:
    def test_its_prj_in_feet_is_honoured(self, tmp_path: Path) -> None:
        for result in (load(a_shapefile(tmp_path)), load_bytes(zipped(a_shapefile(tmp_path)))):
            assert [zone.name for zone in result.kept] == ["North Pier", "Süd"]
            assert result.kept[0].boundary.hausdorff_distance(a_square()) < 2e-5
            assert "EPSG:3435" in result.crs
            assert result.overlaps == 0

    def test_it_may_lie_in_a_folder_of_the_zip(self, tmp_path: Path) -> None:
        content = zipped(a_shapefile(tmp_path), prefix="export/2016/")
        assert len(load_bytes(content).kept) == 2

    def test_feet_without_a_prj_are_refused_each(self, tmp_path: Path) -> None:
        result = load_bytes(zipped(a_shapefile(tmp_path), leave_out=(".prj",)))
        assert [refused.name for refused in result.refused] == ["North Pier", "Süd"]
        assert all("outside the earth" in reason for reason in reasons(result))

    def test_a_number_may_be_the_name(self, tmp_path: Path) -> None:
        result = load(a_shapefile(tmp_path), name_field="ZONE_NO")
        assert [zone.name for zone in result.kept] == ["7", "8"]

    def test_parts_are_needed(self, tmp_path: Path) -> None:
        path = a_shapefile(tmp_path)
        with pytest.raises(errors.IncompleteShapefile):
            load_bytes(zipped(path, leave_out=(".shx",)))
        with pytest.raises(errors.IncompleteShapefile):
            load_bytes(path.read_bytes())
        assert [zone.name for zone in load_bytes(zipped(path, leave_out=(".dbf",))).kept] == ["Zone 1", "Zone 2"]

    def test_damage_is_one_clear_error(self, tmp_path: Path) -> None:
        path = a_shapefile(tmp_path)
        path.write_bytes(path.read_bytes()[:100])
        path.with_suffix(".shx").write_bytes(b"")
        with pytest.raises(errors.ZoneFileError):
            load(path)

    def test_limits_hold(self, tmp_path: Path) -> None:
        with pytest.raises(errors.TooManyZones):
            load(a_shapefile(tmp_path), limits=ImportLimits(features=1))
        with pytest.raises(errors.TooManyZones):
            load(a_shapefile(tmp_path), limits=ImportLimits(vertices=9))


class TestZip:
    def test_a_bomb_is_refused_before_it_unpacks(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zones.shp", b"\0" * 3_000_000)
        with pytest.raises(errors.BrokenArchive):
            load_bytes(packed.getvalue(), limits=ImportLimits(unpacked_bytes=2_000_000))

    def test_a_bomb_that_lies_about_its_size_is_refused_too(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zones.shp", b"\0" * 3_000_000)
        lying = packed.getvalue().replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
        with pytest.raises(errors.ZoneFileError):
            load_bytes(lying, limits=ImportLimits(unpacked_bytes=2_000_000))

    @pytest.mark.parametrize("name", ["../zones.shp", "/etc/zones.shp", "a/../../zones.shp", "C:zones.shp", "a\\b.shp"])
    def test_names_that_point_outside_are_refused(self, name: str) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(name, b"x")
        with pytest.raises(errors.UnsafeArchive):
            load_bytes(packed.getvalue())

    def test_links_are_refused(self) -> None:
        link = zipfile.ZipInfo("zones.shp")
        link.external_attr = 0o120777 << 16
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(link, "/etc/passwd")
        with pytest.raises(errors.UnsafeArchive):
            load_bytes(packed.getvalue())

    def test_two_shapefiles_or_none_are_refused(self) -> None:
        for names, error in ((["a.shp", "b.shp"], errors.SeveralLayers), (["a.txt"], errors.NoShapefileInside)):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                for name in names:
                    archive.writestr(name, b"x")
            with pytest.raises(error):
                load_bytes(packed.getvalue())

    def test_damage_is_one_clear_error(self, tmp_path: Path) -> None:
        content = zipped(a_shapefile(tmp_path))
        with pytest.raises(errors.BrokenArchive):
            load_bytes(content[:-40])


class TestGeoPackage:
    def a_geopackage(self, folder: Path) -> Path:
        path = folder / "zones.gpkg"
        frame = gpd.GeoDataFrame({"name": ["One"]}, geometry=[a_square()], crs="EPSG:4326").to_crs("EPSG:32616")
        frame.to_file(path, layer="zones", engine="pyogrio", driver="GPKG")
        return path

    def test_is_read_in_its_crs(self, tmp_path: Path) -> None:
        result = load(self.a_geopackage(tmp_path))
        assert [zone.name for zone in result.kept] == ["One"]
        assert result.kept[0].boundary.hausdorff_distance(a_square()) < 1e-8
        assert "EPSG:32616" in result.crs

    def test_missing_geometry_gets_its_reason(self, tmp_path: Path) -> None:
        path = tmp_path / "zones.gpkg"
        frame = gpd.GeoDataFrame({"name": ["One", "Two"]}, geometry=[a_square(), None], crs="EPSG:4326")
        frame.to_file(path, engine="pyogrio", driver="GPKG")
        result = load(path)
        assert [(refused.name, refused.reason) for refused in result.refused] == [("Two", "it has no geometry")]

    def test_two_layers_are_asked_about(self, tmp_path: Path) -> None:
        path = self.a_geopackage(tmp_path)
        gpd.GeoDataFrame({"name": ["Two"]}, geometry=[a_square()], crs="EPSG:4326").to_file(
            path, layer="others", engine="pyogrio", driver="GPKG"
        )
        with pytest.raises(errors.SeveralLayers):
            load(path)

    def test_damage_is_one_clear_error(self, tmp_path: Path) -> None:
        with pytest.raises(errors.UnreadableLayer):
            load_bytes(self.a_geopackage(tmp_path).read_bytes()[:300])

    @pytest.mark.parametrize(
        "program",
        [
            "CREATE VIEW more AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
            "CREATE TRIGGER mine AFTER INSERT ON zones BEGIN SELECT hex(zeroblob(1000)); END",
            "CREATE VIRTUAL TABLE words USING fts5(word)",
            "CREATE VIRTUAL TABLE rtree_words USING fts5(word)",
            "CREATE TABLE more (a TEXT, b TEXT GENERATED ALWAYS AS (hex(zeroblob(100000000))) VIRTUAL)",
        ],
    )
    def test_what_computes_is_refused_before_anything_reads_it(self, tmp_path: Path, program: str, monkeypatch) -> None:
        path = self.a_geopackage(tmp_path)
        with closing(sqlite3.connect(path)) as package:
            package.execute(program)
            package.commit()

        def nobody_asks() -> object:
            raise AssertionError("it was opened")

        monkeypatch.setattr(containers, "_gdal", nobody_asks)
        with pytest.raises(errors.ProgramsInside):
            load(path)


class TestTangles:
    """Crossings are counted before a repair, which would take minutes for a few hundred corners."""

    @staticmethod
    def tangle(corners: int) -> dict[str, object]:
        draw = random.Random(corners)
        return a_polygon(*((draw.random(), draw.random()) for _ in range(corners)))

    @pytest.mark.parametrize("corners", [150, 500, 3_000, 50_000])
    def test_many_crossings_are_refused_with_a_reason(self, corners: int, monkeypatch) -> None:
        monkeypatch.setattr(shapely, "make_valid", lambda _shape: pytest.fail("a repair was begun"))
        assert reasons(load_bytes(geojson(a_feature(self.tangle(corners))), force=True)) == [repair.TOO_TANGLED]

    def test_a_few_are_repaired(self) -> None:
        assert load_bytes(geojson(a_feature(self.tangle(12))), force=True).repaired

    def test_areas_heaped_on_each_other_are_refused(self, monkeypatch) -> None:
        monkeypatch.setattr(shapely, "make_valid", lambda _shape: pytest.fail("a repair was begun"))
        heap = shapely.geometry.mapping(shapely.MultiPolygon([a_square()] * 3_000))
        assert reasons(load_bytes(geojson(a_feature(heap)), force=True)) == [repair.TOO_TANGLED]

    def test_a_good_outline_may_have_many_corners(self) -> None:
        assert len(load_bytes(geojson(a_feature(shapely.geometry.mapping(shapely.Point(0, 0).buffer(1, 30_000))))).kept)


@pytest.mark.parametrize("content", [b"", b"name,lon,lat\n", b"<gml/>", b"SQLite format 3\0" + b"\0" * 100, b"PAR1"])
def test_other_formats_are_refused_by_their_first_bytes(content: bytes) -> None:
    with pytest.raises(errors.UnknownZoneFormat):
        load_bytes(content)


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(errors.ZoneFileError):
        load(tmp_path / "nothing.geojson")
