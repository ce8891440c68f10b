"""A dead part is noticed, the desk is told, and silent people are looked after while the worker is away."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from api import watch
from api.settings import Settings
from api.watch import Part, Trouble, Watch
from api.wiring import House
from api.worker import TIMERS, Timer, Worker
from desk import alerts, reactions, retention, roster
from records import engine
from tests.builders import a_network


@pytest.fixture
def house(fresh_database_url, tmp_path):
    a_network(fresh_database_url)
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=3))
    yield opened
    opened.close()


def watching(house, *, stands_in: bool = False, stream_works: bool = True) -> Watch:
    return Watch(house, stream_works=lambda: stream_works, stands_in=stands_in)


def age_the_worker(house, seconds: float) -> None:
    owner = engine.owner_engine(house.settings.database_url)
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE heartbeat SET beaten_at = now() - make_interval(secs => :s) WHERE part = 'worker'"),
            {"s": seconds},
        )
    owner.dispose()


def test_all_parts_work_while_the_worker_beats(house):
    """`heartbeat` writes it, `heartbeat_age` reads it, both by the database's clock."""
    assert house.beaten_s_ago("worker") is None
    stop = threading.Event()
    thread = threading.Thread(target=Worker(house, []).run, args=(stop,))
    thread.start()
    for _ in range(100):
        if house.beaten_s_ago("worker") is not None:
            break
        time.sleep(0.05)
    stop.set()
    thread.join()
    assert house.beaten_s_ago("worker") < watch.LATE_S
    assert watching(house).look() == {}


def test_a_worker_that_hangs_in_a_timer_does_not_look_alive(house):
    hangs, stop = threading.Event(), threading.Event()

    def hang(uow):
        hangs.set()
        stop.wait(10)
        return 0

    thread = threading.Thread(target=Worker(house, [Timer("hang", 1, hang)]).run, args=(stop,))
    thread.start()
    assert hangs.wait(10)
    assert house.beaten_s_ago("worker") is None
    stop.set()
    thread.join()


def test_the_desk_is_told_well_within_half_a_minute(house):
    house.beat("worker")
    assert watch.LATE_S + 2 * watch.EVERY_S + 8 < 30, "and a page asks every eight seconds"
    age_the_worker(house, watch.LATE_S + 1)
    assert watching(house).look() == {Part.WORKER: Trouble.UNWATCHED}


def test_a_worker_that_died_before_the_clock_was_set_back_is_noticed_all_the_same(house):
    house.beat("worker")
    age_the_worker(house, -3600)
    assert watching(house).look() == {Part.WORKER: Trouble.UNWATCHED}


def test_the_service_looks_after_what_falls_due_until_the_worker_is_back(house, monkeypatch):
    done = []

    def due(uow):
        done.append(uow.network.id)
        return 0

    monkeypatch.setattr(watch, "TIMERS", (Timer("due", 1, due), Timer("other", 1, lambda uow: done.append("no") or 0)))
    monkeypatch.setattr(reactions, "DUE", (due,))
    standing_in = watching(house, stands_in=True)
    age_the_worker(house, 60)
    assert standing_in.look() == {Part.WORKER: Trouble.WORKER}
    assert done == [1]
    house.beat("worker")
    assert standing_in.look() == {}
    assert done == [1]


@pytest.mark.parametrize("spoil", ["folder", "key mode", "key length"])
def test_a_key_folder_that_others_may_open_or_a_key_that_is_none_is_named(house, spoil):
    house.beat("worker")
    house.keys.receipt_key()
    folder = house.settings.key_dir
    if spoil == "folder":
        folder.chmod(0o755)
    elif spoil == "key mode":
        (folder / "receipt").chmod(0o644)
    else:
        (folder / "receipt").write_bytes(b"short")
    assert watching(house).look() == {Part.KEYS: Trouble.KEYS}


def test_a_disk_that_is_nearly_full_and_a_stream_that_stands_are_named(house, monkeypatch):
    house.beat("worker")
    monkeypatch.setattr(watch, "SPARE_BYTES", 1 << 62)
    assert watching(house, stream_works=False).look() == {Part.DISK: Trouble.DISK, Part.STREAM: Trouble.STREAM}


def test_a_database_that_takes_no_writes_is_named(house, monkeypatch):
    house.beat("worker")

    def full(part):
        raise OSError

    monkeypatch.setattr(house, "beat", full)
    assert watching(house).look() == {Part.DATABASE: Trouble.DATABASE, Part.WORKER: Trouble.UNWATCHED}


def test_a_look_that_hangs_is_itself_a_trouble(house):
    standing = watching(house)
    standing._seen = watch.Seen({}, time.monotonic() - watch.LATE_S - 1)
    assert standing.troubles() == {Part.DATABASE: Trouble.DATABASE, Part.WORKER: Trouble.UNWATCHED}


def test_what_falls_due_and_what_is_forgotten_stands_in_the_workers_table():
    verbs = {timer.verb for timer in TIMERS}
    assert set(reactions.DUE) <= verbs
    assert {
        roster.forget_positions,
        alerts.forget_readers,
        retention.forget_log,
        retention.forget_reports,
        retention.forget_records,
        retention.forget_plate_keys,
    } <= verbs
