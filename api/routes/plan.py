"""One plan for all open incidents: looked at first, then sent whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.deps import Actor, Idempotent, Uow, may
from api.routes.retrying import RetryingRoute
from api.schemas.dispatches import DispatchOut
from api.schemas.plan import PlanCommitIn, PlanIn, PlanOut, PlanSentOut, before
from desk import dispatching
from desk.access import Act

router = APIRouter(prefix="/api", tags=["plan"], route_class=RetryingRoute)

_PATIENCE_S: Final = 3.0
"""Seconds a dispatcher waits for a plan; what is proven by then is said with it."""


def patience() -> Callable[[], float]:
    """Return a clock that runs from now: how many seconds are left for a plan."""
    until = time.monotonic() + _PATIENCE_S
    return lambda: until - time.monotonic()


@router.post("/plan", dependencies=[may(Act.DISPATCH)])
def plan(uow: Uow, actor: Actor, body: PlanIn | None = None) -> PlanOut:
    """Return one plan for all open incidents: pairs, the unserved with reasons, the cost and a proven bound."""
    asked = body or PlanIn()
    made = dispatching.plan(uow, actor, pairs_each=asked.pairs_each, shown=before(asked.shown), seconds_left=patience())
    return PlanOut.of(made)


@router.post("/plan/commit", status_code=201, response_model=PlanSentOut, dependencies=[may(Act.DISPATCH)])
def commit(body: PlanCommitIn, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Send every pair of a plan, or none: what changed since it was made is named."""

    def do() -> PlanSentOut:
        sent = dispatching.send_all(uow, actor, [pair.read() for pair in body.pairs])
        return PlanSentOut(dispatches=[DispatchOut.of(each) for each in dispatching.dispatch_views(uow, sent)])

    return once.answer(do)
