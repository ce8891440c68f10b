"""The lamp says "live" only while events or pulses really arrive."""

from __future__ import annotations

from records.enums import Role


def test_the_lamp_goes_out_when_nothing_arrives_over_an_open_connection(site, opened) -> None:
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
    monkeypatch.setattr("api.stream._PULSE_S", 0.5)
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
