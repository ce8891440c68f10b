"""What a first view weighs on the wire: the form comes at once and small, the map after it, and never to who rests."""

from __future__ import annotations

import pytest

from records.enums import Role
from tests.crews import a_crew

FORM_MOST_BYTES = 40_000
VIEW_MOST_BYTES = 150_000
MAP = ("maplibre", "basemap.js", "/tiles/")


class Wire:
    """Every answer that a page got, in the order of asking, with its bytes as they travelled."""

    def __init__(self, page):
        self._bytes = {}
        self._asked = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on(
            "Network.requestWillBeSent", lambda said: self._asked.update({said["requestId"]: said["request"]["url"]})
        )
        session.on(
            "Network.loadingFinished", lambda said: self._bytes.update({said["requestId"]: said["encodedDataLength"]})
        )

    def files(self):
        """Each address with its bytes."""
        return {url: self._bytes.get(number, 0) for number, url in self._asked.items()}


def before_the_map(files):
    """The files that stand before the first one of the map."""
    found = {}
    for url, size in files.items():
        if any(part in url for part in MAP):
            return found
        found[url] = size
    return found


def watched(opened, path, person=None, *, until):
    page = opened("/sign-in", person, phone=True)
    page.wait_for_load_state("networkidle")
    wire = Wire(page)
    page.goto(page.url.replace("/sign-in", path))
    page.wait_for_selector(until, state="attached")
    page.wait_for_load_state("networkidle" if path != "/go" else "load")
    return page, wire


@pytest.fixture
def spotter(site):
    return site.person(Role.SPOTTER)


@pytest.fixture
def responder(site):
    return a_crew(site.house, site.network_id, 1)[0].person


def test_the_form_is_there_before_the_map_and_small(site, opened, spotter):
    page, wire = watched(opened, "/pin", spotter, until="#pin-map[data-drawn]")
    files = wire.files()
    form = before_the_map(files)
    assert any("pin.js" in url for url in form)
    assert any("maplibre-gl.mjs" in url for url in files), "the map comes after the form"
    assert 5_000 < sum(form.values()) <= FORM_MOST_BYTES, form
    assert sum(form.values()) <= VIEW_MOST_BYTES
    assert page.locator("#pin-map canvas").count() == 1
    assert site.complaints == []


def test_a_report_can_be_sent_with_the_place_of_the_phone_before_the_map_is_there(site, opened, spotter):
    page = opened("/sign-in", spotter, phone=True)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": -93.26, "latitude": 44.95, "accuracy": 9})
    page.route("**/maplibre-gl.mjs", lambda route: None)
    page.goto(f"{site.address}/pin")
    page.click("#pin-send")
    page.wait_for_function("document.getElementById('said').textContent.length > 0")
    page.click("#pin-gps")
    page.wait_for_selector("#pin-hint", state="hidden")
    page.check("input[name=activity][value=patrol]", force=True)
    page.click("#pin-send")
    page.wait_for_selector("#receipt:not([hidden])")
    assert page.locator("#pin-map[data-drawn]").count() == 0


def test_the_sign_in_page_is_small(opened):
    _page, wire = watched(opened, "/sign-in", until="form")
    assert 2_000 < sum(wire.files().values()) <= FORM_MOST_BYTES


def test_who_rests_gets_no_map(opened, responder):
    _page, wire = watched(opened, "/go", responder, until="#go")
    files = wire.files()
    assert any("go.js" in url for url in files)
    assert [url for url in files if any(part in url for part in MAP)] == []
    assert sum(files.values()) <= FORM_MOST_BYTES + 20_000
