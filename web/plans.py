"""The panel of one plan for all open incidents: made, looked at, sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.deps import Actor, Uow, may
from api.routes.plan import patience
from api.routes.retrying import RetryingRoute
from api.schemas.plan import PlannedPairIn, ShownIn, before
from desk import dispatching
from desk.access import Act
from web.forms import PlanForm
from web.templating import render

router = APIRouter(prefix="/panels/plan", include_in_schema=False, route_class=RetryingRoute)


@router.post("", dependencies=[may(Act.DISPATCH)])
def plan(request: Request, uow: Uow, actor: Actor, form: Annotated[PlanForm, Form()]) -> Response:
    """Make a plan; it holds still where the one on the page can stay."""
    shown = before(ShownIn(**pair) for pair in form.before())
    made = dispatching.plan(uow, actor, pairs_each=form.pairs_each, shown=shown, seconds_left=patience())
    cap = uow.policy.pairs.scene_cap
    return render(request, "desk/plan_made.html", plan=made, pairs_each=form.pairs_each, cap=cap, now=uow.now)


@router.post("/commit", dependencies=[may(Act.DISPATCH)])
def commit(request: Request, uow: Uow, actor: Actor, form: Annotated[PlanForm, Form()]) -> Response:
    """Send every pair on the page, or none: see `web.refusals` for what is shown when something has changed."""
    pairs = [PlannedPairIn.model_validate(pair).read() for pair in form.to_send()]
    sent = dispatching.send_all(uow, actor, pairs)
    return render(request, "desk/plan_sent.html", count=len(sent))
