"""The ground (`ground_add`), the zones and the tiles: what is kept is what is drawn, at cell centres, nowhere finer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
import shapely
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from desk import territory, tiles
from desk.errors import NameTaken, NotFound
from desk.territory import ZoneNotDrawable, ZonesTooWide
from geo import cells
from geo.points import LonLat
from records import engine
from records.values import GroundPiece, TileAddress
from zones import loader

HERE = LonLat(-38.5, 31.0)
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def _square(lon: float, lat: float, half: float = 0.01) -> dict[str, object]:
    ring = [[lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _tile_of(place: LonLat, zoom: int) -> TileAddress:
    count = 1 << zoom
    x = int((place.lon + 180) / 360 * count)
    y = int((1 - math.asinh(math.tan(math.radians(place.lat))) / math.pi) / 2 * count)
    return TileAddress(zoom, x, y)


@pytest.fixture
def house(fresh_database_url: str, tmp_path: Path) -> Iterator[House]:
    engine.ensure_network(fresh_database_url, slug="tiles", name="Tiles", kind="live")
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=2))
    yield opened
    opened.close()


NETWORK = 1

INCIDENT = """
INSERT INTO incident (network_id, id, location, cell7, cell10, opened_at, first_seen_at, last_seen_at)
VALUES (1, 5, ST_MakePoint(:lon, :lat)::geography, :cell7, :cell10, :now, :now, :now)
"""

SIGHTING = """
INSERT INTO sighting (network_id, id, source_group, vouched, kind, accuracy_m, observed_at, received_at, use, location,
                      cell5, cell6, cell7, cell8, cell9, cell10)
VALUES (1, :id, 1, false, 'activity', 20, :now, :now, 'indexed', ST_MakePoint(:lon, :lat)::geography,
        :cell5, :cell6, :cell7, :cell8, :cell9, :cell10)
