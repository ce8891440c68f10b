"""Sightings and incidents over HTTP: good input kept, bad input told in one sentence, each view as it should be."""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.errors import TooMany
from api.routes.sightings import WrongReceipts
from desk import territory
from records.enums import Role
from tests.builders import a_network, an_account, signed_in

LON, LAT = -93.2650, 44.9778
SQUARE = [[[-93.3, 44.9], [-93.2, 44.9], [-93.2, 45.0], [-93.3, 45.0], [-93.3, 44.9]]]


def a_sighting(**words):
    return {
        "kind": "vehicle",
        "location": {"type": "Point", "coordinates": [LON, LAT]},
        "observed_at": datetime.now(UTC).isoformat(),
    } | words


def a_point(lon, lat):
    return {"type": "Point", "coordinates": [lon, lat]}


def post(client, headers, **words):
    return client.post("/api/sightings", json=a_sighting(**words), headers=headers)


def stored(house, network_id):
    with house.act(network_id) as uow:
        return {
            table: uow._session.execute(
                text(f"SELECT count(*) FROM {table} WHERE network_id = :id"), {"id": network_id}
            ).scalar_one()
            for table in ("sighting", "incident", "cluster", "idempotency", "event")
        }


@pytest.fixture
def spotter(client):
    return signed_in(client, Role.SPOTTER)


@pytest.fixture
def desk_person(client):
    return signed_in(client, Role.DISPATCHER, Role.VERIFIER)


def test_the_contracts_own_example_is_stored_and_no_place_comes_back(client, spotter):
    answer = post(
        client,
        spotter.headers,
        accuracy_m=20,
        activity="stop",
        size=4,
        unit="immigration",
        basis="vehicle marking",
        vehicles=[{"type": "suv", "make": "Ford", "model": "Explorer", "color": "white", "plate": "ABC1234"}],
        note="two vehicles blocking the alley",
        lang="en",
    )
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "receipt", "masked"}
    assert "93." not in answer.text
    assert answer.json()["masked"] is False


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("location", {"location": None}),
        ("location.type", {"location": {"type": "Polygon", "coordinates": [LON, LAT]}}),
        ("location.coordinates", {"location": {"type": "Point", "coordinates": [LON]}}),
        ("location.coordinates.0", {"location": {"type": "Point", "coordinates": ["-93.265", LAT]}}),
        ("location", {"location": a_point(-193.265, LAT)}),
        ("location", {"location": a_point(LON, 94.9778)}),
        ("location", {"location": a_point(LAT, LON)}),
        ("location", {"location": a_point(44.9778, -83.2650)}),
        ("kind", {"kind": "helicopter"}),
        ("activity", {"activity": "loitering"}),
        ("unit", {"unit": "army"}),
        ("basis", {"basis": "looks like"}),
        ("observed_at", {"observed_at": "2031-01-01T00:00:00Z"}),
        ("observed_at", {"observed_at": "1931-01-01T00:00:00Z"}),
        ("observed_at", {"observed_at": "2026-11-20T14:03:00"}),
        ("observed_at", {"observed_at": "yesterday"}),
        ("observed_at", {"observed_at": 1795183380}),
        ("accuracy_m", {"accuracy_m": -1}),
        ("accuracy_m", {"accuracy_m": 1e9}),
        ("size", {"size": 5000}),
        ("note", {"note": "marmalade " * 60}),
        ("vehicles", {"vehicles": [{"type": "suv"}] * 9}),
        ("vehicles.0.make", {"vehicles": [{"make": "marmalade" * 9}]}),
        ("vehicles.0.heading", {"vehicles": [{"heading": 270}]}),
        ("colour", {"colour": "marmalade"}),
        ("lang", {"lang": "marmalade!"}),
    ],
)
def test_bad_input_gets_one_sentence_and_nothing_is_stored(client, house, network_id, spotter, field, words):
    with house.act(network_id) as uow:
        territory.draw(uow, "Middle", {"type": "Polygon", "coordinates": SQUARE})
    before = stored(house, network_id)
    answer = post(client, spotter.headers, **words)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["title"].count("\n") == 0
    assert field in [each["field"] for each in told["errors"]]
    for value in ("marmalade", "193", "94.9", "83.26", "helicopter", "1795183380", "looks like", "army", "yesterday"):
        assert value not in answer.text
    assert stored(house, network_id) == before


