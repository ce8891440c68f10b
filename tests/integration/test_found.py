"""What pairs found (seats_found): weighed by trust, fading (incidents_weigh_again), and never a state by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.settings import Settings
from api.wiring import House
from desk import corroboration, dispatching, verification
from desk.corroboration.scoring import weighed
from desk.dispatching.moving import FoundOnlyWhenCleared
from geo.reliability import About, Subject
from records.cluster import DATABASE, PrivateCluster
from records.enums import Found, Role, Task
from records.told import FoundOnScene
from tests.builders import a_network
from tests.crews import a_crew, as_owner
from tests.sightings import a_report, an_actor, told

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("found", template=DATABASE)
    made = House(Settings(database_url=cluster.url("found"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


class Look:
    """An incident of two lineages, and a pair on scene there."""

    def __init__(self, house, network_id, *, task=Task.LOOK, groups=2):
        self.house, self.network_id = house, network_id
        self.spotters = [an_actor(house, network_id) for _ in range(groups)]
        told(house, network_id, *(a_report(each, observed_at=NOW) for each in self.spotters))
        self.desk = an_actor(house, network_id, Role.DISPATCHER)
        self.pair = a_crew(house, network_id, 2, at=NOW)
        one, two = (each.responder_id for each in self.pair)
        with house.act(network_id, now=NOW) as uow:
            self.incident_id = uow.incidents.page(limit=1)[0].id
            self.dispatch = dispatching.send(uow, self.desk, self.incident_id, task, pair=(one, two)).id
        for member in self.pair:
            with house.act(network_id, now=NOW) as uow:
                (offer,) = [
                    each for each in uow.dispatches.offers([self.dispatch]) if each.responder_id == member.responder_id
                ]
                dispatching.accept(uow, member.actor, offer.id)
        for step in ("en_route", "staged", "on_scene"):
            for member in self.pair:
                self.step(member, step)

    def step(self, member, step, found=None, *, after_min=0.0):
        with self.house.act(self.network_id, now=NOW + timedelta(minutes=after_min)) as uow:
            dispatching.progress(uow, member.actor, self.dispatch, step, found)

    @property
    def incident(self):
        with self.house.act(self.network_id) as uow:
            return uow.incidents.get(self.incident_id)

    def weight(self, start):
        return [each["weight"] for each in self.incident.reasons if each["text"].startswith(start)]


@pytest.fixture
def look(house, network_id):
    return Look(house, network_id)


def test_one_who_saw_nothing_is_half_believed_both_fully_and_the_state_stays(look):
    before = look.incident
    assert before.status == "corroborated"
    look.step(look.pair[0], "cleared", Found.NOTHING_FOUND)
    assert look.weight("one of a trained pair looked and saw nothing") == [pytest.approx(-1.1, abs=0.01)]
    look.step(look.pair[1], "cleared", Found.NOTHING_FOUND)
    after = look.incident
    assert look.weight("a trained pair looked and saw nothing") == [pytest.approx(-2.2, abs=0.01)]
    assert after.queue == pytest.approx(before.queue - 2.2, abs=0.01)
    assert (after.status, after.standing) == ("corroborated", before.standing)
    assert after.version > before.version


def test_what_was_found_fades_by_itself(look, house, network_id):
    for member in look.pair:
        look.step(member, "cleared", Found.NOTHING_FOUND)
    now = look.weight("a trained pair looked")[0]
    with house.act(network_id, now=NOW + timedelta(minutes=1)) as uow:
        assert corroboration.weigh_again(uow) == 0
    with house.act(network_id, now=NOW + timedelta(minutes=30)) as uow:
        assert corroboration.weigh_again(uow) == 1
    assert look.weight("a trained pair looked") == [pytest.approx(now / 2, abs=0.01)]
    with house.act(network_id, now=NOW + timedelta(hours=4)) as uow:
        assert corroboration.weigh_again(uow) == 1
    assert look.incident.weigh_again_at is None


def test_to_see_it_lifts_the_queue_and_verifies_nothing(look):
    before = look.incident
    for member in look.pair:
        look.step(member, "cleared", Found.ENFORCEMENT_SEEN)
    assert look.weight("a trained pair saw it on scene") == [pytest.approx(4.4)]
    after = look.incident
    assert after.queue > before.queue
    assert (after.status, after.standing, after.was_verified) == ("corroborated", before.standing, False)


def test_local_police_counts_against_and_each_keeps_their_own_word(look, house, network_id):
    look.step(look.pair[0], "cleared", Found.LOCAL_POLICE)
    look.step(look.pair[1], "cleared", Found.SOMETHING_ELSE)
    assert look.weight("one of a trained pair found local police on scene") == [pytest.approx(-1.2)]
    assert look.weight("one of those on scene found something else") == [0.0]
    with house.act(network_id) as uow:
        assert {each.found for each in uow.dispatches.seats([look.dispatch])} == {"local_police", "something_else"}


def test_nothing_found_by_whoever_was_not_sent_to_look_weighs_nothing():
    told_ = FoundOnScene(1, 2, Task.ACCOMPANY, Found.NOTHING_FOUND, NOW, 3)
    at = NOW.timestamp()
    assert weighed([told_], [at], at) == ([], [])
    (doubt,), seen = weighed([replace(told_, task=Task.LOOK)], [at - 60.0, at + 60.0], at)
    # What was reported after the look does not make it early.
    assert (doubt.trust, doubt.late_s, seen) == (0.5, 60.0, [])


def test_nobody_says_what_they_found_before_they_are_done(look, house, network_id):
    look.step(look.pair[0], "cleared")
    with pytest.raises(FoundOnlyWhenCleared):
        look.step(look.pair[1], "on_scene", Found.NOTHING_FOUND)
    with pytest.raises(IntegrityError), as_owner(house.settings.database_url, network_id) as connection:
        connection.execute(
            text("UPDATE seat SET found = 'drill', found_at = now() WHERE dispatch_id = :id AND step < 4"),
            {"id": look.dispatch},
        )


def test_closed_after_both_found_nothing_counts_against_the_sources_and_a_late_look_does_not(house, network_id):
    look = Look(house, network_id, groups=1)
    for member in look.pair:
        look.step(member, "cleared", Found.NOTHING_FOUND, after_min=10)
    late = Look(house, a_network(house.settings.database_url), groups=1)
    for member in late.pair:
        late.step(member, "cleared", Found.NOTHING_FOUND, after_min=50)
    for each, counted in ((look, (0, 1)), (late, (0, 0))):
        with house.act(each.network_id, now=NOW + timedelta(hours=3)) as uow:
            verification.judge(uow, each.desk, each.incident_id, "clear")
        assert each.incident.status == "closed"
        about = Subject(About.LINEAGE, str(each.spotters[0].lineage))
        with house.act(each.network_id) as uow:
            record = uow.reliability.of([about]).get(about)
        assert counted == ((0, 0) if record is None else (record.real, record.unreal))
