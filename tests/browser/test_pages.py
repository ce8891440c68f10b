"""Every page in a real browser: it draws itself, and asks nobody but us."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Page

from records.enums import Role
from tests.builders import PASSPHRASE
from tests.crews import PLACE, a_crew

MAP_IS_DRAWN = "Boolean(window.tandem && window.tandem.map.loaded())"


def wait_until(page: Page, question: str) -> None:
    """Ask the page until it says yes; playwright's own way evaluates text, which our policy forbids."""
    for _ in range(200):
        if page.evaluate(question):
            return
        page.wait_for_timeout(100)
    raise AssertionError(question)


def a_pin(**more: object) -> dict[str, object]:
    return {
        "kind": "activity",
        "location": {"type": "Point", "coordinates": [PLACE.lon, PLACE.lat]},
        "accuracy_m": 15,
        "observed_at": datetime.now(UTC).isoformat(),
        "activity": "arrest",
        "unit": "immigration",
        "basis": "vehicle marking",
    } | more


@pytest.mark.parametrize(
    ("path", "roles", "shows"),
    [
        ("/sign-in", (), "Passphrase"),
        ("/map", (Role.DISPATCHER,), "Out now"),
        ("/map", (Role.VERIFIER,), "To verify"),
        ("/pin", (Role.SPOTTER,), "Something happening"),
        ("/pin?lang=es", (Role.SPOTTER,), "Algo que pasa"),
        ("/zones", (Role.ORGANIZER,), "Draw a zone"),
        ("/report", (Role.ANALYST,), "internal, not for release"),
    ],
)
def test_each_page_draws_itself_and_asks_no_other_host(site, opened, path, roles, shows) -> None:
    page = opened(path, site.person(*roles) if roles else None)
    page.wait_for_selector(f"text={shows}")
    page.wait_for_load_state("load")
    page.wait_for_timeout(600)


def test_a_responder_begins_a_shift(site, opened) -> None:
    member = a_crew(site.house, site.network_id, 1)[0]
    page = opened("/go", member.person, phone=True)
    page.click("text=Stop for now")
    page.wait_for_selector("text=You are off")
    page.check("[name=rules]")
    page.click("text=I can be asked")
    page.wait_for_selector("text=You can be asked")


def test_a_pin_posted_over_http_appears_on_the_open_map(site, opened) -> None:
    page = opened("/map", site.person(Role.DISPATCHER))
    page.wait_for_selector("#live[data-live=on]")
    wait_until(page, MAP_IS_DRAWN)
    assert page.locator("[data-queue] .row").count() == 0
    page.evaluate("window.stillTheSamePage = true")
    spotter = site.person(Role.SPOTTER)
    answer = httpx.post(f"{site.address}/api/sightings", json=a_pin(), headers=spotter.headers, trust_env=False)
    assert answer.status_code == 201, answer.text
    page.wait_for_selector("[data-queue] .row-unverified")
    wait_until(page, "tandem.map.queryRenderedFeatures({layers: ['incidents']}).length > 0")
    assert page.evaluate("window.stillTheSamePage")
    assert "arrest" in page.locator("[data-queue] .row").inner_text()


def test_the_queue_is_worked_by_keyboard(site, opened) -> None:
    spotter = site.person(Role.SPOTTER)
    pin = a_pin(vehicles=[{"type": "suv", "plate": "ABC1234"}])
    httpx.post(f"{site.address}/api/sightings", json=pin, headers=spotter.headers, trust_env=False)
    page = opened("/map", site.person(Role.VERIFIER))
    page.wait_for_selector("[data-queue] .row")
    page.focus("[data-queue] .row")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=plate ends 34")
    page.keyboard.press("Escape")
    page.wait_for_selector("#incident", state="hidden")
    assert page.evaluate("document.activeElement.matches('[data-queue] .row')")


def test_a_page_for_others_says_so_and_a_stranger_is_shown_the_door(site, opened) -> None:
    page = opened("/map")
    assert page.url.startswith(f"{site.address}/sign-in")
    page = opened("/zones", site.person(Role.SPOTTER))
    page.wait_for_selector("text=Your role does not allow this.")
    site.complaints.clear()  # the browser itself notes the 403 that was asked for


def test_the_door_opens_with_alias_and_passphrase_and_closes_behind(site, opened) -> None:
    person = site.person(Role.VERIFIER)
    page = opened("/sign-in")
    page.fill("[name=alias]", person.alias)
    page.fill("[name=passphrase]", PASSPHRASE)
    page.click("button:has-text('Sign in')")
    page.wait_for_url("**/map")
    page.click("[aria-label='Sign out']")
    page.wait_for_url("**/sign-in")
    # What was under way when the session ended is refused, and the browser's own console says so.
    site.complaints[:] = [said for said in site.complaints if "401" not in said]
    page.goto(f"{site.address}/map")
    assert "/sign-in" in page.url
