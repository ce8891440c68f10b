"""Acknowledged sightings a second over HTTP, beside a no-op route, pgbench's plain insert and clustering per pin."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import secrets
import socket
import statistics
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
from bench import _reclustering
from bench._posting import CITY, ONE_BLOCK, Posted, posted, sighting
from bench.rows import Row, more_is_better, percentiles_ms
from desk import accounts, intake
from records import engine, ids
from records.cluster import DATABASE, OWNER, PrivateCluster

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from typing import Any

    from psycopg import Connection

_CLIENTS: Final = (32, 8, 1)
_PEOPLE: Final = 512
"""Each is looked up once in ten minutes at most; the warm-up looks them all up, as where people know the network."""
_LIVE: Final = 3_000
_MANY_LIVE: Final = 30_000
_NOOP: Final = "/bench/noop"
_INTAKE: Final = "/api/sightings"
_START_S: Final = 60.0
_BATCH: Final = 256
_ONE_ROW: Final = """\\set id random(1, 9223372036854775806)
\\set lon random(-9340000, -9310000)
\\set lat random(4485000, 4510000)
INSERT INTO sighting (network_id, id, source_group, vouched, kind, accuracy_m, observed_at, received_at, use, location,
  cell5, cell6, cell7, cell8, cell9, cell10)
VALUES (9, :id, :id, false, 'vehicle', 20, now(), now(), 'indexed',
  ST_SetSRID(ST_MakePoint(:lon / 100000.0, :lat / 100000.0), 4326)::geography, :id, :id, :id, :id, :id, :id);
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each number of clients posts")
    parser.add_argument("--pins", type=int, default=100, help="how many pins the peer takes in")
    parser.add_argument("--seed", type=int, default=11)


@dataclass(frozen=True, slots=True)
class _Town:
    """A network with people and a window of live points."""

    network_id: int
    tokens: list[str]


