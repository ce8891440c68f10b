"""Who may begin an act now: the one way in for every request that could hold a connection."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Final
from weakref import WeakKeyDictionary

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import arriving, security
from api.arriving import BodyTooSlow
from api.errors import problem, sentence_of, status_of
from api.line import Line, TooFull
from api.middleware import longest_body

OUTSIDE: Final = ("/static/", "/healthz", "/readyz")
"""Beginnings of paths that no line stands before: files come from memory, and health must answer in any crowd."""

REPORTS: Final = ("POST", "/api/sightings")
"""A report holds neither connection nor thread while it waits: `api.gather` writes for all. Its line is a long one."""

REPORTS_AT_ONCE: Final = 2048

RETRY_AFTER_S: Final = 3

BODIES_MOST_BYTES: Final = 160_000_000
"""What all bodies that are arriving or waiting may take together."""

_MEMBERS_KEPT: Final = 20_000


class Members:
    """Tokens with which somebody was let in a moment ago; a token that was refused is none of them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, token_sha256: bytes | None) -> bool:
        return token_sha256 in self._kept

    def note(self, token_sha256: bytes, *, known: bool) -> None:
        """Remember or forget a token, after what its request came to."""
        if known:
            self._kept[token_sha256] = None
            self._kept.move_to_end(token_sha256)
            while len(self._kept) > _MEMBERS_KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.pop(token_sha256, None)


class _Lines:
    def __init__(self, places: int) -> None:
        self.acts = Line(places)
        self.reports = Line(REPORTS_AT_ONCE)


class Admission:
    """Reads a body whole, then waits for a place in the line, then runs the request until its answer begins.

    There are as many places as connections, and more threads than places: who has a place gets both at once, so
    nobody waits with one for the other. The place is given back when the answer begins; by then the act is over, and
    a reader may be as slow as they like, be it a page or the stream.
    """

    def __init__(self, app: ASGIApp, *, places: int) -> None:
        self._app = app
        self._places = places
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lines] = WeakKeyDictionary()
        self._bodies_bytes = 0
        self.members = Members()

    def line(self) -> Line:
        """Return the line of acts on the running event loop."""
        return self._here().acts

    def _here(self) -> _Lines:
        loop = asyncio.get_running_loop()
        found = self._lines.get(loop)
        if found is None:
            found = self._lines[loop] = _Lines(self._places)
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or say at once that there is no room."""
        if scope["type"] != "http" or scope["path"].startswith(OUTSIDE):
            await self._app(scope, receive, send)
            return
        scope["app"].state.admission = self
        token = security.token_of(Request(scope))
        token_sha256 = security.digest(token) if token else None
        booked = 0
        try:
            booked = self._book(scope, member=token_sha256 in self.members)
            arrived = await arriving.all_of(receive, longest=longest_body(scope["path"]))
            if arrived:
                await self._admitted(scope, arriving.again(arrived, receive), send, token_sha256)
        except (TooFull, BodyTooSlow) as error:
            await _refuse(error, scope, receive, send)
        finally:
            self._bodies_bytes -= booked

    def _book(self, scope: Scope, *, member: bool) -> int:
        """Return how much room for a body is set aside; raises TooFull."""
        length = Headers(scope=scope).get("content-length")
        streamed = "transfer-encoding" in Headers(scope=scope)
        needed = longest_body(scope["path"]) if streamed else int(length or 0)
        if self._bodies_bytes + needed > (BODIES_MOST_BYTES if member else BODIES_MOST_BYTES // 2):
            raise TooFull
        self._bodies_bytes += needed
        return needed

    async def _admitted(self, scope: Scope, receive: Receive, send: Send, token_sha256: bytes | None) -> None:
        """Run a request in its line; raises TooFull."""
        lines = self._here()
        line = lines.reports if (scope["method"], scope["path"]) == REPORTS else lines.acts
        member = token_sha256 in self.members
        await line.enter(member=member)
        since, inside = time.monotonic(), True

        def leave() -> None:
            nonlocal inside
            if inside:
                inside = False
                line.leave(member=member, since=since)

        async def answering(message: Message) -> None:
            leave()
            await send(message)

        try:
            await self._app(scope, receive, answering)
        finally:
            leave()
            actor = scope.get("state", {}).get("actor")
            if token_sha256 is not None and actor is not None:
                self.members.note(token_sha256, known=actor.known)


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    status = status_of(error)
    answer = problem(status, sentence_of(error))
    if isinstance(error, TooFull):
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    if not isinstance(error, TooFull):
        answer.headers["Connection"] = "close"
    await answer(scope, receive, send)
