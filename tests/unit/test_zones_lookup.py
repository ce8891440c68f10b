"""Whose ground a place is: the cells must answer exactly as every polygon would."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import cells
from geo.points import LonLat
from zones import index
from zones.errors import TwoZonesWithOneId, ZoneNotFound
from zones.lookup import ZoneMap, build
from zones.model import Zone, ZoneSet


def a_zone(zone_id: int, *parts: shapely.Polygon) -> Zone:
    return Zone(zone_id, f"Zone {zone_id}", shapely.MultiPolygon(parts))


def zones_of(*boundaries: shapely.Geometry) -> ZoneSet:
    """Zones numbered 1, 2, 3 from any areas."""
    return ZoneSet.of(
        a_zone(number, *(part for part in shapely.get_parts(boundary) if part.geom_type == "Polygon"))
        for number, boundary in enumerate(boundaries, start=1)
    )


def asked_of_polygons(zones: ZoneSet, place: LonLat) -> tuple[int, ...]:
    """The oracle: every polygon is asked, none is prepared, no cell is used."""
    point = shapely.Point(*place.lonlat)
    return tuple(zone.id for zone in zones.zones if zone.boundary.covers(point))


def telling_places(zones: ZoneSet, seed: int, leaf: int) -> list[LonLat]:
    """Places on corners, on edges, on corners and edges of cells, and anywhere near."""
    chance = np.random.default_rng(seed)
    boundaries = [zone.boundary for zone in zones.zones]
    corners = shapely.get_coordinates(boundaries)
    west, south, east, north = shapely.total_bounds(boundaries)
    anywhere = chance.uniform((west - 0.002, south - 0.002), (east + 0.002, north + 0.002), (150, 2))
    following = np.roll(corners, -1, axis=0)
    along = chance.uniform(0, 1, (len(corners), 1))
    on_edges = corners * (1 - along) + following * along
    chosen = [LonLat(lon, lat) for lon, lat in np.vstack((corners, on_edges, anywhere)) if abs(lon) <= 180]
    for place in chosen[-40:]:
        ring = cells.boundary(cells.cell_at(place, leaf))
        chosen.append(ring[0])
        chosen.append(LonLat((ring[0].lon + ring[1].lon) / 2, (ring[0].lat + ring[1].lat) / 2))
    return chosen


def check(zones: ZoneSet, seed: int = 0, leaf: int = 10) -> ZoneMap:
    zone_map = build(zones, leaf)
    places = telling_places(zones, seed, leaf)
    expected = [asked_of_polygons(zones, place) for place in places]
    assert [zone_map.at(place) for place in places] == expected
    assert zone_map.at_many(places) == expected
    return zone_map


@st.composite
def areas(draw: st.DrawFn) -> list[shapely.Geometry]:
    """One to four overlapping stars with holes and islands, some hundred metres wide, anywhere on earth."""
    lon = draw(st.floats(-179.9, 179.9))
    lat = draw(st.floats(-80, 80))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shrink = math.cos(math.radians(lat))
    found = []
    for _ in range(draw(st.integers(1, 4))):
        parts = []
        for _ in range(chance.integers(1, 3)):
            centre = chance.uniform(-0.004, 0.004, 2)
            turns = np.sort(chance.uniform(0, 2 * np.pi, chance.integers(4, 12)))
            radii = chance.uniform(0.001, 0.006, len(turns))
            around = np.column_stack((np.cos(turns), np.sin(turns)))
            star = shapely.Polygon(centre + around * radii[:, None]).buffer(0)
            hole = shapely.Polygon(centre + around * radii[:, None] * 0.4).buffer(0)
            parts.append(star - hole if chance.random() < 0.5 else star)
        area = shapely.transform(shapely.union_all(parts), lambda flat: flat / [shrink, 1.0] + [lon, lat])
        area = shapely.intersection(area, shapely.box(-180, -90, 180, 90))
        if area.geom_type in ("Polygon", "MultiPolygon") and not area.is_empty:
            found.append(area)
    return found


@given(areas(), st.integers(0, 1000), st.sampled_from([8, 9, 10, 11]))
@settings(max_examples=60, deadline=None)
def test_cells_answer_as_polygons_do(boundaries: list[shapely.Geometry], seed: int, leaf: int) -> None:
    if boundaries:
        check(zones_of(*boundaries), seed, leaf)


def test_a_corner_that_alone_reaches_into_a_cell_is_not_missed() -> None:
    """Near 0, 0 H3 does not name the cell of a hole's corner; the boundary is walked as well."""
    shell = [(481, -533), (316, -686), (256, -816), (-191, -424), (-400, -404), (-66, 170), (-8, 140), (74, 253)]
    shell += [(-115, 536), (375, 307), (353, 234), (357, 190), (293, -70), (713, -388), (305, -408)]
    area = shapely.Polygon(np.array(shell) / 1e5, [np.array([(190, 58), (128, 55), (185, 12)]) / 1e5])
    place = LonLat(0.0019, 0.00058)
    assert cells.number_at(place, 9) not in cells.numbers_touching(area, 9)
    assert cells.number_at(place, 9) in cells.numbers_along(area, 9)
    check(zones_of(area), leaf=9)


