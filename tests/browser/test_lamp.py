"""The lamp says "live" only while events or pulses really arrive."""

from __future__ import annotations

import signal

import pytest
from playwright.sync_api import expect

from records.enums import Role
from tests.service import Service


def test_the_lamp_goes_out_when_nothing_arrives_over_an_open_connection(site, opened, monkeypatch) -> None:
    # No pulse may come between the hands of the clock and the next look at it.
    monkeypatch.setattr("api.relay._SLOTS", 1_000_000)
    page = opened("/map", site.person(Role.DISPATCHER))
    page.wait_for_selector("#live[data-live=on]")
    page.evaluate("""() => {
        const lamp = document.getElementById("live");
        window.said = [];
        new MutationObserver(() => window.said.push(lamp.dataset.live)).observe(lamp, { attributes: true });
        const clock = performance.now.bind(performance);
        performance.now = () => clock() + 40000;
    }""")
    # The connection still stands; only time went by without a word.
    page.wait_for_function("() => window.said.includes('off')")
    page.wait_for_selector("#live[data-live=on]")


def test_a_pulse_keeps_the_lamp_on(site, opened, monkeypatch) -> None:
    monkeypatch.setattr("api.relay._SLOTS", 5)
    page = opened("/map", site.person(Role.DISPATCHER))
    page.wait_for_selector("#live[data-live=on]")
    page.evaluate("""() => {
        const lamp = document.getElementById("live");
        window.said = [];
        new MutationObserver(() => window.said.push(lamp.dataset.live)).observe(lamp, { attributes: true });
    }""")
    for _ in range(4):
        page.evaluate("""() => {
            const clock = performance.now.bind(performance);
            performance.now = () => clock() + 20000;
        }""")
        page.wait_for_timeout(1200)
    assert page.evaluate("() => window.said") == []


@pytest.fixture
def apart(cluster, site, browsed):
    """The same network served by a process of its own, which a test may stop."""
    with site.house.act(site.network_id) as uow:
        slug = uow.network.slug
    service = Service(cluster.url("browsed"), browsed, network=slug)
    service.start()
    service.wait_ready()
    yield service
    service.process.send_signal(signal.SIGCONT)
    service.stop()


def test_a_service_that_stands_still_is_not_live_and_the_stream_resumes_from_the_last_id(site, apart, opened):
    site.address = apart.address
    page = opened("/alerts", site.person(Role.SPOTTER))
    page.clock.install()
    page.reload()
    lamp = page.locator("#live")
    expect(lamp).to_have_attribute("data-live", "on")
    apart.process.send_signal(signal.SIGSTOP)
    page.clock.fast_forward(24_000)
    expect(lamp).to_have_attribute("data-live", "on")
    with page.expect_request(lambda request: "/api/events?after=" in request.url):
        page.clock.fast_forward(4_000)
    expect(lamp).to_have_attribute("data-live", "off")
    expect(lamp).to_contain_text("Not live since")
    page.clock.resume()
    apart.process.send_signal(signal.SIGCONT)
    expect(lamp).to_have_attribute("data-live", "on", timeout=20_000)
