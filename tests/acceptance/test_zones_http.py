"""Zones and coverage over HTTP: drawn by organizers, read by dispatchers, files refused kindly."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from api.limits import BUCKETS
from records.enums import Role
from tests.builders import signed_in
from tests.service import ROOT


def _feature(name: str, lon: float = -38.5, lat: float = 31.0, half: float = 0.02) -> dict[str, object]:
    ring = [[lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half]]
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


def test_a_zone_is_drawn_once_however_often_it_is_sent(client: TestClient) -> None:
    organizer = signed_in(client, Role.ORGANIZER)
    headers = organizer.headers
    first = client.post("/api/zones", json=_feature("North Bank"), headers=headers)
    again = client.post("/api/zones", json=_feature("North Bank"), headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = client.post("/api/zones", json=_feature("South Bank"), headers=headers)
    assert other.status_code == 422
    zone_id = first.json()["id"]
    dispatcher = signed_in(client, Role.DISPATCHER).headers
    assert [each["id"] for each in client.get("/api/zones", headers=dispatcher).json()["features"]] == [zone_id]
    at = client.get("/api/zones/at", params={"lon": -38.5, "lat": 31.0}, headers=dispatcher)
    assert [each["properties"]["name"] for each in at.json()["features"]] == ["North Bank"]
    assert client.delete(f"/api/zones/{zone_id}", headers=dispatcher).status_code == 403
    moved = client.put(f"/api/zones/{zone_id}", json=_feature("North Bank", lat=31.2), headers=organizer.headers)
    assert moved.status_code == 200
    assert client.delete(f"/api/zones/{zone_id}", headers=organizer.headers).status_code == 204
    assert client.get(f"/api/zones/{zone_id}", headers=dispatcher).status_code == 404


def test_an_import_names_what_it_kept_repaired_and_refused(client: TestClient) -> None:
    content = json.dumps(
        {
            "type": "FeatureCollection",
            "features": [_feature("Kept"), {"type": "Feature", "properties": {"name": "No shape"}, "geometry": None}],
        }
    )
    taken = client.post("/api/zones/import", content=content, headers=signed_in(client, Role.ORGANIZER).headers)
    assert taken.status_code == 201
    assert taken.json()["kept"] == 1
    assert [each["index"] for each in taken.json()["refused"]] == [2]


@pytest.mark.parametrize("content", ["", "{", '{"type": "Topology"}', "PK\x03\x04 not a zip", "x" * 100])
def test_a_file_that_is_none_is_one_clear_sentence(client: TestClient, content: str) -> None:
    refused = client.post("/api/zones/import", content=content, headers=signed_in(client, Role.ORGANIZER).headers)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["title"].endswith(".")
    assert client.get("/api/zones", headers=signed_in(client, Role.DISPATCHER).headers).json()["features"] == []


def test_coverage_shows_a_gap_in_every_cell_while_nobody_is_on_call(client: TestClient) -> None:
    organizer = signed_in(client, Role.ORGANIZER)
    client.post("/api/zones", json=_feature("North Bank"), headers=organizer.headers)
    found = client.get("/api/coverage", params={"minutes": 10}, headers=organizer.headers)
    assert found.status_code == 200
    assert found.json()["gaps"] == len(found.json()["features"]) > 0
    assert client.get("/api/coverage", headers=signed_in(client, Role.ANALYST).headers).status_code == 403


def test_zones_come_in_pages_that_meet_end_to_end(client: TestClient) -> None:
    organizer = signed_in(client, Role.ORGANIZER)
    for number in range(5):
        client.post("/api/zones", json=_feature(f"Zone {number}", lon=-38.5 + number), headers=organizer.headers)
    names, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/zones", params=asked, headers=organizer.headers).json()
        names += [each["properties"]["name"] for each in page["features"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert names == [f"Zone {number}" for number in range(5)]
    lost = client.get("/api/zones", params={"cursor": "0000000000000"}, headers=organizer.headers)
    assert lost.status_code == 422
    assert client.get("/api/responders", params={"limit": 1}, headers=organizer.headers).json()["cursor"] is None


def test_a_field_nobody_knows_is_refused_without_being_repeated(client: TestClient) -> None:
    sent = {"alias": "calm-heron", "<script>secret</script>": 1}
    refused = client.post("/api/responders", json=sent, headers=signed_in(client, Role.ORGANIZER).headers)
    assert refused.status_code == 422
    assert "secret" not in refused.text


def test_files_are_counted_by_person(client: TestClient) -> None:
    headers = signed_in(client, Role.ORGANIZER).headers
    answers = [client.post("/api/zones/import", content="{", headers=headers).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
    other = signed_in(client, Role.ORGANIZER).headers
    assert client.post("/api/zones/import", content="{", headers=other).status_code == 422


def test_every_bucket_is_spent_somewhere() -> None:
    routes = "".join(path.read_text() for folder in ("api", "web") for path in (ROOT / folder).rglob("*.py"))
    assert [name for name in BUCKETS if routes.count(f'"{name}"') < 2] == []
