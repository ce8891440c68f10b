"""Accounts, vouchers and sessions over HTTP, as people meet them."""

from __future__ import annotations

import pytest

from api import limits
from api.security import COOKIE
from desk import accounts
from desk.accounts.passphrases import Cost
from records.enums import Role
from tests.acceptance.conftest import ADDRESS
from tests.builders import CHEAP_KIB, PASSPHRASE, signed_in

CHEAP = Cost(memory_kib=CHEAP_KIB)


@pytest.fixture
def dispatcher(house, network_id):
    with house.act(network_id) as uow:
        return accounts.add(uow, {Role.DISPATCHER}, alias="quiet-heron", passphrase=PASSPHRASE, cost=CHEAP)


def sign_in(client, alias="quiet-heron", passphrase=PASSPHRASE, **given):
    return client.post("/api/session", json={"alias": alias, "passphrase": passphrase}, **given)


def test_sign_in_look_sign_out(client, dispatcher):
    answer = sign_in(client)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["alias"], told["roles"]) == ("quiet-heron", ["dispatcher"])
    bearer = {"Authorization": f"Bearer {told['token']}"}
    me = client.get("/api/me", headers=bearer)
    assert me.status_code == 200
    assert me.json()["roles"] == ["dispatcher"]
    assert me.json()["network"]["kind"] == "live"
    out = client.delete("/api/session", headers=bearer)
    assert out.status_code == 204
    assert out.headers["clear-site-data"] == '"*"'
    again = client.get("/api/me", headers=bearer)
    assert again.status_code == 401
    assert again.headers["www-authenticate"] == "Bearer"
    assert again.json()["title"] == "Please sign in first."


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client, dispatcher):
    answer = sign_in(client)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={answer.json()['token']};")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "max-age=43200",
        "path=/",
        "samesite=strict",
        "secure",
    }
    browser = {"Cookie": f"{COOKIE}={answer.json()['token']}"}
    assert client.get("/api/me", headers=browser).json()["alias"] == "quiet-heron"


def test_every_login_gets_its_own_session(client, dispatcher):
    first, second = sign_in(client).json()["token"], sign_in(client).json()["token"]
    assert first != second
    client.delete("/api/session", headers={"Authorization": f"Bearer {first}"})
    assert client.get("/api/me", headers={"Authorization": f"Bearer {second}"}).status_code == 200


def test_an_unknown_alias_gets_the_answer_of_a_wrong_passphrase(client, dispatcher):
    wrong = sign_in(client, passphrase="not the passphrase at all")
    unknown = sign_in(client, alias="nobody-here")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content
    assert dict(wrong.headers) == dict(unknown.headers)
    assert "heron" not in wrong.text


