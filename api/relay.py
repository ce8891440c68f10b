"""The relay: reads each watched network's log once per tick, and hands every viewer what its view may be told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import anyio
import anyio.to_thread
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.logs import Seldom
from api.marks import Marks
from api.stream import RESET, Change, View, changes_after, frames, moved_to
from api.wiring import House
from desk import accounts
from desk.access import Actor
from desk.policy import PolicyUnusable
from records.values import Cursor, Log

_log = structlog.get_logger()

TICK_S: Final = 0.1
PULSE_S: Final = 10.0
"""How often a viewer hears that the log is still being read; a page that hears nothing for longer says so."""
_CHECK_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 5.0
_LAST_WORD_S: Final = 1.0
_SLOTS: Final = round(PULSE_S / TICK_S)
_RESTS_AFTER_TICKS: Final = 100

MOST_WAITING: Final = 64
MOST_WAITING_BYTES: Final = 512 * 1024
"""What may wait for one viewer, in portions and in bytes; who reads more slowly is let go and resumes from the log."""

MOST_STREAMS: Final = 8
MOST_STREAMS_OF_A_SCRIPT: Final = 5_000
"""Streams one account may hold at once; for one more the oldest is let go, as a phone in a tunnel leaves dead ones."""


@dataclass(eq=False, slots=True)
class Viewer:
    """One open stream: what waits to be sent, and whether it is over."""

    view: View
    account_id: int | None
    token_sha256: bytes
    slot: int
    reached: Cursor | None = None
    """Up to where it was told on its own; None while it is still catching up."""
    waiting: list[bytes] = field(default_factory=list)
    waiting_bytes: int = 0
    over: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def hand(self, told: bytes) -> None:
        """Add what is to be sent, or let go of somebody for whom too much waits already."""
        if self.over or not told:
            return
        if len(self.waiting) >= MOST_WAITING or self.waiting_bytes + len(told) > max(MOST_WAITING_BYTES, len(told)):
            self.end()
            return
        self.waiting.append(told)
        self.waiting_bytes += len(told)
        self.woken.set()

    def end(self) -> None:
        """Let go: nothing more is sent, the browser comes back with its last id if it still may."""
        self.over = True
        self.waiting.clear()
        self.woken.set()
        self.let_go.set()

    async def next(self) -> bytes:
        """Return all that waits, joined; nothing once it is over."""
        while not (self.waiting or self.over):
            self.woken.clear()
            await self.woken.wait()
        told = self.waiting[0] if len(self.waiting) == 1 else b"".join(self.waiting)
        self.waiting.clear()
        self.waiting_bytes = 0
        return told


@dataclass(eq=False, slots=True)
class Channel:
    """One network while anybody watches it."""

    log: Log
    cursor: Cursor
    marks: Marks
    read_at: float = field(default_factory=time.monotonic)
    ticks: int = 0
    closed: bool = False
    refused: bool = False
    """Whether its network's numbers cannot be used: its log is not read until they are set again."""
    viewers: dict[Viewer, None] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def seal(self, cursor: Cursor) -> str:
        """Return an opaque id of a place in this network's log."""
        return self.marks.sealed(cursor, self.log)

    def tell(self, changes: list[Change]) -> None:
        """Hand on what became certain: made once for all who share a view, once more for a person it concerns."""
        before, self.cursor = self.cursor, changes[-1].cursor
        concerned = {change.responder_id for change in changes} - {None}
        made: dict[View, bytes] = {}
        for viewer in list(self.viewers):
            if viewer.reached is None:
                continue  # it reads the log itself until it has caught up
            if viewer.reached > before:
                # It caught up beyond what all others had been told.
                fresh = [change for change in changes if change.cursor > viewer.reached]
                viewer.hand(frames(fresh, viewer.view, self.seal))
            else:
                view = viewer.view if viewer.view.responder_id in concerned else viewer.view.shared
                if view not in made:
                    made[view] = frames(changes, view, self.seal)
                viewer.hand(made[view])
            viewer.reached = max(viewer.reached, self.cursor)

    def pulse(self) -> None:
        """Say that the log was read a moment ago, to every viewer in its turn: all of them at once would be a heap."""
        self.read_at = time.monotonic()
        self.ticks += 1
        # Sealed anew each time: that it changed tells nothing about what others were told meanwhile.
        told = moved_to(self.cursor, "pulse", self.seal)
        for viewer in self.viewers:
            if viewer.reached is None or viewer.slot != self.ticks % _SLOTS:
                continue
            ahead = viewer.reached > self.cursor
            viewer.hand(moved_to(viewer.reached, "pulse", self.seal) if ahead else told)


