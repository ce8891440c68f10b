"""The service watches the parts it depends on, and looks after silent people itself while the worker does not."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from api.wiring import House
from api.worker import TICK_S, TIMERS, Worker
from desk import reactions

_log = structlog.get_logger()

EVERY_S: Final = 2.0
LATE_S: Final = 12.0
"""A part that has not shown itself for so long is taken for dead: the desk knows well within half a minute."""
SPARE_BYTES: Final = 64 << 20


class Part(StrEnum):
    """What a deployment stands on."""

    DATABASE = "database"
    KEYS = "keys"
    DISK = "disk"
    WORKER = "worker"
    STREAM = "stream"


class Trouble(StrEnum):
    """What is wrong with a part, as a person reads it."""

    DATABASE = "The database does not take what is written."
    KEYS = "The key folder is open to others, or a key in it is none."
    DISK = "The disk is nearly full."
    STREAM = "Changes do not reach the pages."
    WORKER = "The worker does not work. The service watches check-ins meanwhile."
    UNWATCHED = "Check-ins are not being watched."


@dataclass(frozen=True, slots=True)
class Refused:
    """A network of which nothing can be done, and the part of its numbers that cannot be used."""

    network: int
    part: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last look found, and when it ended by a steady clock."""

    troubles: dict[Part, Trouble]
    at_s: float


class Watch:
    """Looks at every part every other second, in a thread of its own: whoever asks is answered from the last look.

    Parameters
    ----------
    stream_works
        Whether every network's stream that anybody watches was read lately.
    stands_in
        Whether the service does what falls due while the worker does not.
    """

    def __init__(self, house: House, *, stream_works: Callable[[], bool], stands_in: bool) -> None:
        self._house = house
        self._stream_works = stream_works
        self._substitute = (
            Worker(house, [timer for timer in TIMERS if timer.verb in reactions.DUE]) if stands_in else None
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._began_s = time.monotonic()
        self._seen = Seen({Part.DATABASE: Trouble.DATABASE}, self._began_s)
        self._told: frozenset[Part] = frozenset()
        self._refused: tuple[Refused, ...] = ()

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def troubles(self) -> dict[Part, Trouble]:
        """Return what is wrong now; where the last look is too old, the database holds it up."""
        seen = self._seen
        if time.monotonic() - seen.at_s > LATE_S:
            return {**seen.troubles, Part.DATABASE: Trouble.DATABASE, Part.WORKER: Trouble.UNWATCHED}
        return seen.troubles

    def refused(self) -> tuple[Refused, ...]:
        """Return the networks that are refused; all others are served, so this is no trouble of a part."""
        return self._refused

    def look(self) -> dict[Part, Trouble]:
        """Look at every part once, and stand in for a worker that does not work; return what is wrong."""
        found: dict[Part, Trouble] = {}
        if not self._passes(self._house.keys.check):
            found[Part.KEYS] = Trouble.KEYS
        if shutil.disk_usage(self._house.settings.data_dir).free < SPARE_BYTES:
            found[Part.DISK] = Trouble.DISK
        if not self._stream_works():
            found[Part.STREAM] = Trouble.STREAM
        if not self._passes(lambda: self._house.beat("service")):
            found[Part.DATABASE] = Trouble.DATABASE
            found[Part.WORKER] = Trouble.UNWATCHED
        else:
            self._look_at_networks()
            if not self._worker_works():
                found[Part.WORKER] = Trouble.WORKER if self._stand_in() else Trouble.UNWATCHED
        self._tell(frozenset(found))
        return found

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._seen = Seen(self.look(), time.monotonic())
            except Exception as error:  # noqa: BLE001  (who watches must not fall; an old look says so by its age)
                _log.error("the watch stumbled", error=type(error).__name__)
            self._stop.wait(TICK_S if Part.WORKER in self._seen.troubles else EVERY_S)

    def _look_at_networks(self) -> None:
        refused = tuple(Refused(each.id, each.unusable) for each in self._house.networks() if each.unusable)
        for each in refused:
            if each not in self._refused:
                _log.error("a network is refused", network=each.network, part=each.part)
        self._refused = refused

    def _passes(self, check: Callable[[], None]) -> bool:
        try:
            check()
        except Exception:  # noqa: BLE001  (whatever it is, the part does not work)
            return False
        return True

    def _worker_works(self) -> bool:
        age_s = self._house.beaten_s_ago("worker")
        # A worker that begins together with us is given the time to show itself.
        return age_s is not None and age_s < LATE_S

    def _stand_in(self) -> bool:
        if self._substitute is None:
            return False
        return self._passes(lambda: self._sweep(self._substitute))

    @staticmethod
    def _sweep(substitute: Worker | None) -> None:
        if substitute is not None:
            substitute.sweep(time.monotonic())

    def _tell(self, parts: frozenset[Part]) -> None:
        if parts != self._told:
            self._told = parts
            _log.warning("parts changed", part=", ".join(sorted(parts)) or "all work")
