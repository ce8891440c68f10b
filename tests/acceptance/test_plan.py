"""One plan for all open incidents over HTTP: looked at first, then sent whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from api.settings import Settings
from api.wiring import House
from bench.claims import broken
from desk import corroboration, roster
from desk.access import Actor
from geo.distance import moved
from records import ids
from records.enums import Role
from records.repositories.dispatches import DispatchRepository
from tests.builders import Person, signed_in
from tests.crews import PLACE, Member, a_crew, an_incident, as_owner
from tests.sightings import a_report, an_actor, told

FAR = moved(PLACE, 1_500.0, 0.0)


@pytest.fixture
def dispatcher(client: TestClient) -> Person:
    return signed_in(client, Role.DISPATCHER)


@pytest.fixture
def crew(client: TestClient, house: House, network_id: int) -> list[Member]:
    return a_crew(house, network_id, 4)


@pytest.fixture
def two(settings: Settings, network_id: int) -> list[str]:
    return [
        ids.shown(an_incident(settings.database_url, network_id, status="verified")),
        ids.shown(an_incident(settings.database_url, network_id, status="corroborated", place=FAR)),
    ]


@pytest.fixture(autouse=True)
def nothing_broken(settings: Settings, network_id: int):
    yield
    with as_owner(settings.database_url, network_id) as connection:
        assert broken(connection, network_id) == []


def planned(client: TestClient, person: Person, **body: object) -> dict:
    answer = client.post("/api/plan", json=body, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def to_send(plan: dict) -> list[dict]:
    return [
        {
            "incident": pair["incident"],
            "task": pair["task"],
            "version": pair["version"],
            "observer": pair["observer"]["id"],
            "buddy": pair["buddy"]["id"],
        }
        for pair in plan["pairs"]
    ]


def to_show(plan: dict) -> list[dict]:
    return [{name: pair[name] for name in ("incident", "observer", "buddy")} for pair in to_send(plan)]


def commit(client: TestClient, person: Person, plan: dict, key: str | None = None):
    headers = person.headers | ({"Idempotency-Key": key} if key else {})
    return client.post("/api/plan/commit", json={"pairs": to_send(plan)}, headers=headers)


def out(client: TestClient, dispatcher: Person) -> list[dict]:
    return client.get("/api/dispatches", headers=dispatcher.headers).json()["dispatches"]


def test_one_plan_serves_both_and_proves_that_none_is_better(client, dispatcher, crew, two) -> None:
    plan = planned(client, dispatcher)
    assert [pair["incident"] for pair in plan["pairs"]] == sorted(two, key=ids.read)
    seated = [pair[seat]["alias"] for pair in plan["pairs"] for seat in ("observer", "buddy")]
    assert sorted(seated) == sorted(member.alias for member in crew)
    assert {pair["incident"]: pair["task"] for pair in plan["pairs"]} == {two[0]: "observe", two[1]: "look"}
    assert plan["gap"] == 0
    assert plan["bound_min"] == plan["cost_min"] > 0
    assert plan["cost_min"] == pytest.approx(sum(pair["cost_min"] for pair in plan["pairs"]), abs=0.1)
    assert (plan["unserved"], plan["incidents"], plan["roster"]) == ([], 2, 4)
    for pair in plan["pairs"]:
        assert pair["observer"]["eta_s"] % 60 == pair["buddy"]["eta_s"] % 60 == 0
        assert sum(reason["weight"] for reason in pair["reasons"]) == pytest.approx(pair["cost_min"], abs=0.1)
        assert set(pair["observer"]) == {"alias", "id", "eta_s"}
    assert out(client, dispatcher) == []


def test_the_plan_is_sent_in_one_act_as_single_pairs_are(client, dispatcher, crew, two) -> None:
    plan = planned(client, dispatcher)
    answer = commit(client, dispatcher, plan)
    assert answer.status_code == 201, answer.text
    sent = answer.json()["dispatches"]
    assert sorted(each["incident"] for each in sent) == sorted(two)
    for each in sent:
        (pair,) = [it for it in plan["pairs"] if it["incident"] == each["incident"]]
        assert {offer["alias"] for offer in each["offers"]} == {pair["observer"]["alias"], pair["buddy"]["alias"]}
        assert each["meeting_point"]["name"] == pair["meeting_point"]["name"]
        assert (each["state"], each["waves"], each["task"]) == ("offering", 1, pair["task"])
    again = planned(client, dispatcher)
    assert (again["pairs"], again["unserved"]) == ([], [])
    assert [each["pairs_out"] for each in again["left_out"]] == [1, 1]
    ringing = [client.get("/api/me/offers", headers=member.headers).json()["offers"] for member in crew]
    assert [len(offers) for offers in ringing] == [1, 1, 1, 1]


def test_a_retry_sends_nothing_twice(client, dispatcher, crew, two) -> None:
    plan = planned(client, dispatcher)
    first, second = (commit(client, dispatcher, plan, key="one-plan") for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert len(out(client, dispatcher)) == 2
    other = {"pairs": to_send(plan)[:1]}
    headers = dispatcher.headers | {"Idempotency-Key": "one-plan"}
    assert client.post("/api/plan/commit", json=other, headers=headers).status_code == 422


def test_when_somebody_is_gone_nobody_is_asked_and_the_answer_says_who_changed(
    client, dispatcher, crew, two, house, network_id
) -> None:
    plan = planned(client, dispatcher)
    gone = plan["pairs"][0]["buddy"]["alias"]
    (member,) = [each for each in crew if each.alias == gone]
    with house.act(network_id) as uow:
        roster.set_availability(uow, member.actor, False)
    answer = commit(client, dispatcher, plan, key="stale")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["title"].startswith("Something has changed since this plan was made, so nobody was asked")
    assert [each["incident"] for each in problem["changed"]] == [plan["pairs"][0]["incident"]]
    assert "cannot go together" in problem["changed"][0]["detail"]
    assert out(client, dispatcher) == []
    fresh = planned(client, dispatcher, shown=to_show(plan))
    assert len(fresh["pairs"]) == 1
    assert commit(client, dispatcher, fresh, key="stale-again").status_code == 201


def test_when_an_incident_changed_nobody_is_asked(client, dispatcher, crew, two, settings, network_id) -> None:
    plan = planned(client, dispatcher)
    with as_owner(settings.database_url, network_id) as connection:
        connection.exec_driver_sql(
            "UPDATE incident SET status = 'unfounded', ended_at = opened_at WHERE id = %s", (ids.read(two[1]),)
        )
    problem = commit(client, dispatcher, plan).json()
    assert [each["incident"] for each in problem["changed"]] == [two[1]]
    assert "stands differently" in problem["changed"][0]["detail"]
    assert out(client, dispatcher) == []


def test_a_pair_sent_by_hand_meanwhile_is_a_change_and_more_reports_alone_are_none(
    client, dispatcher, crew, two, settings, network_id, house
) -> None:
    plan = planned(client, dispatcher)
    with house.act(network_id) as uow:
        uow.incidents.touch(ids.read(two[0]))
    third = a_crew(house, network_id, 2, place=moved(PLACE, 0.0, 900.0))
    sent = client.post(
        f"/api/incidents/{two[1]}/dispatches",
        json={"task": "look", "pair": [ids.shown(each.responder_id) for each in third]},
        headers=dispatcher.headers,
    )
    assert sent.status_code == 201, sent.text
    problem = commit(client, dispatcher, plan, key="by-hand").json()
    assert [each["incident"] for each in problem["changed"]] == [two[1]]
    rest = plan | {"pairs": [pair for pair in plan["pairs"] if pair["incident"] == two[0]]}
    assert commit(client, dispatcher, rest, key="the-rest").status_code == 201


def test_nobody_is_in_two_pairs_of_what_is_sent(client, dispatcher, crew, two) -> None:
    plan = planned(client, dispatcher)
    doubled = to_send(plan)
    doubled[1]["observer"] = doubled[0]["observer"]
    answer = client.post("/api/plan/commit", json={"pairs": doubled}, headers=dispatcher.headers)
    assert answer.status_code == 409
    assert len(answer.json()["changed"]) == 1
    assert out(client, dispatcher) == []


def test_five_incidents_and_two_pairs_the_verified_ones_first_and_why_the_others_wait(
    client, dispatcher, crew, two, settings, network_id
) -> None:
    near = [moved(PLACE, 0.0, 200.0 * step) for step in (1, 2, 3)]
    more = [ids.shown(an_incident(settings.database_url, network_id, status="unverified", place=it)) for it in near]
    plan = planned(client, dispatcher)
    assert {pair["incident"] for pair in plan["pairs"]} == set(two)
    assert {each["incident"] for each in plan["unserved"]} == set(more)
    for each in plan["unserved"]:
        assert (each["why"], each["could_go"], each["free"]) == ("needed_elsewhere", 4, 0)
        assert each["text"] == "Everybody who could go with somebody is needed elsewhere."
    assert plan["gap"] == 0


def test_with_nobody_there_the_rule_is_named(client, dispatcher, two, house, network_id) -> None:
    crew = a_crew(house, network_id, 3)
    with house.act(network_id) as uow:
        for member in crew[1:]:
            uow.responders.rest([member.responder_id], datetime.now(UTC) + timedelta(hours=9))
    plan = planned(client, dispatcher)
    assert {each["text"] for each in plan["unserved"]} == {"Only one person could go, and nobody goes alone."}
    assert plan["unserved"][0]["ruled_out"] == [{"rule": "resting", "text": "Resting.", "people": 2}]
    with house.act(network_id) as uow:
        uow.responders.rest([crew[0].responder_id], datetime.now(UTC) + timedelta(hours=9))
    plan = planned(client, dispatcher)
    assert {each["text"] for each in plan["unserved"]} == {"Nobody can go. Most of them: Resting."}


def test_several_pairs_for_each_up_to_the_cap_with_those_out_counted(client, dispatcher, crew, two) -> None:
    assert commit(client, dispatcher, planned(client, dispatcher) | {}, key="a").status_code == 201
    plan = planned(client, dispatcher, pairs_each=9)
    assert plan["left_out"] == []
    assert sorted((each["incident"], each["missing"]) for each in plan["unserved"]) == sorted((it, 1) for it in two)


def test_a_plan_holds_still_where_moving_gains_little(client, dispatcher, crew, two) -> None:
    plan = planned(client, dispatcher)
    shown = to_show(plan)
    assert planned(client, dispatcher, shown=shown)["pairs"] == plan["pairs"]
    one, other = shown
    swapped = [
        {"incident": one["incident"], "observer": other["observer"], "buddy": other["buddy"]},
        {"incident": other["incident"], "observer": one["observer"], "buddy": one["buddy"]},
    ]
    moved_back = planned(client, dispatcher, shown=swapped)
    extra = moved_back["cost_min"] - plan["cost_min"]
    assert 0 < extra <= 8
    told = {reason["text"] for pair in moved_back["pairs"] for reason in pair["reasons"]}
    assert to_show(moved_back) == swapped or "Would be sent elsewhere than in the plan shown before" in told


def test_a_script_plans_nobody_to_a_pin_that_nobody_vouched_for(client, crew, two, settings, network_id, house) -> None:
    bait = ids.shown(an_incident(settings.database_url, network_id, place=FAR, vouched_groups=0))
    script = signed_in(client, Role.DISPATCHER, script=True)
    plan = planned(client, script)
    assert bait not in {each["incident"] for each in plan["pairs"] + plan["unserved"]}
    (left,) = plan["left_out"]
    assert left["incident"] == bait
    assert "after calling back" in left["text"]
    a_crew(house, network_id, 2, place=moved(FAR, 0.0, 300.0))
    person = signed_in(client, Role.DISPATCHER)
    by_hand = planned(client, person)
    (sendable,) = [pair for pair in by_hand["pairs"] if pair["incident"] == bait]
    assert "call back first" in sendable["caution"]
    problem = commit(client, script, by_hand, key="by-script").json()
    assert [each["incident"] for each in problem["changed"]] == [bait]
    assert "after calling back" in problem["changed"][0]["detail"]
    assert out(client, person) == []
    assert commit(client, person, by_hand).status_code == 201


def test_what_is_sent_must_be_whole(client, dispatcher, crew, two) -> None:
    pair = to_send(planned(client, dispatcher))[0]
    for body in ({}, {"pairs": []}, {"pairs": [pair | {"more": 1}]}, {"pairs": [pair | {"task": "follow"}]}):
        assert client.post("/api/plan/commit", json=body, headers=dispatcher.headers).status_code == 422
    assert client.post("/api/plan", json={"pairs_each": 0}, headers=dispatcher.headers).status_code == 422
    keyless = {name: value for name, value in dispatcher.headers.items() if name != "Idempotency-Key"}
    answer = client.post("/api/plan/commit", json={"pairs": [pair]}, headers=keyless)
    assert answer.status_code == 422
    assert out(client, dispatcher) == []


def test_of_two_who_send_the_same_plan_at_once_one_sends_it_whole(client, dispatcher, crew, two) -> None:
    plan = planned(client, dispatcher)
    others = [signed_in(client, Role.DISPATCHER) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda person: commit(client, person, plan), [dispatcher, *others]))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(out(client, dispatcher)) == 2


def test_an_incident_that_ends_while_the_plan_looks_at_it_takes_no_part(
    client, dispatcher, crew, two, settings, network_id, monkeypatch
) -> None:
    real, ended = DispatchRepository.scene, ids.read(two[1])

    def ends_first(self, incident_id):
        if incident_id == ended:
            with as_owner(settings.database_url, network_id) as connection:
                words = "UPDATE incident SET status = 'closed', ended_at = now() WHERE id = :id AND status <> 'closed'"
                connection.execute(text(words), {"id": ended})
        return real(self, incident_id)

    monkeypatch.setattr(DispatchRepository, "scene", ends_first)
    plan = planned(client, dispatcher)
    assert [pair["incident"] for pair in plan["pairs"]] == [two[0]]
    assert [each["incident"] for each in plan["left_out"]] == [two[1]]


def test_one_incident_grown_wide_by_a_merge_keeps_the_plan_from_no_other(
    client, dispatcher, crew, two, house, network_id
) -> None:
    one, other = (an_actor(house, network_id) for _ in range(2))
    now = datetime.now(UTC)
    told(
        house,
        network_id,
        a_report(one, observed_at=now, north_m=9_000),
        a_report(other, observed_at=now, north_m=90_000),
    )
    with house.act(network_id) as uow:
        wide = [each.id for each in uow.incidents.page(limit=10) if ids.shown(each.id) not in two]
    with house.act(network_id) as uow:
        corroboration.merge(uow, Actor(account_id=dispatcher.id, lineage=dispatcher.lineage), *wide)
    plan = planned(client, dispatcher)
    assert {pair["incident"] for pair in plan["pairs"]} == set(two)
    assert [each["why"] for each in plan["unserved"]] == ["no_meeting_point"]
