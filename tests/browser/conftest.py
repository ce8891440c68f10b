"""The site in a real browser: one server for all tests, a network of its own for each, every request written down."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from api.security import COOKIE
from api.settings import Settings
from api.wiring import House
from api.worker import Worker
from desk import territory
from desk.accounts import passphrases
from desk.accounts.passphrases import Cost
from geo.points import LonLat
from records import engine
from records.cluster import DATABASE, PrivateCluster
from records.enums import Role
from tests.builders import CHEAP_KIB, PASSPHRASE, Person, a_network, an_account
from tests.crews import PLACE
from tests.service import free_port
from web.main import create_site

LAUNCH = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
PATIENCE_MS = 20_000
CHEAP = Cost(memory_kib=CHEAP_KIB)


class RestingWorker:
    """A worker that beats beside these pages and does nothing else, so that none is missed."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to beat."""
        self._house.beat("worker")
        self._stop.clear()
        self._thread = threading.Thread(target=Worker(self._house, []).run, args=(self._stop,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, as if the last beat were a minute ago."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
        owner = engine.owner_engine(self._house.settings.database_url)
        with owner.begin() as connection:
            connection.exec_driver_sql("UPDATE heartbeat SET beaten_at = now() - interval '1 minute'")
        owner.dispose()


@dataclass
class Site:
    """A site that listens, and the network this test is in."""

    address: str
    house: House
    network_id: int
    worker: RestingWorker
    foreign: list[str] = field(default_factory=list)
    """Requests to any other host."""
    complaints: list[str] = field(default_factory=list)
    """Errors on any console, violations of the content security policy among them."""

    def person(self, *roles: Role, lineage: int | None = None) -> Person:
        """Make somebody who can sign in."""
        kept = passphrases.hashed(PASSPHRASE, CHEAP)
        return an_account(self.house, self.network_id, roles, lineage=lineage, passphrase_hash=kept)


@pytest.fixture
def site(cluster: PrivateCluster, tmp_path_factory: pytest.TempPathFactory, browsed: Path) -> Iterator[Site]:
    """The site on a port of its own, in a fresh network whose zone lies round PLACE."""
    slug = f"test-{secrets.token_hex(6)}"
    url = cluster.url("browsed")
    network_id = a_network(url, slug=slug)
    port = free_port()
    settings = Settings(
        database_url=url,
        data_dir=browsed,
        network=slug,
        port=port,
        demo=True,
        pool_size=8,
        stands_in=False,
        passphrase_memory_kib=CHEAP_KIB,
    )
    app = create_site(settings)
    config = uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    house: House = app.state.house
    worker = RestingWorker(house)
    worker.start()
    with house.act(network_id) as uow:
        territory.draw(uow, "Round the place", _square(PLACE, 0.03))
    yield Site(f"http://127.0.0.1:{port}", house, network_id, worker)
    worker.stop()
    server.should_exit = True
    thread.join(10)


def _square(middle: LonLat, half: float) -> dict[str, object]:
    west, east, south, north = middle.lon - half, middle.lon + half, middle.lat - half, middle.lat + half
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture(scope="session")
def browsed(cluster: PrivateCluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sites' keys; their database is there once this is asked for."""
    cluster.create_database("browsed", template=DATABASE)
    return tmp_path_factory.mktemp("browsed")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; closed with the module, because this thread's loop must not meet the other rings."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=LAUNCH)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser of its own, signed in as somebody; nothing may leave the site."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, person: Person | None = None, *, phone: bool = False) -> Page:
        context = chromium.new_context(viewport=PHONE if phone else DESK, reduced_motion="reduce", has_touch=phone)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: _note_foreign(site, request.url))
        page.on("console", lambda said: site.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: site.complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        if person is not None:
            context.add_cookies([_cookie(site, person)])
        page.goto(f"{site.address}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert site.foreign == []
    assert site.complaints == []


def _cookie(site: Site, person: Person) -> SetCookieParam:
    return {
        "name": COOKIE,
        "value": person.token,
        "url": site.address.replace("http:", "https:"),  # a `__Host-` cookie is only ever set by a safe one
        "secure": True,
        "httpOnly": True,
        "sameSite": "Strict",
    }


def _note_foreign(site: Site, url: str) -> None:
    if not url.startswith((f"{site.address}/", "blob:", "data:")):
        site.foreign.append(url)
