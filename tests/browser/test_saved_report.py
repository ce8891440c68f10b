"""The analyst's saved file, opened from disk: whatever people named things, it stays text, and only our scripts run."""

from __future__ import annotations

import pytest

from desk import analytics, territory
from desk.access import Actor
from records import engine
from tests.browser.conftest import _square
from tests.crews import PLACE
from web import maps
from web.reports import one_file

PAYLOADS = (
    "</script><script>document.title='ran'</script>",
    "<img src=x onerror=\"document.title='ran'\">",
    "${document.title='ran'}",
    "`+(document.title='ran')+`",
    "\\`${document.title='ran'}\\`",
    "{{ 7 * 7 }}<!--<script>document.title='ran'",
    "'\"><svg onload=document.title='ran'>\u2028",
)


@pytest.fixture
def saved(site, tmp_path):
    """The report of a network whose name and zones are programs."""
    with site.house.act(site.network_id) as uow:
        for number, name in enumerate(PAYLOADS):
            territory.draw(uow, name[:110], _square(PLACE, 0.01 + number / 1000))
    owner = engine.owner_engine(site.house.settings.database_url)
    with owner.begin() as connection:
        connection.exec_driver_sql("UPDATE network SET name = %s WHERE id = %s", (PAYLOADS[0][:80], site.network_id))
    owner.dispose()
    with site.house.act(site.network_id) as uow:
        page = one_file(uow, Actor(script=True), analytics.period(uow, None, None))
    path = tmp_path / "report.html"
    path.write_text(page, "utf-8")
    return path


@pytest.mark.parametrize("policy", [True, False], ids=["as saved", "its own policy taken out"])
def test_a_name_that_is_a_program_stays_text_in_the_saved_file(chromium, saved, policy):
    if not policy:
        text = saved.read_text("utf-8")
        begin = text.index('<meta http-equiv="Content-Security-Policy"')
        saved.write_text(text[:begin] + text[text.index(">", begin) + 1 :], "utf-8")
    page = chromium.new_page()
    try:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.goto(saved.as_uri())
        page.wait_for_selector("path.leaflet-interactive")
        shapes = page.locator("path.leaflet-interactive")
        for number in range(shapes.count()):
            shapes.nth(number).dispatch_event("mouseover")
        page.wait_for_timeout(300)
        assert page.title().startswith("Report, ")
        assert page.locator("script").count() == 3
        assert page.locator("img, svg[onload]").count() == 0
        assert PAYLOADS[0][:80] in page.locator("h1").inner_text()
        assert faults == []
    finally:
        page.close()


def test_what_got_into_the_file_all_the_same_does_not_run(chromium, saved):
    saved.write_text(
        saved.read_text("utf-8").replace("</body>", "<script>document.title='ran'</script></body>"), "utf-8"
    )
    page = chromium.new_page()
    try:
        page.goto(saved.as_uri())
        page.wait_for_selector("path.leaflet-interactive")
        assert page.title().startswith("Report, ")
    finally:
        page.close()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_text_in_a_map_ends_no_string_and_no_script(payload):
    drawn = maps.counts_map([], [{"name": payload, "geometry": _square(PLACE, 0.01)}])
    assert "</script" not in drawn["script"]
    assert payload not in drawn["script"]
    for sign in ("${document", "`+(", "<img", "<svg", "\u2028"):
        assert sign not in drawn["script"]
