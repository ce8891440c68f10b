"""The window kept in memory is never believed when it is stale, whoever wrote meanwhile and whatever failed."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from api.gather import Gather
from api.settings import Settings
from api.wiring import House
from desk import intake, verification
from desk.corroboration import remembering
from desk.errors import DatabaseRefused, DeskError
from geo.linking import DEFAULT_POLICY
from records.cluster import DATABASE, PrivateCluster
from records.enums import Role
from records.errors import RecordsError, TryAgain
from records.repositories.events import EventRepository
from records.repositories.sightings import SightingRepository
from tests.builders import a_network
from tests.integration.test_corroboration import a_world, assert_as_all_at_once, live, partition
from tests.sightings import a_report, an_actor, received_all, told


@pytest.fixture(scope="module")
def houses(cluster: PrivateCluster, tmp_path_factory) -> Iterator[tuple[House, House]]:
    """Two processes' worth of memory over one database."""
    cluster.create_database("remembered", template=DATABASE)
    settings = Settings(database_url=cluster.url("remembered"), data_dir=tmp_path_factory.mktemp("keys"))
    made = House(settings), House(settings)
    yield made
    for house in made:
        house.close()


@pytest.fixture
def network_id(houses) -> int:
    return a_network(houses[0].settings.database_url)


def assert_memory_is_true(house, network_id):
    """window_load and window_versions: what memory holds of every cell it would believe is what the database holds."""
    resident = house._memories[network_id].under(DEFAULT_POLICY)
    with house.act(network_id) as uow:
        now = uow.sightings.versions(resident.versions)
        fresh = [lock for lock, version in resident.versions.items() if now[lock] == version]
        rows = uow.sightings.window(fresh, datetime(2000, 1, 1, tzinfo=UTC))
        incidents = {row.incident_id for row in rows}
        figures = {each.incident_id: each for each in uow.incidents.figures(incidents)}
        groups = uow.incidents.groups(incidents)
    assert rows
    assert {row.point.id: resident.cluster_of.get(row.point.id) for row in rows} == {
        row.point.id: row.cluster_id for row in rows
    }
    for row in rows:
        cluster = resident.clusters[row.cluster_id]
        assert cluster.members[row.point.id].point == row.point
        counted = figures[row.incident_id]
        mine = cluster.figures(counted.status, touched=counted.touched)
        assert mine.place.lon == pytest.approx(counted.place.lon, abs=1e-9)
        assert mine.place.lat == pytest.approx(counted.place.lat, abs=1e-9)
        for name in mine.__slots__:
            assert name == "place" or getattr(mine, name) == getattr(counted, name), name
        assert cluster.groups() == [each for each in groups if each.incident_id == row.incident_id]
        assert resident.incidents[row.incident_id].version == row.told.incident_version
    return len(fresh)


def test_memory_follows_what_is_written_and_counts_like_the_database(houses, network_id):
    """window_mark, incidents_hold, incidents_merge, clusters_remove, incident_figures and incident_groups agree."""
    house, _ = houses
    chance, now = random.Random(21), datetime.now(UTC)
    actors = [an_actor(house, network_id) for _ in range(6)]
    reports = a_world(chance, actors, now, 90)
    while reports:
        received_all(house, network_id, [reports.pop() for _ in range(min(9, len(reports)))], now=now)
    assert assert_memory_is_true(house, network_id) >= 1
    assert_as_all_at_once(house, network_id, 90)


def test_a_second_batch_reads_no_window(houses, network_id, monkeypatch):
    house, _ = houses
    actor, now = an_actor(house, network_id), datetime.now(UTC)
    told(house, network_id, a_report(actor, observed_at=now))
    for name in ("window", "near", "of_clusters"):
        monkeypatch.setattr(SightingRepository, name, lambda *_, _name=name: pytest.fail(f"read {_name}"))
    told(house, network_id, a_report(actor, observed_at=now, east_m=20))


