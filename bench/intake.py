"""Acknowledged sightings a second over HTTP, beside a no-op route of the same service and pgbench's plain insert."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import re
import secrets
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import uvicorn

from api import security
from api.app import create_app
from api.schemas.sightings import ReceivedOut, SightingIn
from api.settings import Settings
from api.wiring import House
from bench.rows import Row, more_is_better, percentiles_ms
from records import engine, ids
from records.cluster import DATABASE, OWNER, PrivateCluster

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

_CLIENTS: Final = (1, 8, 32)
_NOOP: Final = "/bench/noop"
_INTAKE: Final = "/api/sightings"
_ACTIVITIES: Final = ("stop", "arrest", "door_visit", "patrol", "other")
_START_S: Final = 60.0
_ONE_ROW: Final = """\\set id random(1, 9223372036854775806)
\\set lon random(-9340000, -9310000)
\\set lat random(4485000, 4510000)
INSERT INTO sighting (network_id, id, source_group, vouched, kind, accuracy_m, observed_at, received_at, use, location,
  cell5, cell6, cell7, cell8, cell9, cell10)
VALUES (2, :id, :id, false, 'vehicle', 20, now(), now(), 'indexed',
  ST_SetSRID(ST_MakePoint(:lon / 100000.0, :lat / 100000.0), 4326)::geography, :id, :id, :id, :id, :id, :id);
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each number of clients posts")
    parser.add_argument("--seed", type=int, default=11)


def run(options: argparse.Namespace) -> list[Row]:
    """Start a private PostGIS as in production and the service on it, and post from another process."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-", dir=Path.cwd()) as folder:
        data_dir = Path(folder)
        with PrivateCluster(data_dir) as cluster:
            engine.migrate(cluster.url())
            engine.ensure_network(cluster.url(), slug="bench", name="Bench", kind="demo")
            engine.ensure_network(cluster.url(), slug="plain", name="Plain inserts", kind="demo")
            settings = Settings(database_url=cluster.url(), data_dir=data_dir, network="bench", demo=True)
            tokens = _people(settings, max(_CLIENTS))
            with _service(settings) as port:
                _posted(port, _INTAKE, tokens[:8], 1.5, options.seed)
                return [_row(cluster, port, tokens[:count], options) for count in _CLIENTS]


def _row(cluster: PrivateCluster, port: int, tokens: Sequence[str], options: argparse.Namespace) -> Row:
    noop = _posted(port, _NOOP, tokens, options.seconds / 2, options.seed)
    before = _stored(cluster)
    ours = _posted(port, _INTAKE, tokens, options.seconds, options.seed + len(tokens))
    after = _stored(cluster)
    if after - before != ours.answered or ours.refused:
        raise RuntimeError(f"{ours.answered} acknowledged, {ours.refused} refused, {after - before} stored")
    plain = _pgbench(cluster, len(tokens), options.seconds / 2)
    p50_ms, p99_ms = percentiles_ms(ours.nanoseconds)
    case = (
        f"POST, {len(tokens)} clients, {before}-{after} live points, "
        f"batches up to {Settings().batch_limit}, generator {ours.cpu_s:.1f} s CPU"
    )
    return Row(
        "intake", case, ours.rate, plain, "pgbench, one row into sighting; limit: no-op route", noop.rate,
        more_is_better(ours.rate, plain), "sightings/s", p50_ms, p99_ms, ours.answered, options.seed,
    )  # fmt: skip


def _people(settings: Settings, count: int) -> list[str]:
    """Make people with open sessions, each of a lineage of their own; return their tokens."""
    house = House(settings, name="tandem-bench")
    network_id = house.default_network().id
    tokens = []
    with house.act(network_id) as uow:
        for number in range(count):
            account_id, token = ids.new_id(), security.new_token(network_id)
            uow.accounts.add(
                account_id=account_id,
                alias=f"poster-{number}",
                lineage=ids.new_id(),
                roles=["spotter"],
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


@contextmanager
def _service(settings: Settings) -> Iterator[int]:
    """Run the service as one process of its own, with the no-op route mounted; give its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(settings, port), daemon=True)
    process.start()
    try:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2, trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.join(20)
        if process.is_alive():
            process.kill()
            process.join()