"""


def _numbers(place: LonLat, *resolutions: int) -> dict[str, int]:
    return {f"cell{each}": cells.to_int(cells.cell_at(place, each)) for each in resolutions}


def _two_places_in_one_cell() -> tuple[LonLat, LonLat]:
    cell = cells.cell_at(HERE, 10)
    centre = cells.centre(cell)
    corner = cells.boundary(cell)[0]
    near_corner = LonLat((centre.lon + 2 * corner.lon) / 3, (centre.lat + 2 * corner.lat) / 3)
    assert cells.cell_at(near_corner, 10) == cell
    return centre, near_corner


@pytest.mark.parametrize("statement", ["tile_base", "tile_zones", "tile_cells", "tile_incidents"])
def test_an_empty_network_draws_empty_tiles(house: House, statement: str) -> None:
    layer = {"tile_base": tiles.base, "tile_zones": tiles.zones, "tile_cells": tiles.cells}.get(
        statement, tiles.incidents
    )
    with house.act(NETWORK, now=NOW) as uow:
        assert layer(uow, _tile_of(HERE, 12)) == b""
        for nowhere in (TileAddress(3, 9, 9), TileAddress(99, 0, 0), TileAddress(4, -1, 0)):
            with pytest.raises(NotFound):
                layer(uow, nowhere)


def test_ground_add_and_tile_base_draw_each_layer_from_its_zoom_on(house: House) -> None:
    line = shapely.LineString([(-38.51, 31.0), (-38.49, 31.0)])
    pieces = [
        GroundPiece("street", "primary", "Alder Street", 10, line),
        GroundPiece("park", "park", "Long Park", 13, shapely.Point(HERE.lonlat).buffer(0.002)),
    ]
    with house.act(NETWORK, now=NOW) as uow:
        assert territory.lay_ground(uow, pieces) == 2
        assert uow.zones.ground_size() == 2
        near, far = tiles.base(uow, _tile_of(HERE, 14)), tiles.base(uow, _tile_of(HERE, 11))
        assert b"Alder Street" in near
        assert b"Long Park" in near
        assert b"Alder Street" in far
        assert b"Long Park" not in far
        assert tiles.base(uow, _tile_of(LonLat(10, 50), 14)) == b""
        territory.lay_ground(uow, pieces[:1])
        assert uow.zones.ground_size() == 1


def test_public_places_are_named_near_and_in_order(house: House) -> None:
    pieces = [
        GroundPiece("place", "library", "Far Library", 12, shapely.Point(-38.49, 31.0)),
        GroundPiece("place", "market", "Near Market", 12, shapely.Point(-38.499, 31.0)),
        GroundPiece("place", "school", "Other End", 12, shapely.Point(-38.4, 31.0)),
        GroundPiece("place", "bench", None, 12, shapely.Point(-38.5, 31.0)),
    ]
    with house.act(NETWORK, now=NOW) as uow:
        territory.lay_ground(uow, pieces)
        found = uow.regions.public_places(HERE, within_m=1500)
    assert [each.name for each in found] == ["Near Market", "Far Library"]
    assert 90 < found[0].away_m < 100


def test_zones_are_drawn_redrawn_looked_up_and_removed(house: House) -> None:
    with house.act(NETWORK, now=NOW) as uow:
        zone = territory.draw(uow, "North Bank", _square(-38.5, 31.0))
    with house.act(NETWORK, now=NOW) as uow:
        assert [found.name for found in territory.at(uow, HERE)] == ["North Bank"]
        assert b"North Bank" in tiles.zones(uow, _tile_of(HERE, 12))
        with pytest.raises(NameTaken):
            territory.draw(uow, "North Bank", _square(-38.4, 31.0))
        territory.redraw(uow, zone.id, "South Bank", _square(-38.4, 31.0))
    with house.act(NETWORK, now=NOW) as uow:
        assert territory.at(uow, HERE) == []
        assert [found.name for found in territory.at(uow, LonLat(-38.4, 31.0))] == ["South Bank"]
        territory.remove(uow, zone.id)
        with pytest.raises(NotFound):
            territory.remove(uow, zone.id)
    with house.act(NETWORK, now=NOW) as uow:
        assert uow.zones.all() == []


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[700, 0], [701, 0], [701, 1], [700, 0]]]},
        {},
    ],
)
def test_what_is_no_outline_is_not_drawn(house: House, geometry: dict[str, object]) -> None:
    with house.act(NETWORK, now=NOW) as uow, pytest.raises(ZoneNotDrawable):
        territory.draw(uow, "Nowhere", geometry)


def test_a_world_is_no_zone_and_neither_are_many_halves_of_it(house: House) -> None:
    with pytest.raises(ZonesTooWide), house.act(NETWORK, now=NOW) as uow:
        territory.draw(uow, "World", _square(0.0, 0.0, 80.0))
    with house.act(NETWORK, now=NOW) as uow:
        territory.draw(uow, "A county", _square(-38.0, 31.0, 0.5))
    with pytest.raises(ZonesTooWide), house.act(NETWORK, now=NOW) as uow:
        territory.draw(uow, "A continent", _square(10.0, 31.0, 12.0))
    with house.act(NETWORK, now=NOW) as uow:
        assert [zone.name for zone in uow.zones.all()] == ["A county"]


def test_taking_the_same_file_in_twice_adds_nothing(house: House) -> None:
    feature = {"type": "Feature", "properties": {"name": "Twice"}, "geometry": _square(-38.5, 31.0)}
    content = orjson.dumps({"type": "FeatureCollection", "features": [feature, feature]})
    for _ in range(2):
        with house.act(NETWORK, now=NOW) as uow:
            territory.take_in(uow, loader.load_bytes(content))
            names = [zone.name for zone in uow.zones.all()]
        assert names == ["Twice", "Twice (2)"]


def test_tile_incidents_says_nothing_finer_than_the_cell(house: House) -> None:
    drawn = []
    for place in _two_places_in_one_cell():
        with house.act(NETWORK, now=NOW) as uow:
            uow._session.execute(text("DELETE FROM incident"))
            uow._session.execute(
                text(INCIDENT), {"lon": place.lon, "lat": place.lat, "now": NOW, **_numbers(place, 7, 10)}
            )
            drawn.append(tiles.incidents(uow, _tile_of(HERE, 15)))
    assert drawn[0] == drawn[1] != b""


def test_tile_cells_counts_by_zoom_and_forgets_after_a_day(house: House) -> None:
    one, _ = _two_places_in_one_cell()
    with house.act(NETWORK, now=NOW) as uow:
        for number, place in enumerate((one, one), 1):
            uow._session.execute(
                text(SIGHTING),
                {"id": number, "lon": place.lon, "lat": place.lat, "now": NOW, **_numbers(place, 5, 6, 7, 8, 9, 10)},
            )
        fresh = {zoom: tiles.cells(uow, _tile_of(HERE, zoom)) for zoom in (6, 9, 11, 13, 15)}
        assert all(fresh.values())
        # cell_shape_add is asked for once per cell and resolution, and again changes nothing.
        kept = uow._session.execute(text("SELECT count(*) FROM cell_shape")).scalar_one()
        assert kept == len({tiles.resolution_at(zoom) for zoom in fresh})
        uow.tiles.add_shapes([cells.cell_at(one, 9)])
        assert uow._session.execute(text("SELECT count(*) FROM cell_shape")).scalar_one() == kept
    with house.act(NETWORK, now=NOW + timedelta(hours=25)) as uow:
        assert tiles.cells(uow, _tile_of(HERE, 13)) == b""
