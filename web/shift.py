"""The responder's phone: the htmx fragments of one shift, from an offer to the way home."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.deps import Actor, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from desk import access, checkins, dispatching, roster, territory
from desk.access import Act
from desk.unit_of_work import UnitOfWork
from records.enums import CheckinState, Found
from web.forms import ShiftForm
from web.templating import render

router = APIRouter(prefix="/panels", include_in_schema=False, route_class=RetryingRoute)


def at_work(uow: UnitOfWork, actor: access.Actor) -> dict[str, Any]:
    """Return what a responder's page shows: their shift, what they are asked, where they are needed."""
    mine = dispatching.my_view(uow, actor)
    gap = territory.nearest_gap(uow, mine["thanks"]["area"]) if mine["thanks"] else None
    return {
        "mine": mine,
        "shift": roster.shift(uow, actor),
        "load": roster.load(uow, actor),
        "gap": gap,
        "legal_line": uow.policy.checkins.legal_line,
    }


def _shift(request: Request, uow: UnitOfWork, actor: access.Actor) -> Response:
    return render(request, "go/panel.html", **at_work(uow, actor))


@router.get("/go", dependencies=[may(Act.RESPOND)])
def shift(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show one's own shift."""
    return _shift(request, uow, actor)


@router.post("/go/availability", dependencies=[may(Act.RESPOND)])
def availability(
    request: Request,
    uow: Uow,
    actor: Actor,
    form: Annotated[ShiftForm, Form()],
) -> Response:
    """Begin or end one's shift."""
    if form.available == "yes":
        rules_read = form.rules == "yes"
        roster.set_availability(uow, actor, True, uow.now + form.lasts, form.place, form.mode, rules_read=rules_read)
    else:
        roster.set_availability(uow, actor, False)
    return _shift(request, uow, actor)


@router.post("/go/offers/{offer_id}/accept", dependencies=[may(Act.RESPOND)])
def accept(offer_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Say yes."""
    dispatching.accept(uow, actor, read_id(offer_id))
    return _shift(request, uow, actor)


@router.post("/go/offers/{offer_id}/decline", dependencies=[may(Act.RESPOND)])
def decline(offer_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Say no; no reason is asked."""
    dispatching.decline(uow, actor, read_id(offer_id))
    return _shift(request, uow, actor)


@router.post("/go/{dispatch_id}/progress", dependencies=[may(Act.RESPOND)])
def progress(
    dispatch_id: str,
    request: Request,
    uow: Uow,
    actor: Actor,
    *,
    step: Annotated[Literal["en_route", "staged", "on_scene", "cleared", "withdraw"], Form()],
    found: Annotated[Found | None, Form()] = None,
) -> Response:
    """Take the next step, or step out."""
    dispatching.progress(uow, actor, read_id(dispatch_id), step, found, brief_read=False)
    return _shift(request, uow, actor)


@router.post("/go/{dispatch_id}/brief", dependencies=[may(Act.RESPOND)])
def brief(dispatch_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Say that one has read the card."""
    dispatching.read_brief(uow, actor, read_id(dispatch_id))
    return _shift(request, uow, actor)


@router.post("/go/rest", dependencies=[may(Act.RESPOND)])
def rest(request: Request, uow: Uow, actor: Actor) -> Response:
    """Be left in peace for one more day; no reason is asked."""
    roster.rest_longer(uow, actor, uow.policy.pairs.distress_rest)
    return _shift(request, uow, actor)


@router.post("/go/{dispatch_id}/moved", dependencies=[may(Act.RESPOND)])
def moved(dispatch_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Confirm where the meeting point stepped back to."""
    dispatching.see_move(uow, actor, read_id(dispatch_id))
    return _shift(request, uow, actor)


@router.post("/go/{dispatch_id}/checkin", dependencies=[may(Act.RESPOND)])
def check_in(
    dispatch_id: str, request: Request, uow: Uow, actor: Actor, state: Annotated[CheckinState, Form()]
) -> Response:
    """Say how one is; the answer is the same whatever was said."""
    checkins.check_in(uow, actor, read_id(dispatch_id), state)
    return _shift(request, uow, actor)
