"""One plan for all in a real browser: looked at, sent, and refused whole when something has changed."""

from __future__ import annotations

import pytest

from desk import dispatching, roster
from geo.distance import moved
from records.enums import Role
from tests.crews import PLACE, a_crew, an_incident


@pytest.fixture
def three(site, cluster) -> list[int]:
    """Make three incidents and people for two of them."""
    url = cluster.url("browsed")
    places = (PLACE, moved(PLACE, 1_500.0, 0.0), moved(PLACE, 0.0, -1_200.0))
    states = ("verified", "corroborated", "unverified")
    return [
        an_incident(url, site.network_id, status=state, place=place)
        for state, place in zip(states, places, strict=True)
    ]


def test_a_dispatcher_looks_at_the_plan_and_sends_it_whole(site, opened, three) -> None:
    a_crew(site.house, site.network_id, 5)
    page = opened("/plan", site.person(Role.DISPATCHER))
    page.wait_for_selector("text=Proven: no other plan is better.")
    assert page.locator(".plan-table tbody tr").count() == 2
    page.wait_for_selector("text=One person is left, and nobody goes alone.")
    page.get_by_role("button", name="Ask these 2 pairs").click()
    page.wait_for_selector("text=2 pairs are being asked")
    page.get_by_role("link", name="To the live map").click()
    page.wait_for_selector("#board >> text=Asking")


def test_when_somebody_left_nobody_is_asked_and_a_new_plan_is_one_click_away(site, opened, three) -> None:
    crew = a_crew(site.house, site.network_id, 6)
    page = opened("/plan", site.person(Role.DISPATCHER))
    page.wait_for_selector("text=Ask these 3 pairs")
    with site.house.act(site.network_id) as uow:
        roster.set_availability(uow, crew[0].actor, False)
    page.get_by_role("button", name="Ask these 3 pairs").click()
    page.wait_for_selector("text=so nobody was asked")
    page.wait_for_selector("text=These two people cannot go together here")
    with site.house.act(site.network_id) as uow:
        assert dispatching.page(uow, crew[0].actor, open_only=True, limit=9) == []
    page.locator("#plan-said").get_by_role("button", name="Make a new plan").click()
    page.wait_for_selector("text=Ask these 2 pairs")


def test_the_plan_speaks_spanish(site, opened, three) -> None:
    page = opened("/plan?lang=es", site.person(Role.DISPATCHER), phone=True)
    page.wait_for_selector("text=Un plan para todos los incidentes abiertos")
    page.wait_for_selector("text=No puede ir nadie.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
