"""One due thing that cannot be done keeps no other from being done: every timer, and the log says so once a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import structlog
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from api.worker import Timer, Worker
from desk import checkins, corroboration, dispatching, reactions, verification
from desk.access import Actor
from desk.corroboration import writing
from records.errors import DatabaseAway
from tests.builders import a_network
from tests.crews import a_crew, an_incident, as_owner

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DESK = Actor()
MINUTE = timedelta(minutes=1)
THREE = 3


@pytest.fixture
def house(fresh_database_url, tmp_path):
    built = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=3))
    yield built
    built.close()


@pytest.fixture
def network_id(fresh_database_url):
    return a_network(fresh_database_url)


def incidents(house, network_id, status="verified"):
    url = house.settings.database_url
    return [an_incident(url, network_id, status=status, at=NOW) for _ in range(THREE)]


def pairs(house, network_id, *steps, accepted=True):
    """Three dispatches with a pair each, all at the same step; return them with the first of each pair."""
    crew = a_crew(house, network_id, 2 * THREE, at=NOW)
    made = {}
    for number, incident in enumerate(incidents(house, network_id)):
        two = crew[2 * number : 2 * number + 2]
        with house.act(network_id, now=NOW) as uow:
            asked = (two[0].responder_id, two[1].responder_id)
            dispatch = dispatching.send(uow, DESK, incident, "observe", pair=asked).id
        made[dispatch] = two[0]
        for member in two if accepted else ():
            with house.act(network_id, now=NOW) as uow:
                [offer] = [o for o in uow.dispatches.offers([dispatch]) if o.responder_id == member.responder_id]
                dispatching.accept(uow, member.actor, offer.id)
        for step in steps:
            for member in two:
                with house.act(network_id, now=NOW) as uow:
                    dispatching.progress(uow, member.actor, dispatch, step)
    return made


def asked_in_vain(house, network_id):
    return pairs(house, network_id, accepted=False)


def left_alone(house, network_id):
    made = pairs(house, network_id)
    for dispatch, member in made.items():
        with house.act(network_id, now=NOW) as uow:
            dispatching.withdraw(uow, member.actor, dispatch)
    return made


def staged(house, network_id):
    return pairs(house, network_id, "en_route", "staged")


def silent(house, network_id):
    made = staged(house, network_id)
    with house.act(network_id, now=NOW + 13 * MINUTE) as uow:
        assert checkins.missed_due(uow) == 2 * THREE
    return made


def to_weigh(house, network_id):
    made = incidents(house, network_id)
    with as_owner(house.settings.database_url, network_id) as connection:
        connection.execute(text("UPDATE incident SET weigh_again_at = :now"), {"now": NOW})
    return made


DUE = {
    dispatching.held_due: (left_alone, 11 * MINUTE),
    dispatching.expire_due: (asked_in_vain, 5 * MINUTE),
    dispatching.expected_due: (pairs, 11 * MINUTE),
    checkins.far_due: (staged, -60 * MINUTE),
    checkins.late_due: (staged, 11 * MINUTE),
    checkins.missed_due: (staged, 14 * MINUTE),
    checkins.lines_due: (silent, 25 * MINUTE),
    verification.close_quiet: (partial(incidents, status="unverified"), 100 * MINUTE),
    verification.propose_clear: (incidents, 40 * MINUTE),
    corroboration.weigh_again: (to_weigh, MINUTE),
}


def fail_for(monkeypatch, bad):
    """Let whatever is told or reckoned of one dispatch or incident fail, as a fault nobody foresaw would."""
    told, reckoned = reactions._row, writing.recount

    def tell(fact):
        if fact.subject == bad:
            raise RuntimeError
        return told(fact)

    def reckon(uow, incident_ids):
        if bad in incident_ids:
            raise RuntimeError
        return reckoned(uow, incident_ids)

    monkeypatch.setattr(reactions, "_row", tell)
    monkeypatch.setattr(writing, "recount", reckon)


def test_every_timer_that_falls_due_is_walked_here():
    """What is due is dispatches and incidents; the table names each verb, and none is left out of it."""
    assert list(DUE) == list(reactions.DUE)


@pytest.mark.parametrize("verb", DUE, ids=lambda verb: verb.__name__)
def test_one_that_fails_keeps_no_other_from_being_done(house, network_id, monkeypatch, verb):
    arrange, after = DUE[verb]
    bad = min(arrange(house, network_id))
    act = partial(house.act, now=NOW + after)
    with monkeypatch.context() as faults:
        fail_for(faults, bad)
        faults.setattr(house, "act", act)
        Worker(house, [Timer("due", 1, verb)]).sweep(0.0)
    with act(network_id) as uow:
        verb(uow)
        assert uow.portion.taken == [bad]


def test_a_fault_that_lasts_is_said_once_a_minute(house, network_id):
    def fail(_uow):
        raise RuntimeError

    worker = Worker(house, [Timer("due", 1, fail), Timer("other", 1, fail)])
    with structlog.testing.capture_logs() as logs:
        for second in range(130):
            worker.sweep(float(second))
    said = [(each["part"], each["network"], each["error"]) for each in logs]
    assert said == [(part, network_id, "RuntimeError") for _ in range(3) for part in ("due", "other")]


def test_a_database_that_is_away_is_not_asked_for_each_thing_alone(house, network_id):
    tries = []

    def away(uow):
        tries.append(uow)
        uow.portion.note([1])
        raise DatabaseAway

    Worker(house, [Timer("due", 1, away)]).sweep(0.0)
    assert len(tries) == 1
