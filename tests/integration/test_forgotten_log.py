"""What only the machine reads goes on time too: answers, events, audits, sessions, keys; and nothing of it before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from desk import analytics, retention
from desk.intake import VehicleSeen
from records.cluster import DATABASE, PrivateCluster
from tests.builders import a_network, an_account
from tests.crews import as_owner
from tests.sightings import PLACE, a_report, an_actor, told

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("forgotten_log", template=DATABASE)
    made = House(Settings(database_url=cluster.url("forgotten_log"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


def left(house, network_id, table):
    with as_owner(house.settings.database_url, network_id) as connection:
        return connection.execute(
            text(f"SELECT count(*) FROM {table} WHERE network_id = :n"), {"n": network_id}
        ).scalar()


@pytest.mark.parametrize(
    ("table", "kept"),
    [("event", 24 * HOUR), ("idempotency", 72 * HOUR), ("session", 12 * HOUR), ("audit", 91 * DAY)],
)
def test_each_goes_at_its_limit_and_not_before(house, network_id, table, kept):
    """events_forget and its kin."""
    actor = an_actor(house, network_id)
    told(house, network_id, a_report(actor))
    an_account(house, network_id)
    with house.act(network_id) as uow:
        uow.audits.note(actor.account_id, "looked", "incident", uow.now.date())
    now, there = datetime.now(UTC), left(house, network_id, table)
    assert there > 0
    day = DAY if table == "audit" else HOUR
    with house.act(network_id, now=now + kept - day) as uow:
        retention.forget_log(uow)
    assert left(house, network_id, table) >= there
    with house.act(network_id, now=now + kept + day) as uow:
        retention.forget_log(uow)
    assert left(house, network_id, table) == 0


def plates_of(house, network_id):
    with as_owner(house.settings.database_url, network_id) as connection:
        found = connection.execute(
            text("SELECT plate_token FROM sighting WHERE network_id = :n ORDER BY observed_at, id"), {"n": network_id}
        )
        return list(found.scalars())


def test_a_plate_is_another_number_each_day_and_in_each_network(house, network_id):
    seen = (VehicleSeen(type="suv", plate="ABC-1234"),)
    elsewhere = a_network(house.settings.database_url)
    times = (MIDNIGHT - HOUR, MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR)
    for number in (network_id, elsewhere):
        actor = an_actor(house, number)
        for moment in times:
            told(house, number, a_report(actor, vehicles=seen, observed_at=moment), now=MIDNIGHT + 2 * HOUR)
    before, after, same = plates_of(house, network_id)
    assert after == same
    assert len({before, after, *plates_of(house, elsewhere)}) == 4


def test_a_plates_key_lives_for_seventy_two_hours_of_its_day_and_no_longer(house, network_id):
    day = date(2026, 3, 10)
    key = house.keys.plate_key(network_id, day)
    with house.act(network_id, now=MIDNIGHT + 72 * HOUR - timedelta(seconds=1)) as uow:
        assert retention.forget_plate_keys(uow) == 0
    assert house.keys.plate_key(network_id, day) == key
    with house.act(network_id, now=MIDNIGHT + 72 * HOUR) as uow:
        assert retention.forget_plate_keys(uow) == 1
    assert house.keys.plate_key(network_id, day) is None


def test_a_report_whose_key_is_gone_keeps_nothing_of_its_plate(house, network_id):
    with house.act(network_id, now=MIDNIGHT + 72 * HOUR) as uow:
        retention.forget_plate_keys(uow)
    told(
        house,
        network_id,
        a_report(an_actor(house, network_id), vehicles=(VehicleSeen(plate="ABC1234"),), observed_at=MIDNIGHT),
        now=MIDNIGHT + HOUR,
    )
    assert plates_of(house, network_id) == [None]


@pytest.mark.parametrize(("kind", "newest"), [("live", 2), ("demo", 0)])
def test_what_is_not_over_for_a_day_is_counted_nowhere_but_in_a_demo(house, kind, newest):
    """However a period is asked for: who counts what is going on can see what is going on."""
    with house.act(a_network(house.settings.database_url, kind)) as uow:
        today = uow.now.date()
        for last in (None, today, today + 5 * DAY):
            assert analytics.period(uow, None, last).last == today - newest * DAY


def test_taking_a_report_in_says_nothing_of_its_place_anywhere(house, network_id, capfd, caplog):
    actor = an_actor(house, network_id)
    reports = [a_report(actor, note="canary", east_m=12.0 * number) for number in range(3)]
    told(house, network_id, *reports)
    with house.act(network_id) as uow:
        retention.forget_reports(uow)
        retention.forget_records(uow)
    spoken = "".join(capfd.readouterr()) + caplog.text
    for secret in (str(PLACE.lon)[:6], str(PLACE.lat)[:5], "canary", actor.alias, "POINT"):
        assert secret not in spoken
