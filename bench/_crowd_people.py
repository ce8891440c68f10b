"""People who open pages at once, from a process of their own: a connection, a request, an answer read to its end."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATIENCE_S: Final = 70.0
_EARLY_S: Final = 1.0
_HEALTH_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Opened:
    """One page that somebody opened: which, what was answered (0 for nothing), after how long, with how many bytes."""

    path: str
    status: int
    seconds: float
    bytes: int

    @property
    def refused_early(self) -> bool:
        """Whether there was no room, said within a second."""
        return self.status == 503 and self.seconds < _EARLY_S


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who opens a page: which, and with which token."""

    path: str
    token: str = ""


def come(port: int, people: Sequence[Person], *, within_s: float, seed: int) -> tuple[list[Opened], list[Opened]]:
    """Let people open their pages at chance moments within some seconds; return that, and what health said."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(partial(_come, port, list(people), within_s, seed))


def _come(port: int, people: list[Person], within_s: float, seed: int) -> tuple[list[Opened], list[Opened]]:
    return asyncio.run(_all(port, people, within_s, seed))


async def _all(port: int, people: list[Person], within_s: float, seed: int) -> tuple[list[Opened], list[Opened]]:
    chance = random.Random(seed)
    pages = [asyncio.create_task(_one(port, each, chance.uniform(0, within_s))) for each in people]
    health: list[Opened] = []
    while not all(page.done() for page in pages):
        health.append(await _one(port, Person("/healthz"), 0.0))
        await asyncio.sleep(_HEALTH_EVERY_S)
    return [page.result() for page in pages], health


async def _one(port: int, person: Person, after_s: float) -> Opened:
    await asyncio.sleep(after_s)
    signed_in = f"Authorization: Bearer {person.token}\r\n" if person.token else ""
    head = f"GET {person.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nAccept-Encoding: gzip\r\n"
    began, status, size = time.perf_counter(), 0, 0
    try:
        async with asyncio.timeout(_PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"{head}{signed_in}\r\n".encode())
            first = await reader.readline()
            size = len(first) + len(await reader.read())
            status = int(first.split()[1]) if first else 0
            writer.close()
    except (OSError, TimeoutError, ValueError):
        status = 0
    return Opened(person.path, status, time.perf_counter() - began, size)
