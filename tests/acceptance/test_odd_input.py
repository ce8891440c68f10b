"""Input that no column, no number and no clock can hold: refused in one sentence, never our fault."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from records.enums import Role
from tests.builders import signed_in

RING = [[-38.5, 31.0], [-38.4, 31.0], [-38.4, 31.1], [-38.5, 31.0]]


def a_zone(name="North Bank"):
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": "Polygon", "coordinates": [RING]},
    }


def told(answer, status, field=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"].endswith(".")
    if field is not None:
        assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("alias", ["a\x00b", "a\x07b", "a\nb"])
def test_an_alias_holds_no_invisible_sign(client, alias):
    told(client.post("/api/session", json={"alias": alias, "passphrase": "x"}), 422, "alias")
    organizer = signed_in(client, Role.ORGANIZER)
    told(client.post("/api/responders", json={"alias": alias}, headers=organizer.headers), 422, "alias")


def test_what_no_column_can_hold_is_the_senders_to_mend(client):
    organizer = signed_in(client, Role.ORGANIZER)
    told(client.post("/api/accounts/%00/suspend", headers=organizer.headers), 422)


def test_a_certificate_beyond_the_calendar_is_refused(client):
    organizer = signed_in(client, Role.ORGANIZER)
    alias = client.get("/api/me", headers=signed_in(client, Role.RESPONDER).headers).json()["alias"]
    certificate = {"kind": "trained", "valid_until": "9999-12-31T23:59:59-14:00"}
    body = {"alias": alias, "certificates": [certificate]}
    told(client.post("/api/responders", json=body, headers=organizer.headers), 422)


@pytest.mark.parametrize("name", ["a\x00b", "a\x07b", "   ", ""])
def test_a_zone_has_a_name_one_can_read(client, name):
    organizer = signed_in(client, Role.ORGANIZER)
    told(client.post("/api/zones", json=a_zone(name), headers=organizer.headers), 422, "properties.name")
    assert client.post("/api/zones", json=a_zone("B"), headers=organizer.headers).status_code == 201


@pytest.mark.parametrize("number", ["1" + "0" * 400, "NaN", "1e999", "[" * 300 + "]" * 300])
def test_a_zone_of_impossible_numbers_is_refused(client, number):
    content = json.dumps(a_zone()).replace("31.1", number)
    headers = signed_in(client, Role.ORGANIZER).headers | {"Content-Type": "application/json"}
    told(client.post("/api/zones", content=content, headers=headers), 422, "geometry")


@pytest.mark.parametrize("said", [1, "1", "1795188060", True])
def test_a_bare_number_is_no_time(client, said):
    responder = signed_in(client, Role.RESPONDER)
    told(client.put("/api/me/availability", json={"available": True, "until": said}, headers=responder.headers), 422)
    sighting = {"kind": "vehicle", "location": {"type": "Point", "coordinates": [0, 0]}, "observed_at": said}
    told(client.post("/api/sightings", json=sighting, headers=responder.headers), 422, "observed_at")


@pytest.mark.parametrize("coordinates", [["1", "2"], [500.25, 91], [True, False], [1], [1, 2, 3, 4]])
def test_where_somebody_stands_is_a_place_in_numbers(client, coordinates):
    place = {"type": "Point", "coordinates": coordinates}
    body = {"available": True, "until": datetime.now(UTC).isoformat(), "location": place}
    answer = client.put("/api/me/availability", json=body, headers=signed_in(client, Role.RESPONDER).headers)
    told(answer, 422)
    assert answer.json()["errors"][0]["field"].startswith("location")
    assert "500.25" not in answer.text


@pytest.mark.parametrize("content", [b"[" * 15_000, b'{"kind":"\xff\xfe"}'])
def test_a_body_that_cannot_be_read_at_all_is_said_to_be_one(client, content):
    headers = signed_in(client, Role.SPOTTER).headers | {"Content-Type": "application/json"}
    answer = client.post("/api/sightings", content=content, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.json()["title"] != "This request cannot be answered."


def test_days_are_asked_for_as_days(client):
    headers = signed_in(client, Role.ANALYST).headers
    answer = client.get("/api/patterns", params={"by": "zone", "from": "2026-11-20T01:02:03Z"}, headers=headers)
    told(answer, 422, "from")
    assert "a day like" in answer.json()["title"]
