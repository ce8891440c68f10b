"""The statements that spare a large roster: the near alone are read, and everybody is counted in one pass."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from bench._people_rows import fill
from desk.dispatching import counting, gathering
from geo import cells
from geo.distance import moved
from matcher.candidates import Candidate
from matcher.eligibility import first_rule
from matcher.pairs import rank_pairs, rank_streamed
from records.cluster import PrivateCluster
from records.sql import load
from records.values import NewOffer
from tests.builders import a_network
from tests.crews import PLACE, a_crew, an_incident, as_owner

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
STATEMENTS = (
    "answering",
    "avoiding_pairs",
    "offers_settle",
    "people_by_rule",
    "people_near",
    "roster_changes",
    "roster_page",
)


@pytest.fixture
def house(fresh_database_url: str, tmp_path: Path) -> Iterator[House]:
    built = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=4))
    yield built
    built.close()


def some_people(size: int, dice: random.Random) -> list[Candidate]:
    def somewhere() -> object:
        return moved(PLACE, dice.gauss(0.0, 2_500.0), dice.gauss(0.0, 2_500.0))

    people = []
    for number in range(1, size + 1):
        later = NOW + timedelta(days=90)
        people.append(
            Candidate(
                responder_id=number,
                place=dice.choice([None, somewhere(), somewhere()]),
                position_at=NOW - timedelta(minutes=dice.choice([0, 5, 15, 16])),
                base_place=dice.choice([None, somewhere()]),
                mode=dice.choice(["foot", "bicycle", "car"]),
                observer_until=dice.choice([None, later, later, NOW]),
                trained_until=dice.choice([later, later, later, None]),
                languages=frozenset(dice.sample(["en", "es", "so"], dice.randint(1, 2))),
                available_until=dice.choice([later] * 9 + [None, NOW]),
                distressed_until=dice.choice([None] * 9 + [later]),
                opted_out_tasks=dice.choice([frozenset()] * 9 + [frozenset({"look"})]),
                cleared_total=dice.randint(0, 9),
                avoids=frozenset(dice.sample(range(1, size + 1), dice.choice([0, 0, 0, 2]))),
                lineage=dice.randint(1, 5),
            )
        )
    return people


def take_some(url: str, network_id: int, incident_id: int, dice: random.Random, size: int) -> None:
    """Some hold an offer, some wait with a yes, some have had two dispatches this shift."""
    with as_owner(url, network_id) as connection:
        asked = dice.sample(range(1, size + 1), size // 10)
        connection.execute(
            text(
                "INSERT INTO dispatch (network_id, id, incident_id, task, place, meeting_point, meeting_name, made_at,"
                " state_at) VALUES (:n, 7, :i, 'look', 1, 'POINT(0 0)', 'Corner', :now, :now)"
            ),
            {"n": network_id, "i": incident_id, "now": NOW},
        )
        for person in asked:
            connection.execute(
                text(
                    "INSERT INTO offer (network_id, id, dispatch_id, responder_id, wave, state, eta_s, offered_at,"
                    " expires_at) VALUES (:n, :p, 7, :p, 1, :state, 1, :now, :end)"
                ),
                {
                    "n": network_id,
                    "p": person,
                    "state": dice.choice(["offered", "accepted", "declined"]),
                    "now": NOW,
                    "end": NOW + timedelta(minutes=1),
                },
            )


@pytest.mark.parametrize("seed", range(3))
def test_the_near_and_the_counts_are_those_of_the_whole_roster(
    house: House, cluster: PrivateCluster, fresh_database_url: str, seed: int
) -> None:
    dice, size = random.Random(seed), 300
    network_id = a_network(fresh_database_url, policy={"pairs": {"new_below": 3}})
    incident_id = an_incident(fresh_database_url, network_id, at=NOW)
    people = some_people(size, dice)
    with cluster.superuser(fresh_database_url.rsplit("/", maxsplit=1)[-1].split("?", maxsplit=1)[0]) as connection:
        fill(connection, network_id, people, NOW, seed)
    take_some(fresh_database_url, network_id, incident_id, dice, size)
    with as_owner(fresh_database_url, network_id) as connection:
        connection.execute(text("UPDATE responder SET available_since = :since"), {"since": NOW - timedelta(hours=40)})
        connection.execute(text("UPDATE account SET suspended_at = now() WHERE id % 29 = 0"))
        connection.execute(
            text("UPDATE network SET policy = policy || CAST(:more AS jsonb)"),
            {"more": '{"pairs": {"new_below": 3, "dispatches_a_shift": 1, "offers_a_day": 1}}'},
        )
    with house.act(network_id, now=NOW) as uow:
        row = replace(uow.dispatches.scene(incident_id), reporters=frozenset({3, 4, 5}))
        scene = gathering.scene_of(uow, row, "look")
        points = gathering.where_to_meet(uow, scene)
        roster = gathering.candidates(uow, row)
        policy = uow.policy.pairs
        truth = rank_pairs(roster, scene, policy, uow.travel, points, n=5)

        counts = counting.count_everybody(uow, row, scene, points)
        assert counts.roster == len(roster) < size
        assert (counts.candidates, counts.ruled_out) == (truth.candidates, truth.ruled_out)
        assert counts.pairs_ruled_out == truth.pairs_ruled_out
        assert len(truth.ruled_out) >= 8
        assert counts.by_rule() == {rule.value: number for rule, number in truth.ruled_out.items()}

        around = gathering.PeopleAround(uow, row, [point.place for point in points])
        assert rank_streamed(around.in_order(), scene, policy, uow.travel, points, n=5) == truth.pairs
        read = [person for _, batch in around.in_order() for person in batch]
        by_id = {person.responder_id: person for person in roster}
        assert all(
            person.where(NOW, policy.position_age) == by_id[person.responder_id].where(NOW, policy.position_age)
            for person in read
        )
        going = {person.responder_id for person in roster} - truth.why.keys()
        assert going <= {person.responder_id for person in read}
        assert len({person.responder_id for person in read}) == len(read)
        assert not {"busy", "holds_offer", "not_available"} & {first_rule(person, scene, policy) for person in read}


def test_people_near_reads_one_cell_and_keeps_a_moment_old_place(house, fresh_database_url) -> None:
    network_id = a_network(fresh_database_url)
    (one, *_) = a_crew(house, network_id, 3, at=NOW)
    with house.act(network_id, now=NOW) as uow:
        (entry,) = uow.responders.roster(NOW, [one.responder_id])
        span = cells.descendants(cells.to_int(entry.cell9), 9)
        near = uow.responders.people_near([span], NOW, NOW)
        assert one.responder_id in {each.id for each in near}
        assert uow.responders.people_near([span], NOW, NOW + timedelta(seconds=1)) == []
        assert near[0].cell9 == entry.cell9


def test_offers_settle_and_answering_are_about_the_people_named(house, fresh_database_url) -> None:
    network_id = a_network(fresh_database_url)
    incident_id = an_incident(fresh_database_url, network_id, at=NOW)
    take = random.Random(1)
    crew = a_crew(house, network_id, 3, at=NOW)
    people = [member.responder_id for member in crew]
    take_some(fresh_database_url, network_id, incident_id, take, 0)
    with house.act(network_id, now=NOW) as uow:
        dispatch = uow.dispatches.lock(7)
        uow.dispatches.ask(
            7, [NewOffer(each, 60) for each in people], wave=1, offered_at=NOW, expires_at=NOW + timedelta(minutes=1)
        )
        offers = {offer.responder_id: offer for offer in uow.dispatches.offers([7])}
        mine = offers[people[0]]
        assert uow.dispatches.lock_to_answer(mine.id, people[0]) is dispatch
        assert uow.dispatches.lock_to_answer(mine.id, people[1]) is None
        uow.dispatches.answer([mine.id, offers[people[1]].id], "accepted", at=NOW)
        assert uow.dispatches.settle(7, people[:2], NOW) == [people[2]]
        found = {offer.responder_id: (offer.state, offer.settled) for offer in uow.dispatches.offers([7])}
        assert found == {
            people[0]: ("accepted", True),
            people[1]: ("accepted", True),
            people[2]: ("released", False),
        }


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_says_what_it_leans_on(name: str) -> None:
    head = [line for line in load(name).text.splitlines() if line.startswith("--")]
    assert any("eans on" in line for line in head)


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_driver_is_told_a_statement_short_enough_to_be_kept(name: str) -> None:
    spoken = load(name).driver_sql
    assert len(spoken) <= MAX_CACHED_STATEMENT_LENGTH
    assert "Leans on" not in spoken