def test_what_is_no_json_or_too_large_is_refused(client, house, network_id, spotter):
    before = stored(house, network_id)
    broken = client.post("/api/sightings", content=b'{"kind": "veh', headers=spotter.headers)
    assert broken.status_code == 422
    nan = client.post(
        "/api/sightings",
        content=b'{"kind":"vehicle","observed_at":"2026-11-20T14:03:00Z","location":{"type":"Point","coordinates":[NaN,1]}}',
        headers=spotter.headers | {"Content-Type": "application/json"},
    )
    assert nan.status_code == 422
    large = client.post("/api/sightings", content=b"x" * 10_000_000, headers=spotter.headers)
    assert large.status_code == 413
    without_key = client.post(
        "/api/sightings", json=a_sighting(), headers={"Authorization": spotter.headers["Authorization"]}
    )
    assert without_key.status_code == 422
    assert "Idempotency-Key" in without_key.json()["title"]
    assert stored(house, network_id) == before


def test_nul_and_control_characters_are_not_stored(client, spotter):
    assert post(client, spotter.headers, note="a\x00b\x07c").status_code == 201


def test_a_retry_gets_the_first_answer_and_another_body_none(client, spotter):
    headers = spotter.headers
    content = str(a_sighting()).replace("'", '"').encode()
    first = client.post("/api/sightings", content=content, headers=headers | {"Content-Type": "application/json"})
    again = client.post("/api/sightings", content=content, headers=headers | {"Content-Type": "application/json"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = post(client, headers, size=3)
    assert other.status_code == 422
    assert "before with another body" in other.json()["title"]


def test_a_report_that_comes_another_way_is_the_same_report(client, spotter):
    """The quick way in reads what is plainly whole; the usual way reads the rest, and both keep the same key."""
    content = str(a_sighting(vehicles=[{"type": "suv"}])).replace("'", '"').encode()
    kinds = ("application/json", "application/json; charset=utf-8")
    answers = [
        client.post("/api/sightings", content=content, headers=spotter.headers | {"Content-Type": kind, **key})
        for key in ({"Idempotency-Key": secrets.token_hex(16)},)
        for kind in kinds
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true"]


def test_nobody_known_reports_only_where_the_network_says_so(client):
    key = {"Idempotency-Key": secrets.token_hex(16)}
    assert post(client, key).status_code == 401


@pytest.mark.parametrize("network_policy", [{"intake": {"anonymous_reports": True}}])
def test_nobody_known_may_report_here_but_an_ended_session_is_told(client):
    key = {"Idempotency-Key": secrets.token_hex(16)}
    assert post(client, key).status_code == 201
    lapsed = {"Authorization": f"Bearer {client.app.state.default_network_id}.nonsense"}
    assert post(client, key | lapsed).status_code == 401


def test_an_ended_session_reports_nothing_more_at_once(client, house, network_id, spotter):
    assert post(client, spotter.headers).status_code == 201
    with house.act(network_id) as uow:
        uow.accounts.end_sessions(spotter.id)
    before = stored(house, network_id)
    assert [post(client, spotter.headers).status_code for _ in range(2)] == [401, 401]
    assert stored(house, network_id) == before
    assert post(client, an_account(house, network_id, lasts=timedelta(seconds=-1)).headers).status_code == 401


def test_too_many_at_once_are_asked_to_wait(client, spotter):
    answers = [post(client, spotter.headers) for _ in range(11)]
    assert [each.status_code for each in answers] == [201] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1


@pytest.mark.parametrize("network_kind", ["demo"])
def test_many_at_once_are_all_answered_after_they_are_stored(client, house, network_id):
    people = [signed_in(client, Role.SPOTTER) for _ in range(4)]
    answers = {}

    def send(person, number):
        for turn in range(8):
            place = a_point(LON + number / 90, LAT + turn / 500)
            answers[number, turn] = post(client, person.headers, location=place)

    senders = [threading.Thread(target=send, args=(person, number)) for number, person in enumerate(people)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert {each.status_code for each in answers.values()} == {201}
    assert len({each.json()["id"] for each in answers.values()}) == 32
    assert stored(house, network_id)["sighting"] == 32


def test_a_receipt_takes_back_one_sighting_and_wrong_ones_keep_only_wrong_ones_waiting(client, spotter):
    first, second = (post(client, spotter.headers).json() for _ in range(2))
    done = client.post(f"/api/sightings/{first['id']}/retract", json={"receipt": first["receipt"]})
    assert (done.status_code, done.json()) == (200, {"id": first["id"], "retracted": True})
    assert client.post(f"/api/sightings/{first['id']}/retract", json={"receipt": first["receipt"]}).status_code == 200
    address = f"/api/sightings/{second['id']}/retract"
    wrong = [client.post(address, json={"receipt": first["receipt"]}) for _ in range(6)]
    assert [each.status_code for each in wrong] == [404] * 5 + [429]
    assert client.post(address, json={"receipt": second["receipt"]}).status_code == 200
    nothing = client.post("/api/sightings/0000000000001/retract", json={"receipt": first["receipt"]})
    assert nothing.json()["title"] == wrong[0].json()["title"]


def test_the_desk_reads_cells_and_one_incident_exactly(client, house, network_id, spotter, desk_person):
    post(client, spotter.headers, note="call 612-555-0134, plate ABC 1234", activity="stop")
    assert client.get("/api/sightings", headers=spotter.headers).status_code == 403
    [listed] = client.get("/api/sightings", headers=desk_person.headers).json()["features"]
    assert listed["geometry"]["coordinates"] != [LON, LAT]
    assert listed["properties"]["note"] is None
    assert listed["properties"]["observed_at"].endswith(":00Z")
    lon, lat = listed["geometry"]["coordinates"]
    near = f"{lon - 1e-6},{lat - 1e-6},{lon + 1e-6},{lat + 1e-6}"
    exactly = f"{LON - 1e-6},{LAT - 1e-6},{LON + 1e-6},{LAT + 1e-6}"
    for bbox, count in ((near, 1), (exactly, 0)):
        found = client.get("/api/sightings", params={"bbox": bbox}, headers=desk_person.headers).json()
        assert len(found["features"]) == count
    for bbox in ("1,2,3", "a,b,c,d", "1,5,2,4", "1,2,3,99"):
        refused = client.get("/api/sightings", params={"bbox": bbox}, headers=desk_person.headers)
        assert (refused.status_code, bbox in refused.text) == (422, False)
    incident = listed["properties"]["incident"]
    [exact] = client.get("/api/sightings", params={"incident": incident}, headers=desk_person.headers).json()[
        "features"
    ]
    assert exact["geometry"]["coordinates"] == [LON, LAT]
    assert exact["properties"]["source"] == "r-1"
    assert "555" not in exact["properties"]["note"]
    with house.act(network_id) as uow:
        assert uow.audits.count(desk_person.id, "read exact", uow.now.date()) == 1


def test_from_two_pins_to_a_verified_incident(client, house, network_id, desk_person):
    with house.act(network_id) as uow:
        territory.draw(uow, "Middle", {"type": "Polygon", "coordinates": SQUARE})
    for _ in range(2):
        assert post(client, signed_in(client, Role.SPOTTER).headers, unit="immigration").status_code == 201
    [found] = client.get("/api/incidents", headers=desk_person.headers).json()["features"]
    assert found["properties"]["status"] == "corroborated"
    assert found["properties"]["zones"] == ["Middle"]
    assert found["geometry"]["coordinates"] != [LON, LAT]
    address = f"/api/incidents/{found['id']}"
    said = {"verdict": "verified", "agency": "immigration", "basis": "seen in person"}
    headers = desk_person.headers
    first = client.post(f"{address}/judgements", json=said, headers=headers)
    assert (first.status_code, first.json()["incident"]["properties"]["status"]) == (201, "corroborated")
    again = client.post(f"{address}/judgements", json=said, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert client.post(f"{address}/judgements", json=said, headers=desk_person.headers).status_code == 409
    other = signed_in(client, Role.VERIFIER)
    second = client.post(f"{address}/judgements", json=said, headers=other.headers)
    assert second.json()["incident"]["properties"]["status"] == "verified"
    opened = client.get(address, headers=desk_person.headers).json()
    assert opened["geometry"]["coordinates"] == pytest.approx([LON, LAT])
    assert len(opened["properties"]["sightings_found"]["features"]) == 2
    assert [each["by"] for each in opened["properties"]["judgements"]] == [desk_person.alias, other.alias]
    assert opened["properties"]["dispatches_found"] == []
    undone = client.post(f"/api/judgements/{second.json()['judgement']['id']}/undo", headers=other.headers)
    assert undone.json()["incident"]["properties"]["status"] == "corroborated"


def test_bad_judgements(client, spotter, desk_person):
    post(client, spotter.headers)
    [found] = client.get("/api/incidents", headers=desk_person.headers).json()["features"]
    address = f"/api/incidents/{found['id']}/judgements"
    for body in (
        {"verdict": "verified"},
        {"verdict": "perhaps"},
        {"verdict": "verified", "agency": "army", "basis": "said so"},
        {"verdict": "unsure", "note": "x" * 501},
        {"verdict": "verified", "agency": "immigration", "basis": "looks like"},
    ):
        assert client.post(address, json=body, headers=desk_person.headers).status_code == 422
    assert client.post(address, json={"verdict": "unsure"}, headers=spotter.headers).status_code == 403
    script = signed_in(client, Role.VERIFIER, script=True)
    assert client.post(address, json={"verdict": "unsure"}, headers=script.headers).status_code == 403
    nowhere = "/api/incidents/0000000000001"
    assert (
        client.post(f"{nowhere}/judgements", json={"verdict": "unsure"}, headers=desk_person.headers).status_code == 404
    )
    assert client.get(nowhere, headers=desk_person.headers).status_code == 404
    assert client.get("/api/incidents/nonsense", headers=desk_person.headers).status_code == 404
    assert client.post("/api/judgements/0000000000001/undo", headers=desk_person.headers).status_code == 404


def test_incidents_by_page_status_zone_and_time(client, house, network_id, desk_person):
    with house.act(network_id) as uow:
        territory.draw(uow, "Middle", {"type": "Polygon", "coordinates": SQUARE})
    for number in range(5):
        post(client, signed_in(client, Role.SPOTTER).headers, location=a_point(LON, LAT + number / 90))

    def ask(**params):
        return client.get("/api/incidents", params=params, headers=desk_person.headers)

    everything = ask().json()["features"]
    paged, cursor = [], None
    for _ in range(3):
        page = ask(limit=2, **({"cursor": cursor} if cursor else {})).json()
        paged += page["features"]
        cursor = page["cursor"]
    assert paged == everything
    assert cursor is None
    assert len(everything) == 5
    assert len(ask(zone="Middle").json()["features"]) == sum(
        "Middle" in each["properties"]["zones"] for each in everything
    )
    assert ask(status="verified").json()["features"] == []
    assert len(ask(status=["unverified", "verified"]).json()["features"]) == 5
    assert ask(since=(datetime.now(UTC) + timedelta(minutes=2)).isoformat()).json()["features"] == []
    for wrong in (
        {"status": "nonsense"},
        {"since": "lately"},
        {"cursor": "bm9uc2Vuc2U"},
        {"cursor": "é"},
        {"limit": 0},
    ):
        refused = ask(**wrong)
        assert refused.status_code == 422
        assert str(next(iter(wrong.values()))) not in refused.text.replace("0", "", 0) or wrong == {"limit": 0}
    assert ask(zone="Nowhere").status_code == 404


def test_one_network_never_reads_anothers(client, house, settings, spotter):
    post(client, spotter.headers)
    elsewhere = a_network(settings.database_url)
    stranger = an_account(house, elsewhere, [Role.DISPATCHER])
    assert client.get("/api/incidents", headers=stranger.headers).json()["features"] == []
    assert client.get("/api/sightings", headers=stranger.headers).json()["features"] == []


def test_incidents_come_newest_first_and_on_request_in_the_order_of_the_queue(client, desk_person):
    now = datetime.now(UTC)
    older = (now - timedelta(minutes=5)).isoformat()
    for _ in range(2):
        vouched = signed_in(client, Role.SPOTTER)
        assert post(client, vouched.headers, observed_at=older, activity="arrest").status_code == 201
    lone = signed_in(client, Role.SPOTTER)
    assert post(client, lone.headers, location=a_point(LON + 0.02, LAT)).status_code == 201

    def shown(query):
        answer = client.get(f"/api/incidents{query}", headers=desk_person.headers)
        assert answer.status_code == 200, answer.text
        return [each["properties"]["vouched_groups"] for each in answer.json()["features"]]

    assert shown("") == shown("?order=newest") == [1, 2]
    assert shown("?order=queue") == [2, 1]
    assert shown("?order=queue&limit=1") == [2]
    refused = client.get("/api/incidents?order=loudest", headers=desk_person.headers)
    assert refused.status_code == 422


def test_wrong_receipts_are_forgotten_after_an_hour():
    now = [0.0]
    wrong = WrongReceipts(lambda: now[0])
    for _ in range(5):
        wrong.count(1)
    with pytest.raises(TooMany):
        wrong.count(1)
    wrong.count(2)
    now[0] = 3600.0
    wrong.count(1)
