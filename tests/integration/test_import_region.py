"""A region taken in from the console: ground drawn, streets travelled, corners looked up (`public_places_add`,
`streets_add`, `nearest_corner`, `meetings_live`); taken in again it is there once.
"""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api import wiring
from api.cli import region
from api.settings import Settings
from api.wiring import House
from desk import territory, tiles
from desk.access import Actor
from desk.dispatching import propose, send
from geo.distance import metres_between, moved
from geo.travel import Roads
from matcher.travel import CrowFlies
from records.cluster import DATABASE
from records.enums import Role
from records.values import GroundPiece, TileAddress
from tests.builders import a_network, an_account
from tests.crews import a_crew, an_incident
from tests.regions import HERE, Extract, a_town

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def url(cluster):
    cluster.create_database("regions", template=DATABASE)
    return cluster.url("regions")


@pytest.fixture
def house(url, tmp_path):
    opened = House(Settings(database_url=url, data_dir=tmp_path, pool_size=3))
    yield opened
    opened.close()


@pytest.fixture
def slug(url):
    number = datetime.now(UTC).strftime("%H%M%S%f")
    a_network(url, "rehearsal", slug=f"town-{number}")
    return f"town-{number}"


@pytest.fixture
def network_id(house, slug):
    return next(network.id for network in house.networks() if network.slug == slug)


