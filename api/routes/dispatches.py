"""Pairs and dispatches: proposed and sent by the desk, walked by two people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.deps import Actor, Idempotent, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from api.schemas.dispatches import (
    CheckinIn,
    DispatchesOut,
    DispatchIn,
    DispatchOut,
    MovedIn,
    OwnDispatchOut,
    PairsOut,
    ProgressIn,
    SteerIn,
)
from desk import checkins, dispatching, territory
from desk.access import Act
from desk.errors import OneDispatchPerPlace
from records.enums import Task

router = APIRouter(prefix="/api", tags=["dispatches"], route_class=RetryingRoute)


@router.get("/incidents/{incident_id}/pairs", dependencies=[may(Act.DISPATCH)])
def pairs(  # noqa: PLR0917  (the words of the call)
    incident_id: str,
    uow: Uow,
    actor: Actor,
    task: Task | None = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 3,
    about: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
) -> PairsOut:
    """Return the best pairs for an incident, with reasons, and who was ruled out by which rule.

    `about`, an alias or an id, asks why somebody is not among them.
    """
    number = read_id(incident_id)
    why = None if about is None else dispatching.explain(uow, actor, number, about, task)
    return PairsOut.of(dispatching.propose(uow, actor, number, task, limit) | {"about": why})


@router.post(
    "/incidents/{incident_id}/dispatches",
    status_code=201,
    response_model=DispatchOut,
    dependencies=[may(Act.DISPATCH)],
)
def send(incident_id: str, body: DispatchIn, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Open a dispatch and ask people for its two seats."""

    def do() -> DispatchOut:
        number = read_id(incident_id)
        try:
            made = dispatching.send(
                uow, actor, number, body.task, pair=body.two(), wave=body.wave, by_hand=body.by_hand
            )
        except OneDispatchPerPlace as error:
            error.more = {"nearest_gap": territory.nearest_gap(uow, dispatching.area_of(uow, number))}
            raise
        return DispatchOut.of(dispatching.dispatch_view(uow, made))

    return once.answer(do)


@router.get("/dispatches", dependencies=[may(Act.READ_DISPATCHES)])
def every(
    uow: Uow,
    actor: Actor,
    open_only: Annotated[bool | None, Query(alias="open")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=13)] = None,
) -> DispatchesOut:
    """Return dispatches, newest first: open ones, ended ones or all."""
    after = None if cursor is None else read_id(cursor)
    return DispatchesOut.of(dispatching.page(uow, actor, open_only=open_only, limit=limit, after=after), limit)


@router.post("/dispatches/{dispatch_id}/cancel", dependencies=[may(Act.DISPATCH)])
def cancel(dispatch_id: str, uow: Uow, actor: Actor) -> DispatchOut:
    """Cancel a dispatch; whoever was out is called back."""
    return DispatchOut.of(dispatching.dispatch_view(uow, dispatching.cancel(uow, actor, read_id(dispatch_id))))


@router.post("/dispatches/{dispatch_id}/asking", dependencies=[may(Act.DISPATCH)])
def steer(dispatch_id: str, body: SteerIn, uow: Uow, actor: Actor) -> DispatchOut:
    """Let the asking run, or take it in hand."""
    dispatch = dispatching.steer(uow, actor, read_id(dispatch_id), by_hand=body.by_hand)
    return DispatchOut.of(dispatching.dispatch_view(uow, dispatch))


@router.post("/dispatches/{dispatch_id}/brief", dependencies=[may(Act.RESPOND)])
def brief(dispatch_id: str, uow: Uow, actor: Actor) -> OwnDispatchOut:
    """Say that one has read the short card of this dispatch."""
    dispatch = dispatching.read_brief(uow, actor, read_id(dispatch_id))
    return OwnDispatchOut.of(dispatching.my_dispatch(uow, actor, dispatch.id))


@router.post("/dispatches/{dispatch_id}/progress", dependencies=[may(Act.RESPOND)])
def progress(dispatch_id: str, body: ProgressIn, uow: Uow, actor: Actor) -> OwnDispatchOut:
    """Take the next step of one's own, or step out."""
    dispatch = dispatching.progress(uow, actor, read_id(dispatch_id), body.step, body.found, brief_read=body.brief_read)
    return OwnDispatchOut.of(dispatching.my_dispatch(uow, actor, dispatch.id))


@router.post("/dispatches/{dispatch_id}/moved", dependencies=[may(Act.RESPOND)])
def moved(dispatch_id: str, body: MovedIn, uow: Uow, actor: Actor) -> OwnDispatchOut:  # noqa: ARG001  (true is all it says)
    """Confirm that one has seen where the meeting point stepped back to."""
    dispatch = dispatching.see_move(uow, actor, read_id(dispatch_id))
    return OwnDispatchOut.of(dispatching.my_dispatch(uow, actor, dispatch.id))


@router.post("/dispatches/{dispatch_id}/checkin", dependencies=[may(Act.RESPOND)])
def check_in(dispatch_id: str, body: CheckinIn, uow: Uow, actor: Actor) -> OwnDispatchOut:
    """Say how one is; the answer is the same whatever was said."""
    checkins.check_in(uow, actor, read_id(dispatch_id), body.state)
    return OwnDispatchOut.of(dispatching.my_dispatch(uow, actor, read_id(dispatch_id)))
