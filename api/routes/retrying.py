"""Routes whose act is tried again when another act was a moment faster: accept, send and their kin."""

from __future__ import annotations

import anyio
from fastapi.routing import APIRoute
from starlette.types import Message, Receive, Scope, Send

from api import arriving
from api.errors import RACED
from desk.errors import TRIES, pause_s


class RetryingRoute(APIRoute):
    """Runs the whole request again, each time in a transaction of its own; only the last answer is sent.

    The errors of a race (a deadlock, a seat or an offer taken between looking and writing) mark the request's scope
    where they become an answer. Everything the try did was rolled back, so trying again is safe.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, trying at most `TRIES` times."""
        arrived = await arriving.all_of(receive)
        for attempt in range(1, TRIES + 1):
            once: Scope = {**scope, "state": dict(scope.get("state", {}))}
            answer: list[Message] = []
            await super().handle(once, arriving.again(arrived, receive), _keeper(answer))
            if attempt == TRIES or not once.get(RACED):
                break
            await anyio.sleep(pause_s(attempt))
        scope.setdefault("state", {}).update(once["state"])
        for message in answer:
            await send(message)


def _keeper(answer: list[Message]) -> Send:
    async def keep(message: Message) -> None:
        answer.append(message)

    return keep
