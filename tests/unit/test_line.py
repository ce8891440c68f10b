"""The line at the door: who goes in, who waits, who is told at once that there is no room."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from api import line as lines
from api.line import Line, TooFull


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def run(story):
    return asyncio.run(story())


async def _settle():
    for _ in range(5):
        await asyncio.sleep(0)


def test_no_more_are_at_work_than_there_are_places():
    async def story():
        line, most = Line(3), 0

        async def come():
            nonlocal most
            await line.enter(member=True)
            most = max(most, line.at_work)
            await asyncio.sleep(0)
            line.leave(member=True, since=line._clock())

        await asyncio.gather(*(come() for _ in range(60)))
        return most, line.at_work, line.waiting

    assert run(story) == (3, 0, 0)


def test_members_go_before_strangers_but_not_for_ever():
    async def story():
        line, came = Line(1), []
        await line.enter(member=False)

        async def come(who, member):
            await line.enter(member=member)
            came.append(who)
            line.leave(member=member, since=line._clock())

        strangers = [asyncio.create_task(come(f"s{n}", member=False)) for n in range(3)]
        await _settle()
        members = [asyncio.create_task(come(f"m{n}", member=True)) for n in range(5)]
        await _settle()
        line.leave(member=False, since=line._clock())
        await asyncio.gather(*strangers, *members)
        return came

    assert run(story) == ["m0", "m1", "m2", "s0", "m3", "m4", "s1", "s2"]


def test_strangers_never_take_every_place():
    async def story():
        line = Line(8)
        coming = [asyncio.create_task(line.enter(member=False)) for _ in range(20)]
        await _settle()
        assert (line.at_work, line.waiting) == (6, 14)
        await asyncio.wait_for(line.enter(member=True), 1)
        for each in coming:
            each.cancel()
        return line.at_work

    assert run(story) == 7


def test_who_would_wait_too_long_is_told_before_waiting():
    async def story():
        clock = Clock()
        line = Line(2, clock=clock)
        for _ in range(200):
            await line.enter(member=True)
            began, clock.now = clock.now, clock.now + 1.0
            line.leave(member=True, since=began)
        waiting = [asyncio.create_task(line.enter(member=True)) for _ in range(2 + lines._ALWAYS_MOST)]
        await _settle()
        assert line.waiting == lines._ALWAYS_MOST
        with pytest.raises(TooFull):
            # Not even one turn of the loop: the answer is there at once.
            line.enter(member=True).send(None)
        for each in waiting:
            each.cancel()

    run(story)


def test_who_waited_long_enough_is_told_and_takes_no_place(monkeypatch):
    monkeypatch.setattr(lines, "WAIT_MOST_S", 0.01)

    async def story():
        line = Line(1)
        await line.enter(member=True)
        with pytest.raises(TooFull):
            await line.enter(member=True)
        assert line.waiting == 0
        line.leave(member=True, since=line._clock())
        await asyncio.wait_for(line.enter(member=True), 1)
        return line.at_work

    assert run(story) == 1


def test_who_leaves_in_the_moment_of_their_turn_hands_it_on():
    async def story():
        line = Line(1)
        await line.enter(member=True)
        first = asyncio.create_task(line.enter(member=True))
        second = asyncio.create_task(line.enter(member=True))
        await _settle()
        line.leave(member=True, since=line._clock())
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        await asyncio.wait_for(second, 1)
        return line.at_work, line.waiting

    assert run(story) == (1, 0)