def test_after_wrong_tries_the_alias_waits_known_or_not(client, dispatcher):
    for alias in ("quiet-heron", "nobody-here"):
        assert sign_in(client, alias=alias, passphrase="wrong wrong wrong wrong").status_code == 401
        second = sign_in(client, alias=alias, passphrase="wrong wrong wrong wrong")
        assert second.status_code == 429
        assert second.headers["retry-after"] == "1"
    client.app.state.counters.delays._clock = lambda: 1e12
    assert sign_in(client).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"alias": "quiet-heron"},
        {"alias": "quiet-heron", "passphrase": "x" * 129},
        {"alias": "SECRET" * 20, "passphrase": "x"},
        {"alias": ["SECRET"], "passphrase": "x"},
        {"alias": "quiet-heron", "passphrase": "SECRET", "remember": "SECRET"},
    ],
)
def test_a_login_that_is_no_login_is_refused_without_an_echo(client, body):
    answer = client.post("/api/session", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "SECRET" not in answer.text
    assert "xxx" not in answer.text


@pytest.mark.parametrize("host", ["tandem.example", "192.0.2.7:8000", "localhost.example"])
def test_no_passphrase_travels_in_the_open(client, dispatcher, host):
    assert sign_in(client, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_on_the_machine_itself_plain_http_is_fine(client, dispatcher, host):
    assert sign_in(client, headers={"Host": host}).status_code == 201


def test_from_voucher_to_account(client):
    organizer = signed_in(client, "organizer")
    headers = organizer.headers
    made = client.post("/api/vouchers", json={"roles": ["spotter"]}, headers=headers)
    assert made.status_code == 201
    assert client.post("/api/vouchers", json={"roles": ["spotter"]}, headers=headers).json() == made.json()
    other = client.post("/api/vouchers", json={"roles": ["responder"]}, headers=headers)
    assert other.status_code == 422
    offered = client.get("/api/passphrase").json()["passphrase"]
    body = {"code": made.json()["code"], "passphrase": offered}
    first = client.post("/api/vouchers/redeem", json=body, headers={"Idempotency-Key": "a"})
    assert first.status_code == 201
    assert first.json()["roles"] == ["spotter"]
    retried = client.post("/api/vouchers/redeem", json=body, headers={"Idempotency-Key": "a"})
    assert (retried.status_code, retried.json()) == (201, first.json())
    changed = {**body, "passphrase": offered + " and more"}
    assert client.post("/api/vouchers/redeem", json=changed, headers={"Idempotency-Key": "a"}).status_code == 422
    used = client.post("/api/vouchers/redeem", json=body, headers={"Idempotency-Key": "b"})
    assert used.status_code == 409
    assert made.json()["code"] not in used.text
    assert sign_in(client, alias=first.json()["alias"], passphrase=offered).status_code == 201


def test_codes_and_passphrases_are_kept_nowhere(client, house, network_id):
    headers = signed_in(client, "organizer").headers
    code = client.post("/api/vouchers", json={"roles": ["spotter"]}, headers=headers).json()["code"]
    body = {"code": code, "passphrase": PASSPHRASE}
    assert client.post("/api/vouchers/redeem", json=body, headers={"Idempotency-Key": "a"}).status_code == 201
    with house.act(network_id) as uow:
        connection = uow._session.connection()
        for table in ("account", "voucher", "session", "idempotency", "audit", "event"):
            kept = str(connection.exec_driver_sql(f"SELECT t::text FROM {table} t").scalars().all())
            assert code not in kept
            assert code.replace("-", "") not in kept
            assert PASSPHRASE not in kept


@pytest.mark.parametrize("missing", ["/api/vouchers", "/api/vouchers/redeem"])
def test_what_creates_needs_a_key(client, missing):
    organizer = signed_in(client, "organizer")
    body = {"roles": ["spotter"]} if missing == "/api/vouchers" else {"code": "x", "passphrase": PASSPHRASE}
    answer = client.post(missing, json=body, headers={"Authorization": f"Bearer {organizer.token}"})
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["title"]


def test_an_organizer_hands_out_no_desk_role(client):
    answer = client.post(
        "/api/vouchers", json={"roles": ["spotter", "dispatcher"]}, headers=signed_in(client, "organizer").headers
    )
    assert answer.status_code == 403


def test_a_weak_passphrase_is_named_and_not_echoed(client):
    answer = client.post(
        "/api/vouchers/redeem",
        json={"code": "whatever", "passphrase": "SECRET seven plain words"},
        headers={"Idempotency-Key": "a"},
    )
    assert answer.status_code == 409
    assert "SECRET" not in answer.text
    answer = client.post(
        "/api/vouchers/redeem", json={"code": "whatever", "passphrase": "SECRET"}, headers={"Idempotency-Key": "b"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "passphrase"
    assert "SECRET" not in answer.text


def test_a_suspended_person_is_out_at_once(client):
    organizer, spotter = signed_in(client, "organizer"), signed_in(client, "spotter")
    assert client.get("/api/me", headers=spotter.headers).status_code == 200
    answer = client.post(f"/api/accounts/{spotter.alias}/suspend", headers=organizer.headers)
    assert answer.status_code == 204
    assert client.get("/api/me", headers=spotter.headers).status_code == 401
    assert client.post("/api/accounts/nobody-here/suspend", headers=organizer.headers).status_code == 404


def test_a_token_of_nowhere_is_nobody(client):
    for token in ("999999999.abc", "1.abc", "abc", "-1.abc", "٣.abc", "1" * 400, "0.x"):
        headers = {"Authorization": f"Bearer {token}".encode()}
        assert client.get("/api/me", headers=headers).status_code == 401
        assert client.post("/api/sightings", json={}, headers=headers).status_code == 401


def test_a_stale_cookie_does_not_keep_anybody_from_signing_in(client, dispatcher):
    browser = {"Cookie": f"{COOKIE}=999999999.gone", "Origin": ADDRESS}
    assert sign_in(client, headers=browser).status_code == 201


@pytest.mark.parametrize("network_kind", ["rehearsal"])
def test_a_rehearsals_clock_runs_forward_only(client):
    admin = signed_in(client, "admin")
    move = lambda moment: client.post("/api/rehearsal/clock", json={"now": moment}, headers=admin.headers)  # noqa: E731
    assert move("2026-03-01T08:00:00Z").status_code == 200
    assert client.get("/api/me", headers=admin.headers).json()["network"]["now"] == "2026-03-01T08:00:00Z"
    assert move("2026-03-01T07:59:59Z").status_code == 409
    assert move("2026-03-01T08:00:00").status_code == 422
    assert move("9999-03-01T08:00:00Z").status_code == 422
    assert client.get("/api/me", headers=admin.headers).json()["network"]["now"] == "2026-03-01T08:00:00Z"


def test_no_clock_is_moved_among_real_people(client):
    answer = client.post(
        "/api/rehearsal/clock", json={"now": "2026-03-01T08:00:00Z"}, headers=signed_in(client, "admin").headers
    )
    assert answer.status_code == 409


def test_whoever_asks_without_end_is_told_when_to_come_back(client, monkeypatch):
    few = limits.Bucket.of("5 per minute", "3 per minute", fails_open=True)
    monkeypatch.setitem(limits.BUCKETS, "doors", few)
    person, other = signed_in(client, "spotter"), signed_in(client, "spotter")
    answers = [client.get("/api/me", headers=person.headers) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert client.get("/api/me", headers=other.headers).status_code == 200
    assert [client.get("/api/passphrase").status_code for _ in range(4)] == [200, 200, 200, 429]
