"""A crowd: people who open pages within two seconds, beside a no-op route in the same run."""

from __future__ import annotations

import multiprocessing
import socket
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import uvicorn

from api import security
from api.settings import Settings
from api.wiring import House
from bench import _crowd_viewers
from bench._crowd_people import Opened, Person, come
from bench.rows import Row, less_is_better, percentiles_ms
from records import engine, ids
from records.cluster import PrivateCluster

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

_PEOPLE: Final = (500, 2000)
_WITHIN_S: Final = 2.0
_PAGES: Final = ("/sign-in", "/pin", "/go", "/map")
_NOOP: Final = "/bench/noop"
_VIEWERS: Final = (1000, 5000)
_ACCOUNTS: Final = 100
_START_S: Final = 60.0
_PAGE_P99_MOST_MS: Final = 3000.0
_HEALTH_MOST_MS: Final = 100.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--people", type=int, nargs="+", default=list(_PEOPLE), help="how many come at once")
    parser.add_argument("--viewers", type=int, nargs="*", default=list(_VIEWERS), help="how many watch the stream")
    parser.add_argument("--pins", type=int, default=20, help="how many pins arrive while they watch")


@dataclass(frozen=True, slots=True)
class Ground:
    """What every scene plays on: the service's port and process, its settings, and the tokens of its members."""

    port: int
    pid: int
    settings: Settings
    tokens: Sequence[str]
    options: argparse.Namespace


def run(options: argparse.Namespace) -> list[Row]:
    """Start a private PostGIS as in production and the whole site on it, and play every scene."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-", dir=Path.cwd()) as folder:
        data_dir = Path(folder)
        with PrivateCluster(data_dir) as cluster:
            engine.migrate(cluster.url())
            settings = Settings(database_url=cluster.url(), data_dir=data_dir, network="crowd", demo=True)
            tokens = _members(settings)
            _crowd_viewers.allow_files()
            with _site(settings) as (port, pid):
                ground = Ground(port, pid, settings, tokens, options)
                return [row for scene in SCENES for row in scene(ground)]


def pages(ground: Ground) -> Iterator[Row]:
    """Let people open sign-in as strangers, and pin, go and map as members, beside a route that does nothing."""
    come(ground.port, _crowd(ground.tokens, 40), within_s=1.0, seed=ground.options.seed)
    for count in ground.options.people:
        nothing, _ = come(ground.port, [Person(_NOOP)] * count, within_s=_WITHIN_S, seed=ground.options.seed)
        opened, health = come(ground.port, _crowd(ground.tokens, count), within_s=_WITHIN_S, seed=ground.options.seed)
        yield _row(f"{count} people open sign-in, pin, go, map within 2 s", opened, nothing, ground, _PAGE_P99_MOST_MS)
        yield _row(f"health meanwhile, {count} people", health, nothing, ground, _HEALTH_MOST_MS)


def viewers(ground: Ground) -> Iterator[Row]:
    """Let people watch the stream while pins arrive; each is told of every pin, more than a member ever is."""
    for count in ground.options.viewers:
        a_second = 5.0 if count <= _VIEWERS[0] else 1.0
        scene = _crowd_viewers.Scene(ground.port, ground.pid, count, ground.options.pins, a_second)
        yield _crowd_viewers.watch(ground.settings, scene, ground.options.seed)


SCENES: Final[tuple[Callable[[Ground], Iterator[Row]], ...]] = (pages, viewers)
"""Each plays on the same running site, in this order."""


def _crowd(tokens: Sequence[str], count: int) -> list[Person]:
    paths = [_PAGES[number % len(_PAGES)] for number in range(count)]
    return [
        Person(path, "" if path == "/sign-in" else tokens[number % len(tokens)]) for number, path in enumerate(paths)
    ]


def _row(what: str, opened: Sequence[Opened], nothing: Sequence[Opened], ground: Ground, limit: float) -> Row:
    answered = [each for each in opened if each.status == 200]
    early = sum(each.refused_early for each in opened)
    failed = len(opened) - len(answered) - early
    p50, p99 = _times(answered)
    peer = _times([each for each in nothing if each.status == 200])[1]
    size_kb = sum(each.bytes for each in answered) / max(1, len(answered)) / 1000
    case = (
        f"{what}: {len(answered)} answered, {early} told early there is no room, {failed} failed; {size_kb:.1f} kB each"
    )
    return Row(
        "crowd", case, p99, peer, "no-op route", limit, less_is_better(p99, peer), "ms p99",
        p50, p99, len(opened), ground.options.seed,
    )  # fmt: skip


def _times(opened: Sequence[Opened]) -> tuple[float, float]:
    return percentiles_ms([int(each.seconds * 1e9) for each in opened]) if opened else (float("nan"), float("nan"))


def _members(settings: Settings) -> list[str]:
    """Make members of the desk who also respond, with open sessions; return their tokens."""
    network_id = engine.ensure_network(settings.database_url, slug="crowd", name="crowd", kind="demo")
    house = House(settings, name="tandem-bench")
    tokens = []
    with house.act(network_id) as uow:
        for number in range(_ACCOUNTS):
            account_id, token = ids.new_id(), security.new_token(network_id)
            uow.accounts.add(
                account_id=account_id,
                alias=f"member-{number}",
                lineage=ids.new_id(),
                roles=["spotter", "responder", "dispatcher"],
                created_on=uow.now.date(),
            )
            uow.responders.join(account_id, languages=["en"], mode="foot")
            uow.accounts.begin_session(
                account_id,
                security.digest(token),
                kind="person",
                moment=uow.now,
                expires_at=uow.now + timedelta(hours=1),
            )
            tokens.append(token)
    house.close()
    return tokens


@contextmanager
def _site(settings: Settings) -> Iterator[tuple[int, int]]:
    """Run the whole site as one process of its own, with the no-op route mounted; yield its port and number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(settings, port), daemon=True)
    process.start()
    try:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2, trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield port, process.pid or 0
    finally:
        process.terminate()
        process.join(20)
        if process.is_alive():
            process.kill()
            process.join()


def _serve(settings: Settings, port: int) -> None:
    from web.main import create_site  # noqa: PLC0415 - only the site's own process needs its pages
    from web.patience import PatientProtocol  # noqa: PLC0415

    app = create_site(settings)

    @app.get(_NOOP)
    def noop() -> dict[str, str]:
        return {}

    uvicorn.run(app, port=port, access_log=False, log_level="warning", server_header=False, http=PatientProtocol)
