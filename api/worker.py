"""The worker: what happens by itself, each timer in an act of its own, network by network."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from api.wiring import House
from desk import alerts, reactions, retention, roster
from desk.unit_of_work import UnitOfWork

_log = structlog.get_logger()

TICK_S: Final = 1.0
_ROUNDS: Final = 25
"""How often a timer may go on at once while it still finds something: a rush must not starve the other timers."""


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
    Timer("plate keys", 3600, retention.forget_plate_keys),
)
"""What falls due stands as due times in rows, so a worker that was away loses nothing but the minutes."""


class Worker:
    """Sweeps through the timers of every network; one that fails is logged and does not stop the others."""

    def __init__(self, house: House, timers: Sequence[Timer] = TIMERS) -> None:
        self._house = house
        self._timers = timers
        self._next: dict[tuple[int, str], float] = {}

    def sweep(self, moment_s: float) -> int:
        """Run every timer that is due at a moment of a steady clock; return how much was found to do."""
        found = 0
        for network in self._house.networks():
            for timer in self._timers:
                if self._next.get((network.id, timer.name), moment_s) <= moment_s:
                    self._next[network.id, timer.name] = moment_s + timer.every_s
                    found += self.run_timer(network.id, timer)
        return found

    def run_timer(self, network_id: int, timer: Timer) -> int:
        """Run one timer of one network, each round in its own act, until it finds nothing more."""
        found = 0
        try:
            for _ in range(_ROUNDS):
                with self._house.act(network_id) as uow:
                    more = timer.verb(uow)
                found += more
                if not more:
                    break
        except Exception as error:  # noqa: BLE001  (one timer must not take the others with it)
            _log.error("a timer failed", part=timer.name, network=network_id, error=type(error).__name__)
        return found

    def run(self, stop: threading.Event) -> None:
        """Sweep every second until told to stop; an act under way is finished first."""
        while not stop.is_set():
            begun_s = time.monotonic()
            try:
                self.sweep(begun_s)
                # After the work, never before: a worker that hangs in a timer must not look alive.
                self._house.beat("worker")
            except Exception as error:  # noqa: BLE001  (the database may be away for a while; it comes back)
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
