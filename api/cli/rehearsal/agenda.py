"""What is going to happen, in order of recorded time, gathered into ticks of the rehearsal's clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import count
from typing import Final, NamedTuple

from api.cli.rehearsal.line import Call

Happening = Callable[[], Call | None]
"""Something to do: what is to be asked of the service now, or None where only the clock has to move."""

Lapsed = Callable[[], bool]


class Turn(IntEnum):
    """Who goes first within a tick."""

    REPORTS = 0
    PEOPLE = 1
    DESK = 2


_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(NamedTuple):
    """Something on the agenda whose time has come; what went before it in its tick may still make it lapse."""

    turn: Turn
    happening: Happening
    lapsed: Lapsed


def _never() -> bool:
    return False


class Agenda:
    """A heap of happenings; the earliest tick is taken whole.

    Times are put on whole ticks, so that the clock moves seldom. What has lost its point meanwhile is left out, and
    does not move the clock either.
    """

    def __init__(self, tick: timedelta) -> None:
        self.now = _BEGIN
        """The moment that everything happens at now: the tick taken last, or what the clock was moved on to."""
        self._tick = tick
        self._numbers = count()
        self._heap: list[tuple[int, Turn, datetime, int, Happening, Lapsed]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def add(
        self, moment: datetime, happening: Happening, *, turn: Turn, lapsed: Lapsed = _never, exact: bool = True
    ) -> None:
        """Note a happening.

        Parameters
        ----------
        moment
            When (aware UTC); the tick is the first one not before it.
        happening
            What.
        turn
            Within one tick the earlier turn goes first, then the earlier moment, then whatever was noted first.
        lapsed
            Tells, when the time has come, whether it has lost its point.
        exact
            Without it the nearest tick will do, but never one that is over: rounding then adds nothing on average.
        """
        number = -((_BEGIN - moment) // self._tick) if exact else self._nearest(moment)
        heapq.heappush(self._heap, (number, turn, moment, next(self._numbers), happening, lapsed))

    def take(self) -> list[Entry]:
        """Move on to the earliest tick in which something has a point, and take it; empty when nothing is left."""
        while self._heap:
            number = self._heap[0][0]
            taken: list[Entry] = []
            while self._heap and self._heap[0][0] == number:
                _, turn, _, _, happening, lapsed = heapq.heappop(self._heap)
                if not lapsed():
                    taken.append(Entry(turn, happening, lapsed))
            if taken:
                self.now = max(self.now, _BEGIN + number * self._tick)
                return taken
        return []

    def _nearest(self, moment: datetime) -> int:
        over = -((_BEGIN - self.now) // self._tick)
        return max(over + 1, (moment - _BEGIN + self._tick / 2) // self._tick)
