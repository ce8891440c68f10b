"""A network from the console: made, shown, set within its floors, and mended where its numbers cannot be used."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api.settings import VERSION, Settings
from api.wiring import House
from api.worker import Worker
from desk.policy import PolicyUnusable
from records import engine
from records.errors import NoNetworkYet
from tests.builders import a_network
from web.commands import app


@pytest.fixture
def console(fresh_database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", fresh_database_url.replace("postgresql+psycopg://", "postgres://"))
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path))
    return lambda *words: CliRunner().invoke(app, words)


@pytest.fixture
def house(fresh_database_url, tmp_path):
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=2))
    yield opened
    opened.close()


def test_the_version_is_told(console):
    assert console("--version").stdout == f"tandem {VERSION}\n"


def test_without_a_network_everything_says_how_to_make_one(console, house):
    with pytest.raises(NoNetworkYet):
        house.default_network()
    done = console("account", "add", "organizer")
    assert done.exit_code == 1
    assert "tandem network add" in done.stderr


def test_a_network_is_made_once_shown_and_set(console, house):
    for _ in range(2):
        assert console("network", "add", "home", "--name", "Our network").exit_code == 0
    assert [(each.slug, each.kind) for each in house.networks()] == [("home", "live")]
    told = ("intake.anonymous_reports=true", "checkins.legal_line=555-0100", "verification.people_needed=3")
    assert console("network", "set", "home", *told, "checkins.every=300").exit_code == 0
    assert json.loads(console("network", "show", "home").stdout) == {
        "intake": {"anonymous_reports": True},
        "checkins": {"legal_line": "555-0100", "every": 300},
        "verification": {"people_needed": 3},
    }
    with house.act(house.default_network().id) as uow:
        assert uow.policy.intake.anonymous_reports
        assert uow.policy.checkins.every.total_seconds() == 300


@pytest.mark.parametrize(
    "word",
    [
        "nothing",
        "nothing.at_all=1",
        "pairs.nothing=1",
        "verification.people_needed=1",
        "retention.exact_verified=1e9",
        "pairs.rest=60",
        "pairs.rest=soon",
        "pairs.stand_off_m=10",
        'checkins.every="a while"',
    ],
)
def test_what_is_looser_than_its_floor_or_no_number_is_refused_and_nothing_is_kept(console, word):
    console("network", "add", "home", "--name", "Our network")
    done = console("network", "set", "home", "intake.note_length=100", word)
    assert done.exit_code == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert word.partition("=")[2] not in done.stderr or not word.partition("=")[2]
    assert json.loads(console("network", "show", "home").stdout) == {}


@pytest.mark.parametrize(
    ("slug", "name"), [("Home", "Our network"), ("-", "Our network"), ("home", ""), ("home", "x" * 81)]
)
def test_a_network_has_a_plain_slug_and_a_name(console, slug, name):
    assert console("network", "add", "--name", name, "--", slug).exit_code == 1


BROKEN = {"pairs": {"rest": 60}}


@pytest.mark.parametrize("broken", [BROKEN, {"checkins": {"every": "soon"}}, {"verification": "none"}])
def test_numbers_that_cannot_be_used_stop_their_own_network_alone_and_are_mended(
    console, house, fresh_database_url, broken
):
    sound, unsound = a_network(fresh_database_url, slug="sound"), a_network(fresh_database_url, slug="unsound")
    owner = engine.owner_engine(fresh_database_url)
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE network SET policy = CAST(:policy AS jsonb) WHERE id = :id"),
            {"policy": json.dumps(broken), "id": unsound},
        )
    owner.dispose()
    with pytest.raises(PolicyUnusable), house.act(unsound):
        pass
    with house.act(sound) as uow:
        assert uow.policy
    swept = []
    Worker(house, [_timer(swept)]).sweep(0.0)
    assert swept == [sound]
    [part] = broken
    told = {
        "pairs": "pairs.rest=28800",
        "checkins": "checkins.every=600",
        "verification": "verification.people_needed=2",
    }
    assert console("network", "set", "unsound", told[part]).exit_code == 0
    with house.act(unsound) as uow:
        assert uow.policy


def _timer(swept):
    from api.worker import Timer

    def note(uow):
        swept.append(uow.network.id)
        return 0

    return Timer("note", 1, note)