def run(options: argparse.Namespace) -> list[Row]:
    """Start a private PostGIS as in production and the service on it, and post from another process."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-", dir=Path.cwd()) as folder:
        data_dir = Path(folder)
        with PrivateCluster(data_dir) as cluster:
            engine.migrate(cluster.url())
            settings = Settings(database_url=cluster.url(), data_dir=data_dir, network="usual", demo=True)
            usual = _town(settings, "usual", _LIVE, options.seed)
            crowd = _town(settings, "crowd", 0, options.seed)
            busy = _town(settings, "busy", _MANY_LIVE, options.seed)
            _plain_network(cluster)
            with cluster.superuser(DATABASE) as connection:
                connection.execute("ANALYZE")  # as autovacuum does within seconds
                peers = _peers(connection, options)
            bench = _Bench(cluster, options)
            with _service(settings) as bench.service:
                for town in (usual, busy, crowd):
                    bench.post(_INTAKE, town, max(_CLIENTS), 2.0)
                rows = [bench.row(usual, clients, "over the city", CITY) for clients in _CLIENTS]
                rows.append(bench.row(busy, max(_CLIENTS), "over the city", CITY))
                rows.append(bench.row(crowd, max(_CLIENTS), "into one cell", ONE_BLOCK))
            return [*rows, *_beside(rows, peers, options.seed)]


def _town(settings: Settings, slug: str, live: int, seed: int) -> _Town:
    """Make a network whose people, each of a lineage of their own, have reported some things already."""
    network_id = engine.ensure_network(settings.database_url, slug=slug, name=slug, kind="demo")
    tokens = _people(settings, network_id)
    house = House(settings, name="tandem-bench")
    with house.act(network_id) as uow:
        actors = [accounts.recognise(uow, security.digest(token)) for token in tokens]
    chance, now = random.Random(seed), datetime.now(UTC)
    while live > 0:
        with house.act(network_id) as uow:
            who = [chance.randrange(len(actors)) for _ in range(min(live, _BATCH))]
            told = [SightingIn.model_validate(sighting(chance, CITY, now, person)) for person in who]
            intake.receive(
                uow,
                [
                    one.report(actors[person], secrets.token_hex(16), secrets.token_bytes(32))
                    for one, person in zip(told, who, strict=True)
                ],
            )
        live -= _BATCH
    house.close()
    return _Town(network_id, tokens)


def _people(settings: Settings, network_id: int) -> list[str]:
    """Make people with open sessions, each of a lineage of their own; return their tokens."""
    house = House(settings, name="tandem-bench")
    tokens = []
    with house.act(network_id) as uow:
        for number in range(_PEOPLE):
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


def _plain_network(cluster: PrivateCluster) -> None:
    with cluster.superuser(DATABASE) as connection:
        connection.execute("INSERT INTO network (id, slug, name, kind) VALUES (9, 'plain', 'Plain inserts', 'demo')")


class _Bench:
    """The service under load, and what is measured beside it."""

    service: _Service

    def __init__(self, cluster: PrivateCluster, options: argparse.Namespace) -> None:
        self._cluster = cluster
        self._options = options

    def post(
        self, path: str, town: _Town, clients: int, seconds: float, area: tuple[float, float, float, float] = CITY
    ) -> Posted:
        """Post to a route for some seconds."""
        seed = self._options.seed + clients
        return posted(self.service.port, path, town.tokens, clients=clients, seconds=seconds, seed=seed, area=area)

    def row(self, town: _Town, clients: int, where: str, area: tuple[float, float, float, float]) -> Row:
        """Post to the no-op route and to intake, and let pgbench insert plain rows, one after the other."""
        seconds = self._options.seconds
        noop = self.post(_NOOP, town, clients, seconds / 2, area)
        before, cpu = self._stored(town), self._cpu_s()
        ours = self.post(_INTAKE, town, clients, seconds, area)
        after, spent = self._stored(town), [now - then for now, then in zip(self._cpu_s(), cpu, strict=True)]
        if after - before != ours.answered or ours.refused:
            raise RuntimeError(f"{ours.answered} acknowledged, {ours.refused} refused, {after - before} stored")
        plain = _pgbench(self._cluster, clients, seconds / 2)
        p50_ms, p99_ms = percentiles_ms(ours.nanoseconds)
        case = (
            f"POST {where}, {clients} clients of {_PEOPLE} people, {before:,}-{after:,} live points, "
            f"{ours.rate / noop.rate:.2f} of the no-op route; CPU s: service {spent[0]:.1f}, "
            f"database {spent[1]:.1f}, generator {ours.cpu_s:.1f}"
        )
        return Row(
            "intake", case, ours.rate, plain, "pgbench, one row into sighting; limit: no-op route", noop.rate,
            more_is_better(ours.rate, plain), "sightings/s", p50_ms, p99_ms, ours.answered, self._options.seed,
        )  # fmt: skip

    def _stored(self, town: _Town) -> int:
        with self._cluster.superuser(DATABASE) as connection:
            row = connection.execute(
                "SELECT count(*) FROM sighting WHERE network_id = %s", (town.network_id,)
            ).fetchone()
        return int(row[0]) if row else 0

    def _cpu_s(self) -> tuple[float, float]:
        """Return the seconds of processor time that the service and the database have used."""
        postmaster = int((self._cluster.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        spent: dict[int, tuple[int, float]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            spent[int(stat.parent.name)] = (
                int(fields[1]),
                sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK"),
            )
        database = sum(own for pid, (parent, own) in spent.items() if postmaster in {pid, parent})
        return spent.get(self.service.pid, (0, 0.0))[1], database


@dataclass(frozen=True, slots=True)
class _Peer:
    name: str
    live: int
    seconds: list[float] | None


def _peers(connection: Connection[Any], options: argparse.Namespace) -> list[_Peer]:
    found = []
    for live, more in ((_LIVE, options.pins), (_MANY_LIVE, max(10, options.pins // 5))):
        found.append(
            _Peer(
                "INSERT + ST_ClusterDBSCAN per pin",
                live,
                _reclustering.by_postgis(connection, live, more, options.seed),
            )
        )
        found.append(
            _Peer(
                "INSERT + scikit-learn DBSCAN per pin",
                live,
                _reclustering.by_sklearn(connection, live, more, options.seed),
            )
        )
    connection.execute("DROP TABLE peer_pin")
    return found


def _beside(rows: Sequence[Row], peers: Sequence[_Peer], seed: int) -> Iterator[Row]:
    """Yield our rate at 32 clients beside each peer's, one pin after the other as clustering all again has to be."""
    ours = {_LIVE: rows[0], _MANY_LIVE: rows[len(_CLIENTS)]}
    for peer in peers:
        rate = None if peer.seconds is None else 1 / statistics.mean(peer.seconds)
        case = (
            f"{max(_CLIENTS)} clients, window of {peer.live:,} points; the peer clusters by another rule "
            "(one distance, rows instead of sources), so answers are not compared"
        )
        mine = ours[peer.live]
        yield Row(
            "intake", case, mine.ours, rate, peer.name, None, more_is_better(mine.ours, rate), "sightings/s",
            mine.p50_ms, mine.p99_ms, None if peer.seconds is None else len(peer.seconds), seed,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Service:
    port: int
    pid: int


@contextmanager
def _service(settings: Settings) -> Iterator[_Service]:
    """Run the service as one process of its own, with the no-op route mounted."""
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
        yield _Service(port, process.pid or 0)
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
            env={**os.environ, "PGOPTIONS": "-c tandem.network_id=9"},
            capture_output=True,
            text=True,
            check=True,
        )
    tps = re.search(r"tps = ([\d.]+)", done.stdout)
    return float(tps.group(1)) if tps else None
