"""The line to the running service: requests over kept connections, some at once, each retried with its own key."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Self

import httpx

from api.errors import sentence_of
from records.errors import RecordsError, TryAgain

AT_ONCE: Final = 6
"""Requests under way at once."""
_PATIENCE_S: Final = 30.0
_TRY_AGAIN: Final = sentence_of(TryAgain())


class ServiceAway(RecordsError):
    """The service does not answer; start it with ./tandem up or tandem serve, or give its address with --url."""


class ServiceRefused(RecordsError):
    """The service did not let the replay do its part; it has to be of the same version, on the same database."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service said."""

    status: int
    body: dict[str, Any]
    replayed: bool

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status < httpx.codes.BAD_REQUEST

    @property
    def title(self) -> str:
        """The sentence of a refusal."""
        return str(self.body.get("title", self.status))


def _nothing(_reply: Reply) -> None:
    """Let an answer be."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to make, and what follows from its answer."""

    method: str
    path: str
    token: str
    body: dict[str, Any] | None = None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    then: Callable[[Reply], None] = _nothing


class Line:
    """Connections to one service."""

    def __init__(self, address: str, *, at_once: int = AT_ONCE) -> None:
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
        self._client = httpx.Client(base_url=address, timeout=30, limits=limits, trust_env=False)
        self._hands = ThreadPoolExecutor(at_once)
        self.requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hands.shutdown()
        self._client.close()

    def ask(self, call: Call) -> Reply:
        """Make one request; raises ServiceAway after half a minute without an answer."""
        deadline = time.monotonic() + _PATIENCE_S
        pause_s = 0.02
        while True:
            reply = self._try(call)
            if reply is not None:
                return reply
            if time.monotonic() > deadline:
                raise ServiceAway
            time.sleep(pause_s)
            pause_s = min(1.0, pause_s * 2)

    def ask_all(self, calls: Sequence[Call]) -> None:
        """Make requests at once, then follow their answers in the order of the requests."""
        replies = [self.ask(calls[0])] if len(calls) == 1 else list(self._hands.map(self.ask, calls))
        for call, reply in zip(calls, replies, strict=True):
            call.then(reply)

    def get(self, path: str, token: str, **asked: str | int) -> dict[str, Any]:
        """Return what stands at a path; raises ServiceRefused."""
        query = str(httpx.QueryParams(asked))
        return self.must(Call("GET", f"{path}?{query}" if query else path, token))

    def must(self, call: Call) -> dict[str, Any]:
        """Make a request that cannot be refused in order; raises ServiceRefused."""
        reply = self.ask(call)
        if not reply.ok:
            raise ServiceRefused
        return reply.body

    def _try(self, call: Call) -> Reply | None:
        headers = {"Authorization": f"Bearer {call.token}"}
        if call.method == "POST":
            headers["Idempotency-Key"] = call.key
        self.requests += 1
        try:
            answer = self._client.request(call.method, call.path, json=call.body, headers=headers)
        except httpx.TransportError:
            return None
        content: Any = answer.json() if answer.content else {}
        body = content if isinstance(content, dict) else {}
        # With its own key a request is harmless to repeat, also where nobody knows what became of it.
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.status_code >= 500:
            return None
        if answer.status_code == httpx.codes.CONFLICT and body.get("title") == _TRY_AGAIN:
            return None
        return Reply(answer.status_code, body, answer.headers.get("Idempotency-Replayed") == "true")