def test_a_shared_edge_belongs_to_both_and_a_hole_to_nobody() -> None:
    ring = shapely.box(0, 0, 0.02, 0.02) - shapely.box(0.005, 0.005, 0.015, 0.015)
    zone_map = check(zones_of(shapely.box(0.02, 0, 0.04, 0.02), ring))
    assert zone_map.at(LonLat(0.02, 0.01)) == (1, 2)
    assert zone_map.at(LonLat(0.01, 0.01)) == ()
    assert zone_map.at(LonLat(0.005, 0.01)) == (2,)
    assert zone_map.at(LonLat(0.0025, 0.01)) == (2,)


def test_sure_leaves_are_there_and_are_compacted() -> None:
    zones = zones_of(shapely.box(-93.3, 44.9, -93.2, 45.0))
    covered = index.cover(zones, 10)
    zone_map = check(zones)
    assert len(covered.sure) > 10 * len(covered.border)
    assert len(zone_map._sure) < len(covered.sure) / 3


def test_wide_zones_and_the_antimeridian() -> None:
    fiji = shapely.MultiPolygon([shapely.box(179.98, -17.02, 180, -17), shapely.box(-180, -17.02, -179.98, -17)])
    zone_map = check(zones_of(fiji))
    assert zone_map.at(LonLat(180, -17.01)) == (1,)
    assert zone_map.at(LonLat(-180, -17.01)) == (1,)
    assert zone_map.covers(LonLat(-179.97, -17.01))
    assert zone_map.covers(LonLat(179.97, -17.01))
    assert not zone_map.covers(LonLat(0, -17.01))
    belt = check(zones_of(shapely.box(-170, 10, 170, 20)), leaf=3)
    assert belt.at(LonLat(0, 15)) == (1,)
    assert belt.at(LonLat(175, 15)) == ()


def test_large_zones_get_coarser_leaves() -> None:
    assert index.leaf_for(zones_of(shapely.box(0, 0, 0.1, 0.1))) == 10
    assert index.leaf_for(zones_of(shapely.box(0, 0, 0.8, 0.8))) < 10
    state = build(zones_of(shapely.box(0, 0, 0.8, 0.8)))
    assert len(state._sure) + len(state._border) < 400_000


def test_neighbours_touch_or_nearly_touch() -> None:
    a, b, near, far = (shapely.box(west, 45, west + 0.01, 45.01) for west in (0, 0.01, 0.0202, 0.0310))
    zone_map = build(zones_of(a, b, near, far))
    assert zone_map.neighbours(1) == (2,)
    assert zone_map.neighbours(2) == (1, 3)
    assert zone_map.neighbours(3) == (2,)
    assert zone_map.neighbours(4) == ()
    assert zone_map.neighbours(3, gap_m=100) == (2, 4)
    with pytest.raises(ZoneNotFound):
        zone_map.neighbours(5)


def test_the_area_of_a_network_refuses_swapped_coordinates() -> None:
    zone_map = build(zones_of(shapely.box(-93.3, 44.9, -93.25, 44.95), shapely.box(-93.2, 44.9, -93.15, 44.95)))
    assert zone_map.covers(LonLat(-93.22, 44.92))
    assert zone_map.covers(LonLat(-93.15, 44.95 + 4_900 / 111_195))
    assert not zone_map.covers(LonLat(-93.15, 44.95 + 5_100 / 111_195))
    assert zone_map.covers(LonLat(-93.15 + 4_900 / 111_195 / math.cos(math.radians(44.92)), 44.92))
    assert not zone_map.covers(LonLat(-93.15 + 5_100 / 111_195 / math.cos(math.radians(44.92)), 44.92))
    assert not zone_map.covers(LonLat(44.92, -90))
    assert not zone_map.covers(LonLat(-93.15, 44.96), margin_m=0)


def test_without_zones_nobody_owns_anything_and_everything_is_covered() -> None:
    zone_map = build(ZoneSet(()))
    assert zone_map.at(LonLat(1, 2)) == ()
    assert zone_map.at_many([LonLat(1, 2)]) == [()]
    assert zone_map.at_many([]) == []
    assert zone_map.covers(LonLat(1, 2))


def test_a_zone_set_is_ordered_and_versioned() -> None:
    square = shapely.box(0, 0, 0.01, 0.01)
    zones = ZoneSet.of([a_zone(9, square), a_zone(3, square)], version=7)
    assert [zone.id for zone in zones.zones] == [3, 9]
    assert build(zones).version == 7
    assert build(zones).at(LonLat(0.005, 0.005)) == (3, 9)
    assert zones.get(9).name == "Zone 9"
    with pytest.raises(ZoneNotFound):
        zones.get(4)
    with pytest.raises(TwoZonesWithOneId):
        ZoneSet.of([a_zone(3, square), a_zone(3, square)])


def test_ancestors_by_mask_are_the_ancestors_of_h3() -> None:
    cell = cells.cell_at(LonLat(-93.26, 44.98), 10)
    for level in range(11):
        keep, fill = cells.ancestor_mask(10, level)
        assert cells.from_int(cells.to_int(cell) & keep | fill) == cells.parent(cell, level)
