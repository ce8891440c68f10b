"""An extract read: what is kept, what is left out for which reason, and where two people can meet in it."""

from __future__ import annotations

import pytest
import shapely

from geo.distance import metres_between, moved
from geo.errors import NoStreetsInRegion, NotARegionFile
from geo.points import LonLat
from geo.region import read_region
from geo.streets import Way
from tests.regions import HERE, Extract, a_town


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return read_region(a_town().write(tmp_path_factory.mktemp("town") / "town.osm.pbf"))


def by_layer(region, layer):
    return [(piece.kind, piece.name) for piece in region.pieces if piece.layer == layer]


def test_the_ground_is_sorted_into_layers(town):
    assert len(by_layer(town, "street")) == 10
    assert ("tertiary", "3th Avenue") in by_layer(town, "street")
    assert by_layer(town, "water") == [("river", "Ebb")]
    assert by_layer(town, "park") == [("park", "Long Park")]
    assert by_layer(town, "building") == [("building", "Sea Library"), ("building", None)]
    assert by_layer(town, "place") == [("library", "Sea Library"), ("school", "Ebb School")]
    assert {piece.min_zoom for piece in town.pieces if piece.layer == "building"} == {14}
    assert town.read["ways"] == 15
    assert town.kept["section"] == len(town.sections) == 40


def test_where_two_people_can_meet(town):
    names = {spot.name: spot for spot in town.spots}
    assert {spot.kind for spot in town.spots} == {"corner", "park", "house", "stop"}
    assert sum(spot.kind == "corner" for spot in town.spots) == 25
    assert {"Long Park, at C Street", "Long Park, at 3th Avenue", "Stop Tide"} <= names.keys()
    library = names["Sea Library, on 4th Avenue"]
    # In front of the house, on the street: not in it.
    assert metres_between(library.place, moved(HERE, 200, 40)) < 21.0
    assert not any("School" in spot.name for spot in town.spots)
    buildings = shapely.union_all([piece.shape for piece in town.pieces if piece.layer == "building"])
    assert not any(buildings.intersects(shapely.Point(spot.place.lonlat)) for spot in town.spots)


def test_a_place_inside_a_building_is_no_place_to_meet(tmp_path):
    town = a_town()
    town.block(-20, -20, 40, 40, building="yes")
    region = read_region(town.write(tmp_path / "town.osm.pbf"))
    assert "Corner of 3th Avenue and C Street" not in {spot.name for spot in region.spots}
    assert region.skipped["place inside a building"] == 1


def test_words_too_long_to_say_name_no_place_to_meet(tmp_path):
    town = a_town()
    town.node(-200, 60, highway="bus_stop", name="x" * 130)
    region = read_region(town.write(tmp_path / "town.osm.pbf"))
    assert max(len(spot.name) for spot in region.spots) <= 120
    assert region.skipped["place whose words are too long to say"] == 1


def test_what_is_left_out_is_counted_with_its_reason(tmp_path):
    town = a_town()
    town.way((0, 0), (50, 50), highway="construction", name="Some Day")
    town.way((0, 0), (50, 90), highway="service", access="private")
    town.way((0, 0), (90, 90), power="line")
    town.way((0, 0), (90, 10), (90, 20), leisure="park")
    town.node(30, 30, highway="bus_stop")
    town.relation([("w", 1, "from"), ("n", 1, "via"), ("w", 2, "to")], type="restriction", restriction="no_left_turn")
    region = read_region(town.write(tmp_path / "town.osm"))
    assert dict(region.skipped) == {
        "street that is planned, being built, or of an unknown class": 1,
        "street closed to everybody: drawn, never used": 1,
        "way of no use here": 1,
        "area that is not closed": 1,
        "stop without a name": 1,
        "turn restriction: turns are not told apart": 1,
    }


def test_a_multipolygon_keeps_its_hole(tmp_path):
    town = a_town()
    outer = [town.way((-90, 10), (-10, 10), (-10, 90)), town.way((-10, 90), (-90, 90), (-90, 10))]
    inner = town.block(-60, 40, 20, 20)
    members = [("w", way, "outer") for way in outer] + [("w", inner, "inner")]
    town.relation(members, type="multipolygon", natural="water", name="Round Lake")
    region = read_region(town.write(tmp_path / "town.osm.pbf"))
    (lake,) = [piece.shape for piece in region.pieces if piece.name == "Round Lake"]
    assert lake.intersects(shapely.Point(moved(HERE, -80, 20).lonlat))
    assert not lake.intersects(shapely.Point(moved(HERE, -50, 50).lonlat))


def test_a_way_whose_nodes_are_missing_is_cut_short(tmp_path):
    path = tmp_path / "cut.osm"
    path.write_text(
        "<osm version='0.6'><node id='-1' lon='-38.5' lat='31'/><node id='-2' lon='-38.499' lat='31'/>"
        "<way id='-5'><nd ref='-1'/><nd ref='-2'/><nd ref='7'/><tag k='highway' v='residential'/>"
        "<tag k='oneway' v='-1'/></way></osm>"
    )
    region = read_region(path)
    assert [(it.start, it.end, it.access.car) for it in region.sections] == [(-1, -2, Way.BACKWARD)]
    assert region.skipped["way cut short: some of its nodes are not in the file"] == 1


@pytest.mark.parametrize("content", [b"", b"no extract at all", b"\x00\x00\x00\x0d\x0a\x09OSMHeader"])
@pytest.mark.parametrize("name", ["x.osm.pbf", "x.osm", "x.txt"])
def test_what_is_no_extract_is_refused_in_a_sentence(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises((NotARegionFile, NoStreetsInRegion)):
        read_region(path)


def test_an_extract_without_streets_is_refused(tmp_path):
    empty = Extract()
    empty.block(0, 0, 50, 50, leisure="park")
    with pytest.raises(NoStreetsInRegion):
        read_region(empty.write(tmp_path / "empty.osm.pbf"))


def test_the_same_extract_gives_the_same_region(tmp_path, town):
    again = read_region(a_town().write(tmp_path / "again.osm.pbf"))
    assert again.spots == town.spots
    assert [(it.start, it.end, it.line.tolist()) for it in again.sections] == [
        (it.start, it.end, it.line.tolist()) for it in town.sections
    ]
    assert isinstance(again.spots[0].place, LonLat)
