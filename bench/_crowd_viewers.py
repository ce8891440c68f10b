"""People who watch the live stream while pins arrive: who is told how soon, who is dropped, what a viewer costs."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from api import security
from api.relay import MOST_STREAMS
from api.wiring import House
from bench.rows import Row, less_is_better, percentiles_ms
from records import ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.settings import Settings

_A_SECOND: Final = 250
"""Viewers who connect a second."""
_SETTLE_S: Final = 3.0
_TRIES: Final = 20
_LAST_FRAME_S: Final = 10.0
_STEP_DEG: Final = 0.05
"""Pins stand kilometres apart, so that each opens an incident of its own and the frames can be counted off."""
_PLACE: Final = (-93.265, 44.978)
_OPENED: Final = b"event: incident.opened"
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Scene:
    """How many watch which site, and how many pins arrive at which rate; the site's port and process number."""

    port: int
    pid: int
    viewers: int
    pins: int
    a_second: float


@dataclass(frozen=True, slots=True)
class Watched:
    """What a run saw: times from the answer to a pin to its frame, and the same for a route that does nothing."""

    told_s: list[float]
    nothing_s: list[float]
    early: int
    failed: int
    dropped: int
    rss_kb: float
    core_s: float


@dataclass(eq=False, slots=True)
class _Viewer(asyncio.Protocol):
    """One open stream: when the first, second, third incident was told, and whether it was cut."""

    request: bytes
    begun: asyncio.Future[int]
    told_at: list[float] = field(default_factory=list)
    cut: bool = False
    rest: bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Count what is told; a frame may come in two portions."""
        if not self.begun.done():
            self.begun.set_result(int(data.split()[1]))
        now, seen = time.perf_counter(), self.rest + data
        self.told_at += [now] * seen.count(_OPENED)
        end = seen.rfind(_OPENED)
        self.rest = seen[max(end + len(_OPENED) if end >= 0 else 0, len(seen) - len(_OPENED) + 1) :]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (as asyncio calls it)
        """Note that it was cut."""
        self.cut = True
        if not self.begun.done():
            self.begun.set_result(0)


def watch(settings: Settings, scene: Scene, seed: int) -> Row:
    """Let viewers who are told of every pin watch while pins arrive at a rate; return what it came to."""
    tokens = people(settings, -(-scene.viewers // MOST_STREAMS), ["dispatcher", "responder"])
    senders = people(settings, max(4, scene.pins // 8), ["spotter"])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return row(pool.apply(partial(_watch, scene, tokens, senders)), scene, seed)


def row(seen: Watched, scene: Scene, seed: int) -> Row:
    """Return a run as a row of the bench; the limit is the longest time to a frame that is promised."""
    p50, p99 = percentiles_ms([round(each * 1e9) for each in seen.told_s]) if seen.told_s else (float("nan"),) * 2
    peer = percentiles_ms([round(each * 1e9) for each in seen.nothing_s])[1] if seen.nothing_s else float("nan")
    limit = 300.0 if scene.viewers <= 1000 else 2000.0
    told = (
        f"{scene.viewers} viewers, {scene.a_second:g} pins a second, pin to frame",
        f"{seen.early} told early there is no room yet, {seen.failed} failed, {seen.dropped} dropped",
        f"{seen.rss_kb / scene.viewers:.1f} kB a viewer",
        f"{len(seen.told_s) / max(seen.core_s, 1e-9):.0f} deliveries a second and core",
    )
    return Row(
        "crowd", "; ".join(told), p99, peer, "no-op route", limit, less_is_better(p99, peer), "ms p99", p50, p99,
        len(seen.told_s), seed,
    )  # fmt: skip


def people(settings: Settings, count: int, roles: Sequence[str]) -> list[str]:
    """Make people of these roles with open sessions; return their tokens."""
    house = House(settings, name="tandem-bench")
    network_id = house.default_network().id
    tokens = []
    for begun in range(0, count, 100):
        with house.act(network_id) as uow:
            for _ in range(begun, min(count, begun + 100)):
                account_id, token = ids.new_id(), security.new_token(network_id)
                uow.accounts.add(
                    account_id=account_id,
                    alias=f"viewer-{secrets.token_hex(8)}",
                    lineage=ids.new_id(),
                    roles=list(roles),
                    created_on=uow.now.date(),
                )
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


def allow_files() -> None:
    """Raise the number of open files to what this machine allows; a process started later inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _watch(scene: Scene, tokens: Sequence[str], senders: Sequence[str]) -> Watched:
    allow_files()
    return asyncio.run(_play(scene, tokens, senders))


