"""What guards every answer: how large a body may be, where a request may come from, which headers go out."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BodyTooLarge, WrongOrigin, problem, sentence_of, status_of
from api.security import COOKIE, is_ours
from api.settings import Settings

_log = structlog.get_logger()
_ROOT = Path(__file__).resolve().parents[1]

DEFAULT_BODY: Final = 32 * 1024
LARGER_BODIES: Final[tuple[tuple[str, int], ...]] = (
    ("/api/zones/import", 20_000_000),
    ("/api/zones", 1_000_000),
)
"""Longest bodies in bytes by the beginning of the path, where 32 KiB is too little."""

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS: Final[dict[str, str]] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), encrypted-media=(), "
        "fullscreen=(), geolocation=(self), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
        "publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()"
    ),
}
"""On every answer, errors too."""

_RAW: Final = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in HEADERS.items()]
_OURS: Final = frozenset({*(name for name, _ in _RAW), b"server"})

KEPT_BY_BROWSERS: Final = ("/static/",)
"""Beginnings of paths that browsers may keep; base tiles say so themselves, everything else is not stored."""


@lru_cache(maxsize=8)
def policy(hashes: tuple[str, ...]) -> str:
    """Return the content security policy, with the hashes of our inline import maps (`sha256-...`)."""
    scripts = " ".join(["'self'", *(f"'{each}'" for each in hashes)])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    )


def longest_body(path: str) -> int:
    """Return how many bytes a request to this path may bring."""
    return next((limit for start, limit in LARGER_BODIES if path.startswith(start)), DEFAULT_BODY)


class _Sealed:
    """Puts the headers on every answer, and answers for what nobody foresaw without a word about its content."""

    def __init__(self, app: ASGIApp, *, state: FastAPI, over_tls: bool) -> None:
        self._app = app
        self._state = state.state
        self._over_tls = over_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._seal(MutableHeaders(raw=message.setdefault("headers", [])), scope["path"])
            await send(message)

        try:
            await self._app(scope, receive, sealed)
        except Exception as error:
            if begun:
                raise
            _log.error("request.failed", error=type(error).__name__, where=_where(error))
            answer = problem(500, "Something went wrong on our side; nothing was half-stored.")
            await answer(scope, receive, sealed)

    def _seal(self, headers: MutableHeaders, path: str) -> None:
        # Names in `headers.raw` are lower case; what is set here comes once, whatever a route said.
        kept = [pair for pair in headers.raw if pair[0] not in _OURS]
        headers.raw[:] = kept + _RAW
        headers.setdefault("Content-Security-Policy", policy(tuple(sorted(self._state.csp_hashes))))
        if not path.startswith(KEPT_BY_BROWSERS):
            headers.setdefault("Cache-Control", "no-store")
        if self._over_tls:
            headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"


def _where(error: BaseException) -> str:
    """Return the last place in our own code that an error passed: file and line, nothing of what it held."""
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(str(_ROOT)) and "site-packages" not in frame.filename
    ]
    return f"{Path(ours[-1].filename).relative_to(_ROOT)}:{ours[-1].lineno}" if ours else "elsewhere"


class _SameSite:
    """Refuses writing requests that another site's page makes a browser send."""

    def __init__(self, app: ASGIApp, *, public_origin: str) -> None:
        self._app = app
        self._public_origin = public_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in READING and not self._is_ours(Headers(scope=scope)):
            await _refuse(WrongOrigin(), scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        if headers.get("authorization", "").lower().startswith("bearer "):
            return True  # no browser adds a bearer token by itself
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in {"same-origin", "none"}:
            return False
        if origin == "null" and site == "same-origin":
            return True  # our own forms: without a referrer browsers keep the origin to themselves as well
        if origin is not None:
            return is_ours(origin, host=headers.get("host", ""), public_origin=self._public_origin)
        # Every browser sends one of the two with a write; whoever sends neither may not lean on a cookie.
        return site is not None or not _has_session(headers.getlist("cookie"))


def _has_session(cookies: Iterable[str]) -> bool:
    try:
        return any(COOKIE in SimpleCookie(cookie) or COOKIE in cookie for cookie in cookies)
    except CookieError:
        return True


class _Bounded:
    """Refuses bodies that are too large, counted as they arrive and whatever length was promised."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = longest_body(scope["path"])
        if _promises_more(Headers(scope=scope).get("content-length"), limit):
            await _refuse(BodyTooLarge(), scope, receive, send)
            return
        body = _Count(receive, send, limit)
        try:
            await self._app(scope, body.receive, body.send)
        except BodyTooLarge:
            if body.answered:
                raise
        if body.over and not body.answered:
            await _refuse(BodyTooLarge(), scope, receive, send)


def _promises_more(length: str | None, limit: int) -> bool:
    if length is None:
        return False
    return not (length.isascii() and length.isdigit()) or int(length[:19]) > limit


class _Count:
    """Counts one request's body as it arrives; once it is over, whatever a route makes of it goes unsaid."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.over = False
        self.answered = False

    async def receive(self) -> Message:
        """Hand on the next piece; raises BodyTooLarge."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.over = True
                raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        """Hand on the answer of a body that was not too large."""
        if self.answered or not self.over:
            self.answered = True
            await self._send(message)


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(status_of(error), sentence_of(error))
    answer.headers["Connection"] = "close"
    await answer(scope, receive, send)


def install(app: FastAPI, settings: Settings) -> None:
    """Put the guards around an application; `app.state.csp_hashes` takes the hashes of inline import maps."""
    app.state.csp_hashes = set()
    app.add_middleware(_Bounded)
    app.add_middleware(_SameSite, public_origin=settings.public_origin)
    app.add_middleware(_Sealed, state=app, over_tls=urlsplit(settings.public_origin).scheme == "https")
