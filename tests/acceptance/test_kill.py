"""Whatever is killed in the middle of a stream of posts, nothing acknowledged is lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from records import engine
from records.cluster import PrivateCluster
from tests.builders import a_script_token
from tests.service import Service

CLIENTS = 4


class Poster(threading.Thread):
    """Posts sightings one after the other, retries each with its key until it is acknowledged, keeps a ledger."""

    def __init__(self, address: str, token: str, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.address, self.token, self.number, self.stop = address, token, number, stop
        self.acknowledged: dict[str, str] = {}
        self.retries = 0
        self.wrong: list[int] = []

    def run(self) -> None:
        """Post until told to stop; the last post is seen through to its acknowledgement."""
        chance = random.Random(self.number)
        count = 0
        with httpx.Client(base_url=self.address, timeout=5, trust_env=False) as client:
            while not self.stop.is_set():
                count += 1
                key = f"kill-{self.number}-{count}"
                body = {
                    "kind": "activity",
                    "location": {
                        "type": "Point",
                        "coordinates": [chance.uniform(-38.55, -38.45), chance.uniform(30.95, 31.05)],
                    },
                    "observed_at": datetime.now(UTC).isoformat(),
                }
                self._post(client, key, body)

    def _post(self, client: httpx.Client, key: str, body: dict[str, object]) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        for _ in range(2000):
            try:
                answer = client.post("/api/sightings", json=body, headers=headers)
            except httpx.TransportError:
                self.retries += 1
                time.sleep(0.05)
                continue
            if answer.status_code == 201:
                self.acknowledged[key] = answer.json()["id"]
                return
            if answer.status_code < 500 and answer.status_code != 429:
                self.wrong.append(answer.status_code)
                return
            self.retries += 1
            time.sleep(0.05)
        raise AssertionError("a post was never acknowledged")


def _kill_server(cluster: PrivateCluster) -> None:
    pid = cluster.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    cluster.stop()
    cluster.start()


def _stream_with_kills(tmp_path: Path, kills: int) -> None:
    cluster = PrivateCluster(tmp_path / "data")
    cluster.start()
    service = None
    try:
        engine.migrate(cluster.url())
        network_id = engine.ensure_network(cluster.url(), slug="kill", name="Kill test", kind="demo")
        token = a_script_token(cluster.url(), network_id, tmp_path / "data", "spotter")
        service = Service(cluster.url(), tmp_path / "data", network="kill")
        service.start()
        service.wait_ready()
        stop = threading.Event()
        posters = [Poster(service.address, token, number, stop) for number in range(CLIENTS)]
        for poster in posters:
            poster.start()
        chance = random.Random(7)
        for number in range(kills):
            time.sleep(chance.uniform(0.3, 1.2))
            if number % 2:
                service.kill()
                service.start()
            else:
                _kill_server(cluster)
            service.wait_ready()
        time.sleep(0.5)
        stop.set()
        for poster in posters:
            poster.join(60)
            assert not poster.is_alive()
        acknowledged = {number: mark for poster in posters for number, mark in poster.acknowledged.items()}
        assert [code for poster in posters for code in poster.wrong] == []
        with cluster.superuser("tandem") as connection:
            stored = connection.execute("SELECT count(*) FROM sighting").fetchone()
            kept = dict(
                connection.execute(
                    "SELECT key, answer->>'sighting' FROM idempotency WHERE key LIKE 'kill-%'"
                ).fetchall()
            )
        assert len(acknowledged) > 20 * kills // 10
        assert {key: kept.get(key) for key in acknowledged} == acknowledged
        assert stored is not None
        assert stored[0] == len(acknowledged), "lost or doubled"
        assert len(set(acknowledged.values())) == len(acknowledged)
        print(  # noqa: T201 - the figures are what a full run is for
            f"{kills} kills, {len(acknowledged)} acknowledged, {sum(p.retries for p in posters)} retries, "
            f"{stored[0]} stored: 0 lost, 0 doubled"
        )
    finally:
        if service is not None:
            service.stop()
        cluster.stop()


def test_three_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    _stream_with_kills(tmp_path, 3)


@pytest.mark.full
def test_twenty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    _stream_with_kills(tmp_path, 20)