class Relay:
    """Reads each watched network's log once per tick, however many people watch."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._channels: dict[int, Channel] = {}
        self._closing = False
        self._opened = 0
        self._seldom = Seldom()
        # Threads of its own: a crowd at the other doors, or many who catch up, must not keep the log from being read.
        self._reading = anyio.CapacityLimiter(2)
        self._catching_up = anyio.CapacityLimiter(2)

    def follow(self, network_id: int, actor: Actor, token_sha256: bytes, last_event_id: str | None) -> Response:
        """Return the stream of one viewer: what was missed since `last_event_id`, then what happens."""
        return _Following(self, network_id, actor, token_sha256, last_event_id)

    def silent_s(self) -> float:
        """Return for how many seconds a log that somebody watches has not been read; 0 where nobody watches."""
        now = time.monotonic()
        watched = [each for each in list(self._channels.values()) if each.viewers and not each.refused]
        return max((now - each.read_at for each in watched), default=0.0)

    async def close(self) -> None:
        """Let everybody go and stop reading, once the last read has given its connection back."""
        self._closing = True
        for channel in self._channels.values():
            for viewer in list(channel.viewers):
                viewer.end()
        tasks = [task for channel in self._channels.values() for task in channel.tasks]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def join(
        self, network_id: int, actor: Actor, token_sha256: bytes, *, resumes: bool
    ) -> tuple[Channel, Viewer, Log]:
        """Add a viewer who is not told anything yet; return where it stands, and the log as it is now."""
        channel = self._channels.get(network_id)
        if channel is not None and not resumes:
            log, fence = channel.log, channel.cursor
        else:
            # How far back one may resume moves on: it is asked for whoever wants to.
            log, fence = await anyio.to_thread.run_sync(self._begin, network_id, limiter=self._catching_up)
            channel = self._channels.get(network_id)
        if channel is None:
            channel = Channel(log, fence, Marks(self._house.keys.stream_key(), network_id))
            self._channels[network_id] = channel
            channel.tasks = [
                asyncio.create_task(self._read_on(network_id, channel)),
                asyncio.create_task(self._dismiss(network_id, channel)),
            ]
        self._opened += 1
        viewer = Viewer(View.of(actor), actor.account_id, token_sha256, self._opened % _SLOTS)
        self._make_room(channel, actor)
        channel.viewers[viewer] = None
        return channel, viewer, log

    async def catch_up(self, network_id: int, channel: Channel, viewer: Viewer, cursor: Cursor, send: Send) -> None:
        """Send what was missed since a cursor; from then on the channel tells this viewer with all others."""
        while cursor < channel.cursor and not viewer.over:
            certain = channel.cursor
            changes = await anyio.to_thread.run_sync(self._read, network_id, cursor, limiter=self._catching_up)
            cursor = changes[-1].cursor if changes else certain
            told = frames(changes, viewer.view, channel.seal)
            if told:
                await send(_body(told))
        viewer.reached = cursor

    def leave(self, channel: Channel, viewer: Viewer) -> None:
        """Forget a viewer."""
        channel.viewers.pop(viewer, None)

    def _make_room(self, channel: Channel, actor: Actor) -> None:
        most = MOST_STREAMS_OF_A_SCRIPT if actor.script else MOST_STREAMS
        held = [each for each in channel.viewers if each.account_id == actor.account_id and not each.over]
        for oldest in held[: max(0, len(held) - most + 1)]:
            oldest.end()

    async def _read_on(self, network_id: int, channel: Channel) -> None:
        """Read the log once a tick while somebody watches; whatever goes wrong, go on after a pause."""
        idle_ticks = 0
        failures = 0
        # When nobody has watched for ten seconds the relay rests until somebody comes.
        while idle_ticks < _RESTS_AFTER_TICKS and not self._closing:
            await asyncio.sleep(min(TICK_S * 2**failures, _LONGEST_PAUSE_S))
            idle_ticks = 0 if channel.viewers else idle_ticks + 1
            try:
                changes = await anyio.to_thread.run_sync(self._read, network_id, channel.cursor, limiter=self._reading)
                if changes:
                    channel.tell(changes)
            except Exception as error:  # noqa: BLE001  (the cursor waits where it was; a stream never ends for good)
                failures = min(failures + 1, 6)
                channel.refused = isinstance(error, PolicyUnusable)
                self.note("stream.unread", network_id, error)
            else:
                failures = 0
                channel.refused = False
                # A pulse says that the log was read a moment ago: without a reading there is none.
                channel.pulse()
        self._channels.pop(network_id, None)
        channel.closed = True

    async def _dismiss(self, network_id: int, channel: Channel) -> None:
        """Let go of whoever is not signed in any more, whether or not the log can be read."""
        while not channel.closed and not self._closing:
            await asyncio.sleep(_CHECK_S)
            asked = {viewer.token_sha256 for viewer in channel.viewers}
            if not asked:
                continue
            try:
                standing = await anyio.to_thread.run_sync(
                    self._still_signed_in, network_id, asked, limiter=self._reading
                )
            except Exception as error:  # noqa: BLE001  (asked again in a second)
                self.note("stream.unchecked", network_id, error)
                continue
            for viewer in list(channel.viewers):
                if viewer.token_sha256 in asked and viewer.token_sha256 not in standing:
                    viewer.end()

    def note(self, what: str, network_id: int, error: BaseException) -> None:
        """Say in the log what went wrong with a network's stream, the same thing once a minute."""
        kind = type(error).__name__
        if self._seldom.may(time.monotonic(), what, network_id, kind):
            _log.error(what, network=network_id, error=kind)

    def _begin(self, network_id: int) -> tuple[Log, Cursor]:
        with self._house.act(network_id) as uow:
            return uow.events.log(), uow.events.fence()

    def _read(self, network_id: int, cursor: Cursor) -> list[Change]:
        with self._house.act(network_id) as uow:
            return changes_after(uow, cursor)

    def _still_signed_in(self, network_id: int, asked: set[bytes]) -> set[bytes]:
        with self._house.act(network_id) as uow:
            return accounts.still_signed_in(uow, asked)


