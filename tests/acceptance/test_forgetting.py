"""What people reported is forgotten on time, by every door, and nothing before its time; what analysts count stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.worker import TIMERS, Worker
from desk import retention, territory
from records.enums import Role
from tests.builders import signed_in
from tests.crews import as_owner

LON, LAT = -93.26512345678, 44.97781234567
NOTE = "canary by the bakery"


def a_square(half: float = 0.05) -> dict[str, object]:
    ring = [[LON - half, LAT - half], [LON + half, LAT - half], [LON + half, LAT + half], [LON - half, LAT + half]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


@pytest.fixture
def reported(client, house, network_id):
    """Two incidents far apart: one that two people verified, one that nobody looked at."""
    with house.act(network_id) as uow:
        territory.draw(uow, "Middle", a_square())
    spotter = signed_in(client, Role.SPOTTER)
    for lat in (LAT, LAT + 0.03):
        told = {
            "kind": "vehicle",
            "activity": "stop",
            "location": {"type": "Point", "coordinates": [LON, lat]},
            "observed_at": datetime.now(UTC).isoformat(),
            "note": NOTE,
            "vehicles": [{"type": "suv", "make": "Ford", "plate": "ABC1234"}],
        }
        assert client.post("/api/sightings", json=told, headers=spotter.headers).status_code == 201
    desk = signed_in(client, Role.DISPATCHER, Role.VERIFIER)
    features = client.get("/api/incidents", headers=desk.headers).json()["features"]
    verified = max(features, key=lambda each: -each["geometry"]["coordinates"][1])["id"]
    with as_owner(house.settings.database_url, network_id) as connection:
        connection.execute(
            text(
                "INSERT INTO account (network_id, id, alias, lineage, roles, created_on) VALUES"
                " (:n, 1, 'first-heron', 1, '{verifier}', now()), (:n, 2, 'second-heron', 2, '{verifier}', now())"
            ),
            {"n": network_id},
        )
        connection.execute(
            text(
                "UPDATE incident SET status = 'verified', was_verified = true, verifier1 = 1, verifier1_lineage = 1,"
                " verifier2 = 2, verifier2_lineage = 2, agency = 'immigration'"
                " WHERE network_id = :n AND ST_Y(location::geometry) < :lat"
            ),
            {"n": network_id, "lat": LAT + 0.01},
        )
    return verified


def forget(house, network_id, later: timedelta) -> None:
    for _ in range(20):
        with house.act(network_id, now=datetime.now(UTC) + later) as uow:
            if not retention.forget_reports(uow):
                return
    raise AssertionError


def left(house, network_id) -> dict[str, int]:
    """How many rows still hold each thing that must go."""
    with as_owner(house.settings.database_url, network_id) as connection:
        row = connection.execute(
            text(
                "SELECT count(location) AS places, count(cell9) AS cells, count(note) AS notes,"
                " count(*) FILTER (WHERE vehicles <> '[]') AS vehicles, count(plate_tail) AS tails,"
                " count(plate_token) AS tokens, count(reporter_id) AS reporters FROM sighting WHERE network_id = :n"
            ),
            {"n": network_id},
        ).one()
        exact = connection.execute(
            text("SELECT count(*) FROM incident WHERE network_id = :n AND coarse_since IS NULL"), {"n": network_id}
        ).scalar_one()
        linked = connection.execute(
            text("SELECT count(*) FROM reporter WHERE network_id = :n AND account_id IS NOT NULL"), {"n": network_id}
        ).scalar_one()
        return {**row._mapping, "incidents": exact, "linked": linked}


def test_each_thing_goes_at_its_limit_and_not_before(house, network_id, reported):
    """sightings_forget, incidents_past, incidents_coarsen, plates_forget, reporters_sever, reporters_forget."""
    hours = timedelta(hours=1)
    forget(house, network_id, 23 * hours)
    assert left(house, network_id) == {
        "places": 2, "cells": 2, "notes": 2, "vehicles": 2, "tails": 2, "tokens": 2, "reporters": 2,
        "incidents": 2, "linked": 1,
    }  # fmt: skip
    forget(house, network_id, 25 * hours)
    assert left(house, network_id) == {
        "places": 1, "cells": 1, "notes": 1, "vehicles": 1, "tails": 1, "tokens": 1, "reporters": 2,
        "incidents": 1, "linked": 1,
    }  # fmt: skip
    forget(house, network_id, 73 * hours)
    assert left(house, network_id)["tails"] == left(house, network_id)["tokens"] == 0
    forget(house, network_id, timedelta(days=7, hours=-1))
    assert left(house, network_id)["places"] == 1
    forget(house, network_id, timedelta(days=7, hours=1))
    assert left(house, network_id)["places"] == left(house, network_id)["incidents"] == 0
    assert left(house, network_id)["reporters"] == 2
    forget(house, network_id, timedelta(days=9, hours=1))
    assert left(house, network_id) == dict.fromkeys(left(house, network_id), 0)


def test_forty_days_later_no_door_shows_what_was_reported(client, house, network_id, reported):
    forget(house, network_id, timedelta(days=40))
    desk = signed_in(client, Role.DISPATCHER, Role.VERIFIER)
    doors = (
        f"/api/incidents/{reported}",
        "/api/incidents",
        f"/api/sightings?incident={reported}",
        "/api/sightings",
        f"/api/incidents/{reported}/pairs",
    )
    for door in doors:
        answer = client.get(door, headers=desk.headers)
        assert answer.status_code in {200, 409}, door
        for canary in (NOTE, "Ford", '"34"', "-93.2651", "44.9778"):
            assert canary not in answer.text, (door, canary)
    assert len(client.get("/api/incidents", headers=desk.headers).json()["features"]) == 2


def test_the_worker_forgets_by_itself(house, network_id, reported):
    assert retention.forget_reports in {timer.verb for timer in TIMERS}
    with as_owner(house.settings.database_url, network_id) as connection:
        connection.execute(text("UPDATE sighting SET received_at = received_at - interval '25 hours'"))
        connection.execute(text("UPDATE incident SET last_seen_at = last_seen_at - interval '25 hours'"))
    Worker(house, [timer for timer in TIMERS if timer.verb is retention.forget_reports]).sweep(0.0)
    assert left(house, network_id)["places"] == 1


def test_a_report_that_comes_after_another_was_forgotten_is_taken_in_as_ever(client, house, network_id, reported):
    forget(house, network_id, timedelta(days=40))
    spotter = signed_in(client, Role.SPOTTER)
    told = {
        "kind": "activity",
        "activity": "arrest",
        "location": {"type": "Point", "coordinates": [LON, LAT]},
        "observed_at": datetime.now(UTC).isoformat(),
    }
    assert client.post("/api/sightings", json=told, headers=spotter.headers).status_code == 201
