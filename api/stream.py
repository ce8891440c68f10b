"""The event stream: one relay a process reads the log below its fence and tells every viewer its own view."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import anyio.to_thread
import orjson

from api.wiring import House
from desk import access, accounts, alerts, board, dispatching
from desk.access import Act, Actor
from desk.unit_of_work import UnitOfWork
from records import ids
from records.errors import RecordsError
from records.values import Cursor, Log

_TICK_S = 0.1
_PULSE_S = 15.0
_CHECK_S = 1.0
_QUEUE = 64
_BATCH = 1000

_TOLD = {"statement.said", "statement.corrected", "statement.over"}

_RESET = b"event: reset\ndata: {}\n\n"
_PULSE = b": still here\n\n"


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

    def frame(self, view: View, epoch: str) -> bytes | None:
        """Return the bytes this view gets, None where it is told nothing."""
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
        mark = f"{epoch}.{self.cursor.x}.{self.cursor.id}"
        return f"id: {mark}\nevent: {self.kind}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"

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


@dataclass(eq=False, slots=True)
class _Viewer:
    view: View
    token_sha256: bytes
    queue: asyncio.Queue[list[Change] | None]


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

    async def follow(
        self, network_id: int, actor: Actor, token_sha256: bytes, last_event_id: str | None
    ) -> AsyncIterator[bytes]:
        """Yield the stream of one viewer: what was missed since `last_event_id`, then what happens."""
        channel = await self._join(network_id)
        viewer = _Viewer(View.of(actor), token_sha256, asyncio.Queue(_QUEUE))
        channel.viewers.add(viewer)
        try:
            yield b"retry: 1000\n\n"
            reached = channel.cursor
            resumed = _read_mark(last_event_id, channel.log)
            if last_event_id and resumed is None:
                yield _RESET
            if resumed is not None:
                async for changes in self._missed(network_id, resumed):
                    reached = changes[-1].cursor
                    yield _frames(changes, viewer.view, channel.log.epoch)
            while True:
                try:
                    fresh = await asyncio.wait_for(viewer.queue.get(), _PULSE_S)
                except TimeoutError:
                    yield _PULSE
                    continue
                if fresh is None:
                    return
                told = [change for change in fresh if change.cursor > reached]
                frames = _frames(told, viewer.view, channel.log.epoch)
                if frames:
                    yield frames
        finally:
            channel.viewers.discard(viewer)

    async def close(self) -> None:
        """Stop reading, and wait until the last read has given its connection back."""
        self._closing = True
        await asyncio.gather(*(each.task for each in self._channels.values() if each.task), return_exceptions=True)

    async def _missed(self, network_id: int, cursor: Cursor) -> AsyncIterator[list[Change]]:
        while True:
            changes = await anyio.to_thread.run_sync(self._read, network_id, cursor)
            if not changes:
                return
            cursor = changes[-1].cursor
            yield changes

    async def _join(self, network_id: int) -> _Channel:
        channel = self._channels.get(network_id)
        if channel is None:
            log, fence = await anyio.to_thread.run_sync(self._begin, network_id)
            channel = self._channels.setdefault(network_id, _Channel(log, fence))
        if channel.task is None:
            channel.task = asyncio.create_task(self._run(network_id, channel))
        return channel

    async def _run(self, network_id: int, channel: _Channel) -> None:
        checked_at = time.monotonic()
        idle_ticks = 0
        # When nobody has watched for ten seconds the relay rests until somebody comes.
        while idle_ticks < 100 and not self._closing:
            await asyncio.sleep(_TICK_S)
            idle_ticks = 0 if channel.viewers else idle_ticks + 1
            try:
                changes = await anyio.to_thread.run_sync(self._read, network_id, channel.cursor)
                if time.monotonic() - checked_at > _CHECK_S:
                    checked_at = time.monotonic()
                    await self._dismiss(network_id, channel)
            except RecordsError:
                continue  # the database is away for a moment; the cursor waits where it was
            if changes:
                channel.cursor = changes[-1].cursor
                for viewer in list(channel.viewers):
                    _hand(viewer, changes)
        del self._channels[network_id]

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


def _hand(viewer: _Viewer, changes: list[Change] | None) -> None:
    try:
        viewer.queue.put_nowait(changes)
    except asyncio.QueueFull:
        # Too slow to follow: let go, the browser comes back with its last id and catches up from the log.
        while not viewer.queue.empty():
            viewer.queue.get_nowait()
        viewer.queue.put_nowait(None)


def _frames(changes: Iterable[Change], view: View, epoch: str) -> bytes:
    return b"".join(frame for change in changes if (frame := change.frame(view, epoch)) is not None)


def _read_mark(mark: str | None, log: Log) -> Cursor | None:
    """Return the cursor of a `Last-Event-ID`, None where it is unknown, of another log, or too old to resume from."""
    epoch, _, rest = (mark or "").partition(".")
    x, _, number = rest.partition(".")
    if epoch != log.epoch or not (x.isascii() and x.isdigit() and number.isascii() and number.isdigit()):
        return None
    if int(x) <= log.forgotten_x or int(x) >= 1 << 63 or int(number) >= 1 << 63:
        return None
    return Cursor(int(x), int(number))