def _serve(settings: Settings, port: int) -> None:
    app = create_app(settings)

    @app.post(_NOOP, status_code=201)
    def noop(body: SightingIn) -> ReceivedOut:
        return ReceivedOut(id=body.kind, receipt=body.unit, masked=False)

    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning", server_header=False)


@dataclass(frozen=True, slots=True)
class _Posted:
    answered: int
    refused: int
    seconds: float
    cpu_s: float
    nanoseconds: list[int]

    @property
    def rate(self) -> float:
        return self.answered / self.seconds


def _posted(port: int, path: str, tokens: Sequence[str], seconds: float, seed: int) -> _Posted:
    """Post from a process of its own, one connection for each token, each waiting for its answer."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_post, (port, path, list(tokens), seconds, seed))


def _post(port: int, path: str, tokens: list[str], seconds: float, seed: int) -> _Posted:
    return asyncio.run(_post_all(port, path, tokens, seconds, seed))


async def _post_all(port: int, path: str, tokens: list[str], seconds: float, seed: int) -> _Posted:
    began, cpu = time.perf_counter(), time.process_time()
    until = began + seconds
    found = await asyncio.gather(
        *(_client(port, path, token, until, random.Random(seed + number)) for number, token in enumerate(tokens))
    )
    timed = [each for own, _ in found for each in own]
    return _Posted(
        answered=len(timed),
        refused=sum(refused for _, refused in found),
        seconds=time.perf_counter() - began,
        cpu_s=time.process_time() - cpu,
        nanoseconds=timed,
    )


async def _client(port: int, path: str, token: str, until: float, chance: random.Random) -> tuple[list[int], int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    timed, refused = [], 0
    while time.perf_counter() < until:
        body = json.dumps(_sighting(chance)).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {secrets.token_hex(16)}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter_ns()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
        await reader.readexactly(int(length.group(1)) if length else 0)
        if answer.startswith(b"HTTP/1.1 201"):
            timed.append(time.perf_counter_ns() - began)
        else:
            refused += 1
    writer.close()
    await writer.wait_closed()
    return timed, refused


def _sighting(chance: random.Random) -> dict[str, object]:
    return {
        "kind": "vehicle",
        "location": {
            "type": "Point",
            "coordinates": [round(chance.uniform(-93.40, -93.10), 6), round(chance.uniform(44.85, 45.10), 6)],
        },
        "accuracy_m": 20,
        "observed_at": (datetime.now(UTC) - timedelta(seconds=chance.uniform(0, 3600))).isoformat(),
        "activity": chance.choice(_ACTIVITIES),
        "size": chance.randint(1, 6),
        "unit": "unknown",
        "vehicles": [{"type": "suv", "color": chance.choice(("white", "black", "grey"))}],
        "note": "two vehicles blocking the alley",
        "lang": "en",
    }


def _stored(cluster: PrivateCluster) -> int:
    with cluster.superuser(DATABASE) as connection:
        row = connection.execute("SELECT count(*) FROM sighting WHERE network_id = 1").fetchone()
    return int(row[0]) if row else 0


def _pgbench(cluster: PrivateCluster, clients: int, seconds: float) -> float | None:
    """Return pgbench's transactions a second for one plain row into the same table, None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    if not found:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_ONE_ROW)
        script.flush()
        done = subprocess.run(
            [
                *(str(found[-1]), "-n", "-M", "prepared", "-f", script.name, "-T", str(max(1, round(seconds)))),
                *("-c", str(clients), "-j", str(min(2, clients)), "-h", str(cluster.socket_dir), "-U", OWNER, DATABASE),
            ],
            env={**os.environ, "PGOPTIONS": "-c tandem.network_id=2"},
            capture_output=True,
            text=True,
            check=True,
        )
    tps = re.search(r"tps = ([\d.]+)", done.stdout)
    return float(tps.group(1)) if tps else None
