"""A dispatcher lets it run: three phones ring, two go, the third is thanked at once; one leaves, the other holds."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from records import ids
from records.enums import Role
from tests.browser.conftest import PATIENCE_MS
from tests.browser.tapping import tap
from tests.crews import a_crew, an_incident

AT_ONCE_MS = 1000
"""From the service's answer to the words on another person's screen; held to in the full run, on a calm machine."""


@pytest.fixture
def incident(cluster, site) -> str:
    return ids.shown(an_incident(cluster.url("browsed"), site.network_id, status="verified"))


def let_it_run(opened, site, incident: str) -> Page:
    desk = opened("/map", site.person(Role.DISPATCHER))
    desk.wait_for_selector("#live[data-live=on]")
    desk.click(f"#row-{incident}")
    desk.click(".suggest button")
    desk.click("text=Let it run")
    desk.wait_for_selector("#incident-live .chip-offering")
    return desk


@pytest.mark.parametrize("patience_ms", [PATIENCE_MS, pytest.param(AT_ONCE_MS, marks=pytest.mark.full)])
def test_three_phones_ring_two_go_and_nobody_is_left_waiting(site, opened, incident, patience_ms) -> None:
    crew = a_crew(site.house, site.network_id, 3)
    phones = {member: opened("/go", member.person, phone=True) for member in crew}
    for phone in phones.values():
        phone.wait_for_selector("#live[data-live=on]", state="attached")
        phone.wait_for_selector("text=You can be asked")
        assert phone.title().startswith("My shift")
    desk = let_it_run(opened, site, incident)

    # all three ring: on the screen, and in the title that a lock screen or a tab shows
    for phone in phones.values():
        phone.wait_for_selector("[data-ringing]")
        expect(phone).to_have_title("(1) Can you go?")
    progress = desk.locator("#board .wave tbody tr:has-text('can observe')")
    expect(progress.locator("td").first).to_have_text("3")

    # two say yes: from the second answer on the third has a second
    one, other, third = crew
    tap(phones[one], "Yes, I can go", "/accept")
    phones[one].wait_for_selector("text=Do not set out alone.")
    expect(progress.locator("td.yes")).to_have_text("1")
    tap(phones[other], "Yes, I can go", "/accept")
    phones[third].wait_for_selector("text=Enough people are going.", timeout=patience_ms)
    assert phones[third].locator("[data-ringing]").count() == 0
    expect(phones[third]).to_have_title("My shift · Tandem")
    for member, partner in ((one, other), (other, one)):
        phones[member].wait_for_selector(f"text=You are two. Partner: {partner.alias}.")
        tap(phones[member], "I have read this", "/brief")
    expect(desk.locator("#board .chip-paired")).to_be_visible()

    # one partner leaves: the other holds within a second, and the desk sees it
    tap(phones[one], "Withdraw", "/progress")
    phones[other].wait_for_selector(".go-held >> text=Do not continue alone.", timeout=patience_ms)
    expect(desk.locator("#board .chip-held")).to_be_visible()
    # and the one who was thanked is asked for the free seat
    phones[third].wait_for_selector("[data-ringing]")