@pytest.mark.parametrize("seed", [1, 2])
def test_eight_writers_of_two_processes_in_one_neighbourhood(houses, network_id, seed):
    """window_versions tell each of them what the others did."""
    chance, now = random.Random(seed), datetime.now(UTC)
    actors = [an_actor(houses[0], network_id) for _ in range(6)]
    reports = a_world(chance, actors, now, 120)
    errors, received = [], []

    def write(house, own):
        try:
            while own:
                batch = [own.pop() for _ in range(min(3, len(own)))]
                received.extend(patiently(partial(received_all, house, network_id, batch, now=now)))
                if len(own) % 5 == 0:
                    gone = received.pop()
                    patiently(partial(taken_back, house, network_id, gone, now))
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            errors.append(error)

    writers = [threading.Thread(target=write, args=(houses[n % 2], reports[n::8])) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    assert_as_all_at_once(houses[0], network_id, len(received))
    for house in houses:
        told(house, network_id, a_report(actors[0], observed_at=now))
        assert_memory_is_true(house, network_id)
    assert_as_all_at_once(houses[0], network_id, len(received) + 2)


def patiently(do):
    for _ in range(60):
        try:
            return do()
        except TryAgain:
            continue
    raise AssertionError("never got through")


def taken_back(house, network_id, received, now):
    with house.act(network_id, now=now) as uow:
        intake.retract(uow, received.id, received.receipt)


def two_by_turns(houses, network_id, now):
    """One process sees a corner empty, the other reports there, and the first reports there again."""
    here, there = houses
    one, other = an_actor(here, network_id), an_actor(here, network_id)
    told(here, network_id, a_report(one, observed_at=now, east_m=600))
    told(there, network_id, a_report(other, observed_at=now))
    told(here, network_id, a_report(one, observed_at=now, east_m=10))
    rows = live(here, network_id)
    assert len(rows) == 3
    return len(partition(rows))


def test_what_another_process_wrote_is_seen(houses, network_id):
    assert two_by_turns(houses, network_id, datetime.now(UTC)) == 2


def test_without_versions_it_would_not_be(houses, network_id, monkeypatch):
    monkeypatch.setattr(SightingRepository, "versions", lambda _self, locks: dict.fromkeys(locks, 0))
    monkeypatch.setattr(remembering.RememberedWindow, "_over", lambda self, _kept: self._memory.give_back())
    assert two_by_turns(houses, network_id, datetime.now(UTC)) == 3


def test_what_was_rolled_back_is_forgotten(houses, network_id, monkeypatch):
    house, _ = houses
    now = datetime.now(UTC)
    first, second = an_actor(house, network_id), an_actor(house, network_id)
    told(house, network_id, a_report(first, observed_at=now))
    with monkeypatch.context() as patched:
        patched.setattr(EventRepository, "append", lambda *_: (_ for _ in ()).throw(RuntimeError("the last statement")))
        with pytest.raises(RuntimeError):
            told(house, network_id, a_report(second, observed_at=now, east_m=150))
    assert len(live(house, network_id)) == 1
    told(house, network_id, a_report(second, observed_at=now, east_m=-20))
    assert_memory_is_true(house, network_id)
    assert_as_all_at_once(house, network_id, 2)


def test_one_that_cannot_be_kept_does_not_stay_in_memory(houses, network_id):
    house, _ = houses
    actor, now = an_actor(house, network_id), datetime.now(UTC)
    told(house, network_id, a_report(actor, observed_at=now))
    with pytest.raises((DeskError, RecordsError)), house.act(network_id) as uow:
        intake.receive(uow, [a_report(actor, observed_at=now, size=5000)])
    told(house, network_id, a_report(actor, observed_at=now, east_m=5))
    assert_memory_is_true(house, network_id)
    assert_as_all_at_once(house, network_id, 2)


def test_what_people_and_retractions_do_elsewhere_is_noticed(houses, network_id):
    """An incident that ended in another process takes no more reports, one opened again takes them."""
    here, there = houses
    now = datetime.now(UTC)
    verifier, actors = an_actor(here, network_id, Role.VERIFIER), [an_actor(here, network_id) for _ in range(4)]
    told(here, network_id, a_report(actors[0], observed_at=now))
    [incident_id] = {row.incident_id for row in live(here, network_id)}
    with there.act(network_id) as uow:
        judgement_id = verification.judge(uow, verifier, incident_id, "unfounded").id
    told(here, network_id, a_report(actors[1], observed_at=now, east_m=5))
    with here.act(network_id) as uow:
        assert uow.incidents.get(incident_id).sightings == 1
    with there.act(network_id) as uow:
        verification.undo(uow, verifier, judgement_id)
    [third] = received_all(here, network_id, [a_report(actors[2], observed_at=now, east_m=10)])
    assert {row.incident_id for row in live(here, network_id)} == {incident_id}
    with there.act(network_id) as uow:
        intake.retract(uow, third.id, third.receipt)
    told(here, network_id, a_report(actors[3], observed_at=now, east_m=-10))
    assert_as_all_at_once(here, network_id, 3)
    assert_memory_is_true(here, network_id)


def test_what_lies_beyond_memory_is_asked_of_the_database(houses, network_id, monkeypatch):
    house, _ = houses
    monkeypatch.setattr(remembering, "_REMEMBERED", timedelta(minutes=90))
    now = datetime.now(UTC)
    for minutes in (170, 10, 150, 130, 20):
        at = now - timedelta(minutes=minutes)
        told(house, network_id, a_report(an_actor(house, network_id), observed_at=at), now=now)
    assert_as_all_at_once(house, network_id, 5)


def test_a_transaction_that_finds_memory_taken_does_without(houses, network_id):
    house, _ = houses
    actor, now = an_actor(house, network_id), datetime.now(UTC)
    told(house, network_id, a_report(actor, observed_at=now))
    memory = house._memories[network_id]
    assert memory.take()
    told(house, network_id, a_report(actor, observed_at=now, east_m=15))
    memory.give_back()
    told(house, network_id, a_report(actor, observed_at=now, east_m=30))
    assert_memory_is_true(house, network_id)
    assert_as_all_at_once(house, network_id, 3)


def test_a_whole_batch_is_answered_at_once(houses, network_id):
    house, _ = houses
    gather = Gather(house, limit=64)
    actor = an_actor(house, network_id)

    async def post():
        loop = asyncio.get_running_loop()
        wakes, wake = [], loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *said: (wakes.append(said), wake(*said))[1]
        reports = [a_report(actor, east_m=number * 40.0) for number in range(32)]
        answers = await asyncio.gather(*(gather.received(network_id, report) for report in reports))
        return len(wakes), answers

    wakes, answers = asyncio.run(post())
    gather.close()
    assert len({each.id for each in answers}) == len(live(house, network_id)) == 32
    assert wakes <= 8


def test_one_refused_by_the_database_is_told_alone(houses, network_id):
    house, _ = houses
    gather = Gather(house, limit=64)
    actor = an_actor(house, network_id)

    async def post():
        reports = [a_report(actor, size=size) for size in (1, 2, 5000, 3)]
        return await asyncio.gather(
            *(gather.received(network_id, report) for report in reports), return_exceptions=True
        )

    answers = asyncio.run(post())
    gather.close()
    assert [isinstance(each, intake.Received) for each in answers] == [True, True, False, True]
    assert len(live(house, network_id)) == 3
    assert_memory_is_true(house, network_id)


def test_what_is_refused_within_a_burst_is_named_and_nothing_is_stored(houses, network_id):
    house, _ = houses
    with pytest.raises(DatabaseRefused):
        write_a_cluster_of_nothing(house, network_id)
    with house.act(network_id) as uow:
        assert uow.incidents.open_with_sightings() == {}


def write_a_cluster_of_nothing(house, network_id):
    now = datetime.now(UTC)
    with house.act(network_id) as uow, uow.burst():
        uow.incidents.add_clusters({1: (2, now, now)})
        uow.incidents.resize_clusters({1: (now, now)})