@pytest.fixture
def console(url, slug, tmp_path, monkeypatch):
    """Import a file as a person at the console would."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path))
    return lambda path: CliRunner().invoke(region.app, [str(path), "--network", slug])


@pytest.fixture
def town(tmp_path):
    return a_town().write(tmp_path / "town.osm.pbf")


def tile_of(place, zoom):
    count = 1 << zoom
    x = int((place.lon + 180) / 360 * count)
    y = int((1 - math.asinh(math.tan(math.radians(place.lat))) / math.pi) / 2 * count)
    return TileAddress(zoom, x, y)


def kept(house, network_id):
    with house.act(network_id) as uow:
        count = uow._session.execute(text("SELECT count(*) FROM public_place")).scalar_one()
        return uow.zones.ground_size(), uow.regions.size(), count


def test_taken_in_twice_a_region_is_there_once(console, town, house, network_id):
    done = console(town)
    assert done.exit_code == 0, done.stderr
    assert "40  sections of streets to travel on" in done.stdout
    assert "version 1" in done.stdout
    first = kept(house, network_id)
    assert first == (16, 40, 31)
    again = console(town)
    assert again.exit_code == 0
    assert "version 2" in again.stdout
    assert kept(house, network_id) == first
    with house.act(network_id) as uow:
        drawn = tiles.base(uow, tile_of(HERE, 14))
    for name in (b"C Street", b"3th Avenue", b"Long Park", b"Sea Library"):
        assert name in drawn


def test_corners_are_looked_up_in_words(console, town, house, network_id):
    assert console(town).exit_code == 0
    with house.act(network_id) as uow:
        corner = territory.nearest_corner(uow, moved(HERE, 180, 30))
        assert corner is not None
        assert corner.name == "Corner of 4th Avenue and C Street"
        assert corner.away_m == pytest.approx(36, abs=1)
        assert territory.nearest_corner(uow, moved(HERE, 5_000, 0)) is None


def test_places_to_meet_are_public_and_outside_buildings(console, town, house, network_id):
    assert console(town).exit_code == 0
    with house.act(network_id) as uow:
        names = [each.name for each in uow.regions.public_places(moved(HERE, 100, 100), 250)]
    assert "Long Park, at C Street" in names
    assert "Sea Library, on 4th Avenue" in names
    # The drawn library is a building's middle, and a school is nowhere to wait: neither comes from the ground.
    assert "Sea Library" not in names
    assert not any("School" in name for name in names)


def test_travel_times_follow_the_streets_in_every_process_and_change_with_the_region(
    console, town, house, url, network_id, tmp_path
):
    west, east = moved(HERE, -400, 0), moved(HERE, 400, 0)

    def seconds(asked):
        with asked.act(network_id) as uow:
            travel = uow.travel
            return travel.seconds([west], ["car"], [east])[0, 0], travel.note

    crow, note = seconds(house)
    assert note == CrowFlies.note
    assert console(town).exit_code == 0
    other = House(Settings(database_url=url, data_dir=tmp_path, pool_size=1))
    try:
        by_road = 90 + metres_between(west, east) / (25 / 3.6)
        for asked in (house, other):
            found, note = seconds(asked)
            assert note == Roads.note
            assert found == pytest.approx(by_road, abs=1)
            assert found != pytest.approx(crow, abs=1)
        with house.act(network_id) as uow:
            known = uow.streets
        with house.act(network_id) as uow:
            assert uow.streets is known
        lane = Extract()
        lane.way((-400, 0), (0, 0), (400, 0), highway="living_street", name="Slow Lane")
        assert console(lane.write(tmp_path / "lane.osm.pbf")).exit_code == 0
        for asked in (house, other):
            assert seconds(asked)[0] == pytest.approx(90 + metres_between(west, east) / (15 / 3.6), abs=1)
    finally:
        other.close()


def test_streets_that_take_long_to_build_are_waited_for_elsewhere(console, town, house, network_id, monkeypatch):
    """An act does not stand still: until the streets are there, times go as the crow flies and say so."""
    assert console(town).exit_code == 0
    monkeypatch.setattr(wiring, "PATIENCE_S", 0.0)
    may_build = threading.Event()
    build = wiring._build_streets
    monkeypatch.setattr(wiring, "_build_streets", lambda *told: may_build.wait(10) and build(*told))
    with house.act(network_id) as uow:
        assert uow.streets is None
        assert uow.travel.note == CrowFlies.note
    may_build.set()
    monkeypatch.setattr(wiring, "PATIENCE_S", 10.0)
    with house.act(network_id) as uow:
        first = uow.streets
        assert first is not None
        assert uow.travel.note == Roads.note
    may_build.clear()
    assert console(town).exit_code == 0
    monkeypatch.setattr(wiring, "PATIENCE_S", 0.0)
    with house.act(network_id) as uow:
        assert uow.streets is first
    may_build.set()


def test_pairs_go_by_road_to_a_public_place(console, town, house, url, network_id):
    assert console(town).exit_code == 0
    incident = an_incident(url, network_id, place=HERE, at=NOW)
    a_crew(house, network_id, 2, place=moved(HERE, -50, 0), at=NOW)
    person = an_account(house, network_id, [Role.DISPATCHER], at=NOW)
    actor = Actor(account_id=person.id, alias=person.alias, lineage=person.lineage, roles=frozenset({Role.DISPATCHER}))
    with house.act(network_id, now=NOW) as uow:
        found = propose(uow, actor, incident, "look")
    assert found["note"] == Roads.note
    meeting = found["pairs"][0]["meeting_point"]
    assert meeting["name"].startswith(("Corner of", "Long Park", "Sea Library", "Stop"))
    assert "ways out" in meeting["reason"]
    with house.act(network_id, now=NOW + timedelta(seconds=1)) as uow:
        dispatch = send(uow, actor, incident, "look")
        assert dispatch.meeting_name == meeting["name"]
        assert uow.meetings.live([incident]) == [(incident, dispatch.id)]
        assert uow.meetings.live([incident + 1]) == []


@pytest.mark.parametrize("content", [b"", b"not an extract"])
def test_a_file_that_is_none_is_refused_in_one_sentence_and_changes_nothing(
    console, town, house, network_id, tmp_path, content
):
    assert console(town).exit_code == 0
    before = kept(house, network_id)
    wrong = tmp_path / "wrong.osm.pbf"
    wrong.write_bytes(content)
    done = console(wrong)
    assert done.exit_code == 1
    assert done.stderr.strip().count("\n") == 0
    assert done.stderr.strip().endswith(".")
    assert kept(house, network_id) == before


def test_public_places_of_a_drawn_ground_leave_out_schools_and_quarters(house, network_id):
    import shapely

    def spot(kind, name, east_m):
        return GroundPiece("place", kind, name, 12, shapely.Point(moved(HERE, east_m, 0).lonlat))

    hall = shapely.Point(moved(HERE, 60, 0).lonlat).buffer(0.0001)
    with house.act(network_id) as uow:
        territory.lay_ground(
            uow,
            [
                spot("square", "Square", 20),
                spot("school", "School", 30),
                spot("clinic", "Clinic", 40),
                spot("quarter", "Quarter", 50),
                spot("community", "Hall", 60),
                GroundPiece("building", "building", None, 14, hall),
            ],
        )
        assert [each.name for each in uow.regions.public_places(HERE, 500)] == ["Square"]
