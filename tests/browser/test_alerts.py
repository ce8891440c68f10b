"""Two people tell the members on their own screens, and everybody who read it reads the correction."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from records.enums import Role
from tests.browser.test_pages import a_pin


@pytest.fixture
def judged(site):
    """Two pins of two lineages, judged verified by two people who come back with the judgements' ids."""
    for note in ("from my window, three of them", "from the bus stop, they hold a driver"):
        post(site, site.person(Role.SPOTTER), "/api/sightings", a_pin(note=note))
    judges = [site.person(Role.VERIFIER) for _ in range(2)]
    [found] = get(site, judges[0], "/api/incidents")["features"]
    said = {"verdict": "verified", "agency": "immigration", "basis": "vehicle marking"}
    made = [post(site, each, f"/api/incidents/{found['id']}/judgements", said)["judgement"]["id"] for each in judges]
    return judges, made


def post(site, person, path, body=None):
    answer = httpx.post(f"{site.address}{path}", json=body, headers=person.headers, trust_env=False)
    assert answer.status_code < 300, answer.text
    return answer.json()


def get(site, person, path):
    return httpx.get(f"{site.address}{path}", headers=person.headers, trust_env=False).json()


def at_the_incident(opened, person):
    page = opened("/map", person)
    page.click("[data-queue] .row")
    page.wait_for_selector("#statements")
    return page


def test_two_people_tell_the_members_and_a_correction_follows_on_its_own(site, opened, judged) -> None:
    judges, made = judged
    member = opened("/alerts", site.person(Role.SPOTTER), phone=True)
    member.wait_for_selector("text=Nothing is confirmed")
    member.wait_for_selector("#live[data-live=on]")
    first = at_the_incident(opened, site.person(Role.DISPATCHER))
    first.click("text=Propose to tell them")
    first.wait_for_selector("text=Waits for a second person")
    second = at_the_incident(opened, site.person(Role.DISPATCHER))
    second.click("text=Approve and tell")
    member.wait_for_selector(".told-verified")
    assert "immigration enforcement confirmed by two people near Round the place" in member.inner_text("#alerts")
    second.wait_for_selector("#statements .said-standing")
    first.wait_for_selector("#statements .said-standing")
    post(site, judges[0], f"/api/judgements/{made[0]}/undo")
    member.wait_for_selector(".told-correction")
    assert "You read the first message" in member.inner_text("#alerts")
    assert member.locator(".told-verified").count() == 0
    second.wait_for_selector("#statements .said-corrected")
    expect(second.locator("#statements")).to_contain_text("everybody who read the first message has read this")


def test_what_is_missing_is_said_before_anybody_judged(site, opened) -> None:
    post(site, site.person(Role.SPOTTER), "/api/sightings", a_pin(device_distance_m=9000))
    page = at_the_incident(opened, site.person(Role.DISPATCHER))
    told = page.inner_text("#statements")
    assert "Missing: two people of different lineages have to say verified" in told
    assert "Propose" not in told
    assert "sent far from the pin" in page.inner_text("#incident-live")


def test_a_member_reads_it_in_spanish(site, opened) -> None:
    page = opened("/alerts?lang=es", site.person(Role.RESPONDER), phone=True)
    page.wait_for_selector("text=Ahora mismo no hay nada confirmado")
