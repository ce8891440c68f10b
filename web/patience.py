"""How long and how large the beginning of a request may be: what uvicorn leaves open beside its parser."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.errors import MEDIA_TYPE, HeadTooLarge, problem, sentence_of, status_of

HEAD_MOST_BYTES: Final = 32 * 1024
HEADERS_MOST: Final = 100
HEAD_MOST_S: Final = 15.0
"""From the first byte, or from the connection, to the last header."""

REQUEST_MOST_S: Final = 600.0
"""From the last header to the end of the body; `api.arriving` is stricter where a body is read."""


class PatientProtocol(HttpToolsProtocol):
    """A connection that ends when a request's head is too large, or when a request does not come to its end."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_bytes = 0
        self._headers_bytes = 0
        self._in_head = True
        self._too_large = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._within(HEAD_MOST_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._within(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on what came; a head that has no end is refused before it is kept."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_MOST_BYTES and not self.transport.is_closing():
            self._refuse_head()

    def on_message_begin(self) -> None:
        """Wait for the end of the head."""
        self._in_head = True
        self._head_bytes = self._headers_bytes = 0
        self._within(HEAD_MOST_S)
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; raises HeadTooLarge."""
        super().on_header(name, value)
        self._headers_bytes += len(name) + len(value)
        if len(self.headers) > HEADERS_MOST or self._headers_bytes > HEAD_MOST_BYTES:
            self._too_large = True
            raise HeadTooLarge

    def on_headers_complete(self) -> None:
        """Wait for the end of the body."""
        self._in_head = False
        self._within(REQUEST_MOST_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait no longer: the request is whole."""
        self._within(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait a moment for the rest of a request that was answered before it was whole."""
        if self._deadline is not None:
            self._within(HEAD_MOST_S)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read; a head that is too large is told so."""
        if self._too_large:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def _refuse_head(self) -> None:
        error = HeadTooLarge()
        body = bytes(problem(status_of(error), sentence_of(error)).body)
        head = (
            "HTTP/1.1 431 Request Header Fields Too Large\r\n"
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._over)

    def _over(self) -> None:
        # Nobody there reads an answer: whoever sends half a request waits for nothing.
        self._deadline = None
        self.transport.close()
