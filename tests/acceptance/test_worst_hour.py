"""With a pair on scene the worker stops, the database is killed, the disk fills up, the clock jumps: all goes on."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from api import wiring
from api.settings import Settings
from api.wiring import House
from api.worker import Worker
from desk import alarms, checkins, dispatching, territory
from desk.access import Actor
from records.cluster import PrivateCluster
from records.enums import Role
from records.errors import DatabaseAway
from tests.acceptance.test_kill import Poster
from tests.acceptance.test_up import _end, _is_worker, _said_until_ready, _server, _start
from tests.builders import Person, a_network, an_account
from tests.crews import Member, a_crew, an_incident
from tests.service import free_port

_log = logging.getLogger(__name__)

KNOWN_WITHIN_S = 30.0
"""How soon the desk knows; `--log-cli-level=INFO` shows how soon it really did."""
BACK_WITHIN_S = 90.0
MINUTE = timedelta(minutes=1)
AREA = {"type": "Polygon", "coordinates": [[[-38.7, 30.8], [-38.3, 30.8], [-38.3, 31.2], [-38.7, 31.2], [-38.7, 30.8]]]}


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of a few hundred megabytes at a folder; skipped where this account may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted only by root, outside of a closed container")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def staged_pair(house: House, network_id: int, now: datetime) -> tuple[int, list[Member]]:
    """Bring a pair on scene; return the dispatch and the two."""
    incident = an_incident(house.settings.database_url, network_id, status="verified", at=now)
    two = a_crew(house, network_id, 2, at=now)
    with house.act(network_id, now=now) as uow:
        asked = (two[0].responder_id, two[1].responder_id)
        dispatch = dispatching.send(uow, Actor(), incident, "observe", pair=asked).id
    for member in two:
        with house.act(network_id, now=now) as uow:
            [offer] = [each for each in uow.dispatches.offers([dispatch]) if each.responder_id == member.responder_id]
            dispatching.accept(uow, member.actor, offer.id)
    for member in two:
        with house.act(network_id, now=now) as uow:
            dispatching.read_brief(uow, member.actor, dispatch)
    for step in ("en_route", "staged", "on_scene"):
        for member in two:
            with house.act(network_id, now=now) as uow:
                dispatching.progress(uow, member.actor, dispatch, step)
    return dispatch, two


class Hour:
    """Everything `up` runs, a pair on scene, and people who go on reporting."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.up = _start(data, self.port)
        _said_until_ready(self.up)
        self.house = House(Settings(database_url=PrivateCluster(data).url(), data_dir=data, pool_size=2))
        [network] = self.house.networks()
        self.network_id = network.id
        with self.house.act(self.network_id) as uow:
            territory.draw(uow, "Where reports come from", AREA)
        self.dispatch, self.pair = staged_pair(self.house, self.network_id, datetime.now(UTC))
        self.desk: Person = an_account(self.house, self.network_id, [Role.DISPATCHER])
        self.stop = threading.Event()
        token = an_account(self.house, self.network_id, [Role.SPOTTER], script=True).token
        self.posters = [Poster(f"http://127.0.0.1:{self.port}", token, number, self.stop) for number in range(2)]
        for poster in self.posters:
            poster.start()
        self.reported(20)

    def close(self) -> None:
        self.stop.set()
        self.house.close()
        _end(self.up, signal.SIGINT, self.data)

    def troubles(self) -> dict[str, str]:
        """What every open page asks for every few seconds."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False, timeout=5)
        except httpx.TransportError:
            return {"site": "away"}
        return dict(answer.json()["troubles"])

    def wait(self, until: Callable[[], bool], seconds: float) -> float:
        """Wait until something is so; return after how many seconds it was."""
        began = time.monotonic()
        while not until():
            assert time.monotonic() - began < seconds, self.troubles()
            time.sleep(0.2)
        return round(time.monotonic() - began, 1)

    def worker(self) -> int:
        parts = Path(f"/proc/{self.up.pid}/task/{self.up.pid}/children").read_text().split()
        [worker] = [int(part) for part in parts if _is_worker(int(part), self.port, _server(self.data) or 0)]
        return worker

    def state(self) -> str:
        """How the dispatch stands, empty while the database is away."""
        with suppress(DatabaseAway), self.house.act(self.network_id) as uow:
            return str(uow.dispatches.get(self.dispatch).state)
        return ""

    def silence(self) -> None:
        """Let one of the two have been silent for longer than anybody may be."""
        with PrivateCluster(self.data).superuser("tandem") as connection:
            connection.execute(
                "UPDATE seat SET checkin_due_at = now() - interval '20 minutes' WHERE dispatch_id = %s AND seat = 1",
                (self.dispatch,),
            )

    def write_on(self) -> None:
        """Let the database begin new files of its log until it can begin no more, as in hours of reports."""
        with suppress(psycopg.Error), PrivateCluster(self.data).superuser("tandem") as connection:
            for _ in range(1000):
                connection.execute("SELECT pg_logical_emit_message(true, 'ballast', repeat('x', 100000))")
                connection.execute("SELECT pg_switch_wal()")

    def alarms(self) -> int:
        address = f"http://127.0.0.1:{self.port}/api/alarms"
        return len(httpx.get(address, headers=self.desk.headers, trust_env=False, timeout=10).json()["alarms"])

    def reported(self, more: int) -> None:
        """Wait until so many more reports were acknowledged."""
        before = sum(len(poster.acknowledged) for poster in self.posters)
        self.wait(lambda: sum(len(poster.acknowledged) for poster in self.posters) >= before + more, BACK_WITHIN_S)

    def nothing_acknowledged_is_lost(self) -> int:
        """Let some more be sent, end the reports, look each of them up; return how many there were."""
        self.reported(20)
        self.stop.set()
        for poster in self.posters:
            poster.join(60)
            assert not poster.is_alive()
        told = {key: mark for poster in self.posters for key, mark in poster.acknowledged.items()}
        with PrivateCluster(self.data).superuser("tandem") as connection:
            kept = dict(connection.execute("SELECT key, answer->>'sighting' FROM idempotency").fetchall())
        assert {key: kept.get(key) for key in told} == told
        return len(told)


@contextmanager
def the_hour(data: Path) -> Iterator[Hour]:
    hour = Hour(data)
    try:
        yield hour
    finally:
        hour.close()


@pytest.mark.full  # every run stops a worker and kills a database in test_up, with nobody on scene
def test_the_worker_stops_and_the_service_looks_after_the_silent(tmp_path: Path) -> None:
    with the_hour(tmp_path / "data") as hour:
        os.kill(hour.worker(), signal.SIGSTOP)
        hour.silence()
        known = hour.wait(lambda: "worker" in hour.troubles(), KNOWN_WITHIN_S)
        told = hour.wait(lambda: hour.alarms() == 1, KNOWN_WITHIN_S)
        assert hour.state() == "held"
        os.kill(hour.worker(), signal.SIGCONT)
        back = hour.wait(lambda: hour.troubles() == {}, KNOWN_WITHIN_S)
        kept = hour.nothing_acknowledged_is_lost()
        _log.info("%s", {"known": known, "alarm": told, "back": back, "reports": kept})


@pytest.mark.full
def test_the_database_is_killed_and_all_goes_on(tmp_path: Path) -> None:
    with the_hour(tmp_path / "data") as hour:
        before = _server(hour.data)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        known = hour.wait(lambda: _server(hour.data) != before, KNOWN_WITHIN_S)
        back = hour.wait(lambda: hour.state() == "on_scene" and hour.troubles() == {}, BACK_WITHIN_S)
        hour.silence()
        told = hour.wait(lambda: hour.alarms() == 1, KNOWN_WITHIN_S)
        kept = hour.nothing_acknowledged_is_lost()
        _log.info("%s", {"known": known, "back": back, "alarm": told, "reports": kept})


def test_the_disk_fills_up_and_is_freed(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 400) as disk, the_hour(disk / "data") as hour:
        ballast = disk / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
                    file.flush()
            except OSError:
                pass
        known = hour.wait(lambda: {"disk", "database"} & set(hour.troubles()) != set(), KNOWN_WITHIN_S)
        hour.write_on()
        full = hour.wait(lambda: "database" in hour.troubles(), KNOWN_WITHIN_S)
        time.sleep(10)
        assert hour.up.poll() is None
        ballast.unlink()
        back = hour.wait(lambda: hour.state() == "on_scene" and hour.troubles() == {}, BACK_WITHIN_S)
        hour.silence()
        told = hour.wait(lambda: hour.alarms() == 1, KNOWN_WITHIN_S)
        kept = hour.nothing_acknowledged_is_lost()
        _log.info("%s", {"known": known, "full": full, "back": back, "alarm": told, "reports": kept})


@pytest.fixture
def house(fresh_database_url, tmp_path):
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=2))
    yield opened
    opened.close()


@pytest.mark.parametrize("spoken", [False, True], ids=["silent", "spoken meanwhile"])
def test_the_clock_goes_an_hour_on_and_back(house, fresh_database_url, monkeypatch, spoken) -> None:
    """Nobody's silence goes unnoticed for longer than on any day, whatever the clock said when they last spoke."""
    began, ahead = datetime.now(UTC), [timedelta(0)]

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return began + ahead[0]

    worker, moment_s = Worker(house), 0.0
    network_id = a_network(fresh_database_url)
    dispatch, two = staged_pair(house, network_id, began)
    monkeypatch.setattr(wiring, "datetime", Clock)

    def at(minutes: float) -> set[str]:
        nonlocal moment_s
        ahead[0], moment_s = minutes * MINUTE, moment_s + 3600
        worker.sweep(moment_s)
        with house.act(network_id) as uow:
            return {call.alias for call in alarms.listed(uow)}

    out_there = everybody = {member.alias for member in two}
    assert at(1) == set()
    if not spoken:
        assert at(61) == everybody
        with house.act(network_id) as uow:
            on_it = {seat.responder_id for seat in uow.dispatches.seats([dispatch]) if seat.active}
        # Whoever fell silent first was given up as lost; the other is waited for until they are home.
        [out_there] = [{member.alias} for member in two if member.responder_id in on_it]
    ahead[0] = 61 * MINUTE
    for member in two:
        with house.act(network_id) as uow:
            checkins.check_in(uow, member.actor, dispatch, "ok")
    assert at(61) == set()
    assert at(2) == set()
    assert at(2 + 13.1) == out_there
