"""The intake door: what arrives while a transaction runs goes into the next one; nobody is answered before COMMIT."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from api.wiring import House
from desk import accounts, intake
from desk.errors import NotSignedIn
from desk.intake import Outcome, Received, Report
from desk.unit_of_work import UnitOfWork
from records.errors import DatabaseAway, TryAgain

_LINGER_S: Final = 0.002
_LINGER_MOST_S: Final = 0.016
_ANSWER_S: Final = 30.0
_TRIES: Final = 5


@dataclass(eq=False, slots=True)
class _Waiting:
    network_id: int
    report: Report
    token_sha256: bytes | None = None
    answer: Future[Received] | asyncio.Future[Received] = field(default_factory=Future)


class Gather:
    """One writer thread per process; it takes all that waits, at most `limit`, network by network."""

    def __init__(self, house: House, *, limit: int) -> None:
        self._house = house
        self._limit = limit
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._expected = 0
        self._all_here = threading.Event()
        """Set once as many wait as were answered the last time."""

    def receive(self, network_id: int, report: Report, token_sha256: bytes | None = None) -> Received:
        """Store one report together with others that wait, and return once it is committed.

        Parameters
        ----------
        network_id
            The network it is for.
        report
            The report.
        token_sha256
            The session it comes with: asked again inside the transaction, one question for the whole batch.

        Raises
        ------
        NotSignedIn
            The session has ended.
        DeskError
            Why this report cannot be kept; the others of its batch are.
        DatabaseAway
            The database is gone, or this process is stopping; a retry with the same key is safe.
        """
        answer: Future[Received] = Future()
        self._put(_Waiting(network_id, report, token_sha256, answer))
        try:
            return answer.result(_ANSWER_S)
        except TimeoutError as error:
            raise DatabaseAway from error

    async def received(self, network_id: int, report: Report, token_sha256: bytes | None = None) -> Received:
        """Do what `receive` does without holding a thread while it waits."""
        answer: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        self._put(_Waiting(network_id, report, token_sha256, answer))
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await answer
        except TimeoutError as error:
            raise DatabaseAway from error

    def _put(self, waiting: _Waiting) -> None:
        with self._lock:
            if self._closed:
                raise DatabaseAway
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="intake", daemon=True)
                self._thread.start()
            self._queue.put(waiting)
            if self._queue.qsize() >= self._expected:
                self._all_here.set()

    def close(self) -> None:
        """Store what still waits, then end the writer; a second call does nothing."""
        with self._lock:
            thread, self._thread, self._closed = self._thread, None, True
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _write(self) -> None:
        last = 0
        while True:
            batch, ended = self._next(expected=last)
            last = len(batch)
            by_network: dict[int, list[_Waiting]] = {}
            for waiting in batch:
                by_network.setdefault(waiting.network_id, []).append(waiting)
            for network_id, waitings in by_network.items():
                self._store(network_id, waitings)
            if ended:
                return

    def _next(self, *, expected: int) -> tuple[list[_Waiting], bool]:
        """Return all that waits, waiting for the first; True when it is the last batch.

        Who was answered a moment ago is likely to have more to say: a little patience, as long as they keep coming and
        there are fewer than the last time, makes fewer and fuller transactions. A lone report never waits.
        """
        first = self._queue.get()
        if first is None:
            return [], True
        batch = [first]
        until, before = time.monotonic() + _LINGER_MOST_S, -1
        self._expected = expected - 1
        self._all_here.clear()
        while before < self._queue.qsize() < expected - 1 and time.monotonic() < until:
            before = self._queue.qsize()
            self._all_here.wait(_LINGER_S)
        while len(batch) < self._limit:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                return batch, True
            batch.append(waiting)
        return batch, False

    def _store(self, network_id: int, waitings: Sequence[_Waiting]) -> None:
        """Store a batch of one network; where the database refuses it, halve it, so that one row spoils no other."""
        try:
            outcomes: Sequence[Received | Exception] = self._committed(network_id, waitings)
        except DatabaseAway as error:
            outcomes = [error] * len(waitings)
        except Exception as error:  # noqa: BLE001  (whatever it is, each caller is told about their own report)
            if len(waitings) > 1:
                middle = len(waitings) // 2
                self._store(network_id, waitings[:middle])
                self._store(network_id, waitings[middle:])
                return
            outcomes = [error]
        _tell(waitings, outcomes)

    def _committed(self, network_id: int, waitings: Sequence[_Waiting]) -> list[Outcome]:
        """Store reports in one transaction, once more where two writers met; return after COMMIT."""
        for tries_left in reversed(range(_TRIES)):
            try:
                with self._house.act(network_id) as uow:
                    outcomes = _received(uow, waitings)
            except TryAgain:
                if not tries_left:
                    raise
                time.sleep(secrets.randbelow(20) / 1000)
            else:
                return outcomes
        raise TryAgain


def _tell(waitings: Sequence[_Waiting], outcomes: Sequence[Received | Exception]) -> None:
    """Hand each caller their answer; a whole batch wakes an event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Received], Received | Exception]]] = {}
    for waiting, outcome in zip(waitings, outcomes, strict=True):
        if isinstance(waiting.answer, Future):
            _answer(waiting.answer, outcome)
        else:
            by_loop.setdefault(waiting.answer.get_loop(), []).append((waiting.answer, outcome))
    for loop, answers in by_loop.items():
        # A loop that is closed has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_answer_all, answers)


def _answer_all(answers: Sequence[tuple[asyncio.Future[Received], Received | Exception]]) -> None:
    for answer, outcome in answers:
        if not answer.done():
            _answer(answer, outcome)


def _answer(answer: Future[Received] | asyncio.Future[Received], outcome: Received | Exception) -> None:
    if isinstance(outcome, Exception):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def _received(uow: UnitOfWork, waitings: Sequence[_Waiting]) -> list[Outcome]:
    """Receive the reports whose sessions still hold; the others are asked to sign in."""
    asked = {waiting.token_sha256 for waiting in waitings if waiting.token_sha256 is not None}
    standing = accounts.still_signed_in(uow, asked)
    held = [each.token_sha256 is None or each.token_sha256 in standing for each in waitings]
    kept = [waiting.report for waiting, holds in zip(waitings, held, strict=True) if holds]
    outcomes = iter(intake.receive(uow, kept))
    return [next(outcomes) if holds else NotSignedIn() for holds in held]
