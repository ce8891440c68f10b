"""From a pin to home, through the pages of five people, each in a browser of their own."""

from __future__ import annotations

from geo.distance import moved
from records.enums import Role
from tests.browser.tapping import tap
from tests.crews import PLACE, a_crew


def judge(page, incident: str) -> None:
    page.click(f"#row-{incident}")
    page.wait_for_selector("#incident-card")
    page.locator("label:has(input[name=verdict][value=verified])").click()
    page.locator("label:has(input[name=agency][value=immigration])").click()
    page.select_option("[name=basis]", "uniform marking")
    page.click("form.judge button[type=submit]")


def sets_out(page) -> None:
    assert page.locator("text=Leaving now").count() == 0
    tap(page, "I have read this", "/brief")
    tap(page, "Leaving now", "/progress")
    page.wait_for_selector("text=Do not pass through the scene.")


def test_a_pin_becomes_a_pair_that_comes_home(site, opened) -> None:
    one, other = a_crew(site.house, site.network_id, 2, observers=1)
    a_crew(site.house, site.network_id, 1, observers=0, place=moved(PLACE, 1500.0, 0.0))
    spotter = opened("/pin", site.person(Role.SPOTTER), phone=True)
    phones = [opened("/go", member.person, phone=True) for member in (one, other)]
    verifier = opened("/map", site.person(Role.VERIFIER))
    desk = opened("/map", site.person(Role.DISPATCHER))
    for page in phones:
        page.wait_for_selector("text=You can be asked")

    # the spotter sends a pin from where they stand
    spotter.context.grant_permissions(["geolocation"])
    spotter.context.set_geolocation({"longitude": PLACE.lon, "latitude": PLACE.lat, "accuracy": 12})
    spotter.click("#pin-gps")
    spotter.wait_for_selector("#pin-hint", state="hidden")
    spotter.locator("label:has(input[name=activity][value=arrest])").click()
    spotter.click("#pin-send")
    spotter.wait_for_selector("#receipt")
    assert "It is being checked; please do not post it yet." in spotter.locator("#receipt").inner_text()

    # two people judge it, each for themself
    row = desk.wait_for_selector("[data-queue] .row")
    incident = row.get_attribute("data-incident")
    judge(verifier, incident)
    verifier.wait_for_selector("text=One more person is needed")
    judge(desk, incident)
    desk.wait_for_selector("#incident-live .state-verified")
    verifier.wait_for_selector("#incident-live .state-verified")

    # the dispatcher asks for a pair and sends it
    desk.click(".suggest button")
    pair = desk.wait_for_selector(".pair.best").inner_text()
    assert one.alias in pair
    assert other.alias in pair
    assert "3 of 3 could go" in desk.locator("#pairs .ruled-out summary").inner_text()
    desk.click(".pair.best button")
    desk.wait_for_selector("#incident-live .chip-offering")

    # both say yes on their phones; the first one waits and is told not to set out alone
    tap(phones[0], "Yes, I can go", "/accept")
    phones[0].wait_for_selector("text=Do not set out alone.")
    tap(phones[1], "Yes, I can go", "/accept")
    for page, partner in zip(phones, (other, one), strict=True):
        page.wait_for_selector(f"text=You are two. Partner: {partner.alias}.")
    desk.wait_for_selector("#board .chip-paired")

    # they read the card, go, meet, and only then see the place
    for page in phones:
        sets_out(page)
    assert phones[0].locator("[data-go-map]").get_attribute("data-place") == ""
    tap(phones[0], "Staged: at the meeting point", "/progress")
    phones[0].wait_for_selector("text=Waiting for your partner to arrive")
    tap(phones[1], "Staged: at the meeting point", "/progress")
    for page in phones:
        page.wait_for_selector("text=Stay together, in public space")
        assert page.locator("[data-go-map]").get_attribute("data-place") != ""
    desk.wait_for_selector("#board .chip-staged")

    # one checks in, both are done
    tap(phones[0], "I am well", "/checkin")
    for page in phones:
        tap(page, "We are on scene", "/progress")
        page.wait_for_selector(".go-state:has-text('on scene')")
    # the other one says in the same tap what they found
    for page, words in zip(phones, ("We are done and away", "It was something else"), strict=True):
        tap(page, words, "/progress")
        page.wait_for_selector("text=Home safe? Check in.")
    desk.wait_for_selector("#board .out-row", state="detached")
    desk.wait_for_selector("#incident-live .dispatch-cleared .person-step:has-text('something else')")
