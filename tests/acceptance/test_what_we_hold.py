"""What is held of one person is told whole: as a walk over every column of every table finds it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from desk import retention
from desk.errors import NotFound
from desk.retention.person import HEADINGS
from desk.retention.table import PERSON, TABLES
from tests.crews import as_owner
from tests.lived import Lived, work
from web.commands import app

DAY = timedelta(days=1)


@pytest.fixture
def lived(client, house, network_id):
    made = Lived(client, house, network_id)
    made.live()
    return made


def found_by_walking(url, network_id, *words):
    """Every table in which any column of any row holds one of these, as a whole number or within a text."""
    found = set()
    with as_owner(url, network_id) as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
                " USING (table_schema, table_name)"
                " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'spatial_ref_sys'"
            )
        ).all()
        for table, column in columns:
            for word in words:
                there = connection.execute(
                    text(f"SELECT EXISTS (SELECT FROM {table} WHERE {column}::text ~ :word)"), {"word": rf"\m{word}\M"}
                ).scalar_one()
                if there:
                    found.add(table)
    return found


def reporters_of(url, network_id, account_id):
    """A sighting names its reporter, and only the reporter the account."""
    with as_owner(url, network_id) as connection:
        found = connection.execute(text("SELECT id FROM reporter WHERE account_id = :id"), {"id": account_id})
        return list(found.scalars())


def people(lived):
    responders = [(each.person, each.responder_id) for each in lived.crew[:3]]
    others = (lived.ana, lived.spotters[0], lived.legal, lived.organizer, lived.speakers[1])
    return [*responders, *((each, None) for each in others)]


@pytest.mark.parametrize("days", [0, 8, 40])
def test_what_is_told_equals_what_a_walk_over_the_schema_finds(lived, house, network_id, days):
    held = lived.client.post(
        "/api/holds", json={"incident": lived.verified, "reason": "complaint"}, headers=lived.legal.headers
    )
    assert held.status_code == 201
    if days:
        work(house, network_id, days * DAY)
    for person, responder_id in people(lived):
        with house.act(network_id) as uow:
            told = retention.what_we_hold(uow, person.alias)
        words = [person.id, person.alias.replace("-", ".")] + ([] if responder_id is None else [responder_id])
        words += reporters_of(house.settings.database_url, network_id, person.id)
        walked = found_by_walking(house.settings.database_url, network_id, *words)
        lasting = {name.split(".")[0] for values in told.lasting.values() for name in values}
        assert lasting | {each.table for each in told.passing} == walked, person.alias
        assert len(told.lasting) <= 6


def test_reports_are_told_while_it_is_known_whose_they_are(lived, house, network_id):
    def reports():
        with house.act(network_id) as uow:
            told = retention.what_we_hold(uow, lived.spotters[0].alias)
        return {each.table: each.rows for each in told.passing}

    assert reports()["sighting"] == 3
    work(house, network_id, 10 * DAY)
    assert "sighting" not in reports()
    assert "reporter" not in reports()


def test_every_lasting_column_stands_under_one_of_six_headings():
    lasting = {
        f"{name}.{column}"
        for name, table in TABLES.items()
        for column, kept in table.kept().items()
        if kept is PERSON and column != "network_id"
    }
    told = [name for names in HEADINGS.values() for name in names]
    assert set(told) == lasting
    assert len(told) == len(set(told))
    assert len(HEADINGS) <= 6


def test_every_passing_row_says_the_day_it_goes_and_is_gone_then(lived, house, network_id):
    with house.act(network_id) as uow:
        today = uow.now.date()
        told = retention.what_we_hold(uow, lived.crew[0].alias)
    assert {"offer", "event", "session", "position"} <= {each.table for each in told.passing}
    latest = max(each.until for each in told.passing if each.until)
    assert today < latest <= today + 32 * DAY
    work(house, network_id, latest - today + DAY)
    with house.act(network_id) as uow:
        again = retention.what_we_hold(uow, lived.crew[0].alias)
    assert [each for each in again.passing if each.until and each.until <= latest] == []


def test_the_command_prints_it_and_never_the_hash(lived, house, network_id, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", house.settings.database_url)
    monkeypatch.setenv("TANDEM_DATA_DIR", str(house.settings.data_dir))
    with as_owner(house.settings.database_url, network_id) as connection:
        connection.execute(text("UPDATE account SET passphrase_hash = 'canary$hash'"))
    person = lived.crew[0]
    done = CliRunner().invoke(app, ["what-we-hold", person.alias, "--network", house.settings.network])
    assert done.exit_code == 0, done.output
    assert person.alias in done.stdout
    assert str(person.person.lineage) in done.stdout
    assert "canary" not in done.output
    assert "passphrase_hash" in done.stdout
    nobody = CliRunner().invoke(app, ["what-we-hold", "no-one", "--network", house.settings.network])
    assert nobody.exit_code == 1
    with house.act(network_id) as uow, pytest.raises(NotFound):
        retention.what_we_hold(uow, "no-one")


def test_purge_forgets_at_once_and_prints_how_much(lived, house, network_id, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", house.settings.database_url)
    monkeypatch.setenv("TANDEM_DATA_DIR", str(house.settings.data_dir))
    with as_owner(house.settings.database_url, network_id) as connection:
        connection.execute(text("UPDATE sighting SET received_at = received_at - interval '4 days'"))
        connection.execute(text("UPDATE offer SET offered_at = offered_at - interval '8 days'"))
    done = CliRunner().invoke(app, ["purge"])
    assert done.exit_code == 0, done.output
    slug = house.settings.network
    printed = {tuple(line.split()[:2]): int(line.split()[-1]) for line in done.stdout.splitlines()}
    assert printed[slug, "reports"] > 0
    assert printed[slug, "records"] > 0
    again = CliRunner().invoke(app, ["purge"])
    assert all(line.split()[-1] == "0" for line in again.stdout.splitlines() if line.startswith(slug))
    with as_owner(house.settings.database_url, network_id) as connection:
        kept = connection.execute(
            text("SELECT count(location) FROM sighting WHERE received_at < now() - interval '3 d'")
        )
        assert kept.scalar() < 9