async def _play(scene: Scene, tokens: Sequence[str], senders: Sequence[str]) -> Watched:
    port, pid, pins = scene.port, scene.pid, scene.pins
    rss_before = _rss_kb(pid)
    coming = []
    for number in range(scene.viewers):
        coming.append(asyncio.create_task(_come(port, tokens[number // MOST_STREAMS])))
        await asyncio.sleep(1 / _A_SECOND)
    came = await asyncio.gather(*coming)
    watching = [viewer for viewer, _ in came if viewer is not None]
    early = sum(told for _, told in came)
    await asyncio.sleep(_SETTLE_S)
    rss, core = _rss_kb(pid) - rss_before, _core_s(pid)
    acked, nothing, refused = [], [], 0
    for number in range(pins):
        status, _ = await _ask(port, _pin(port, senders[number % len(senders)], number))
        acked.append(time.perf_counter())
        refused += status != 201
        nothing.append((await _ask(port, _request(port, "GET /bench/noop", "")))[1])
        await asyncio.sleep(max(0.0, 1 / scene.a_second - nothing[-1]))
    deadline = time.perf_counter() + _LAST_FRAME_S
    while time.perf_counter() < deadline and any(  # noqa: ASYNC110  (each of thousands would tell it)
        len(each.told_at) < pins - refused for each in watching
    ):
        await asyncio.sleep(0.1)
    core = _core_s(pid) - core
    told = [max(0.0, at - said) for each in watching for at, said in zip(each.told_at, acked, strict=False)]
    short = sum(each.cut or len(each.told_at) < pins - refused for each in watching)
    failed = refused + scene.viewers - len(watching)
    return Watched(told, nothing, early, failed, short, rss, core)


async def _come(port: int, token: str) -> tuple[_Viewer | None, int]:
    """Open a stream, again a second later where there was no room yet; return it, and how often that was said."""
    loop = asyncio.get_running_loop()
    for early in range(_TRIES):
        viewer = _Viewer(_request(port, "GET /api/events", token), loop.create_future())
        await loop.create_connection(partial(_given, viewer), "127.0.0.1", port)
        status = await viewer.begun
        if status == 200:
            return viewer, early
        if status != 503:
            return None, early
        await asyncio.sleep(1.0)
    return None, _TRIES


def _given(viewer: _Viewer) -> _Viewer:
    return viewer


def _request(port: int, line: str, token: str, body: bytes = b"") -> bytes:
    head = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    head += [f"Authorization: Bearer {token}"] if token else []
    if body:
        head += [f"Idempotency-Key: {secrets.token_hex(16)}", "Content-Type: application/json"]
        head += [f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def _pin(port: int, token: str, number: int) -> bytes:
    place = [_PLACE[0] + _STEP_DEG * (number % 10), _PLACE[1] + _STEP_DEG * (number // 10)]
    said = {
        "kind": "activity",
        "location": {"type": "Point", "coordinates": place},
        "observed_at": datetime.now(UTC).isoformat(),
    }
    return _request(port, "POST /api/sightings", token, json.dumps(said).encode())


async def _ask(port: int, request: bytes) -> tuple[int, float]:
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), time.perf_counter() - began


def _rss_kb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return float(status.split("VmRSS:")[1].split()[0])


def _core_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND
