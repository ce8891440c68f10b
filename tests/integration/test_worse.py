"""The same person reports again and says more: the incident rises, and still rests on one voice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from api.settings import Settings
from api.wiring import House
from desk import board, intake
from desk.events import IncidentChanged
from records import ids
from records.cluster import DATABASE, PrivateCluster
from tests.builders import a_network
from tests.sightings import a_report, an_actor, told

RISEN = "reported patrol first and arrest then"


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("worse", template=DATABASE)
    made = House(Settings(database_url=cluster.url("worse"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


def incident(house, network_id):
    with house.act(network_id) as uow:
        [found] = uow.incidents.page(limit=10)
        return found


def assert_counted_alike(house, network_id, found):
    """What memory said is what the rows say."""
    with house.act(network_id) as uow:
        groups = uow.incidents.groups([found.id])
        [figures] = uow.incidents.figures([found.id])
    assert (found.vouched_groups, found.groups, found.sightings) == (
        figures.vouched_groups,
        figures.groups,
        figures.sightings,
    )
    return groups


@pytest.mark.parametrize("others", [0, 1, 2])
@pytest.mark.parametrize("before", [1, 3])
def test_patrol_then_arrest_raises_the_incident_and_adds_no_voice(house, network_id, others, before):
    now = datetime.now(UTC)
    person = an_actor(house, network_id)
    for number in range(others):
        other = an_actor(house, network_id)
        told(house, network_id, a_report(other, observed_at=now, activity="patrol", north_m=10 * number), now=now)
    for _ in range(before):
        told(house, network_id, a_report(person, observed_at=now, activity="patrol"), now=now)
    former = incident(house, network_id)
    assert (former.activity, former.vouched_groups) == ("patrol", 1 + others)
    later = now + timedelta(minutes=2)
    with house.act(network_id, now=later) as uow:
        [received] = intake.receive(uow, [a_report(person, observed_at=later, activity="arrest")])
    assert IncidentChanged in {type(fact) for fact in uow.facts}
    found = incident(house, network_id)
    assert found.activity == "arrest"
    assert found.version > former.version
    assert any(RISEN in reason["text"] for reason in found.reasons)
    # More urgent, not more certain.
    assert (found.vouched_groups, found.status) == (former.vouched_groups, former.status)
    assert found.standing == pytest.approx(former.standing)
    assert found.probability == pytest.approx(former.probability)
    [own] = [each for each in assert_counted_alike(house, network_id, found) if each.activity == "arrest"]
    assert own.activity_before == "patrol"
    # Taken back, it is what it was.
    with house.act(network_id, now=later) as uow:
        intake.retract(uow, received.id, received.receipt)
    back = incident(house, network_id)
    assert back.activity == "patrol"
    assert not any(RISEN in reason["text"] for reason in back.reasons)


def test_second_hand_and_then_worse_with_own_eyes_raises_it_too(house, network_id):
    now = datetime.now(UTC)
    person, first, second = (an_actor(house, network_id) for _ in range(3))
    for other in (first, second):
        told(house, network_id, a_report(other, observed_at=now, activity="patrol"), now=now)
    heard = a_report(person, observed_at=now - timedelta(minutes=2), activity="patrol", second_hand=True)
    told(house, network_id, heard, now=now)
    assert (incident(house, network_id).activity, incident(house, network_id).vouched_groups) == ("patrol", 2)
    told(house, network_id, a_report(person, observed_at=now, activity="arrest"), now=now)
    found = incident(house, network_id)
    # What was only heard was no voice; what was seen is one.
    assert (found.activity, found.vouched_groups, found.groups) == ("arrest", 3, 3)
    assert any(RISEN in reason["text"] for reason in found.reasons)


def test_what_was_only_heard_raises_nothing(house, network_id):
    now = datetime.now(UTC)
    person = an_actor(house, network_id)
    told(house, network_id, a_report(person, observed_at=now, activity="patrol"), now=now)
    told(house, network_id, a_report(person, observed_at=now, activity="arrest", second_hand=True), now=now)
    assert incident(house, network_id).activity == "patrol"


def test_arrest_then_patrol_lowers_nothing(house, network_id):
    now = datetime.now(UTC)
    person = an_actor(house, network_id)
    for minute, word in enumerate(("arrest", "patrol", "patrol")):
        told(
            house, network_id, a_report(person, observed_at=now - timedelta(minutes=3 - minute), activity=word), now=now
        )
    found = incident(house, network_id)
    assert (found.activity, found.vouched_groups) == ("arrest", 1)
    assert found.reasons[-1]["text"] == "2 more reports from the same sources: adds nothing"


def test_many_reports_of_one_person_outvote_nobody(house, network_id):
    now = datetime.now(UTC)
    busy, first, second = (an_actor(house, network_id) for _ in range(3))
    for _ in range(5):
        told(house, network_id, a_report(busy, observed_at=now, activity="surveillance"), now=now)
    told(house, network_id, a_report(first, observed_at=now, activity="stop"), now=now)
    told(house, network_id, a_report(second, observed_at=now, activity="stop"), now=now)
    assert incident(house, network_id).activity == "stop"


def test_what_became_worse_comes_before_what_did_not_in_the_queue(house, network_id):
    now = datetime.now(UTC)
    places = {an_actor(house, network_id): 0, an_actor(house, network_id): 9_000}
    sent = {actor: a_report(actor, observed_at=now, activity="patrol", east_m=east) for actor, east in places.items()}
    told(house, network_id, *sent.values(), now=now)

    def order():
        with house.act(network_id) as uow:
            return [each["properties"] for each in board.queue(uow, sends=False, limit=5)]

    behind = order()[-1]
    with house.act(network_id) as uow:
        [source] = uow.incidents.groups([ids.read(behind["id"])])
    actor = next(each for each in places if each.lineage == source.source_group)
    told(house, network_id, a_report(actor, observed_at=now, activity="arrest", east_m=places[actor]))
    first, second = order()
    assert (first["id"], first["activity"], second["activity"]) == (behind["id"], "arrest", "patrol")
    assert (first["vouched_groups"], second["vouched_groups"]) == (1, 1)
