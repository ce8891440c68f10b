"""`events_after`, `events_forget`: streams resume below the fence, miss nothing; the naive cursor must fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from desk.unit_of_work import UnitOfWork
from records import engine
from records.values import Cursor

NETWORK = 1
WRITERS = 8
EACH = 60


@pytest.fixture
def house(fresh_database_url: str, tmp_path: Path) -> Iterator[House]:
    engine.ensure_network(fresh_database_url, slug="log", name="Log", kind="live")
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=WRITERS + 2))
    yield opened
    opened.close()


def _row(subject: int) -> dict[str, object]:
    return {"kind": "test.fact", "subject": subject, "version": 1, "responder_id": None, "cell5": None}


def _write(house: House, number: int) -> None:
    chance = Random(number)
    for step in range(EACH):
        with house.act(NETWORK) as uow:
            uow.events.append([_row(number * EACH + step + 1)])
            # Numbers are taken now, the commit comes later: exactly what a naive cursor trips over.
            time.sleep(chance.uniform(0, 0.012))


def _below_the_fence(uow: UnitOfWork, cursor: Cursor) -> list[tuple[int, Cursor]]:
    return [(event.subject, Cursor(int(event.x), event.id)) for event in uow.events.after(cursor, 50)]


def _naive(uow: UnitOfWork, cursor: Cursor) -> list[tuple[int, Cursor]]:
    rows = uow._session.execute(
        text("SELECT subject, id FROM event WHERE id > :id ORDER BY id LIMIT 50"), {"id": cursor.id}
    )
    return [(row.subject, Cursor(0, row.id)) for row in rows]


def _followed(house: House, read: Callable[[UnitOfWork, Cursor], list[tuple[int, Cursor]]]) -> list[int]:
    writers = [threading.Thread(target=_write, args=(house, number)) for number in range(WRITERS)]
    with house.act(NETWORK) as uow:
        cursor = uow.events.fence() if read is _below_the_fence else Cursor(0, 0)
    for writer in writers:
        writer.start()
    seen: list[int] = []
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < 0.6 or any(writer.is_alive() for writer in writers):
        with house.act(NETWORK) as uow:
            found = read(uow, cursor)
        if found:
            quiet_since = time.monotonic()
            cursor = found[-1][1]
            seen += [subject for subject, _ in found]
    return seen


def test_events_after_the_fenced_cursor_misses_and_doubles_nothing(house: House) -> None:
    seen = _followed(house, _below_the_fence)
    assert sorted(seen) == list(range(1, WRITERS * EACH + 1))


def test_the_naive_cursor_misses_events_in_the_same_rush(house: House) -> None:
    seen = _followed(house, _naive)
    assert len(set(seen)) < WRITERS * EACH


def test_an_open_transaction_holds_back_what_came_after_it(house: House) -> None:
    with house.act(NETWORK) as uow:
        begin = uow.events.fence()
    with house.act(NETWORK) as slow:
        slow.events.append([_row(1)])
        with house.act(NETWORK) as quick:
            quick.events.append([_row(2)])
        with house.act(NETWORK) as reader:
            assert reader.events.after(begin) == []
    with house.act(NETWORK) as reader:
        assert [event.subject for event in reader.events.after(begin)] == [1, 2]


def test_events_forget_drops_the_old_and_marks_how_far(house: House) -> None:
    with house.act(NETWORK) as uow:
        uow.events.append([_row(1), _row(2)])
    with house.act(NETWORK) as uow:
        before = uow.events.log()
        assert before.forgotten_x == 0
        assert uow.events.forget_before(datetime.now(UTC) - timedelta(hours=24)) == 0
        assert uow.events.log() == before
        assert uow.events.forget_before(datetime.now(UTC) + timedelta(minutes=1)) == 2
        assert uow.events.log().forgotten_x > 0
