"""Posts ready-made sightings from a process of its own, each connection waiting for its answer before the next."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

CITY: Final = (-93.40, 44.85, -93.10, 45.10)
"""West, south, east, north of where sightings are, degrees WGS84."""
ONE_BLOCK: Final = (-93.2654, 44.9776, -93.2646, 44.9780)
"""A block of one cell, for a crowd that reports one thing."""
ACTIVITIES: Final = ("stop", "arrest", "door_visit", "patrol", "other", None)
_STROLL: Final = 0.003
"""Degrees within which one person reports, so that nobody is at two ends of a city at once."""
_NOTES: Final = (
    ("one", "two", "three", "four", "several", "many"),
    ("dark", "white", "grey", "silver", "unmarked", "dusty"),
    ("cars", "vans", "trucks", "vehicles", "pickups"),
    ("parked", "waiting", "standing", "turning", "idling"),
    ("by the corner shop", "across from the laundry", "next to the bakery", "behind the church", "at the bus stop"),
    ("since noon", "for ten minutes", "with their lights off", "with doors open", "and talking to people"),
)
_MOST_PER_S: Final = 3000


@dataclass(frozen=True, slots=True)
class Posted:
    """What was answered, how long each took, and what posting itself cost."""

    answered: int
    refused: int
    seconds: float
    cpu_s: float
    nanoseconds: list[int]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def sighting(
    chance: random.Random, area: tuple[float, float, float, float], now: datetime, person: int
) -> dict[str, object]:
    """Return a report as people send it: near where they are, some of the last hour, some with vehicles or a note."""
    west, south, east, north = area
    where = random.Random(person)
    lon, lat = where.uniform(west, east), where.uniform(south, north)
    stroll = min(east - west, _STROLL)
    lon, lat = lon + chance.uniform(-stroll, stroll) / 2, lat + chance.uniform(-stroll, stroll) / 2
    told: dict[str, object] = {
        "kind": "vehicle",
        "location": {
            "type": "Point",
            "coordinates": [round(lon, 6), round(lat, 6)],
        },
        "accuracy_m": chance.choice((10, 20, 50)),
        "observed_at": (now - timedelta(seconds=chance.uniform(0, 3600))).isoformat(),
        "unit": "unknown",
        "size": chance.randint(1, 6),
        "lang": "en",
    }
    activity = chance.choice(ACTIVITIES)
    if activity:
        told["activity"] = activity
    if chance.random() < 0.5:
        told["vehicles"] = [{"type": "suv", "color": chance.choice(("white", "black", "grey"))}]
    if chance.random() < 0.5:
        told["note"] = " ".join(chance.choice(words) for words in _NOTES)
    return told


def posted(
    port: int,
    path: str,
    tokens: Sequence[str],
    *,
    clients: int,
    seconds: float,
    seed: int,
    area: tuple[float, float, float, float] = CITY,
) -> Posted:
    """Post for some seconds over `clients` connections, the tokens shared out among them."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_post, (port, path, list(tokens), clients, seconds, seed, area))


def _post(  # noqa: PLR0917 - what is handed to another process goes by position
    port: int,
    path: str,
    tokens: list[str],
    clients: int,
    seconds: float,
    seed: int,
    area: tuple[float, float, float, float],
) -> Posted:
    chance, now = random.Random(seed), datetime.now(UTC)
    ready: list[list[bytes]] = [[] for _ in range(clients)]
    for number in range(int(seconds * _MOST_PER_S)):
        person = number % len(tokens)
        body, token = json.dumps(sighting(chance, area, now, person)).encode(), tokens[person]
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {secrets.token_hex(16)}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        ready[number % clients].append(head.encode() + body)
    return asyncio.run(_post_all(port, ready, seconds))


async def _post_all(port: int, ready: list[list[bytes]], seconds: float) -> Posted:
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(partial(_Client, own), "127.0.0.1", port))[1] for own in ready]
    began, cpu = time.perf_counter(), time.process_time()
    for client in made:
        client.go(began + seconds)
    await asyncio.gather(*(client.done for client in made))
    timed = [each for client in made for each in client.nanoseconds]
    return Posted(
        answered=len(timed),
        refused=sum(client.refused for client in made),
        seconds=time.perf_counter() - began,
        cpu_s=time.process_time() - cpu,
        nanoseconds=timed,
    )


class _Client(asyncio.Protocol):
    """One connection: the next request leaves when the answer to the last one is complete."""

    def __init__(self, ready: list[bytes]) -> None:
        self._ready = iter(ready)
        self._buffer = b""
        self._until = 0.0
        self._sent_at = 0
        self._transport: asyncio.WriteTransport | None = None
        self.nanoseconds: list[int] = []
        self.refused = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the service closed the connection"))

    def go(self, until: float) -> None:
        """Send the first request."""
        self._until = until
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found or len(rest) < _length(head):
            return
        if head.startswith(b"HTTP/1.1 201"):
            self.nanoseconds.append(time.perf_counter_ns() - self._sent_at)
        else:
            self.refused += 1
        self._buffer = b""
        self._next()

    def _next(self) -> None:
        request = next(self._ready, None) if time.perf_counter() < self._until else None
        assert self._transport is not None
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter_ns()
        self._transport.write(request)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length: ")
    return int(rest.split(b"\r\n", 1)[0] or 0)
