"""The event stream: one relay a process reads the log below its fence and tells every viewer its own view."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC
from functools import cached_property
from typing import Any

import anyio.to_thread
import orjson
import structlog

from api.marks import Marks
from api.wiring import House
from desk import access, accounts, alerts, board, dispatching
from desk.access import Act, Actor
from desk.unit_of_work import UnitOfWork
from records import ids
from records.values import Cursor, Log

_log = structlog.get_logger()

_TICK_S = 0.1
_PULSE_S = 15.0
_CHECK_S = 1.0
_QUEUE = 64
_BATCH = 1000

_TOLD = {"statement.said", "statement.corrected", "statement.over"}

_RESET = b"event: reset\ndata: {}\n\n"
_PULSE = b"event: pulse\ndata: {}\n\n"
"""A page's lamp is on while these arrive: an open connection alone says nothing about whether we still read the log."""


@dataclass(frozen=True, slots=True)
class View:
    """What one viewer may be told; viewers with equal views get the same bytes."""

    incidents: bool
    dispatches: bool
    zones: bool
    responder_id: int | None
    alerts: frozenset[int] | None = None
    """The zones whose alerts this viewer gets, empty for all of them; None for no alerts."""

    @classmethod
    def of(cls, actor: Actor) -> View:
        """Return what the table of acts lets this actor follow."""
        return cls(
            incidents=access.may(actor, Act.READ_INCIDENTS),
            dispatches=access.may(actor, Act.READ_DISPATCHES),
            zones=access.may(actor, Act.READ_ZONES),
            responder_id=actor.responder_id if access.may(actor, Act.RESPOND) else None,
            alerts=actor.zone_ids if access.may(actor, Act.SEE_ALERTS) else None,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One fact with everything that some view may be told about it."""

    cursor: Cursor
    kind: str
    at: str
    subject: int
    version: int
    responder_id: int | None
    feature: dict[str, Any] | None
    dispatch: dict[str, Any] | None
    audience: alerts.Audience | None = None
    """Whom a statement concerns; None for what is no statement."""

    def frame(self, view: View, mark: Callable[[Cursor], str]) -> bytes | None:
        """Return the bytes this view gets, None where it is told nothing; `mark` makes the event's id."""
        body: dict[str, Any] = {
            "kind": self.kind,
            "subject": ids.shown(self.subject) if self.subject > 1 << 32 else self.subject,
            "version": self.version,
            "at": self.at,
        }
        family = self.kind.partition(".")[0]
        mine = self.responder_id is not None and self.responder_id == view.responder_id
        if family == "incident" and view.incidents:
            body["feature"] = self.feature
        elif family in {"dispatch", "offer", "checkin"} and view.dispatches:
            body["dispatch"] = self.dispatch
        elif family == "statement" and view.incidents and self.audience is not None:
            body["incident"] = ids.shown(self.audience.incident_id)
        elif not (mine or (family == "zones" and view.zones) or (family == "statement" and self._is_told(view))):
            return None
        if self.kind == "checkin.help" and not view.dispatches:
            return None
        return f"id: {mark(self.cursor)}\nevent: {self.kind}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"

    def _is_told(self, view: View) -> bool:
        """Tell whether a viewer may hear of a statement: the desk of each, members of what their zones are told."""
        if view.incidents:
            return True
        if self.audience is None or self.audience.zone_ids is None or self.kind not in _TOLD:
            return False
        return view.alerts is not None and alerts.is_told(view.alerts, self.audience.zone_ids)


def changes_after(uow: UnitOfWork, cursor: Cursor) -> list[Change]:
    """Return what became certain after a cursor, each fact with the present state of what it is about."""
    events = uow.events.after(cursor, _BATCH)
    features = board.incident_features(
        uow, uow.incidents.many({each.subject for each in events if each.kind.startswith("incident.")})
    )
    by_incident = {feature["id"]: feature for feature in features}
    wanted = {each.subject for each in events if each.kind.startswith(("dispatch.", "offer.", "checkin."))}
    by_dispatch = {view["id"]: view for view in dispatching.dispatch_views(uow, uow.dispatches.many(wanted))}
    audiences = alerts.audiences(uow, [each.subject for each in events if each.kind.startswith("statement.")])
    return [
        Change(
            cursor=Cursor(int(each.x), each.id),
            kind=each.kind,
            at=each.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            subject=each.subject,
            version=each.version,
            responder_id=each.responder_id,
            feature=by_incident.get(ids.shown(each.subject)),
            dispatch=by_dispatch.get(ids.shown(each.subject)),
            audience=audiences.get(each.subject),
        )
        for each in events
    ]


class _Tick:
    """What one look into the log found; the bytes of each view are made once, however many look through it."""

    def __init__(self, changes: list[Change], mark: Callable[[Cursor], str]) -> None:
        self.changes = changes
        self._mark = mark
        self._made: dict[View, bytes] = {}

    def bytes_for(self, view: View, after: Cursor) -> bytes:
        """Return what a view is told of this tick behind a place in the log."""
        if self.changes[0].cursor <= after:
            # Somebody who came or resumed meanwhile knows a part of it already.
            return self._joined(view, (change for change in self.changes if change.cursor > after))
        made = self._made.get(view)
        if made is None:
            made = self._made[view] = self._joined(view, self.changes)
        return made

    def _joined(self, view: View, changes: Iterable[Change]) -> bytes:
        return b"".join(frame for change in changes if (frame := change.frame(view, self._mark)) is not None)


@dataclass(eq=False, slots=True)
class _Viewer:
    view: View
    token_sha256: bytes
    queue: asyncio.Queue[_Tick | None]


@dataclass(eq=False, slots=True)
class _Channel:
    """One network while anybody watches it."""

    log: Log
    cursor: Cursor
    viewers: set[_Viewer] = field(default_factory=set)
    task: asyncio.Task[None] | None = None


class Relay:
    """Reads each watched network's log once per tick, however many people watch."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._channels: dict[int, _Channel] = {}
        self._closing = False

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self._house.keys.stream_key())

    async def follow(
        self, network_id: int, actor: Actor, token_sha256: bytes, last_event_id: str | None
    ) -> AsyncIterator[bytes]:
        """Yield the stream of one viewer: what was missed since `last_event_id`, then what happens.

        It begins with a mark, so that whoever loses it before the first event resumes as well.
        """
        channel = await self._join(network_id)
        viewer = _Viewer(View.of(actor), token_sha256, asyncio.Queue(_QUEUE))
        channel.viewers.add(viewer)
        try:
            reached = channel.cursor
            resumed = self._marks.opened(last_event_id, channel.log)
            begun = _begun(self._marks.sealed(resumed or reached, channel.log))
            yield begun if resumed or not last_event_id else begun + _RESET
            if resumed is not None:
                async for tick in self._missed(network_id, channel, resumed):
                    reached = max(reached, tick.changes[-1].cursor)
                    yield tick.bytes_for(viewer.view, resumed)
            while True:
                try:
                    async with asyncio.timeout(_PULSE_S):
                        fresh = await viewer.queue.get()
                except TimeoutError:
                    yield _PULSE
                    continue
                if fresh is None:
                    return
                if frames := fresh.bytes_for(viewer.view, reached):
                    yield frames
        finally:
            channel.viewers.discard(viewer)

    async def close(self) -> None:
        """Stop reading, and wait until the last read has given its connection back."""
        self._closing = True
        await asyncio.gather(*(each.task for each in self._channels.values() if each.task), return_exceptions=True)

    def _tick(self, channel: _Channel, changes: list[Change]) -> _Tick:
        return _Tick(changes, lambda cursor: self._marks.sealed(cursor, channel.log))

    async def _missed(self, network_id: int, channel: _Channel, cursor: Cursor) -> AsyncIterator[_Tick]:
        while changes := await anyio.to_thread.run_sync(self._read, network_id, cursor):
            cursor = changes[-1].cursor
            yield self._tick(channel, changes)

    async def _join(self, network_id: int) -> _Channel:
        channel = self._channels.get(network_id)
        if channel is None:
            log, fence = await anyio.to_thread.run_sync(self._begin, network_id)
            channel = self._channels.setdefault(network_id, _Channel(log, fence))
        if channel.task is None:
            channel.task = asyncio.create_task(self._run(network_id, channel))
        return channel

    async def _run(self, network_id: int, channel: _Channel) -> None:
        looks = (_Look(0.0, self._pass_on), _Look(_CHECK_S, self._dismiss))
        idle_ticks = 0
        # When nobody has watched for ten seconds the relay rests until somebody comes.
        while idle_ticks < 100 and not self._closing:
            await asyncio.sleep(_TICK_S)
            idle_ticks = 0 if channel.viewers else idle_ticks + 1
            for look in looks:
                await look.if_due(network_id, channel)
        del self._channels[network_id]

    async def _pass_on(self, network_id: int, channel: _Channel) -> None:
        changes = await anyio.to_thread.run_sync(self._read, network_id, channel.cursor)
        if changes:
            channel.cursor = changes[-1].cursor
            tick = self._tick(channel, changes)
            for viewer in list(channel.viewers):
                _hand(viewer, tick)

    async def _dismiss(self, network_id: int, channel: _Channel) -> None:
        asked = {viewer.token_sha256 for viewer in channel.viewers}
        standing = await anyio.to_thread.run_sync(self._still_signed_in, network_id, asked)
        for viewer in list(channel.viewers):
            if viewer.token_sha256 not in standing:
                _hand(viewer, None)

    def _begin(self, network_id: int) -> tuple[Log, Cursor]:
        with self._house.act(network_id) as uow:
            return uow.events.log(), uow.events.fence()

    def _read(self, network_id: int, cursor: Cursor) -> list[Change]:
        with self._house.act(network_id) as uow:
            return changes_after(uow, cursor)

    def _still_signed_in(self, network_id: int, asked: set[bytes]) -> set[bytes]:
        with self._house.act(network_id) as uow:
            return accounts.still_signed_in(uow, asked)


class _Look:
    """One thing that a channel does again and again: whatever goes wrong is logged, and it is tried again.

    The two of a channel fail apart: who was signed out is dismissed also while the log cannot be read.
    """

    def __init__(self, every_s: float, do: Callable[[int, _Channel], Awaitable[None]]) -> None:
        self._every_s = every_s
        self._do = do
        self._next_s = time.monotonic() + every_s
        self._failed: str | None = None

    async def if_due(self, network_id: int, channel: _Channel) -> None:
        """Do it where its time has come; after a failure a second later at the soonest."""
        if time.monotonic() < self._next_s:
            return
        try:
            await self._do(network_id, channel)
        except Exception as error:  # noqa: BLE001  (nothing may end a network's stream; the cursor waits where it was)
            self._next_s = time.monotonic() + max(_CHECK_S, self._every_s)
            if self._failed != type(error).__name__:
                self._failed = type(error).__name__
                _log.error("the stream stumbled", network=network_id, error=self._failed)
        else:
            self._next_s = time.monotonic() + self._every_s
            self._failed = None


def _begun(mark: str) -> bytes:
    return f"id: {mark}\nretry: 1000\n\n".encode()


def _hand(viewer: _Viewer, tick: _Tick | None) -> None:
    try:
        viewer.queue.put_nowait(tick)
    except asyncio.QueueFull:
        # Too slow to follow: let go, the browser comes back with its last id and catches up from the log.
        while not viewer.queue.empty():
            viewer.queue.get_nowait()
        viewer.queue.put_nowait(None)
