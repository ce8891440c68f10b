"""What members are told: their page's list, and the part of an incident in which two people say it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.deps import Actor, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from desk import access, alerts, verification
from desk.access import Act
from desk.unit_of_work import UnitOfWork
from web.templating import render

router = APIRouter(prefix="/panels", include_in_schema=False, route_class=RetryingRoute)


def told(uow: UnitOfWork, actor: access.Actor) -> dict[str, Any]:
    """Return what a member's page shows: what stands, what is set right, and of which zones."""
    return {"alerts": alerts.mine(uow, actor), "followed": alerts.followed(uow, actor), "network": uow.network.name}


def saying(uow: UnitOfWork, actor: access.Actor, incident_id: int) -> dict[str, Any]:
    """Return what the desk's panel shows of one incident: its criteria, what was said, and what may be said."""
    return {
        "criteria": verification.criteria_of(uow, incident_id),
        "statements": alerts.of_incident(uow, incident_id),
        "outlook": alerts.outlook(uow, incident_id),
        "may_speak": access.may(actor, Act.SPEAK),
        "speaker": actor.alias,
        "network": uow.network.name,
    }


@router.get("/alerts", dependencies=[may(Act.SEE_ALERTS)])
def mine(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show what one is told."""
    return render(request, "alerts/list.html", **told(uow, actor))


def _said(request: Request, uow: UnitOfWork, actor: access.Actor, incident_id: int) -> Response:
    return render(request, "desk/statements.html", **saying(uow, actor, incident_id))


@router.post("/incidents/{incident_id}/statements", dependencies=[may(Act.SPEAK)])
def propose(incident_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Propose to tell the members."""
    statement = alerts.propose(uow, actor, read_id(incident_id))
    return _said(request, uow, actor, statement.incident_id)


@router.post("/statements/{statement_id}/approve", dependencies=[may(Act.SPEAK)])
def approve(statement_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Say what somebody else proposed."""
    statement = alerts.approve(uow, actor, read_id(statement_id))
    return _said(request, uow, actor, statement.incident_id)


@router.post("/statements/{statement_id}/drop", dependencies=[may(Act.SPEAK)])
def drop(statement_id: str, request: Request, uow: Uow, actor: Actor) -> Response:
    """Let a proposal go."""
    statement = alerts.drop(uow, actor, read_id(statement_id))
    return _said(request, uow, actor, statement.incident_id)
