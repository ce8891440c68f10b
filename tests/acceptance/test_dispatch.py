"""The life of a dispatch over HTTP, from the list of pairs to home."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from api.settings import Settings
from api.wiring import House
from bench._claims_ground import broken
from desk import checkins, dispatching, roster
from records import ids
from records.enums import Role
from tests.builders import Person, signed_in
from tests.crews import PLACE, Member, a_crew, an_incident, as_owner

VERIFIED = "verified"


@pytest.fixture
def dispatcher(client: TestClient) -> Person:
    return signed_in(client, Role.DISPATCHER)


@pytest.fixture
def crew(client: TestClient, house: House, network_id: int) -> list[Member]:
    return a_crew(house, network_id, 4)


@pytest.fixture
def incident(settings: Settings, network_id: int) -> str:
    return ids.shown(an_incident(settings.database_url, network_id, status=VERIFIED))


@pytest.fixture(autouse=True)
def nothing_broken(settings: Settings, network_id: int):
    yield
    with as_owner(settings.database_url, network_id) as connection:
        assert broken(connection, network_id) == []


def sent(client: TestClient, dispatcher: Person, incident: str, **body: object) -> dict:
    answer = client.post(
        f"/api/incidents/{incident}/dispatches", json={"task": "observe"} | body, headers=dispatcher.headers
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def mine(client: TestClient, member: Member) -> dict:
    return client.get("/api/me/offers", headers=member.headers).json()


def accept(client: TestClient, member: Member) -> dict:
    (offer,) = [each for each in mine(client, member)["offers"] if each["state"] == "offered"]
    answer = client.post(f"/api/offers/{offer['id']}/accept", headers=member.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def step(client: TestClient, member: Member, dispatch: str, word: str, expect: int = 200) -> dict:
    answer = client.post(f"/api/dispatches/{dispatch}/progress", json={"step": word}, headers=member.headers)
    assert answer.status_code == expect, answer.text
    return answer.json()


def seen(client: TestClient, dispatcher: Person, dispatch: str) -> dict:
    shown = client.get("/api/dispatches", headers=dispatcher.headers).json()["dispatches"]
    return next(each for each in shown if each["id"] == dispatch)


def a_pair(client: TestClient, dispatcher: Person, incident: str, crew: list[Member]) -> tuple[str, Member, Member]:
    dispatch = sent(client, dispatcher, incident)
    asked = {offer["alias"] for offer in dispatch["offers"]}
    one, other = [member for member in crew if member.alias in asked][:2]
    accept(client, one)
    assert accept(client, other)["dispatch"]["state"] == "paired"
    return dispatch["id"], one, other


def staged(client: TestClient, dispatcher: Person, incident: str, crew: list[Member]) -> tuple[str, Member, Member]:
    dispatch, one, other = a_pair(client, dispatcher, incident, crew)
    for word in ("en_route", "staged"):
        for member in (one, other):
            step(client, member, dispatch, word)
    return dispatch, one, other


def test_pairs_come_with_reasons_and_without_places(client, dispatcher, crew, incident) -> None:
    shown = client.get(f"/api/incidents/{incident}/pairs?limit=2", headers=dispatcher.headers)
    assert shown.status_code == 200, shown.text
    found = shown.json()
    assert len(found["pairs"]) == 2
    assert found["roster"] == found["candidates"] == 4
    assert found["places_free"] == 2
    best = found["pairs"][0]
    assert {best["observer"]["alias"], best["buddy"]["alias"]} < {member.alias for member in crew}
    assert best["observer"]["eta_s"] % 60 == 0
    assert best["reasons"][0]["weight"] > 0
    assert sum(reason["weight"] for reason in best["reasons"]) == pytest.approx(best["cost_min"], abs=0.1)


def test_why_not_this_person_is_always_answered(client, dispatcher, crew, incident, house, network_id) -> None:
    def asked_about(who: str, expect: int = 200) -> dict:
        answer = client.get(
            f"/api/incidents/{incident}/pairs", params={"about": who, "limit": 1}, headers=dispatcher.headers
        )
        assert answer.status_code == expect, answer.text
        return answer.json() if expect != 200 else answer.json()["about"]

    farthest = crew[-1]
    could = asked_about(farthest.alias)
    assert (could["eligible"], could["rule"], could["id"]) == (True, None, ids.shown(farthest.responder_id))
    assert farthest.alias in {could["best_pair"][seat]["alias"] for seat in ("observer", "buddy")}
    assert asked_about(ids.shown(farthest.responder_id)) == could

    resting, stranger = crew[0], a_crew(house, network_id, 1, languages=["so"])[0]
    with house.act(network_id) as uow:
        uow.responders.rest([resting.responder_id], uow.now + timedelta(hours=8))
        uow.responders.avoid(crew[1].responder_id, [crew[2].responder_id])
    assert (asked_about(resting.alias)["rule"], asked_about(resting.alias)["text"]) == ("resting", "Resting.")
    alone = asked_about(stranger.alias)
    assert (alone["eligible"], alone["best_pair"], alone["looked_at"]) == (True, None, 3)
    (apart,) = alone["kept_apart"]
    assert (apart["rule"], apart["people"]) == ("no_common_language", 3)
    assert set(apart["with"]) == {member.alias for member in crew[1:]}
    avoided = {each["rule"]: each for each in asked_about(crew[1].alias)["kept_apart"]}
    assert (avoided["on_avoid_list"]["people"], avoided["on_avoid_list"]["with"]) == (1, [])

    refused = asked_about("nobody-of-that-name", 404)
    assert "nobody-of-that-name" not in str(refused)
    denied = client.get(f"/api/incidents/{incident}/pairs?about={resting.alias}", headers=resting.headers)
    assert denied.status_code == 403


def test_from_the_offer_to_home(client, dispatcher, crew, incident, house, network_id) -> None:
    dispatch = sent(client, dispatcher, incident)
    assert dispatch["state"] == "offering"
    assert len(dispatch["offers"]) >= 2
    one, other = [each for each in crew if each.alias in {offer["alias"] for offer in dispatch["offers"]}][:2]

    (offer,) = mine(client, one)["offers"]
    assert offer["card"] == "offer"
    assert offer["seats_open"] == ["observer", "buddy"]
    assert "place" not in offer

    waiting = accept(client, one)
    assert waiting["offer"]["card"] == "accept.waiting"
    assert waiting["dispatch"] is None
    paired = accept(client, other)["dispatch"]
    assert (paired["state"], paired["partner"], paired["card"]) == ("paired", one.alias, "accept.paired")
    assert paired["place"] is None
    assert {seat["seat"] for seat in seen(client, dispatcher, dispatch["id"])["seats"]} == {"observer", "buddy"}
    states = [each["state"] for each in seen(client, dispatcher, dispatch["id"])["offers"]]
    assert states.count("accepted") == 2
    assert set(states) <= {"accepted", "released"}

    number = dispatch["id"]
    step(client, one, number, "en_route")
    assert seen(client, dispatcher, number)["state"] == "paired"
    step(client, other, number, "en_route")
    assert seen(client, dispatcher, number)["state"] == "en_route"
    assert step(client, one, number, "staged")["place"] is None
    step(client, one, number, "on_scene", 409)
    assert seen(client, dispatcher, number)["state"] == "en_route"
    here = step(client, other, number, "staged")
    assert here["state"] == "staged"
    assert here["place"]["coordinates"] == pytest.approx([PLACE.lon, PLACE.lat])
    assert here["checkin_due_at"] is not None
    step(client, one, number, "on_scene")
    assert step(client, other, number, "on_scene")["state"] == "on_scene"
    step(client, one, number, "cleared")
    home = step(client, other, number, "cleared")
    assert (home["state"], home["card"], home["place"], home["meeting_point"]) == ("cleared", "after", None, None)
    assert client.get("/api/dispatches?open=true", headers=dispatcher.headers).json()["dispatches"] == []
    with house.act(network_id) as uow:
        entries = uow.responders.roster(uow.now, [one.responder_id, other.responder_id])
    assert [(each.cleared_total, each.this_shift, each.busy) for each in entries] == [(4, 1, False)] * 2
    assert other.responder_id in next(each for each in entries if each.id == one.responder_id).worked_with


def test_a_named_pair_is_asked_alone(client, dispatcher, crew, incident) -> None:
    pairs = client.get(f"/api/incidents/{incident}/pairs?limit=20", headers=dispatcher.headers).json()["pairs"]
    last = pairs[-1]
    dispatch = sent(client, dispatcher, incident, pair=[last["observer"]["id"], last["buddy"]["id"]])
    assert {offer["alias"] for offer in dispatch["offers"]} == {last["observer"]["alias"], last["buddy"]["alias"]}


def test_a_person_with_an_offer_is_not_asked_again(client, dispatcher, crew, incident) -> None:
    first = sent(client, dispatcher, incident, wave=3)
    assert len(first["offers"]) == 3
    again = client.post(f"/api/incidents/{incident}/dispatches", json={"task": "observe"}, headers=dispatcher.headers)
    assert (again.status_code, again.json()["title"][:6]) == (409, "Nobody")
    found = client.get(f"/api/incidents/{incident}/pairs", headers=dispatcher.headers).json()
    assert {"rule": "holds_offer", "people": 3} in [
        {k: each[k] for k in ("rule", "people")} for each in found["ruled_out"]
    ]
    assert found["places_free"] == 1


def test_enough_pairs_at_one_incident(client, dispatcher, house, network_id, incident) -> None:
    a_crew(house, network_id, 9)
    for _ in range(2):
        sent(client, dispatcher, incident, wave=3)
    third = client.post(f"/api/incidents/{incident}/dispatches", json={"task": "look"}, headers=dispatcher.headers)
    assert third.status_code == 409
    assert "Enough people" in third.json()["title"]


def test_the_same_key_sends_once(client, dispatcher, crew, incident) -> None:
    headers = dispatcher.headers
    answers = [
        client.post(f"/api/incidents/{incident}/dispatches", json={"task": "observe"}, headers=headers)
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()


def test_who_may_be_sent_where(client, dispatcher, crew, settings, network_id) -> None:
    unverified = ids.shown(an_incident(settings.database_url, network_id))
    for task in ("observe", "accompany"):
        refused = client.post(
            f"/api/incidents/{unverified}/dispatches", json={"task": task}, headers=dispatcher.headers
        )
        assert refused.status_code == 409
        assert "verified" in refused.json()["title"]
    assert sent(client, dispatcher, unverified, task="look")["task"] == "look"
    with as_owner(settings.database_url, network_id) as connection:
        connection.exec_driver_sql("UPDATE incident SET status = 'closed', ended_at = now()")
    over = client.get(f"/api/incidents/{unverified}/pairs", headers=dispatcher.headers)
    assert over.status_code == 409


def test_a_pin_of_nobody_vouched_is_a_persons_own_decision(client, dispatcher, crew, settings, network_id) -> None:
    lure = ids.shown(an_incident(settings.database_url, network_id, vouched_groups=0))
    assert client.get(f"/api/incidents/{lure}/pairs", headers=dispatcher.headers).json()["caution"]
    script = signed_in(client, Role.DISPATCHER, script=True)
    refused = client.post(f"/api/incidents/{lure}/dispatches", json={"task": "look"}, headers=script.headers)
    assert refused.status_code == 409
    assert "call" in refused.json()["title"]
    assert sent(client, dispatcher, lure, task="look")["state"] == "offering"


def test_others_offers_and_dispatches_do_not_exist(client, dispatcher, crew, incident, house, network_id) -> None:
    dispatch, one, _ = a_pair(client, dispatcher, incident, crew)
    (stranger,) = a_crew(house, network_id, 1)
    offer = next(each for each in seen(client, dispatcher, dispatch)["offers"] if each["alias"] == one.alias)
    for verb in ("accept", "decline"):
        assert client.post(f"/api/offers/{offer['id']}/{verb}", headers=stranger.headers).status_code == 404
    step(client, stranger, dispatch, "en_route", 404)
    answer = client.post(f"/api/dispatches/{dispatch}/checkin", json={"state": "ok"}, headers=stranger.headers)
    assert answer.status_code == 404
    for path in ("/api/dispatches", f"/api/incidents/{incident}/pairs", "/api/responders"):
        assert client.get(path, headers=one.headers).status_code == 403


def test_duress_answers_byte_for_byte_like_ok(client, dispatcher, settings, house, network_id) -> None:
    """The same two lives but for one word: what the person, the partner and their streams get is the same."""
    heard = {}
    for word in ("ok", "duress"):
        incident = ids.shown(an_incident(settings.database_url, network_id, status=VERIFIED))
        crew = a_crew(house, network_id, 2)
        dispatch, one, other = staged(client, dispatcher, incident, crew)
        answer = client.post(f"/api/dispatches/{dispatch}/checkin", json={"state": word}, headers=one.headers)
        views = [answer.json(), *mine(client, one)["dispatches"], *mine(client, other)["dispatches"]]
        for view in views:
            for changing in ("id", "partner", "checkin_due_at", "my_seat"):
                view[changing] = type(view[changing]).__name__
        headers = {name: value for name, value in answer.headers.items() if name != "date"}
        heard[word] = (answer.status_code, len(answer.content), sorted(headers), views)
        if word == "duress":
            (seat,) = [each for each in seen(client, dispatcher, dispatch)["seats"] if each["alias"] == one.alias]
            assert seat["alarm"] == "duress"
            client.post(f"/api/dispatches/{dispatch}/checkin", json={"state": "ok"}, headers=one.headers)
            (seat,) = [each for each in seen(client, dispatcher, dispatch)["seats"] if each["alias"] == one.alias]
            assert seat["alarm"] == "duress"
        for member in (one, other):
            step(client, member, dispatch, "cleared")
    assert heard["ok"][3] == heard["duress"][3]
    assert heard["ok"][0] == heard["duress"][0]
    assert heard["ok"][2] == heard["duress"][2]


def test_help_reaches_partner_and_desk(client, dispatcher, crew, incident) -> None:
    dispatch, one, other = staged(client, dispatcher, incident, crew)
    client.post(f"/api/dispatches/{dispatch}/checkin", json={"state": "help"}, headers=one.headers)
    assert mine(client, other)["dispatches"][0]["partner_calls_help"]
    alarms = {seat["alias"]: seat["alarm"] for seat in seen(client, dispatcher, dispatch)["seats"]}
    assert alarms == {one.alias: "help", other.alias: None}


def test_a_partner_who_withdraws_is_replaced(client, dispatcher, crew, incident) -> None:
    dispatch, one, other = staged(client, dispatcher, incident, crew)
    assert step(client, one, dispatch, "withdraw")["card"] == "after"
    left = mine(client, other)["dispatches"][0]
    assert (left["state"], left["card"], left["place"], left["partner"]) == ("held", "partner.lost", None, None)
    assert left["held_until"] is not None
    step(client, other, dispatch, "on_scene", 409)
    asked = [each for each in crew if any(o["state"] == "offered" for o in mine(client, each)["offers"])]
    assert asked
    assert one not in asked
    assert len(mine(client, asked[0])["offers"][0]["seats_open"]) == 1
    joined = accept(client, asked[0])["dispatch"]
    assert (joined["state"], joined["partner"], joined["partner_step"]) == ("paired", other.alias, "paired")


def test_nobody_is_asked_in_the_moment_in_which_a_hold_ends(
    client, dispatcher, crew, incident, house, network_id
) -> None:
    dispatch, one, other = staged(client, dispatcher, incident, crew)
    step(client, one, dispatch, "withdraw")
    fresh = a_crew(house, network_id, 3)
    end = datetime.fromisoformat(mine(client, other)["dispatches"][0]["held_until"])
    with house.act(network_id, now=end) as uow:
        assert dispatching.expire_due(uow) == 1
    assert not {member.alias for member in fresh} & {o["alias"] for o in seen(client, dispatcher, dispatch)["offers"]}
    with house.act(network_id, now=end) as uow:
        assert dispatching.held_due(uow) == 1
    assert seen(client, dispatcher, dispatch)["state"] == "cancelled"


def test_the_one_left_may_clear(client, dispatcher, crew, incident) -> None:
    dispatch, one, other = staged(client, dispatcher, incident, crew)
    step(client, one, dispatch, "withdraw")
    assert step(client, other, dispatch, "cleared")["state"] == "cleared"


def test_both_withdraw(client, dispatcher, crew, incident) -> None:
    dispatch, one, other = a_pair(client, dispatcher, incident, crew)
    step(client, one, dispatch, "withdraw")
    step(client, other, dispatch, "withdraw")
    assert seen(client, dispatcher, dispatch)["state"] == "cancelled"


def test_cancel_calls_everybody_back(client, dispatcher, crew, incident) -> None:
    dispatch, one, other = a_pair(client, dispatcher, incident, crew)
    cancelled = client.post(f"/api/dispatches/{dispatch}/cancel", headers=dispatcher.headers).json()
    assert (cancelled["state"], cancelled["seats"]) == ("cancelled", [])
    assert mine(client, one) == mine(client, other) == {"offers": [], "dispatches": [], "thanks": None}
    step(client, one, dispatch, "en_route", 409)


def test_an_answer_comes_too_late(client, dispatcher, crew, incident, house, network_id) -> None:
    dispatch = sent(client, dispatcher, incident, wave=2, by_hand=False)
    member = next(each for each in crew if each.alias == dispatch["offers"][0]["alias"])
    (offer,) = mine(client, member)["offers"]
    with house.act(network_id, now=datetime.now(UTC) + timedelta(minutes=2)) as uow:
        assert dispatching.expire_due(uow) == 1
    late = client.post(f"/api/offers/{offer['id']}/accept", headers=member.headers)
    assert late.status_code == 409
    # A second wave of the two who were not asked before, then nobody is left.
    again = seen(client, dispatcher, dispatch["id"])
    assert (again["state"], again["waves"]) == ("offering", 2)
    with house.act(network_id, now=datetime.now(UTC) + timedelta(minutes=4)) as uow:
        dispatching.expire_due(uow)
    unfilled = seen(client, dispatcher, dispatch["id"])
    assert unfilled["state"] == "unfilled"
    assert {offer["state"] for offer in unfilled["offers"]} == {"expired"}


def test_silence_holds_and_time_cancels(client, dispatcher, crew, incident, house, network_id) -> None:
    dispatch, one, other = staged(client, dispatcher, incident, crew)
    later = datetime.now(UTC) + timedelta(minutes=12)
    with house.act(network_id, now=later) as uow:
        assert checkins.missed_due(uow) == 0
    client.post(f"/api/dispatches/{dispatch}/checkin", json={"state": "ok"}, headers=other.headers)
    with house.act(network_id, now=later) as uow:
        own = uow.dispatches.lock(ids.read(dispatch))
        for seat in uow.dispatches.seats([own.id]):
            if seat.responder_id == other.responder_id:
                uow.dispatches.change_seat(seat, checkin_due_at=later + timedelta(minutes=10))
    with house.act(network_id, now=later + timedelta(minutes=2)) as uow:
        assert checkins.missed_due(uow) == 1
    held = seen(client, dispatcher, dispatch)
    assert held["state"] == "held"
    assert [(each["alias"], each["because"]) for each in held["left"]] == [(one.alias, "lost")]
    with house.act(network_id, now=later + timedelta(minutes=13)) as uow:
        assert dispatching.held_due(uow) == 1
    assert seen(client, dispatcher, dispatch)["state"] == "cancelled"


def test_both_silent_stay_booked_until_the_desk_has_looked(
    client, dispatcher, crew, incident, house, network_id
) -> None:
    dispatch, _one, _other = staged(client, dispatcher, incident, crew)
    with house.act(network_id, now=datetime.now(UTC) + timedelta(minutes=14)) as uow:
        assert checkins.missed_due(uow) == 2
    held = seen(client, dispatcher, dispatch)
    assert (held["state"], len(held["seats"]), len(held["left"])) == ("held", 1, 1)
    assert held["seats"][0]["checkin_missed_at"] is not None
    assert not any(offer["state"] == "offered" for offer in held["offers"])


def test_the_roster_over_http(client, house, network_id) -> None:
    organizer, newcomer = signed_in(client, Role.ORGANIZER), signed_in(client, Role.RESPONDER)
    body = {
        "alias": newcomer.alias,
        "languages": ["en", "es"],
        "mode": "foot",
        "certificates": [{"kind": "trained", "valid_until": "2099-01-01T00:00:00Z"}],
    }
    joined = client.post("/api/responders", json=body, headers=organizer.headers)
    assert joined.status_code == 201, joined.text
    assert joined.json()["seats"] == ["buddy"]
    place = {"type": "Point", "coordinates": [PLACE.lon, PLACE.lat]}
    told = client.put("/api/me/availability", json={"available": True, "location": place}, headers=newcomer.headers)
    assert told.status_code == 200, told.text
    assert "coordinates" not in told.text
    listed = client.get("/api/responders", headers=organizer.headers)
    assert "cell" not in listed.text
    assert [(each["alias"], each["available"]) for each in listed.json()["responders"]] == [(newcomer.alias, True)]
    with house.act(network_id) as uow:
        (entry,) = uow.responders.roster(uow.now)
        assert entry.cell9 is not None
    with house.act(network_id, now=datetime.now(UTC) + timedelta(minutes=16)) as uow:
        assert roster.forget_positions(uow) == 1
    client.put("/api/me/availability", json={"available": False}, headers=newcomer.headers)
    assert not client.get("/api/responders", headers=organizer.headers).json()["responders"][0]["available"]
    refused = client.put(
        "/api/me/availability", json={"available": True, "rules_read": False}, headers=newcomer.headers
    )
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"task": "follow"}, "task"),
        ({"task": "look", "wave": 1}, "wave"),
        ({"task": "look", "pair": ["0000000000001"]}, "pair"),
        ({"task": "look", "pair": ["what", "ever"]}, "pair"),
        ({"task": "look", "heading": 90}, "heading"),
    ],
)
def test_bad_words_are_named_and_not_echoed(client, dispatcher, incident, body, field) -> None:
    refused = client.post(f"/api/incidents/{incident}/dispatches", json=body, headers=dispatcher.headers)
    assert refused.status_code == 422
    assert field in refused.json()["title"]
    assert "what" not in refused.text.lower()


def test_each_says_what_they_found_when_they_clear_and_the_desk_reads_it(client, dispatcher, crew, incident) -> None:
    dispatch, one, other = staged(client, dispatcher, incident, crew)
    path = f"/api/dispatches/{dispatch}/progress"
    early = client.post(path, json={"step": "on_scene", "found": "drill"}, headers=one.headers)
    assert (early.status_code, early.json()["errors"][0]["field"]) == (422, "found")
    assert client.post(path, json={"step": "cleared", "found": "a lot"}, headers=one.headers).status_code == 422
    afar = client.post(path, json={"step": "cleared", "found": "enforcement_seen"}, headers=one.headers)
    assert (afar.status_code, afar.json()["errors"][0]["field"]) == (422, "found")
    for member in (one, other):
        assert client.post(path, json={"step": "on_scene"}, headers=member.headers).status_code == 200
    for member, word in ((one, "enforcement_seen"), (other, "local_police")):
        answer = client.post(path, json={"step": "cleared", "found": word}, headers=member.headers)
        assert answer.status_code == 200, answer.text
        assert "found" not in answer.json()
    seats = {seat["alias"]: seat["found"] for seat in seen(client, dispatcher, dispatch)["seats"]}
    assert seats == {one.alias: "enforcement_seen", other.alias: "local_police"}
