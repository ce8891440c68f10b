"""Clusters in the database equal the clusters of all sightings at once, whoever writes when."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from desk import intake, verification
from desk.events import IncidentClosed, IncidentCorroborated, IncidentMerged, IncidentOpened, IncidentSplit
from desk.intake import VehicleSeen
from geo.clustering import settle
from geo.points import LonLat
from records.cluster import DATABASE, PrivateCluster
from records.enums import Role
from records.errors import TryAgain
from records.repositories.sightings import SightingRepository
from tests.builders import a_network
from tests.sightings import PLACE, a_report, an_actor, received_all, told


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("corroborated", template=DATABASE)
    made = House(Settings(database_url=cluster.url("corroborated"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


def live(house, network_id):
    """Every sighting that stands in a cluster, as clustering sees it, with its cluster and incident."""
    with house.act(network_id) as uow:
        rows = uow._session.execute(
            text("SELECT id FROM cluster WHERE network_id = :network_id"), {"network_id": network_id}
        )
        return uow.sightings.of_clusters([row.id for row in rows])


def partition(rows):
    found = {}
    for row in rows:
        found.setdefault(row.cluster_id, set()).add(row.point.id)
    return frozenset(frozenset(members) for members in found.values())


def assert_as_all_at_once(house, network_id, expected):
    rows = live(house, network_id)
    assert len(rows) == expected
    assert partition(rows) == settle([row.point for row in rows]).clusters()
    with house.act(network_id) as uow:
        figures = {each.incident_id: each for each in uow.incidents.figures({row.incident_id for row in rows})}
        for incident in uow.incidents.many(figures):
            assert incident.sightings == figures[incident.id].sightings
            assert incident.vouched_groups == figures[incident.id].vouched_groups
            assert incident.merged_into is None
    counted = Counter(row.incident_id for row in rows)
    assert {key: each.sightings for key, each in figures.items()} == counted


def facts_of(house, network_id, *reports):
    with house.act(network_id) as uow:
        intake.receive(uow, reports)
    return [type(fact) for fact in uow.facts]


def a_world(chance, actors, now, count, place=PLACE):
    """Reports around a few corners over two hours: exact and coarse, with and without vehicles, some from strangers."""
    corners = [(chance.uniform(-900, 900), chance.uniform(-900, 900)) for _ in range(5)]
    reports = []
    for _ in range(count):
        east, north = chance.choice(corners)
        words = {}
        if chance.random() < 0.3:
            words["vehicles"] = (
                VehicleSeen("suv", "ford", "explorer", None, chance.choice(["ABC123", "XYZ987", None])),
            )
        reports.append(
            a_report(
                chance.choice(actors),
                east_m=east + chance.gauss(0, 120),
                north_m=north + chance.gauss(0, 120),
                place=place,
                observed_at=now - timedelta(seconds=chance.uniform(0, 7200)),
                accuracy_m=400.0 if chance.random() < 0.15 else 20.0,
                activity=chance.choice([None, "stop", "arrest", "patrol", "other"]),
                **words,
            )
        )
    return reports


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_any_batches_retractions_too(house, network_id, seed):
    """sightings_near, sightings_coarse_near, sightings_of_clusters, sightings_arrived, sightings_retracted,
    sightings_move, clusters_add, clusters_merge, clusters_resize give what one look at everything gives."""
    chance = random.Random(seed)
    actors = [an_actor(house, network_id) for _ in range(6)]
    now = datetime.now(UTC)
    reports = a_world(chance, actors, now, 80)
    received = []
    while reports:
        size = chance.choice([1, 1, 2, 7])
        received += received_all(house, network_id, [reports.pop() for _ in range(min(size, len(reports)))], now=now)
        if chance.random() < 0.3:
            gone = received.pop(chance.randrange(len(received)))
            with house.act(network_id, now=now) as uow:
                intake.retract(uow, gone.id, gone.receipt)
    assert_as_all_at_once(house, network_id, len(received))


def test_across_the_antimeridian(house, network_id):
    """incident_place and incident_figures find the middle on the sphere."""
    chance = random.Random(4)
    actors = [an_actor(house, network_id) for _ in range(4)]
    now = datetime.now(UTC)
    place = LonLat(179.9995, -16.5)
    for report in a_world(chance, actors, now, 25, place):
        told(house, network_id, report, now=now)
    assert_as_all_at_once(house, network_id, 25)
    with house.act(network_id) as uow:
        rows = live(house, network_id)
        for incident in uow.incidents.many({row.incident_id for row in rows}):
            assert 179.9 < abs(uow.incidents.place(incident.id).lon) <= 180.0


def test_four_writers_in_one_neighbourhood(house, network_id):
    """lock_cells keeps four writers from clustering what they cannot see of each other."""
    chance = random.Random(5)
    actors = [an_actor(house, network_id) for _ in range(6)]
    now = datetime.now(UTC)
    reports = a_world(chance, actors, now, 120)
    errors = []

    def write(own):
        while own:
            batch = [own.pop() for _ in range(min(3, len(own)))]
            for _ in range(50):
                try:
                    received_all(house, network_id, batch, now=now)
                except TryAgain:
                    continue
                except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
                    errors.append(error)
                break
            else:
                errors.append(AssertionError("never got through"))

    writers = [threading.Thread(target=write, args=(reports[number::4],)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    assert_as_all_at_once(house, network_id, 120)


def test_two_lineages_corroborate_and_a_hundred_strangers_do_not(house, network_id):
    now = datetime.now(UTC)
    first, second = an_actor(house, network_id), an_actor(house, network_id)
    same = an_actor(house, network_id, lineage=first.lineage)
    assert facts_of(house, network_id, a_report(first, observed_at=now))[1:] == [IncidentOpened]
    for report in [a_report(same, observed_at=now), *(a_report(observed_at=now) for _ in range(100))]:
        told(house, network_id, report)
    [incident] = incidents(house, network_id)
    assert (incident.status, incident.vouched_groups, incident.groups) == ("unverified", 1, 101)
    assert incident.standing < 0
    assert IncidentCorroborated in facts_of(house, network_id, a_report(second, observed_at=now, north_m=30))
    [incident] = incidents(house, network_id)
    assert (incident.status, incident.vouched_groups) == ("corroborated", 2)
    assert incident.reasons[1]["text"].startswith("two witnesses vouched for by different organizers, 30 m apart")
    assert sum(reason["weight"] for reason in incident.reasons) == pytest.approx(incident.queue, abs=0.01)


def incidents(house, network_id):
    with house.act(network_id) as uow:
        return uow.incidents.page(limit=100)


def bridge(house, network_id, now):
    """Two incidents 400 m apart, and the report between them that makes them one."""
    a, b, c, d, e = (an_actor(house, network_id) for _ in range(5))
    told(house, network_id, a_report(a, observed_at=now), a_report(b, observed_at=now, east_m=10))
    told(house, network_id, a_report(c, observed_at=now, east_m=390), a_report(d, observed_at=now, east_m=400))
    assert len(incidents(house, network_id)) == 2
    return a_report(e, observed_at=now, east_m=200)


def test_a_bridge_merges_and_its_retraction_splits(house, network_id):
    """incidents_add, incidents_lock, incidents_write, events_append, incident_figures, incident_groups hold."""
    now = datetime.now(UTC)
    between = bridge(house, network_id, now)
    with house.act(network_id) as uow:
        [received] = intake.receive(uow, [between])
    assert [type(fact) for fact in uow.facts].count(IncidentMerged) == 1
    [one] = incidents(house, network_id)
    assert one.sightings == 5
    merged = [fact.subject for fact in uow.facts if isinstance(fact, IncidentMerged)]
    with house.act(network_id) as uow:
        assert uow.incidents.get(merged[0]).merged_into == one.id
        east_m = (uow.incidents.place(one.id).lon - PLACE.lon) * 78_600
        assert east_m == pytest.approx(200, abs=15)
    with house.act(network_id) as uow:
        intake.retract(uow, received.id, received.receipt)
    split = [fact for fact in uow.facts if isinstance(fact, IncidentSplit)]
    assert len(split) == 1
    found = incidents(house, network_id)
    assert sorted(each.sightings for each in found) == [2, 2]
    assert {each.split_from for each in found} == {None, one.id}
    assert min(each.version for each in found) >= 1


def test_what_people_work_on_is_never_merged_silently(house, network_id):
    now = datetime.now(UTC)
    between = bridge(house, network_id, now)
    verifier = an_actor(house, network_id, Role.VERIFIER)
    for each in incidents(house, network_id):
        with house.act(network_id) as uow:
            verification.judge(uow, verifier, each.id, "unsure")
    told(house, network_id, between)
    found = incidents(house, network_id)
    assert sorted(each.sightings for each in found) == [2, 3]
    for each in found:
        assert any("perhaps the same event" in reason["text"] for reason in each.reasons)
    told(house, network_id, a_report(an_actor(house, network_id), observed_at=now, east_m=210))
    assert sorted(each.sightings for each in incidents(house, network_id)) == [2, 4]


def test_the_touched_one_keeps_the_name(house, network_id):
    now = datetime.now(UTC)
    between = bridge(house, network_id, now)
    younger = max(incidents(house, network_id), key=lambda each: (each.first_seen_at, each.id))
    with house.act(network_id) as uow:
        verification.judge(uow, an_actor(house, network_id, Role.VERIFIER), younger.id, "unsure")
    told(house, network_id, between)
    assert [each.id for each in incidents(house, network_id)] == [younger.id]


def test_one_that_people_were_sent_to_keeps_its_name(house, network_id):
    now = datetime.now(UTC)
    between = bridge(house, network_id, now)
    younger = max(incidents(house, network_id), key=lambda each: (each.first_seen_at, each.id))
    with house.act(network_id) as uow:
        uow.incidents.touch(younger.id)
    told(house, network_id, between)
    assert [each.id for each in incidents(house, network_id)] == [younger.id]


def test_an_ended_incident_stays_ended_and_news_open_another(house, network_id):
    now = datetime.now(UTC)
    told(house, network_id, a_report(an_actor(house, network_id), observed_at=now))
    [ended] = incidents(house, network_id)
    with house.act(network_id) as uow:
        verification.judge(uow, an_actor(house, network_id, Role.VERIFIER), ended.id, "unfounded")
    told(house, network_id, a_report(an_actor(house, network_id), observed_at=now, east_m=5))
    found = {each.id: each for each in incidents(house, network_id)}
    assert {each.status for each in found.values()} == {"unfounded", "unverified"}
    assert found[ended.id].sightings == 1


def test_the_last_sighting_taken_back_closes_an_untouched_incident(house, network_id):
    with house.act(network_id) as uow:
        [received] = intake.receive(uow, [a_report(an_actor(house, network_id))])
    with house.act(network_id) as uow:
        intake.retract(uow, received.id, received.receipt)
        intake.retract(uow, received.id, received.receipt)
    assert IncidentClosed in [type(fact) for fact in uow.facts]
    [incident] = incidents(house, network_id)
    assert (incident.status, incident.sightings) == ("closed", 0)


def test_taken_back_from_an_ended_incident_changes_nothing_else(house, network_id):
    with house.act(network_id) as uow:
        [received] = intake.receive(uow, [a_report(an_actor(house, network_id))])
    [ended] = incidents(house, network_id)
    with house.act(network_id) as uow:
        verification.judge(uow, an_actor(house, network_id, Role.VERIFIER), ended.id, "unfounded")
    with house.act(network_id) as uow:
        intake.retract(uow, received.id, received.receipt)
    assert [each.status for each in incidents(house, network_id)] == ["unfounded"]


def test_quiet_incidents_close_by_themselves(house, network_id):
    """incidents_quiet leaves alone what is young, what is corroborated and what people are being sent to."""
    now = datetime.now(UTC)
    long_ago = now - timedelta(hours=2)
    told(house, network_id, a_report(an_actor(house, network_id), observed_at=long_ago), now=long_ago)
    told(house, network_id, a_report(an_actor(house, network_id), observed_at=now, east_m=3000), now=now)
    two = [an_actor(house, network_id) for _ in range(2)]
    told(house, network_id, *(a_report(each, observed_at=long_ago, east_m=6000) for each in two), now=long_ago)
    with house.act(network_id, now=now) as uow:
        assert verification.close_quiet(uow) == 1
    assert [type(fact) for fact in uow.facts] == [IncidentClosed]
    assert sorted(each.status for each in incidents(house, network_id)) == ["closed", "corroborated", "unverified"]
    with house.act(network_id, now=now) as uow:
        assert verification.close_quiet(uow) == 0


def test_without_locks_four_writers_would_not_agree(house, network_id, monkeypatch):
    """What the test above holds: two transactions that do not see each other leave two clusters where one should be."""
    monkeypatch.setattr(SightingRepository, "lock_round", lambda *_: frozenset())
    now = datetime.now(UTC)
    one, other = an_actor(house, network_id), an_actor(house, network_id)
    both_read = threading.Barrier(2, timeout=20)

    def write(actor):
        with house.act(network_id, now=now) as uow:
            uow.sightings.mark = lambda cells, _mark=uow.sightings.mark: (both_read.wait(), _mark(cells))[1]
            intake.receive(uow, [a_report(actor, observed_at=now)])

    writers = [threading.Thread(target=write, args=(actor,)) for actor in (one, other)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    rows = live(house, network_id)
    assert len(rows) == 2
    assert partition(rows) != settle([row.point for row in rows]).clusters()
