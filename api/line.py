"""The line at the door: so many at work at once, members first, and who would wait too long is told so at once."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 4.0
"""Who would stand in the line for longer, as it goes lately, is not let into it."""

WAIT_MOST_S: Final = 20.0
"""Who was let into it is served, also where it goes slower than it looked; nobody stands longer than this."""

MEMBERS_IN_A_ROW: Final = 3
"""So many members go in before one stranger does: whoever signs in is a stranger until then."""

_ALWAYS_MOST: Final = 64
"""So many may stand in the line before its speed is known."""

_WEIGHT: Final = 0.05


class TooFull(Exception):
    """Very many people are here at this moment; please try again in a few seconds."""


class Line:
    """Hands out a fixed number of places, in order of arrival among members and among strangers.

    A place stands for a connection and a thread that are free: whoever has one waits for nothing more. It belongs to
    one event loop.
    """

    def __init__(
        self, places: int, *, for_strangers: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open a line.

        Parameters
        ----------
        places
            How many may be at work at once.
        for_strangers
            How many of them strangers may take together; three of four when left out.
        clock
            Seconds that only go forward.
        """
        self._places = places
        self._for_strangers = max(1, places - places // 4) if for_strangers is None else for_strangers
        self._clock = clock
        self._at_work = {True: 0, False: 0}
        self._waiting: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._in_a_row = 0
        self._work_s = 0.0
        """How long a place is kept, lately."""

    @property
    def waiting(self) -> int:
        """How many stand in the line."""
        return len(self._waiting[True]) + len(self._waiting[False])

    @property
    def at_work(self) -> int:
        """How many have a place."""
        return self._at_work[True] + self._at_work[False]

    def wait_s(self, *, member: bool) -> float:
        """Return how long somebody who comes now would wait, as it goes lately."""
        ahead = len(self._waiting[member]) if member else self.waiting
        return (ahead + 1) * self._work_s / (self._places if member else self._for_strangers)

    async def enter(self, *, member: bool) -> None:
        """Take a place, waiting for one; raises TooFull at once where that would take too long."""
        if self.at_work < self._places and not self._waiting[member] and self._fits(member):
            self._at_work[member] += 1
            return
        standing = len(self._waiting[member])
        if standing >= _ALWAYS_MOST and self.wait_s(member=member) > PATIENCE_S:
            raise TooFull
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[member].append(turn)
        try:
            async with asyncio.timeout(WAIT_MOST_S):
                await turn
        except TimeoutError as error:
            self._stand_back(turn, member)
            raise TooFull from error
        except asyncio.CancelledError:
            self._stand_back(turn, member)
            raise

    def leave(self, *, member: bool, since: float) -> None:
        """Give a place back that was taken at `since` by the clock."""
        self._work_s += _WEIGHT * (self._clock() - since - self._work_s)
        self._at_work[member] -= 1
        self._call()

    def _stand_back(self, turn: asyncio.Future[None], member: bool) -> None:
        if turn.done() and not turn.cancelled():
            # The place came in the same moment: the next one has it.
            self._at_work[member] -= 1
            self._call()
        elif turn in self._waiting[member]:
            self._waiting[member].remove(turn)

    def _fits(self, member: bool) -> bool:
        return member or self._at_work[False] < self._for_strangers

    def _call(self) -> None:
        while self.at_work < self._places:
            member = self._whose_turn()
            if member is None:
                return
            turn = self._waiting[member].popleft()
            if not turn.done():
                self._at_work[member] += 1
                turn.set_result(None)

    def _whose_turn(self) -> bool | None:
        strangers = bool(self._waiting[False]) and self._fits(False)
        if self._waiting[True] and not (strangers and self._in_a_row >= MEMBERS_IN_A_ROW):
            self._in_a_row += 1
            return True
        self._in_a_row = 0
        return False if strangers else None
