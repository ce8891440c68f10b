"""Who may enter where, tried: every route of the service with every role, and with nobody."""

from __future__ import annotations

import pytest

from api.app import create_app
from api.deps import may
from api.settings import Settings
from desk.access import ALLOWED, OPEN_TO_ANYONE, Act
from records.enums import Role
from tests.builders import an_account, signed_in
from tests.doors import doors

STREAM = "GET /api/events"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    settings = Settings(database_url="postgresql+psycopg://x@/y", data_dir=tmp_path_factory.mktemp("table"), demo=True)
    return [door for door in doors(create_app(settings)) if door.acts]


def ask(client, door, headers):
    return client.request(door.method, door.address, headers={"Idempotency-Key": "k", **headers})


@pytest.mark.parametrize("role", Role)
def test_each_role_enters_where_the_table_says_and_nowhere_else(client, table, role):
    assert len(table) > 20
    for door in table:
        allowed = door.acts[0] in OPEN_TO_ANYONE or role in ALLOWED[door.acts[0]]
        if str(door) == STREAM and allowed:
            continue  # it does not end; the tests of the stream follow it
        answer = ask(client, door, signed_in(client, role).headers)
        refused = answer.status_code == 403 and answer.json()["title"] == "Your role does not allow this."
        assert (str(door), refused) == (str(door), not allowed)
        assert (str(door), answer.status_code) != (str(door), 401)
        assert answer.status_code < 500, (str(door), answer.text)


@pytest.mark.parametrize("lapsed", [False, True])
def test_nobody_enters_but_where_anyone_may(client, table, house, network_id, lapsed):
    headers = {}
    if lapsed:
        person = an_account(house, network_id, set(Role))
        with house.act(network_id) as uow:
            uow.accounts.end_sessions(person.id)
        headers = person.headers
    for door in table:
        answer = ask(client, door, headers)
        refused = answer.status_code == 401 and answer.json()["title"] == "Please sign in first."
        assert (str(door), refused) == (str(door), door.acts[0] not in OPEN_TO_ANYONE)
        assert answer.status_code < 500, (str(door), answer.text)


@pytest.mark.parametrize("network_policy", [{"intake": {"anonymous_reports": True}}])
def test_where_anonymous_reports_are_welcome_a_lapsed_member_is_still_asked_to_sign_in(client, house, network_id):
    client.app.get("/report", dependencies=[may(Act.REPORT)])(lambda: {"may": True})
    assert client.get("/report").status_code == 200
    assert client.post("/api/sightings", json={}, headers={"Idempotency-Key": "k"}).status_code == 422
    person = an_account(house, network_id)
    with house.act(network_id) as uow:
        uow.accounts.end_sessions(person.id)
    assert client.post("/api/sightings", json={}, headers=person.headers).status_code == 401
    assert client.get("/report", headers=person.headers).status_code == 401


def test_a_script_does_not_judge_among_real_people(client, table):
    judging = [door for door in table if door.acts[0] is Act.JUDGE]
    assert judging
    for door in judging:
        assert ask(client, door, signed_in(client, "verifier", script=True).headers).status_code == 403


@pytest.mark.parametrize("network_kind", ["demo", "rehearsal"])
def test_a_script_may_judge_where_nobody_is_real(client, table):
    for door in table:
        if door.acts[0] is Act.JUDGE:
            assert ask(client, door, signed_in(client, "verifier", script=True).headers).status_code != 403
