"""What may be over is marked in the queue; one button says so, and nothing else ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from desk import verification
from records.enums import Role
from tests.crews import PLACE
from tests.sightings import a_report, an_actor, told


def test_one_button_ends_what_nobody_saw_for_half_an_hour(site, opened) -> None:
    before = datetime.now(UTC) - timedelta(minutes=40)
    spotters = [an_actor(site.house, site.network_id) for _ in range(2)]
    told(
        site.house,
        site.network_id,
        *(a_report(each, place=PLACE, observed_at=before, activity="arrest") for each in spotters),
        now=before,
    )
    page = opened("/map", site.person(Role.VERIFIER))
    page.wait_for_selector("#live[data-live=on]")
    page.wait_for_selector("[data-queue] .row-corroborated")
    assert page.locator("[data-queue] .chip").count() == 0
    with site.house.act(site.network_id) as uow:
        assert verification.propose_clear(uow) == 1
    # The open page learns of it by itself.
    page.wait_for_selector("[data-queue] .chip:has-text('perhaps over')")
    page.click("[data-queue] .row")
    page.wait_for_selector("text=nothing new for 30 minutes: perhaps it is over")
    page.click("button:has-text('Yes, it is over')")
    page.wait_for_selector("#incident-live .state-closed")
    page.wait_for_selector("[data-queue] .row", state="detached")
