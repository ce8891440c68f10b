"""The desk reads when nobody watches check-ins, and when somebody does again."""

from __future__ import annotations

from records.enums import Role
from tests.browser.conftest import DESK, PHONE


def test_a_dead_worker_is_told_on_the_open_page_and_forgotten_when_it_is_back(site, opened) -> None:
    page = opened("/map", site.person(Role.DISPATCHER))
    page.wait_for_selector("#live[data-live=on]")
    assert page.locator("#parts").is_hidden()
    site.worker.stop()
    page.wait_for_selector("#parts:has-text('Check-ins are not being watched')")
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        assert page.locator("#parts").is_visible()
    site.worker.start()
    page.wait_for_selector("#parts", state="hidden")


def test_a_service_that_takes_calls_and_answers_none_is_told_too(site, opened) -> None:
    page = opened("/map", site.person(Role.DISPATCHER))
    page.wait_for_selector("#live[data-live=on]")
    page.route("**/healthz", lambda _route: None)
    page.wait_for_selector("#parts:has-text('does not answer')", timeout=30_000)
