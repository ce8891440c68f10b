"""A viewer of the event stream inside the application itself, as fast or as slow as a test wants."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    kind: str
    id: str | None
    body: Any


@dataclass
class Watch:
    """One open stream; `let_read` off stands for a reader that takes nothing."""

    client: Any
    headers: dict[str, str]
    last: str | None = None
    status: int = 0
    sent: bytearray = field(default_factory=bytearray)
    over: bool = False
    complete: bool = False

    def __enter__(self) -> Self:
        self._gone = self.client.portal.call(asyncio.Event)
        self.reads = self.client.portal.call(asyncio.Event)
        self.client.portal.call(self.reads.set)
        self._task = self.client.portal.start_task_soon(self._follow)
        self.wait(lambda: self.status != 0)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.portal.call(self._gone.set)
        self.client.portal.call(self.reads.set)
        self._task.result(10)

    async def _follow(self) -> None:
        headers = dict(self.headers) | ({"Last-Event-ID": self.last} if self.last else {})
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/events",
            "raw_path": b"/api/events",
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        begun = False

        async def receive() -> dict[str, Any]:
            nonlocal begun
            if not begun:
                begun = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self._gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                return
            await self.reads.wait()
            self.sent += message["body"]
            self.complete = self.complete or not message["more_body"]

        try:
            await self.client.app(scope, receive, send)
        finally:
            self.over = True

    def stop_reading(self) -> None:
        """Take nothing more from now on."""
        self.reads = self.client.portal.call(asyncio.Event)

    @property
    def frames(self) -> list[Frame]:
        """All frames so far."""
        told = []
        for block in bytes(self.sent).decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            told.append(Frame(fields.get("event", ""), fields.get("id"), json.loads(fields.get("data", "null"))))
        return told

    @property
    def kinds(self) -> list[str]:
        """What was told, without what only carries an id forward."""
        return [each.kind for each in self.frames if each.kind not in {"here", "pulse"}]

    def wait(self, until: Any, seconds: float = 15.0) -> None:
        """Wait until something is so; the assertion fails with what was told."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, self.kinds
            time.sleep(0.01)

    def wait_for(self, kind: str, count: int = 1) -> None:
        """Wait until a kind was told so many times."""
        self.wait(lambda: self.kinds.count(kind) >= count)
