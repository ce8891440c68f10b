"""Each thing that is kept for a while goes when its time is over, and not before; the worker sees to it by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from api.worker import Worker
from desk import retention
from tests.builders import a_network, an_account
from tests.crews import a_crew, an_incident, as_owner

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def house(fresh_database_url, tmp_path):
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=2))
    yield opened
    opened.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


KEPT = {
    "event": (24 * HOUR, "(network_id, at, kind, subject) VALUES (:n, :now, 'sighting.received', 1)"),
    "idempotency": (72 * HOUR, "(network_id, account, key, body_sha256, at) VALUES (:n, 0, 'a key', 'body', :now)"),
    "session": (
        12 * HOUR,
        (
            "(network_id, token_sha256, account_id, kind, created_at, used_at, proved_at, expires_at)"
            " SELECT :n, sha256('token'), id, 'person', :now, :now, :now,"
            " CAST(:now AS timestamptz) + interval '12 hours'"
            " FROM account WHERE network_id = :n AND alias = 'calm-heron'"
        ),
    ),
    "voucher": (
        24 * HOUR,
        (
            "(network_id, code_sha256, roles, expires_at)"
            " VALUES (:n, sha256('code'), '{spotter}', CAST(:now AS timestamptz) + interval '24 hours')"
        ),
    ),
    "roster_change": (HOUR, "(network_id, at, responder_id) VALUES (:n, :now, 1)"),
}
"""How long rows made at `:now` are kept, to the minute."""

KEPT_BY_DAY = {
    "audit": (90, "(network_id, act, object_class, day) VALUES (:n, 'patterns', 'incident', :now)"),
    "reliability": (180, "(network_id, about, key, counted_on) VALUES (:n, 'network', 'all', :now)"),
    "reliability_counted": (
        8,
        (
            "(network_id, incident_id, real, abouts, keys, expecteds, counted_on)"
            " SELECT :n, id, true, '{network}', '{all}', '{0.5}', :now FROM incident WHERE network_id = :n"
        ),
    ),
}
"""How many whole days rows are kept."""


def put(house, network_id, table: str, row: str, moment: datetime) -> None:
    an_account(house, network_id, alias="calm-heron", at=moment, lasts=DAY * 365)
    an_incident(house.settings.database_url, network_id, at=moment)
    with as_owner(house.settings.database_url, network_id) as connection:
        connection.execute(text(f"DELETE FROM {table} WHERE network_id = :n"), {"n": network_id})
        connection.execute(text(f"INSERT INTO {table} {row}"), {"n": network_id, "now": moment})
    assert left(house, network_id, table) == 1


def left(house, network_id, table: str) -> int:
    with as_owner(house.settings.database_url, network_id) as connection:
        return connection.execute(
            text(f"SELECT count(*) FROM {table} WHERE network_id = :n"), {"n": network_id}
        ).scalar()


def forget_log(house, network_id, moment: datetime) -> None:
    with house.act(network_id, now=moment) as uow:
        retention.forget_log(uow)


@pytest.mark.parametrize("table", KEPT)
def test_what_is_kept_for_hours_goes_when_they_are_over(house, network_id, table):
    lasts, row = KEPT[table]
    put(house, network_id, table, row, NOW)
    forget_log(house, network_id, NOW + lasts - timedelta(minutes=1))
    assert left(house, network_id, table) == 1
    forget_log(house, network_id, NOW + lasts + timedelta(minutes=1))
    assert left(house, network_id, table) == 0


@pytest.mark.parametrize("table", KEPT_BY_DAY)
def test_what_is_kept_for_days_goes_when_they_are_over(house, network_id, table):
    days, row = KEPT_BY_DAY[table]
    put(house, network_id, table, row, NOW)
    forget_log(house, network_id, NOW + days * DAY)
    assert left(house, network_id, table) == 1
    forget_log(house, network_id, NOW + (days + 1) * DAY)
    assert left(house, network_id, table) == 0


def test_a_plate_key_is_destroyed_three_days_after_its_day_began(house, network_id):
    """Whatever a network asks for, never later: 72 hours are the longest."""
    wants_longer = a_network(house.settings.database_url, policy={"retention": {"plate_tokens": 72 * 86_400}})
    for network in (network_id, wants_longer):
        assert house.keys.plate_key(network, NOW.date()) is not None
    over = NOW.replace(hour=0) + 3 * DAY
    for network in (network_id, wants_longer):
        with house.act(network, now=over - timedelta(minutes=1)) as uow:
            assert retention.forget_plate_keys(uow) == 0
        assert house.keys.plate_key(network, NOW.date()) is not None
        with house.act(network, now=over) as uow:
            assert retention.forget_plate_keys(uow) == 1
        assert house.keys.plate_key(network, NOW.date()) is None


def test_one_sweep_of_the_worker_forgets_each_thing_whose_time_is_over(house, network_id):
    """Positions, readers, the event log, plate keys: each has its timer, and each timer does its work."""
    now = datetime.now(UTC)
    url = house.settings.database_url
    a_crew(house, network_id, 1)
    incident_id = an_incident(url, network_id, status="verified")
    person = an_account(house, network_id)
    house.keys.plate_key(network_id, (now - 5 * DAY).date())
    with as_owner(url, network_id) as connection:
        told = {"n": network_id, "incident": incident_id, "person": person.id, "now": now}
        for statement in (
            "UPDATE position SET seen_at = seen_at - interval '16 minutes'",
            (
                "INSERT INTO statement (network_id, id, incident_id, template, agency, cell, seen_at, zone_ids, state,"
                " approver1, approver1_lineage, proposed_at, ended_at)"
                " SELECT :n, 1, id, 'alert.verified', 'immigration', 1, '2026-03-01', '{}', 'dropped',"
                " verifier1, verifier1_lineage, '2026-03-01', '2026-03-01'"
                " FROM incident WHERE network_id = :n AND id = :incident"
            ),
            (
                "INSERT INTO statement_seen (network_id, statement_id, account_id, seen_on)"
                " VALUES (:n, 1, :person, CAST(CAST(:now AS timestamptz) - interval '9 days' AS date))"
            ),
            (
                "INSERT INTO event (network_id, at, kind, subject)"
                " VALUES (:n, CAST(:now AS timestamptz) - interval '25 hours', 'sighting.received', 77)"
            ),
        ):
            connection.execute(text(statement), told)
    Worker(house).sweep(0.0)
    assert {table: left(house, network_id, table) for table in ("position", "statement_seen")} == {
        "position": 0,
        "statement_seen": 0,
    }
    with as_owner(url, network_id) as connection:
        assert connection.execute(text("SELECT count(*) FROM event WHERE subject = 77")).scalar() == 0
    assert list(house.settings.key_dir.glob("plate-*")) == []
