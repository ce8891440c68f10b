"""The desk reads when nobody watches check-ins, and when somebody does again."""

from __future__ import annotations

from records.enums import Role
from tests.browser.conftest import DESK, PHONE


def test_a_dead_worker_is_told_on_the_open_page_and_forgotten_when_it_is_back(site, opened) -> None:
    page = opened("/map", site.person(Role.DISPATCHER))
    page.wait_for_selector("#parts:has-text('Check-ins are not being watched')")
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        assert page.locator("#parts").is_visible()
    site.complaints.clear()  # an answer of 503 is written on the console, as it should be
    site.house.beat("worker")
    page.wait_for_selector("#parts", state="hidden")
    site.complaints.clear()
