"""The invented city is the same for the same seed, its zones tile it, and its streets stop at the water."""

import itertools

import pytest
import shapely
from shapely import LineString, Polygon

from fixtures.city import City, build_city
from fixtures.plane import ORIGIN, metres
from geo.distance import metres_between


@pytest.fixture(scope="module")
def city() -> City:
    return build_city()


def of_layer(city, layer, *kinds):
    return [feature for feature in city.features if feature.layer == layer and (not kinds or feature.kind in kinds)]


def polygon(feature):
    shell, *holes = ([place.lonlat for place in ring] for ring in feature.lines)
    return metres(Polygon(shell, holes))


def line(feature):
    return metres(LineString([place.lonlat for place in feature.lines[0]]))


def test_the_same_seed_gives_the_same_city(city):
    assert build_city(7) == city


def test_another_seed_gives_another_city(city):
    other = build_city(8)
    assert other.features != city.features
    assert other.homes != city.homes


def test_zones_tile_the_city_without_gap_or_overlap(city):
    zones = [metres(zone.boundary) for zone in city.zones]
    whole = metres(city.boundary)
    assert 18 <= len(zones) <= 24
    assert len({zone.name for zone in city.zones}) == len(zones)
    assert all(zone.is_valid for zone in zones)
    together = shapely.union_all(zones)
    assert sum(zone.area for zone in zones) == pytest.approx(together.area, abs=1.0)
    assert together.symmetric_difference(whole).area == pytest.approx(0.0, abs=1.0)
    assert max(one.intersection(other).area for one, other in itertools.combinations(zones, 2)) < 0.5


def test_no_zone_is_a_sliver(city):
    for zone in city.zones:
        shape = metres(zone.boundary)
        assert shape.area > 1_000_000
        assert not shape.buffer(-250).is_empty


def test_streets_stay_on_land_except_on_bridges(city):
    streets = of_layer(city, "street")
    water = shapely.union_all([polygon(feature) for feature in of_layer(city, "water")])
    shapely.prepare(water)
    dry = [feature for feature in streets if not feature.bridge]
    assert [feature.name for feature in dry if water.intersects(line(feature))] == []
    bridges = [feature for feature in streets if feature.bridge]
    assert all(water.intersects(line(feature)) for feature in bridges)
    assert len({feature.name for feature in bridges}) >= 4


def test_every_street_lies_within_the_boundary(city):
    shore = metres(city.boundary)
    shapely.prepare(shore)
    assert all(shore.contains(line(feature)) for feature in of_layer(city, "street"))


def test_the_network_of_streets_hangs_together(city):
    parent = {}

    def root(vertex):
        while parent.setdefault(vertex, vertex) != vertex:
            vertex = parent[vertex]
        return vertex

    driven = of_layer(city, "street", "motorway", "primary", "secondary", "tertiary", "residential")
    for feature in driven:
        first, *others = feature.lines[0]
        for place in others:
            parent[root(place)] = root(first)
    lengths = {}
    for feature in driven:
        key = root(feature.lines[0][0])
        lengths[key] = lengths.get(key, 0.0) + line(feature).length
    assert max(lengths.values()) > 0.97 * sum(lengths.values())


def test_streets_have_a_hierarchy_and_names(city):
    kinds = {feature.kind for feature in of_layer(city, "street")}
    assert kinds == {"motorway", "primary", "secondary", "tertiary", "residential", "footpath"}
    assert all(feature.name for feature in of_layer(city, "street") if feature.kind != "footpath")


def test_corners_join_two_streets_and_are_inside(city):
    assert len(city.street_corners) > 1000
    for corner in city.street_corners:
        assert corner.first != corner.second
        assert shapely.contains_xy(city.boundary, *corner.at.lonlat)
    assert city.street_corners[0].words.startswith("Corner of ")


def test_corners_lie_on_both_of_their_streets(city):
    vertices = {}
    for feature in of_layer(city, "street"):
        vertices.setdefault(feature.name, set()).update(feature.lines[0])
    for corner in city.street_corners[::40]:
        for name in (corner.first, corner.second):
            assert min(metres_between(corner.at, place) for place in vertices[name]) < 0.5


def test_buildings_keep_off_water_and_stay_few(city):
    buildings = of_layer(city, "building")
    assert 2000 < len(buildings) < 6000
    inland = shapely.union_all([polygon(feature) for feature in of_layer(city, "water", "river", "lake")])
    shapely.prepare(inland)
    assert not any(inland.intersects(polygon(feature)) for feature in buildings)


def test_places_have_the_kinds_people_ask_for(city):
    kinds = {feature.kind for feature in of_layer(city, "place")}
    assert {"school", "library", "market", "clinic", "square", "park", "quarter", "city"} <= kinds
    names = [feature.name for feature in of_layer(city, "place", "school", "library", "market", "clinic")]
    assert len(set(names)) == len(names)


def test_polygons_are_valid_and_closed(city):
    for feature in city.features:
        if feature.geometry == "polygon":
            assert all(ring[0] == ring[-1] for ring in feature.lines)
            assert polygon(feature).is_valid, (feature.layer, feature.kind)


def test_the_city_lies_in_open_ocean_and_has_a_city_s_size(city):
    west, south, east, north = metres(city.boundary).bounds
    assert 10_000 < east - west < 14_000
    assert 8_000 < north - south < 12_000
    assert (ORIGIN.lon, ORIGIN.lat) == (-38.5, 31.0)
