"""The way in for sightings: who may report, and a good report read without the general machinery of routes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from api import security
from api.callers import Caller, Callers
from api.deps import Entry, known_network_id_of, network_id_of
from api.errors import TooMany
from api.schemas.sightings import SightingIn
from desk import access
from desk.access import Act

KEY_MOST: Final = 128
"""How long an Idempotency-Key may be."""


_STRANGE: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, CapacityLimiter]] = WeakKeyDictionary()


def _one_at_a_time() -> CapacityLimiter:
    """Return what lets one of those look who name a network we do not know: reports have no connection set aside."""
    return _STRANGE.setdefault(asyncio.get_running_loop(), CapacityLimiter(1))


class QuickEntry(Entry):
    """Lets in whoever may report, without a transaction of its own: the gather opens one for many."""

    async def __call__(self, request: Request) -> Caller:  # type: ignore[override]
        """Return who reports; raises NotSignedIn, NotAllowed, TooMany."""
        callers: Callers = request.app.state.callers
        token = security.token_of(request)
        token_sha256 = security.digest(token) if token else None
        network_id = known_network_id_of(request)
        if network_id is None:
            network_id = await to_thread.run_sync(network_id_of, request, limiter=_one_at_a_time())
        caller = await callers.of(network_id, token_sha256)
        lapsed = token is not None and not caller.actor.known
        access.require(caller.actor, self.act, anonymous_reports=caller.anonymous_reports and not lapsed)
        wait_s = security.limits_of(request, kind=caller.network.kind).spend("sightings", caller.actor)
        if wait_s:
            raise TooMany(wait_s)
        request.state.actor = caller.actor
        return caller


MAY_REPORT: Final = QuickEntry(Act.REPORT)


class QuickRoute(APIRoute):
    """Hands a report that is whole to its route at once; any other goes the usual way and gets the usual answer.

    The usual way takes a third longer, most of it spent on finding out what the route asks for.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        usual = super().get_route_handler()
        report: Callable[..., Awaitable[Response]] = self.endpoint

        async def answer(request: Request) -> Response:
            key = request.headers.get("idempotency-key")
            if not key or len(key) > KEY_MOST or request.headers.get("content-type") != "application/json":
                return await usual(request)
            try:
                body = SightingIn.model_validate_json(await request.body())
            except ValidationError:
                return await usual(request)
            return await report(body, request, caller=await MAY_REPORT(request), idempotency_key=key)

        return answer
