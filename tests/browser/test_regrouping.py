"""One event or several: a dispatcher merges, splits and undoes on the incident's page, with the keyboard alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from records.enums import Role
from tests.browser.test_pages import a_pin
from tests.crews import PLACE


def send(site, *, north: float = 0.0, **more) -> dict[str, str]:
    pin = a_pin(location={"type": "Point", "coordinates": [PLACE.lon, PLACE.lat + north]}, **more)
    answer = httpx.post(
        f"{site.address}/api/sightings", json=pin, headers=site.person(Role.SPOTTER).headers, trust_env=False
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def press(page, name: str) -> None:
    """Move to a button by its name and press it with the keyboard."""
    button = page.get_by_role("button", name=name, exact=True).first
    button.focus()
    page.keyboard.press("Enter")


@pytest.fixture
def desk(site, opened):
    """The page of a dispatcher with two incidents 700 m apart, the first one opened."""
    for north in (0.0, 0.0, 0.0063):
        send(site, north=north)
    page = opened("/map", site.person(Role.DISPATCHER, Role.VERIFIER))
    page.wait_for_selector("[data-queue] .row >> nth=1")
    page.focus("[data-queue] .row-corroborated")
    page.keyboard.press("Enter")
    page.wait_for_selector("#incident-card")
    return page


def test_merged_by_keyboard_and_undone(desk) -> None:
    press(desk, "Merge with one nearby")
    desk.wait_for_selector(".choice")
    desk.focus(".choice input")
    desk.keyboard.press("Space")
    press(desk, "Merge into this incident")
    desk.wait_for_selector("text=merged another incident into this one")
    desk.wait_for_selector("text=3 from 3 sources")
    assert "three witnesses" in desk.locator(".reasons").first.inner_text()
    desk.wait_for_selector("[data-queue] .row >> nth=1", state="detached")
    desk.locator("#incident-live form[action], #incident-live .judgement form button").last.focus()
    desk.keyboard.press("Enter")
    desk.wait_for_selector("text=undone by")
    desk.wait_for_selector("text=2 from 2 sources")
    desk.wait_for_selector("[data-queue] .row >> nth=1")


def test_split_by_ticking_and_what_was_taken_back_is_told(site, desk) -> None:
    press(desk, "Split reports off")
    desk.wait_for_selector("[name=sightings]")
    desk.locator("[name=sightings]").first.focus()
    desk.keyboard.press("Space")
    press(desk, "Split off what is ticked")
    desk.wait_for_selector("text=split 1 report off into another incident")
    desk.wait_for_selector("text=1 from 1 source")
    desk.wait_for_selector("[data-queue] .row >> nth=2")

    back = send(site)
    desk.wait_for_selector("text=2 from 2 sources")
    httpx.post(f"{site.address}/api/sightings/{back['id']}/retract", json={"receipt": back["receipt"]}, trust_env=False)
    desk.wait_for_selector("text=1 report was taken back by whoever sent it")


def test_a_suggestion_is_shown_with_its_reason_and_refused(site, desk) -> None:
    car = [{"type": "van", "make": "Ford", "color": "white", "plate": "ABC1234"}]
    send(site, vehicles=car)
    earlier = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    send(site, north=0.02, vehicles=car, observed_at=earlier)
    desk.wait_for_selector("text=the same plate was reported at both")
    press(desk, "Not the same")
    desk.wait_for_selector("text=said that this is not the same as")
    assert desk.locator("text=the same plate was reported at both").count() == 0
