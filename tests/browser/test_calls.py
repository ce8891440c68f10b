"""A silent call by a long press, and how the desk takes it and ends it; many calls leave the queue where it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from desk import alarms, dispatching
from desk.access import Actor
from records.enums import Role
from tests.builders import Person
from tests.crews import PLACE, Member, a_crew, an_incident

DESK = Actor()
LONG_MS = 1_500


def out(site) -> list[Member]:
    """Make a pair that stands at its meeting point."""
    crew = a_crew(site.house, site.network_id, 2)
    incident = an_incident(site.house.settings.database_url, site.network_id, status="verified", place=PLACE)
    with site.house.act(site.network_id) as uow:
        dispatch = dispatching.send(uow, DESK, incident, "observe", pair=tuple(each.responder_id for each in crew)).id
    for member in crew:
        with site.house.act(site.network_id) as uow:
            mine = next(each for each in uow.dispatches.offers([dispatch]) if each.responder_id == member.responder_id)
            dispatching.accept(uow, member.actor, mine.id)
    for word in ("en_route", "staged"):
        for member in crew:
            with site.house.act(site.network_id) as uow:
                dispatching.progress(uow, member.actor, dispatch, word)
    return crew


def calls(site) -> list[tuple[str, str]]:
    with site.house.act(site.network_id) as uow:
        return [(each.alias, each.kind.value) for each in alarms.listed(uow)]


@pytest.mark.parametrize(("held_ms", "said"), [(0, []), (LONG_MS, ["duress"])], ids=["a tap", "a long press"])
def test_a_long_press_calls_silently_and_a_tap_does_not(site, opened, held_ms, said) -> None:
    one, _ = out(site)
    page = opened("/go", one.person, phone=True)
    button = page.wait_for_selector("[data-checkin] button")
    with page.expect_response(lambda answer: "/checkin" in answer.url) as answered:
        button.click(delay=held_ms)
    assert answered.value.ok
    assert calls(site) == [(one.alias, each) for each in said]


def test_the_desk_takes_a_call_and_ends_it_and_the_queue_stays_in_sight(site, opened) -> None:
    crew = [*out(site), *out_of_sight(site)]
    desk: Person = site.person(Role.DISPATCHER)
    page = opened("/map", desk)
    page.wait_for_selector(".alarm")
    assert page.locator(".alarm").count() == len(crew)
    assert page.locator("#alarms").bounding_box()["height"] <= 0.46 * page.viewport_size["height"]
    assert page.locator(".queue").bounding_box()["y"] < page.viewport_size["height"]
    first = page.locator(".alarm").first
    first.locator("button:has-text('Mine')").click()
    page.wait_for_selector(f".alarm-taken:has-text('taken by {desk.alias}')")
    taken = page.locator(".alarm-taken")
    taken.locator("summary").click()
    taken.locator("button[value=reached_by_phone]").click()
    page.wait_for_selector(".alarm-taken", state="detached")
    assert len(calls(site)) == len(crew) - 1


def out_of_sight(site) -> list[Member]:
    """Let seven people call on a dispatch that has ended."""
    with site.house.act(site.network_id) as uow:
        (dispatch,) = uow.dispatches.page(open_only=True, limit=1)
        seats = [seat.responder_id for seat in uow.dispatches.seats([dispatch.id])]
    more = a_crew(site.house, site.network_id, 7)
    with site.house.act(site.network_id) as uow:
        for responder_id in (*seats, *(each.responder_id for each in more)):
            uow.alarms.open(dispatch.id, responder_id, "help", datetime.now(UTC))
    return more
