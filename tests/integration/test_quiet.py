"""Nothing new for half an hour: it is proposed that an incident is over (incidents_propose_clear); people end it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from api.settings import Settings
from api.wiring import House
from desk import board, reactions, verification
from desk.events import IncidentQuiet
from records.cluster import DATABASE, PrivateCluster
from records.enums import Role
from tests.builders import a_network
from tests.sightings import a_report, an_actor, told

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("quiet", template=DATABASE)
    made = House(Settings(database_url=cluster.url("quiet"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


@pytest.fixture
def spotters(house, network_id):
    actors = [an_actor(house, network_id) for _ in range(3)]
    told(house, network_id, *(a_report(each, observed_at=NOW) for each in actors[:2]), now=NOW)
    return actors


def swept(house, network_id, minutes):
    with house.act(network_id, now=NOW + timedelta(minutes=minutes)) as uow:
        found = verification.propose_clear(uow)
    assert found == len([fact for fact in uow.facts if type(fact) is IncidentQuiet])
    return found


def shown(house, network_id, minutes=0):
    with house.act(network_id, now=NOW + timedelta(minutes=minutes)) as uow:
        incident = uow.incidents.page(limit=1)[0]
        judge = an_actor(house, network_id, Role.VERIFIER)
        return incident, board.opened(uow, judge, incident.id)["properties"]


def test_it_is_proposed_once_with_a_reason_and_ends_nothing(house, network_id, spotters):
    before, _ = shown(house, network_id)
    assert (before.status, swept(house, network_id, 29)) == ("corroborated", 0)
    assert (swept(house, network_id, 31), swept(house, network_id, 32)) == (1, 0)
    incident, seen = shown(house, network_id, 45)
    assert (incident.status, incident.ended_at, incident.version) == ("corroborated", None, before.version + 1)
    assert seen["clear_proposed_at"] is not None
    assert {"text": "nothing new for 30 minutes: perhaps it is over", "weight": 0.0} in seen["reasons"]
    # That it may have gone does not make it less real.
    assert (seen["still_there"], incident.probability) == (0.5, before.probability)


def test_something_new_withdraws_it(house, network_id, spotters):
    assert swept(house, network_id, 31) == 1
    at = NOW + timedelta(minutes=33)
    told(house, network_id, a_report(spotters[2], observed_at=at), now=at)
    incident, seen = shown(house, network_id, 34)
    assert (incident.clear_proposed_at, seen["clear_proposed_at"]) == (None, None)
    assert swept(house, network_id, 60) == 0
    assert swept(house, network_id, 64) == 1


def test_one_person_ends_it_and_one_who_says_otherwise_is_not_asked_again_at_once(house, network_id, spotters):
    judges = [an_actor(house, network_id, Role.VERIFIER) for _ in range(2)]
    swept(house, network_id, 31)
    number = shown(house, network_id)[0].id
    with house.act(network_id, now=NOW + timedelta(minutes=32)) as uow:
        verification.judge(uow, judges[0], number, "unsure")
    assert shown(house, network_id)[0].clear_proposed_at is None
    assert (swept(house, network_id, 60), swept(house, network_id, 63)) == (0, 1)
    with house.act(network_id, now=NOW + timedelta(minutes=64)) as uow:
        verification.judge(uow, judges[1], number, "clear")
    assert shown(house, network_id)[0].status == "closed"


def test_an_unverified_incident_is_left_to_the_clock_that_closes_it(house, network_id):
    told(house, network_id, a_report(an_actor(house, network_id), observed_at=NOW), now=NOW)
    assert swept(house, network_id, 40) == 0


def test_the_network_says_how_long(house):
    network_id = a_network(house.settings.database_url, policy={"verification": {"over_after": 3600}})
    told(house, network_id, *(a_report(an_actor(house, network_id), observed_at=NOW) for _ in range(2)), now=NOW)
    assert (swept(house, network_id, 40), swept(house, network_id, 61)) == (0, 1)


def test_the_worker_asks_for_it():
    assert verification.propose_clear in reactions.DUE
