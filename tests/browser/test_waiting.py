"""Reports that cannot be sent wait on the phone: none lost, none twice, nothing readable on its disk, none left."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page
from sqlalchemy import text

from api import security
from records import engine
from records.enums import Role
from tests.browser.conftest import LAUNCH, PATIENCE_MS, PHONE, _cookie
from tests.builders import Person
from tests.crews import PLACE

CANARY = "quiet-canary"


class Phone:
    """A phone with a disk: its browser can be closed and started again."""

    def __init__(self, chromium: Browser, site, disk: Path) -> None:
        self._type = chromium.browser_type
        self.site = site
        self.disk = disk
        self.context: BrowserContext | None = None
        self.says_yes = True
        self.asked: list[str] = []

    def start(self, person: Person | None) -> BrowserContext:
        found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        self.context = self._type.launch_persistent_context(
            self.disk,
            executable_path=found,
            args=LAUNCH,
            viewport=PHONE,
            reduced_motion="reduce",
            permissions=["geolocation"],
            geolocation={"longitude": PLACE.lon, "latitude": PLACE.lat, "accuracy": 12},
        )
        self.context.set_default_timeout(PATIENCE_MS)
        if person is not None:
            self.context.add_cookies([_cookie(self.site, person)])
        return self.context

    def stop(self) -> None:
        if self.context is not None:
            self.context.close()
            self.context = None

    def page(self) -> Page:
        page = self.context.new_page()
        page.on("dialog", self._answer)
        page.goto(f"{self.site.address}/pin")
        page.click("#pin-gps")
        page.wait_for_selector("#pin-hint", state="hidden")
        return page

    def _answer(self, dialog: Dialog) -> None:
        self.asked.append(dialog.message)
        if self.says_yes:
            dialog.accept()
        else:
            dialog.dismiss()

    def readable(self) -> list[str]:
        """Where on the disk a canary can be read, as letters or as pairs of bytes."""
        spelled = (CANARY.encode(), CANARY.encode("utf-16-le"))
        return [
            str(path.relative_to(self.disk))
            for path in self.disk.rglob("*")
            if path.is_file() and any(each in path.read_bytes() for each in spelled)
        ]


@pytest.fixture
def phone(chromium, site, tmp_path) -> Iterator[Phone]:
    # Twenty reports in a minute are more than one person may send in a live network: the rest would wait longer.
    owner = engine.owner_engine(site.house.settings.database_url)
    with owner.begin() as connection:
        connection.exec_driver_sql("UPDATE network SET kind = 'demo' WHERE id = %s", (site.network_id,))
    owner.dispose()
    made = Phone(chromium, site, tmp_path / "disk")
    yield made
    made.stop()


def say(page: Page, words: str) -> None:
    if page.locator("#again").is_visible():
        page.click("#again")
    if page.locator("details.more[open]").count() == 0:
        page.click("details.more summary")
    page.fill("[name=note]", words)
    page.locator("label:has(input[name=activity][value=stop])").click()
    page.click("#pin-send")
    page.wait_for_function("() => document.querySelector('[name=note]').value === ''")


def cut(route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def refusing(some: str) -> Callable[[object], None]:
    """Refuse the reports with some words for good."""

    def answer(route) -> None:
        if some in (route.request.post_data or ""):
            route.fulfill(status=422, content_type="application/problem+json", body='{"title": "Too far."}')
        else:
            route.continue_()

    return answer


def answering(status: int, **headers: str) -> Callable[[object], None]:
    return lambda route: route.fulfill(status=status, headers=headers, content_type="application/json", body="{}")


def waiting(page: Page) -> int:
    return page.evaluate("""async () => (await import(
        document.querySelector('script[src*="modules/pin.js"]').src.replace('pin.js', 'waiting.js'))).count()""")


def nothing_waits(page: Page) -> None:
    for _ in range(100):
        if waiting(page) == 0:
            return
        page.wait_for_timeout(100)
    raise AssertionError


def stored(site) -> list[str]:
    owner = engine.owner_engine(site.house.settings.database_url)
    with owner.begin() as connection:
        connection.execute(text("SELECT set_config('tandem.network_id', :id, true)"), {"id": str(site.network_id)})
        found = connection.execute(text("SELECT note FROM sighting ORDER BY note")).scalars().all()
    owner.dispose()
    return [str(note) for note in found]


def end_sessions(site, person: Person) -> None:
    with site.house.act(site.network_id) as uow:
        uow.accounts.end_sessions(person.id)


def renewed(site, person: Person) -> Person:
    """The same person, signed in anew."""
    token = security.new_token(site.network_id)
    now = datetime.now(UTC)
    with site.house.act(site.network_id) as uow:
        uow.accounts.begin_session(
            person.id, security.digest(token), kind="person", moment=now, expires_at=now + timedelta(hours=12)
        )
    return Person(person.id, person.alias, person.lineage, token)


def test_twenty_reports_over_cuts_an_ended_session_closed_tabs_and_a_restart_are_stored_once(site, phone) -> None:
    person = site.person(Role.SPOTTER)
    context = phone.start(person)
    words = iter(f"{CANARY} {number:02}" for number in range(20))
    address = "**/api/sightings"

    page = phone.page()
    say(page, next(words))
    page.wait_for_selector("#receipt")
    context.route(address, cut)  # no signal
    for _ in range(5):
        say(page, next(words))
    page.wait_for_selector("text=Not sent yet: 5")
    assert phone.readable() == []
    page.close()

    page = phone.page()  # the tab was closed; now the service is down, then overwhelmed
    context.unroute(address)
    context.route(address, answering(503))
    for _ in range(4):
        say(page, next(words))
    context.unroute(address)
    context.route(address, answering(429, **{"Retry-After": "1"}))
    for _ in range(3):
        say(page, next(words))
    page.wait_for_selector("text=Not sent yet: 12")

    end_sessions(site, person)  # and now the login is over
    context.unroute(address)
    for _ in range(7):
        say(page, next(words))
    page.wait_for_selector("text=You were signed out")
    assert waiting(page) == 19
    assert phone.readable() == []
    phone.stop()
    assert phone.readable() == []

    again = renewed(site, person)
    phone.start(again)
    page = phone.page()
    page.wait_for_function("() => document.getElementById('said').textContent.includes('was sent')")
    page.wait_for_selector("#pin-wait", state="hidden")
    nothing_waits(page)
    assert stored(site) == [f"{CANARY} {number:02}" for number in range(20)]
    page.click("form[action='/sign-out'] button")
    page.wait_for_url("**/sign-in*")
    assert page.evaluate("async () => (await indexedDB.databases()).length") == 0
    phone.stop()
    assert phone.readable() == []


def test_a_try_whose_answer_was_lost_is_not_stored_twice(site, phone) -> None:
    context = phone.start(site.person(Role.SPOTTER))
    page = phone.page()
    lost = []

    def lose_the_answer(route) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    context.route("**/api/sightings", lose_the_answer)
    say(page, CANARY)
    page.wait_for_selector("#receipt")
    assert lost == [201]
    assert stored(site) == [CANARY]


def test_two_tabs_send_what_waits_once(site, phone) -> None:
    context = phone.start(site.person(Role.SPOTTER))
    context.route("**/api/sightings", cut)
    pages = [phone.page(), phone.page()]
    for page in pages:
        say(page, CANARY)
    pages[0].wait_for_selector("text=Not sent yet: 2")
    posts: list[str] = []
    context.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    context.unroute("**/api/sightings")
    for page in pages:
        page.evaluate("() => dispatchEvent(new Event('online'))")
    for page in pages:
        page.wait_for_selector("#pin-wait", state="hidden")
    assert stored(site) == [CANARY, CANARY]
    assert len([each for each in posts if each.endswith("/api/sightings")]) == 2


def test_what_is_refused_for_good_comes_back_with_its_reason_to_be_mended(site, phone) -> None:
    context = phone.start(site.person(Role.SPOTTER))
    context.route(
        "**/api/sightings",
        lambda route: route.fulfill(status=422, content_type="application/problem+json", body='{"title": "Too far."}'),
    )
    page = phone.page()
    if page.locator("details.more[open]").count() == 0:
        page.click("details.more summary")
    page.fill("[name=note]", CANARY)
    page.click("#pin-send")
    page.wait_for_selector("#pin-refused:has-text('Too far.')")
    assert page.input_value("[name=note]") == CANARY
    assert waiting(page) == 1
    context.unroute("**/api/sightings")
    page.fill("[name=note]", "mended")
    page.click("#pin-send")
    page.wait_for_selector("#receipt")
    assert waiting(page) == 0
    assert stored(site) == ["mended"]


def test_what_another_account_put_away_stays_unread_and_waits_for_it(site, phone) -> None:
    first, second = site.person(Role.SPOTTER), site.person(Role.SPOTTER)
    context = phone.start(first)
    context.route("**/api/sightings", cut)
    page = phone.page()
    say(page, CANARY)
    page.wait_for_selector("text=Not sent yet: 1")
    context.unroute("**/api/sightings")
    context.clear_cookies()
    context.add_cookies([_cookie(site, second)])
    page.close()
    page = phone.page()
    page.wait_for_timeout(800)
    assert stored(site) == []
    context.clear_cookies()
    context.add_cookies([_cookie(site, first)])
    page.close()
    page = phone.page()
    nothing_waits(page)
    assert stored(site) == [CANARY]


def test_one_that_is_refused_late_takes_no_form_from_somebody_who_tells_the_next_thing(site, phone) -> None:
    context = phone.start(site.person(Role.SPOTTER))
    context.route("**/api/sightings", cut)
    page = phone.page()
    say(page, f"{CANARY} first")
    page.wait_for_selector("text=Not sent yet: 1")
    page.fill("[name=note]", "the next thing")
    context.unroute("**/api/sightings")
    context.route("**/api/sightings", refusing("first"))
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_selector("#said:has-text('Too far.')")
    assert page.locator("#pin-refused").is_hidden()
    assert page.input_value("[name=note]") == "the next thing"
    page.click("#pin-send")
    page.wait_for_selector("#receipt")
    assert stored(site) == ["the next thing"]
    page.click("#again")
    assert page.input_value("[name=note]") == f"{CANARY} first"
    page.wait_for_selector("#pin-refused:has-text('Too far.')")
    assert waiting(page) == 1


def test_every_refused_report_comes_back_in_turn_and_none_takes_the_place_of_another(site, phone) -> None:
    context = phone.start(site.person(Role.SPOTTER))
    context.route("**/api/sightings", cut)
    page = phone.page()
    for words in ("wrong one", "wrong two", "right"):
        say(page, words)
    page.wait_for_selector("text=Not sent yet: 3")
    context.unroute("**/api/sightings")
    context.route("**/api/sightings", refusing("wrong"))
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_selector("#receipt:not([hidden])")
    assert waiting(page) == 2
    page.click("#again")
    for words in ("wrong one", "wrong two"):
        page.wait_for_function("words => document.querySelector('[name=note]').value === words", arg=words)
        page.fill("[name=note]", words.replace("wrong", "mended"))
        page.click("#pin-send")
        page.wait_for_selector("#receipt:not([hidden])")
        page.click("#again")
    assert waiting(page) == 0
    assert page.input_value("[name=note]") == ""
    assert page.locator("#pin-refused").is_hidden()
    assert stored(site) == ["mended one", "mended two", "right"]


def test_a_mended_report_keeps_the_time_at_which_it_was_seen(site, phone) -> None:
    context = phone.start(site.person(Role.SPOTTER))
    sent: list[str] = []
    context.on(
        "request",
        lambda request: sent.append(request.post_data_json["observed_at"]) if request.method == "POST" else None,
    )
    context.route("**/api/sightings", refusing("wrong"))
    page = phone.page()
    page.click("details.more summary")
    page.fill("[name=note]", "wrong")
    page.locator("label:has(input[name=ago][value='15'])").click()
    page.click("#pin-send")
    page.wait_for_selector("#pin-refused:has-text('Too far.')")
    page.fill("[name=note]", "mended")
    page.click("#pin-send")
    page.wait_for_selector("#receipt:not([hidden])")
    assert len(sent) == 2
    assert sent[0] == sent[1]


def test_a_phone_that_keeps_nothing_sends_all_the_same_and_says_so(site, phone) -> None:
    context = phone.start(site.person(Role.SPOTTER))
    context.add_init_script("""IDBObjectStore.prototype.add = () => {
        throw new DOMException('The disk is full.', 'QuotaExceededError');
    };""")
    context.route("**/api/sightings", cut)
    page = phone.page()
    say(page, "said on a full phone")
    page.wait_for_selector("text=They wait in this page alone")
    context.unroute("**/api/sightings")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_selector("#receipt:not([hidden])")
    assert stored(site) == ["said on a full phone"]


def test_signing_out_without_a_signal_asks_first_and_then_leaves_nothing(site, phone) -> None:
    context = phone.start(site.person(Role.SPOTTER))
    context.route("**/api/sightings", cut)
    context.route("**/sign-out", cut)
    page = phone.page()
    say(page, CANARY)
    page.wait_for_selector("text=Not sent yet: 1")
    phone.says_yes = False
    page.click("form[action='/sign-out'] button")
    page.wait_for_timeout(500)
    assert phone.asked == ["Not sent yet: 1. Signing out deletes what waits on this phone. Sign out all the same?"]
    assert waiting(page) == 1
    phone.says_yes = True
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/sign-out")):
        page.click("form[action='/sign-out'] button")
    page.close()
    page = context.new_page()
    context.route("**/quiet", lambda route: route.fulfill(status=200, content_type="text/html", body=""))
    page.goto(f"{site.address}/quiet")
    assert page.evaluate("async () => (await indexedDB.databases()).length") == 0
    phone.stop()
    assert phone.readable() == []


def test_what_is_typed_and_not_sent_is_nowhere_on_the_disk(site, phone) -> None:
    phone.start(site.person(Role.SPOTTER))
    page = phone.page()
    page.click("details.more summary")
    page.fill("[name=note]", CANARY)
    page.fill("[name=vehicle_plate]", CANARY)
    page.wait_for_timeout(3_000)
    assert phone.readable() == []
    phone.stop()
    assert phone.readable() == []
