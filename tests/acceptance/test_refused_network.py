"""A network whose numbers cannot be used is refused with the reason; all others, and the log, have peace."""

from __future__ import annotations

import json
import time

import pytest
import structlog
from sqlalchemy import text
from starlette.testclient import TestClient

from api import relay as relaying
from api.app import create_app
from api.watch import LATE_S, Watch
from api.wiring import House
from api.worker import Timer, Worker
from desk.policy import PolicyUnusable
from records import engine, ids
from tests.acceptance.conftest import ADDRESS
from tests.acceptance.watching import Watch as Follower
from tests.builders import a_network, signed_in

SOMEBODY = {"alias": "calm-heron", "passphrase": "seven plain words that are not right"}
BROKEN = {"pairs": {"rest": 60}}


def set_numbers(url, network_id, numbers):
    owner = engine.owner_engine(url)
    with owner.begin() as connection:
        told = {"policy": json.dumps(numbers), "id": network_id}
        connection.execute(text("UPDATE network SET policy = CAST(:policy AS jsonb) WHERE id = :id"), told)
    owner.dispose()


@pytest.fixture
def broken(fresh_database_url):
    """Two networks, the numbers of the first cannot be used."""
    ids = a_network(fresh_database_url, slug="unsound"), a_network(fresh_database_url, slug="sound")
    set_numbers(fresh_database_url, ids[0], BROKEN)
    return ids


@pytest.fixture
def settings(settings, fresh_database_url, broken):
    return settings.model_copy(update={"database_url": fresh_database_url, "network": "unsound"})


def test_its_people_read_the_reason_and_readiness_names_it(client, broken):
    """The service is ready, as others are served; what it says names the network and the part of its numbers."""
    answer = client.post("/api/session", json=SOMEBODY)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == PolicyUnusable.__doc__
    deadline = time.monotonic() + 10
    while not client.get("/healthz").json()["refused"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.get("/readyz").json()["refused"] == [{"network": broken[0], "part": "pairs"}]


def test_others_are_served_beside_it(settings, broken):
    with TestClient(create_app(settings.model_copy(update={"network": "sound"})), base_url=ADDRESS) as other:
        assert other.post("/api/session", json=SOMEBODY).status_code == 401


@pytest.fixture
def alone(settings, broken):
    """What a door needs, beside which no service runs."""
    house = House(settings)
    yield house
    house.close()


def test_the_worker_does_the_others_work_and_says_it_once_a_minute(alone, broken):
    done = []
    timers = [Timer(name, 1, lambda uow: done.append(uow.network.id) or 0) for name in ("one", "other")]
    worker = Worker(alone, timers)
    with structlog.testing.capture_logs() as logs:
        for second in range(60):
            worker.sweep(float(second))
    assert set(done) == {broken[1]}
    assert [(each["network"], each["part"]) for each in logs] == [(broken[0], "pairs")]


def test_it_is_named_at_the_start(alone, broken):
    watch = Watch(alone, stream_works=lambda: True, stands_in=False)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            watch.look()
    assert [each for each in logs if each["event"] == "a network is refused"] == [
        {"event": "a network is refused", "log_level": "error", "network": broken[0], "part": "pairs"}
    ]
    set_numbers(alone.settings.database_url, broken[0], {})
    watch.look()
    assert watch.refused() == ()


def test_its_stream_is_no_dead_part_and_its_viewers_are_told_on_when_it_is_mended(client, broken, monkeypatch):
    """That the log of one network cannot be read is no reason to call the stream of all others dead."""
    url, relay = client.app.state.house.settings.database_url, client.app.state.relay
    set_numbers(url, broken[0], {})
    with structlog.testing.capture_logs() as logs, Follower(client, signed_in(client, "dispatcher").headers) as viewer:
        monkeypatch.setattr(relaying, "_LONGEST_PAUSE_S", 0.05)
        set_numbers(url, broken[0], BROKEN)
        viewer.wait(lambda: any(each["event"] == "stream.unread" for each in logs))
        [channel] = relay._channels.values()
        channel.read_at -= 2 * LATE_S
        time.sleep(1)
        assert relay.silent_s() == 0
        set_numbers(url, broken[0], {})
        with client.app.state.house.act(broken[0]) as uow:
            uow.events.append([{"kind": "dispatch.held", "subject": ids.new_id(), "responder_id": None}])
        viewer.wait_for("dispatch.held")
        channel.read_at -= 2 * LATE_S
        assert relay.silent_s() > 0
    assert sum(each["event"] == "stream.unread" for each in logs) == 1
