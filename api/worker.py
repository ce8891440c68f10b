"""The worker: what happens by itself, each timer in an act of its own, network by network."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from api.logs import Seldom
from api.wiring import House
from desk import alerts, reactions, retention, roster
from desk.errors import raced
from desk.portion import Portion
from desk.unit_of_work import UnitOfWork
from records.errors import DatabaseAway

_log = structlog.get_logger()

TICK_S: Final = 1.0
_ROUNDS: Final = 25
"""How often a timer may go on at once while it still finds something: a rush must not starve the other timers."""
_ALONE: Final = 500
"""How many things a timer that failed does one by one before the others have their turn."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A duty's verb that the worker asks for; it answers with how much it found to do."""

    name: str
    every_s: float
    verb: Callable[[UnitOfWork], int]


TIMERS: Final = (
    *(Timer(verb.__name__, TICK_S, verb) for verb in reactions.DUE),
    Timer("positions", 60, roster.forget_positions),
    Timer("readers", 3600, alerts.forget_readers),
    Timer("log", 3600, retention.forget_log),
    Timer("reports", 600, retention.forget_reports),
    Timer("records", 3600, retention.forget_records),
    Timer("plate keys", 3600, retention.forget_plate_keys),
)
"""What falls due stands as due times in rows, so a worker that was away loses nothing but the minutes."""


class Worker:
    """Sweeps through the timers of every network; one that fails is logged and does not stop the others."""

    def __init__(self, house: House, timers: Sequence[Timer] = TIMERS) -> None:
        self._house = house
        self._timers = timers
        self._next: dict[tuple[int, str], float] = {}
        self._seldom = Seldom()

    def sweep(self, moment_s: float) -> int:
        """Run every timer that is due at a moment of a steady clock; return how much was found to do."""
        found = 0
        for network in self._house.networks():
            if network.unusable:
                if self._seldom.may(moment_s, network.id, network.unusable):
                    _log.error("a network is refused", network=network.id, part=network.unusable)
                continue
            for timer in self._timers:
                if self._next.get((network.id, timer.name), moment_s) <= moment_s:
                    self._next[network.id, timer.name] = moment_s + timer.every_s
                    found += self.run_timer(network.id, timer, moment_s)
        return found

    def run_timer(self, network_id: int, timer: Timer, moment_s: float) -> int:
        """Run one timer of one network, each round in its own act, until it finds nothing more.

        Where a round fails, each thing that is due is done in an act of its own: one that cannot be done keeps no other
        from being done.
        """
        found = 0
        for _ in range(_ROUNDS):
            portion = Portion()
            more = self._do(network_id, timer, portion, moment_s)
            if more is None:
                return found + (self._one_by_one(network_id, timer, moment_s) if portion.taken else 0)
            found += more
            if not more:
                break
        return found

    def _one_by_one(self, network_id: int, timer: Timer, moment_s: float) -> int:
        found, after = 0, 0
        for _ in range(_ALONE):
            portion = Portion(at_most=1, after=after)
            found += self._do(network_id, timer, portion, moment_s) or 0
            if not portion.taken:
                break
            after = portion.taken[-1]
        return found

    def _do(self, network_id: int, timer: Timer, portion: Portion, moment_s: float) -> int | None:
        """Do one round of a timer; return how much it found, None where it failed and nothing of it was kept."""
        try:
            with self._house.act(network_id) as uow:
                uow.portion = portion
                return timer.verb(uow)
        except DatabaseAway as error:
            # What is due is not what is wrong: nothing is tried one by one.
            portion.taken.clear()
            self._complain(network_id, timer, error, moment_s)
        except Exception as error:  # noqa: BLE001  (one timer must not take the others with it)
            if not raced(error):
                self._complain(network_id, timer, error, moment_s)
        return None

    def _complain(self, network_id: int, timer: Timer, error: Exception, moment_s: float) -> None:
        kind = type(error).__name__
        if self._seldom.may(moment_s, network_id, timer.name, kind):
            _log.error("a timer failed", part=timer.name, network=network_id, error=kind)

    def run(self, stop: threading.Event) -> None:
        """Sweep every second until told to stop; an act under way is finished first."""
        while not stop.is_set():
            begun_s = time.monotonic()
            try:
                self.sweep(begun_s)
                # After the work, never before: a worker that hangs in a timer must not look alive.
                self._house.beat("worker")
            except Exception as error:  # noqa: BLE001  (the database may be away for a while; it comes back)
                if self._seldom.may(begun_s, type(error).__name__):
                    _log.error("a sweep failed", error=type(error).__name__)
            stop.wait(max(0.0, begun_s + TICK_S - time.monotonic()))


def run(house: House, *, beside: Callable[[House, threading.Event], None] | None = None) -> None:
    """Work until SIGTERM or SIGINT; `beside` runs in a thread of its own meanwhile, and ends when its event is set."""
    stop = threading.Event()

    def end(_signal: int, _frame: Any) -> None:
        stop.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    companion = threading.Thread(target=beside, args=(house, stop), daemon=True) if beside else None
    if companion is not None:
        companion.start()
    try:
        Worker(house).run(stop)
    finally:
        stop.set()
        if companion is not None:
            companion.join(timeout=10)
        for each, handler in before.items():
            signal.signal(each, handler)
