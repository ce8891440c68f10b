"""The event stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from api import security
from api.deps import Actor, Uow, may
from desk.access import Act

router = APIRouter(tags=["events"])


@router.get("/api/events", dependencies=[may(Act.FOLLOW)], response_class=StreamingResponse)
def follow(
    request: Request, uow: Uow, actor: Actor, last_event_id: Annotated[str | None, Header(max_length=64)] = None
) -> StreamingResponse:
    """Follow what happens, as server-sent events; resume with Last-Event-ID and miss nothing."""
    token = security.token_of(request) or ""
    frames = request.app.state.relay.follow(uow.network.id, actor, security.digest(token), last_event_id)
    return StreamingResponse(frames, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
