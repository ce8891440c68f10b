"""The roster in memory equals the rows at any moment, whoever changes what, and never shows what is not committed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from desk import dispatching, remembered
from desk.access import Actor
from desk.dispatching import counting, gathering
from desk.errors import DeskError
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.distance import moved
from matcher.ground import Ground
from matcher.pairs import rank_streamed
from tests.builders import a_network
from tests.crews import PLACE, Member, a_crew, an_incident, as_owner

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def house(fresh_database_url: str, tmp_path: Path) -> Iterator[House]:
    built = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=4))
    yield built
    built.close()


def everybody(ground: Ground, now: datetime) -> dict[int, object]:
    """Return whoever stands anywhere, as the ground has them at a moment."""
    people = ground.in_order([PLACE], Anyhow(), now, timedelta(minutes=15))
    found = [remembered.as_of(person, now, ()) for _, batch in people for person in batch]
    assert len({person.responder_id for person in found}) == len(found)
    return {person.responder_id: person for person in found}


class Anyhow:
    """Travel times that rule nobody out."""

    @staticmethod
    def lower_bound(metres, _mode):
        return metres


def agree(uow: UnitOfWork, incident_id: int) -> None:
    """Compare what is remembered with the rows: each person, the best pairs, the counts."""
    row = uow.dispatches.scene(incident_id)
    ground, age = uow.ground(), uow.policy.pairs.position_age
    assert ground is not None
    rows = gathering.candidates(uow, row)
    standing = {person.responder_id: person for person in rows if person.where(uow.now, age) is not None}
    known = everybody(ground, uow.now)
    assert known.keys() == standing.keys()
    for number, person in standing.items():
        seen, here = known[number], person.where(uow.now, age)
        assert seen.where(uow.now, age) == here
        unplaced = {"place": None, "position_at": None}
        assert replace(seen, **unplaced) == replace(person, **unplaced)
    scene = gathering.scene_of(uow, row, "look")
    points = gathering.where_to_meet(uow, scene)
    places = [point.place for point in points]
    around = gathering.PeopleAround(uow, row, places)
    by_rows = gathering.PeopleAround(uow, row, places)
    by_rows._looks = by_rows._from_the_database()
    ours, theirs = (
        rank_streamed(each.in_order(), scene, uow.policy.pairs, uow.travel, points, n=5) for each in (around, by_rows)
    )
    assert ours == theirs
    assert counting.count_everybody(uow, row, scene, points) == counting.count_in_the_database(uow, row, scene, points)


class Days:
    """People who do what they do, at random."""

    def __init__(self, house: House, url: str, network_id: int, incident_id: int, seed: int) -> None:
        self.house, self.url, self.network_id, self.incident_id = house, url, network_id, incident_id
        self.dice, self.now = random.Random(seed), NOW
        self.crew = a_crew(house, network_id, 12, observers=7, at=NOW)

    def step(self) -> str:
        acts = (
            self.send,
            self.send,
            self.send,
            self.answer,
            self.answer,
            self.answer,
            self.walk,
            self.walk,
            self.walk,
            self.cancel,
        )
        quiet = (self.move, self.come_or_go, self.suspend, self.avoid, self.certify, self.wait)
        act = self.dice.choice(acts + quiet)
        try:
            act(self.dice.choice(self.crew))
        except DeskError as error:
            return f"{act.__name__}: {type(error).__name__}"
        return act.__name__

    def _in(self):
        return self.house.act(self.network_id, now=self.now)

    def send(self, _: Member) -> None:
        with self._in() as uow:
            dispatching.send(uow, Actor(), self.incident_id, "look", wave=4)
            agree(uow, self.incident_id)

    def answer(self, _: Member) -> None:
        for member in self.crew:
            with self._in() as uow:
                asked = [
                    each for each in uow.dispatches.offers_to(member.responder_id, self.now) if each.state == "offered"
                ]
                if asked:
                    (dispatching.accept if self.dice.random() < 0.8 else dispatching.decline)(
                        uow, member.actor, asked[0].id
                    )
                    return

    def walk(self, _: Member) -> None:
        for member in self.crew:
            with self._in() as uow:
                seats = [each for each in uow.dispatches.seats_of(member.responder_id, self.now) if each.active]
                if seats and self.dice.random() < 0.7:
                    steps = ("en_route", "staged", "on_scene", "cleared", "cleared")
                    step = "withdraw" if self.dice.random() < 0.1 else steps[seats[0].step]
                    dispatching.progress(uow, member.actor, seats[0].dispatch_id, step)
                    return

    def cancel(self, _: Member) -> None:
        with self._in() as uow:
            found = uow.dispatches.page(open_only=True, limit=5)
            if found and self.dice.random() < 0.3:
                dispatching.cancel(uow, Actor(), found[0].id)

    def move(self, member: Member) -> None:
        with self._in() as uow:
            spot = moved(PLACE, self.dice.gauss(0, 900), self.dice.gauss(0, 900))
            uow.responders.stand_at(member.responder_id, cells.cell_at(spot, 9), self.now)

    def come_or_go(self, member: Member) -> None:
        with self._in() as uow:
            if self.dice.random() < 0.1:
                uow.responders.make_unavailable([member.responder_id], self.now)
            else:
                until = self.now + timedelta(hours=self.dice.choice([1, 8, 8]))
                uow.responders.make_available(
                    member.responder_id, since=self.now, until=until, mode="foot", rules_read_at=self.now
                )

    def suspend(self, member: Member) -> None:
        with as_owner(self.url, self.network_id) as connection:
            connection.execute(
                text("UPDATE account SET suspended_at = CASE WHEN suspended_at IS NULL THEN now() END WHERE id = :id"),
                {"id": member.person.id},
            )

    def avoid(self, member: Member) -> None:
        with self._in() as uow:
            uow.responders.avoid(member.responder_id, [self.dice.choice(self.crew).responder_id])

    def certify(self, member: Member) -> None:
        with as_owner(self.url, self.network_id) as connection:
            connection.execute(
                text(
                    "DELETE FROM certificate c WHERE responder_id = :id AND kind = 'observer' AND NOT EXISTS"
                    " (SELECT FROM seat s WHERE s.responder_id = c.responder_id AND s.cert_kind = c.kind)"
                ),
                {"id": member.responder_id},
            )

    def wait(self, _: Member) -> None:
        self.now += timedelta(minutes=self.dice.choice([1, 5, 20, 300]))
        with self._in() as uow:
            dispatching.expire_due(uow)
            dispatching.held_due(uow)


@pytest.mark.parametrize("seed", range(2))
def test_memory_equals_the_rows_after_every_act(house: House, fresh_database_url: str, seed: int) -> None:
    network_id = a_network(fresh_database_url, policy={"pairs": {"scene_cap": 3}})
    incident_id = an_incident(fresh_database_url, network_id, at=NOW)
    days = Days(house, fresh_database_url, network_id, incident_id, seed)
    done = []
    for _ in range(100):
        done.append(days.step())
        with house.act(network_id, now=days.now) as uow:
            agree(uow, incident_id)
    assert {"send", "answer", "walk", "move", "come_or_go", "suspend", "avoid", "certify", "wait"} <= set(done)


def is_away(uow: UnitOfWork, member: Member) -> bool:
    ground = uow.ground()
    assert ground is not None
    until = everybody(ground, uow.now)[member.responder_id].available_until
    return until is None or until <= uow.now


def test_a_late_commit_is_seen_and_nothing_is_before_it(house: House, fresh_database_url: str) -> None:
    network_id = a_network(fresh_database_url)
    one, other, *_ = a_crew(house, network_id, 3, at=NOW)
    base = cells.cell_at(PLACE, 9)
    with house.act(network_id, now=NOW) as uow:
        for member in (one, other):
            uow.responders.join(member.person.id, languages=["en"], mode="bicycle", base_cell9=base)
    at = {"now": NOW + timedelta(minutes=1)}
    with house.act(network_id, **at) as slow:
        slow.responders.make_unavailable([one.responder_id], NOW)
        assert is_away(slow, one)
        with house.act(network_id, **at) as quick:
            assert not is_away(quick, one)
            quick.responders.make_unavailable([other.responder_id], NOW)
            assert is_away(quick, other)
            assert not is_away(slow, other)
        with house.act(network_id, **at) as third:
            # The later transaction is in, the earlier one is still open.
            assert (is_away(third, one), is_away(third, other)) == (False, True)
    with house.act(network_id, **at) as after:
        assert (is_away(after, one), is_away(after, other)) == (True, True)


def test_what_was_rolled_back_was_never_remembered(house: House, fresh_database_url: str) -> None:
    network_id = a_network(fresh_database_url)
    one, *_ = a_crew(house, network_id, 3, at=NOW)

    class Nevermind(Exception):
        pass

    at = {"now": NOW + timedelta(minutes=1)}
    with house.act(network_id, **at) as uow:
        assert not is_away(uow, one)
    incident_id = an_incident(fresh_database_url, network_id, at=NOW)

    def move_and_fail() -> None:
        with house.act(network_id, **at) as uow:
            uow.responders.stand_at(one.responder_id, cells.cell_at(moved(PLACE, 900.0, 0.0), 9), uow.now)
            agree(uow, incident_id)
            raise Nevermind

    with pytest.raises(Nevermind):
        move_and_fail()
    with house.act(network_id, **at) as uow:
        agree(uow, incident_id)


def test_places_are_forgotten_once_they_count_no_longer(house: House, fresh_database_url: str) -> None:
    network_id = a_network(fresh_database_url)
    a_crew(house, network_id, 3, at=NOW)
    with house.act(network_id, now=NOW) as uow:
        assert len(everybody(uow.ground(), NOW)) == 3
    memory = house._rosters[network_id].memory
    assert all(person.here for person in memory._copy.people.values())
    with house.act(network_id, now=NOW + timedelta(minutes=17)) as uow:
        uow.ground()
    assert not any(person.here or person.candidate.place for person in memory._copy.people.values())


def test_a_roster_nobody_leans_on_is_forgotten(house: House, fresh_database_url: str) -> None:
    network_id = a_network(fresh_database_url)
    a_crew(house, network_id, 3, at=NOW)
    with house.act(network_id, now=NOW) as uow:
        uow.ground()
    kept = house._rosters[network_id]
    house._forget_idle()
    assert kept.memory.is_loaded()
    kept.used_at -= 900.0
    house._forget_idle()
    assert not kept.memory.is_loaded()
    with house.act(network_id, now=NOW) as uow:
        assert len(everybody(uow.ground(), NOW)) == 3


def test_statements_stay_prepared_when_an_act_is_refused(house: House, fresh_database_url: str) -> None:
    network_id = a_network(fresh_database_url)
    for _ in range(8):
        with house.act(network_id, now=NOW) as uow:
            uow.responders.roster_page(-1, 10)
    with pytest.raises(ZeroDivisionError), house.act(network_id, now=NOW) as uow:
        uow.responders.roster_page(1 // 0, 10)
    with house.act(network_id, now=NOW) as uow:
        kept = uow._session.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one()
    assert kept >= 3
