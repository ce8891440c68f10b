"""A crowd is served: who has a place waits for nothing, who gets none is told, and health answers meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import text

from api import line as lines
from api.deps import get_uow
from records import engine
from records.enums import Role
from tests.acceptance.conftest import ADDRESS
from tests.builders import an_account
from tests.doors import AN_ID, doors
from web.main import create_site
from web.templating import static

PLAIN = "/api/passphrase"
"""A door that opens a transaction and does no more."""


@pytest.fixture
def app(settings):
    return create_site(settings)


def crowded(app, story):
    """Run a story with a client that speaks to the application on one event loop."""

    async def run():
        async with app.router.lifespan_context(app):
            through = httpx.ASGITransport(app, client=("127.0.0.1", 4711))
            async with httpx.AsyncClient(transport=through, base_url=ADDRESS, timeout=60) as client:
                assert (await client.get(PLAIN)).status_code == 200
                return await story(client, app.state.admission.line())

    return asyncio.run(run())


def test_three_hundred_at_once_are_all_answered_by_four_connections(app):
    async def story(client, _line):
        app.state.house.engine.pool._max_overflow = 0
        asked = (PLAIN, "/sign-in", "/tiles/base/1/0/0.mvt") * 100
        answers = await asyncio.gather(*(client.get(path) for path in asked))
        return Counter(answer.status_code for answer in answers)

    assert crowded(app, story) == {200: 300}


def test_who_does_not_fit_is_told_so_and_when_to_come_back(app, monkeypatch):
    monkeypatch.setattr(lines, "_ALWAYS_MOST", 0)

    async def story(client, line):
        line._work_s = 1000.0
        for _ in range(line._places):
            await line.enter(member=True)
        refused = await asyncio.wait_for(client.get("/sign-in"), 5)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["content-type"] == "application/problem+json"
        assert "try again" in refused.json()["title"]
        assert line.waiting == 0

    crowded(app, story)


def test_health_and_files_answer_while_every_place_is_held(app):
    async def story(client, line):
        for _ in range(line._places):
            await line.enter(member=True)
        page = asyncio.create_task(client.get("/sign-in"))
        assert (await asyncio.wait_for(client.get("/healthz"), 5)).json()["status"] == "ok"
        assert (await asyncio.wait_for(client.get(static("tandem.css")), 5)).status_code == 200
        assert line.waiting == 1
        assert not page.done()
        line.leave(member=True, since=line._clock())
        return (await asyncio.wait_for(page, 20)).status_code

    assert crowded(app, story) == 200


def _scope(app, door, headers=()):
    path, _, query = door.address.partition("?")
    return {
        "type": "http",
        "http_version": "1.1",
        "method": door.method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/json"), *headers],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 4711),
        "state": {},
        "app": app,
    }


IN_ACTS = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'")


def test_no_route_opens_anything_while_a_body_arrives(app, settings):
    writing = [door for door in doors(app) if door.method not in {"GET", "HEAD"}]
    assert len(writing) > 30

    async def story(_client, line):
        app.state.watch.close()  # it looks at the database by itself now and then
        watcher = engine.owner_engine(settings.database_url)
        held = {}
        for door in writing:
            rest, sent = asyncio.Event(), []
            pieces = [{"type": "http.request", "body": b"{", "more_body": True}]

            async def receive(pieces=pieces, rest=rest):
                if pieces:
                    return pieces.pop()
                await rest.wait()
                return {"type": "http.request", "body": b"}", "more_body": False}

            async def send(message, sent=sent):
                sent.append(message)

            asked = asyncio.create_task(app(_scope(app, door, [(b"authorization", b"Bearer none")]), receive, send))
            await asyncio.sleep(0.01)
            held[str(door)] = app.state.house.engine.pool.checkedout(), line.at_work
            if len(held) % 10 == 0:
                with watcher.connect() as connection:
                    assert connection.execute(IN_ACTS).scalar_one() == 0
            rest.set()
            await asyncio.wait_for(asked, 20)
            assert sent[0]["type"] == "http.response.start"
        return {door: counts for door, counts in held.items() if counts != (0, 0)}

    assert crowded(app, story) == {}


def test_a_body_that_stands_still_is_let_go(app, monkeypatch):
    monkeypatch.setattr("api.arriving.QUIET_MOST_S", 0.05)

    async def story(client, line):
        async def never_whole():
            yield b"{"
            await asyncio.sleep(3600)

        answer = await asyncio.wait_for(client.post("/api/session", content=never_whole()), 20)
        assert (answer.status_code, line.at_work) == (408, 0)
        assert "send it again" in answer.json()["title"]

    crowded(app, story)


def test_a_place_is_given_back_when_the_answer_begins(app):
    door = next(door for door in doors(app) if door.path == "/sign-in" and door.method == "GET")

    async def story(_client, line):
        reading, began = asyncio.Event(), asyncio.Event()

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_message):
            began.set()
            await reading.wait()

        asked = asyncio.create_task(app(_scope(app, door), receive, send))
        await asyncio.wait_for(began.wait(), 20)
        assert (line.at_work, app.state.house.engine.pool.checkedout()) == (0, 0)
        reading.set()
        await asked

    crowded(app, story)


def test_what_was_acknowledged_is_committed_when_the_answer_begins(app, settings):
    door = next(door for door in doors(app) if str(door) == "POST /api/vouchers")
    watcher = engine.owner_engine(settings.database_url)

    async def story(_client, _line):
        house, network_id = app.state.house, app.state.default_network_id
        organizer = an_account(house, network_id, [Role.ORGANIZER])
        kept = []

        async def receive():
            return {"type": "http.request", "body": b'{"roles": ["spotter"]}', "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                with watcher.connect() as connection:
                    connection.execute(
                        text("SELECT set_config('tandem.network_id', :network, true)"), {"network": str(network_id)}
                    )
                    found = connection.execute(
                        text("SELECT count(*) FROM voucher WHERE network_id = :network"), {"network": network_id}
                    )
                    kept.append((message["status"], found.scalar_one()))

        signed_in = [(name.lower().encode(), said.encode()) for name, said in organizer.headers.items()]
        headers = [(b"idempotency-key", b"once"), *signed_in]
        await app(_scope(app, door, headers), receive, send)
        return kept

    assert crowded(app, story) == [(201, 1)]


def _scopes_of_acts(dependant):
    for each in dependant.dependencies if dependant else ():
        if each.call is get_uow:
            yield each.scope
        yield from _scopes_of_acts(each)


def test_every_act_is_over_before_its_answer_begins(app):
    found = {
        route.path: set(_scopes_of_acts(getattr(route, "dependant", None))) for route in iter_route_contexts(app.routes)
    }
    assert sum(bool(scopes) for scopes in found.values()) > 60
    assert {path: scopes for path, scopes in found.items() if scopes - {"function"}} == {}


@pytest.mark.parametrize("act", ["retract", "status"])
def test_tries_with_a_receipt_are_counted(app, act):
    async def story(client, _line):
        tried = [
            await client.post(f"/api/sightings/{AN_ID[:-2]}{n:02}/{act}", json={"receipt": "0000-0000-0000"})
            for n in range(11)
        ]
        assert int(tried[-1].headers.get("retry-after", 0)) >= 1
        return [each.status_code for each in tried]

    answers = crowded(app, story)
    assert set(answers[:10]) & {429} == set()
    assert answers[10] == 429