class _Following(Response):
    """The answer that lasts: a first id to resume from, what was missed, then what happens."""

    media_type = "text/event-stream"

    def __init__(
        self, relay: Relay, network_id: int, actor: Actor, token_sha256: bytes, last_event_id: str | None
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"X-Accel-Buffering": "no"})
        self._relay = relay
        self._network_id = network_id
        self._actor = actor
        self._token_sha256 = token_sha256
        self._last_event_id = last_event_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (as ASGI calls it)
        resumes = bool(self._last_event_id)
        channel, viewer, log = await self._relay.join(
            self._network_id, self._actor, self._token_sha256, resumes=resumes
        )
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            tasks = [
                asyncio.create_task(self._tell(channel, viewer, log, send)),
                asyncio.create_task(_until_gone(receive)),
                asyncio.create_task(viewer.let_go.wait()),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
            if isinstance(results[0], Exception):
                # The log could not be read while catching up: the browser tries again from where it was.
                self._relay.note("stream.unsent", self._network_id, results[0])
        finally:
            self._relay.leave(channel, viewer)
        # Who does not read does not read the end either: then the connection is closed without it.
        with anyio.move_on_after(_LAST_WORD_S):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, channel: Channel, viewer: Viewer, log: Log, send: Send) -> None:
        resumed = channel.marks.opened(self._last_event_id, log)
        start = channel.cursor if resumed is None else resumed
        first = b"retry: 1000\n" + moved_to(start, "here", channel.seal)
        await send(_body(first if resumed is not None or not self._last_event_id else first + RESET))
        await self._relay.catch_up(self._network_id, channel, viewer, start, send)
        while told := await viewer.next():
            await send(_body(told))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(told: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": told, "more_body": True}
