"""The event stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from api import security
from api.deps import Actor, Uow, may
from api.relay import Relay
from desk.access import Act

router = APIRouter(tags=["events"])


@router.get("/api/events", dependencies=[may(Act.FOLLOW)], response_class=Response)
def follow(
    request: Request,
    uow: Uow,
    actor: Actor,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
    after: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Follow what happens, as server-sent events; resume with Last-Event-ID (or `after`) and miss nothing."""
    token = security.token_of(request) or ""
    relay: Relay = request.app.state.relay
    return relay.follow(uow.network.id, actor, security.digest(token), last_event_id or after)
