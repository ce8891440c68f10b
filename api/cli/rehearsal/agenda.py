"""What is going to happen, in order of recorded time, gathered into ticks of the rehearsal's clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import count
from typing import Final

from api.cli.rehearsal.line import Call

Happening = Callable[[], Call | None]
"""Something to do: what is to be asked of the service now, or None where it has lost its point meanwhile."""


class Turn(IntEnum):
    """Who goes first within a tick."""

    REPORTS = 0
    PEOPLE = 1
    DESK = 2


_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Agenda:
    """A heap of happenings; the earliest tick is taken whole.

    Times are rounded up to whole ticks, so that nothing happens before its moment and the clock moves seldom.
    """

    def __init__(self, tick: timedelta) -> None:
        self.now = _BEGIN
        """The moment that everything happens at now: the tick taken last, or what the clock was moved on to."""
        self._tick = tick
        self._numbers = count()
        self._heap: list[tuple[int, Turn, int, Happening]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, moment: datetime, happening: Happening, *, turn: Turn) -> None:
        """Note a happening; within one tick the earlier `turn` goes first, then whatever was noted first."""
        heapq.heappush(self._heap, (self._number(moment), turn, next(self._numbers), happening))

    def next_tick(self) -> datetime | None:
        """Return the moment of the earliest tick (aware UTC), or None when nothing is left."""
        return _BEGIN + self._heap[0][0] * self._tick if self._heap else None

    def take(self) -> list[tuple[Turn, Happening]]:
        """Take everything in the earliest tick, with its turn, in order."""
        taken: list[tuple[Turn, Happening]] = []
        if self._heap:
            number = self._heap[0][0]
            self.now = _BEGIN + number * self._tick
            while self._heap and self._heap[0][0] == number:
                _, turn, _, happening = heapq.heappop(self._heap)
                taken.append((turn, happening))
        return taken

    def _number(self, moment: datetime) -> int:
        return -((_BEGIN - moment) // self._tick)
