"""The relay: each view told its own, nothing missed after a cut, no fault that ends it, no id that says anything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from api import stream
from api.marks import LENGTH, Marks
from api.settings import Settings
from api.stream import Change, Relay, View
from api.wiring import House
from desk.access import Actor
from records.enums import Role
from records.values import Cursor, Log
from tests.builders import a_network

KEY = bytes(range(32))
LOG = Log("0" * 8, 5)
DESK = Actor(account_id=1, roles=frozenset({Role.DISPATCHER}))
ANYBODY = Actor(account_id=2, roles=frozenset({Role.ANALYST}))


@pytest.fixture
def house(fresh_database_url: str, tmp_path: Path) -> Iterator[House]:
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=4))
    yield opened
    opened.close()


@pytest.fixture
def network_id(fresh_database_url: str) -> int:
    return a_network(fresh_database_url)


@pytest.fixture(autouse=True)
def _everybody_stays_signed_in(monkeypatch):
    monkeypatch.setattr(Relay, "_still_signed_in", lambda self, network, asked: set(asked))


def happen(house: House, network_id: int, *subjects: int, kind: str = "incident.changed") -> None:
    with house.act(network_id) as uow:
        uow.events.append(
            [{"kind": kind, "subject": each, "version": 1, "responder_id": None, "cell5": None} for each in subjects]
        )


def ids_in(frames: bytes) -> list[str]:
    return re.findall(r"^id: (\S+)$", frames.decode(), re.MULTILINE)


def subjects_in(frames: bytes) -> list[int]:
    return [int(found) for found in re.findall(r'"subject":(\d+)', frames.decode())]


async def soon(frames: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(frames), 10)


async def heard(frames: AsyncIterator[bytes], count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        found += subjects_in(await soon(frames))
    return found


# marks


def test_a_mark_opens_to_its_place_and_every_mark_is_as_long():
    marks = Marks(KEY)
    for cursor in (Cursor(6, 1), Cursor(2**40, 2**40), Cursor(2**63 - 1, 2**63 - 1)):
        assert marks.opened(marks.sealed(cursor, LOG), LOG) == cursor
        assert len(marks.sealed(cursor, LOG)) == LENGTH


def test_a_mark_tells_neither_order_nor_distance_nor_number():
    marks = Marks(KEY)
    following = [marks.sealed(Cursor(1000, number), LOG) for number in range(200)]
    assert len(set(following)) == 200
    assert sorted(following) != following
    for one, other in pairwise(following):
        # Nothing but chance is common to two that follow each other: no counter, no transaction, no gap to count.
        assert sum(a == b for a, b in zip(one, other, strict=True)) < LENGTH // 3


@pytest.mark.parametrize(
    "mark", [None, "", "a" * LENGTH, "é" * LENGTH, "5." + "1" * 41, Marks(bytes(32)).sealed(Cursor(6, 1), LOG)]
)
def test_what_is_no_mark_of_ours_opens_to_nothing(mark):
    assert Marks(KEY).opened(mark, LOG) is None


def test_a_mark_of_another_log_or_from_before_what_is_kept_opens_to_nothing():
    marks = Marks(KEY)
    assert marks.opened(marks.sealed(Cursor(6, 1), LOG), Log("1" * 8, 5)) is None
    assert marks.opened(marks.sealed(Cursor(5, 1), LOG), LOG) is None


# who is told what


def view(*roles: Role, responder_id: int | None = None) -> View:
    return View.of(Actor(account_id=1, roles=frozenset(roles), responder_id=responder_id))


EVERYBODY = {
    "dispatcher": view(Role.DISPATCHER),
    "verifier": view(Role.VERIFIER),
    "analyst": view(Role.ANALYST),
    "spotter": view(Role.SPOTTER),
    "the responder": view(Role.RESPONDER, responder_id=7),
    "another responder": view(Role.RESPONDER, responder_id=8),
}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("incident.changed", {"dispatcher", "verifier"}),
        ("dispatch.moved", {"dispatcher", "the responder"}),
        ("offer.offered", {"dispatcher", "the responder"}),
        ("checkin.made", {"dispatcher", "the responder"}),
        ("checkin.help", {"dispatcher"}),
    ],
)
def test_each_fact_is_told_to_those_it_is_for(kind, told):
    concerned = None if kind.startswith("incident") else 7
    change = Change(Cursor(1, 1), kind, "2026-11-20T14:03:00Z", 9, 1, concerned, {"id": "x"}, {"id": "y"})
    assert {name for name, each in EVERYBODY.items() if change.frame(each, str) is not None} == told


def test_only_the_desk_gets_what_a_dispatch_holds():
    change = Change(Cursor(1, 1), "offer.offered", "2026-11-20T14:03:00Z", 9, 1, 7, None, {"place": "here"})
    assert b"here" in change.frame(EVERYBODY["dispatcher"], str)
    assert b"here" not in change.frame(EVERYBODY["the responder"], str)


# following


def test_whoever_was_cut_off_before_the_first_event_misses_nothing(house, network_id):
    async def night() -> list[int]:
        relay = Relay(house)
        quiet = relay.follow(network_id, DESK, b"t", None)
        [mark] = ids_in(await soon(quiet))
        await quiet.aclose()
        happen(house, network_id, 11, 12)
        await asyncio.sleep(0.3)
        again = relay.follow(network_id, DESK, b"t", mark)
        found = await heard(again, 2)
        await relay.close()
        return found

    assert asyncio.run(night()) == [11, 12]


def test_a_mark_is_resumed_by_another_process(house, network_id, fresh_database_url):
    async def moved() -> list[int]:
        one, other = Relay(house), Relay(house)
        first = one.follow(network_id, DESK, b"t", None)
        await soon(first)
        happen(house, network_id, 1)
        [mark] = ids_in(await soon(first))
        happen(house, network_id, 2, 3)
        found = await heard(other.follow(network_id, DESK, b"t", mark), 2)
        await one.close()
        await other.close()
        return found

    assert asyncio.run(moved()) == [2, 3]


def test_a_mark_that_is_unknown_says_so_and_goes_on(house, network_id):
    async def lost() -> tuple[bytes, list[int]]:
        relay = Relay(house)
        frames = relay.follow(network_id, DESK, b"t", "6.1.1")
        begun = await soon(frames)
        happen(house, network_id, 4)
        found = await heard(frames, 1)
        await relay.close()
        return begun, found

    begun, found = asyncio.run(lost())
    assert b"event: reset" in begun
    assert found == [4]


@pytest.mark.parametrize("broken", ["_read", "_still_signed_in"])
def test_an_error_that_nobody_foresaw_ends_nobodys_stream(house, network_id, monkeypatch, broken):
    monkeypatch.setattr(stream, "_CHECK_S", 0.1)
    working = getattr(Relay, broken)
    failures: list[int] = []

    def failing(self, *words):
        if len(failures) < 3:
            failures.append(1)
            raise ValueError
        return working(self, *words)

    async def evening() -> list[int]:
        relay = Relay(house)
        frames = relay.follow(network_id, DESK, b"t", None)
        await soon(frames)
        monkeypatch.setattr(Relay, broken, failing)
        happen(house, network_id, 5)
        while len(failures) < 3:  # noqa: ASYNC110  (nor does a fault)
            await asyncio.sleep(0.05)
        found = await heard(frames, 1)
        happen(house, network_id, 6)
        found += await heard(frames, 1)
        newcomer = relay.follow(network_id, DESK, b"t", None)
        await soon(newcomer)
        happen(house, network_id, 7)
        found += await heard(newcomer, 1)
        await relay.close()
        return found

    assert asyncio.run(evening()) == [5, 6, 7]


def test_who_signed_out_is_let_go_even_while_the_log_cannot_be_read(house, network_id, monkeypatch):
    monkeypatch.setattr(stream, "_CHECK_S", 0.1)

    def fails(self, *words):
        raise ValueError

    async def leaving() -> list[bytes]:
        relay = Relay(house)
        frames = relay.follow(network_id, DESK, b"t", None)
        await soon(frames)
        monkeypatch.setattr(Relay, "_read", fails)
        monkeypatch.setattr(Relay, "_still_signed_in", lambda self, network, asked: set())
        rest = [each async for each in frames]
        await relay.close()
        return rest

    assert asyncio.run(asyncio.wait_for(leaving(), 10)) == []


def test_a_viewer_who_reads_slowly_is_let_go_and_catches_up_without_a_gap(house, network_id, monkeypatch):
    monkeypatch.setattr(stream, "_QUEUE", 2)
    monkeypatch.setattr(stream, "_TICK_S", 0.01)

    async def slow() -> tuple[list[int], list[int]]:
        relay = Relay(house)
        frames = relay.follow(network_id, DESK, b"t", None)
        [mark] = ids_in(await soon(frames))
        channel = relay._channels[network_id]
        for subject in range(1, 9):
            begun = channel.cursor
            happen(house, network_id, subject)
            while channel.cursor == begun:  # noqa: ASYNC110  (a cursor tells nobody that it moved)
                await asyncio.sleep(0.01)
        got = [subject async for each in frames for subject in subjects_in(each)]
        caught_up = await heard(relay.follow(network_id, DESK, b"t", mark), 8)
        await relay.close()
        return got, caught_up

    got, caught_up = asyncio.run(slow())
    assert got == list(range(1, len(got) + 1)), "let go before a gap, never after one"
    assert caught_up == list(range(1, 9))


def test_a_frame_is_made_once_for_a_view_however_many_look_through_it(house, network_id, monkeypatch):
    made: list[View] = []
    frame = Change.frame

    def counted(self, seen, mark):
        made.append(seen)
        return frame(self, seen, mark)

    monkeypatch.setattr(Change, "frame", counted)

    async def crowd() -> int:
        relay = Relay(house)
        viewers = [relay.follow(network_id, DESK, b"t", None) for _ in range(40)]
        viewers += [relay.follow(network_id, ANYBODY, b"t", None) for _ in range(40)]
        for each in viewers:
            await soon(each)
        happen(house, network_id, 1)
        found = [await heard(each, 1) for each in viewers[:40]]
        await relay.close()
        return len(found)

    assert asyncio.run(crowd()) == 40
    assert len(made) <= 2


def test_what_a_view_is_not_told_leaves_no_gap_in_its_ids(house, network_id):
    """Whoever watches their own stream learns nothing of how much is written that is not for them."""

    async def watched() -> list[str]:
        relay = Relay(house)
        frames = relay.follow(network_id, DESK, b"t", None)
        await soon(frames)
        found: list[str] = []
        for subject in range(1, 4):
            happen(house, network_id, subject, *range(90, 90 + subject * 20), kind="incident.changed")
            while len(found) < sum(1 + each * 20 for each in range(1, subject + 1)):
                found += ids_in(await soon(frames))
        await relay.close()
        return found

    found = asyncio.run(watched())
    assert len(set(found)) == len(found)
    assert {len(mark) for mark in found} == {LENGTH}
    assert not any(mark.isdigit() or "." in mark for mark in found)
