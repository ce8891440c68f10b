"""The roster, and one's own availability."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.deps import Actor, Idempotent, Uow, may
from api.routes.retrying import RetryingRoute
from api.schemas.pages import page_of
from api.schemas.responders import (
    AvailabilityIn,
    AvailabilityOut,
    LoadOut,
    ResponderIn,
    ResponderOut,
    RestIn,
    RosterOut,
)
from desk import roster
from desk.access import Act

router = APIRouter(prefix="/api", tags=["responders"], route_class=RetryingRoute)


@router.get("/responders", dependencies=[may(Act.READ_ROSTER)])
def everybody(
    uow: Uow,
    actor: Actor,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    cursor: Annotated[str | None, Query(max_length=13)] = None,
) -> RosterOut:
    """Return the roster by alias, without places, a page at a time."""
    page, following = page_of(roster.roster(uow, actor), limit, cursor, key=lambda shown: str(shown["id"]))
    return RosterOut(responders=[ResponderOut.of(shown) for shown in page], cursor=following)


@router.post("/responders", status_code=201, response_model=ResponderOut, dependencies=[may(Act.WRITE_ROSTER)])
def join(body: ResponderIn, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Put an account on the roster, or change how it stands there."""
    return once.answer(lambda: ResponderOut.of(roster.join(uow, actor, body.joining())))


@router.put("/me/availability", dependencies=[may(Act.RESPOND)])
def availability(body: AvailabilityIn, uow: Uow, actor: Actor) -> AvailabilityOut:
    """Say that one can go, or that one cannot."""
    place = body.location.place() if body.location else None
    mode = body.mode.value if body.mode else None
    return AvailabilityOut(
        **roster.set_availability(uow, actor, body.available, body.until, place, mode, rules_read=body.rules_read)
    )


@router.get("/me/load", dependencies=[may(Act.RESPOND)])
def load(uow: Uow, actor: Actor) -> LoadOut:
    """Return what one has carried, and by which rule and until when one is not asked."""
    return LoadOut(**roster.load(uow, actor))


@router.post("/me/rest", dependencies=[may(Act.RESPOND)])
def rest(body: RestIn, uow: Uow, actor: Actor) -> LoadOut:
    """Be left in peace for longer; nobody can shorten it."""
    return LoadOut(**roster.rest_longer(uow, actor, body.by))
