"""What members are told, who says it, and whose alerts somebody gets."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.deps import Actor, Idempotent, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from api.schemas.statements import AlertOut, AlertsOut, StatementOut, ZonesFollowedOut, ZonesIn
from desk import alerts
from desk.access import Act

router = APIRouter(prefix="/api", tags=["statements"], route_class=RetryingRoute)


@router.get("/me/alerts", dependencies=[may(Act.SEE_ALERTS)])
def mine(uow: Uow, actor: Actor) -> AlertsOut:
    """Return what stands in one's own zones, and what sets right what one has read."""
    return AlertsOut(alerts=[AlertOut(**said) for said in alerts.mine(uow, actor)])


@router.post(
    "/incidents/{incident_id}/statements",
    status_code=201,
    response_model=StatementOut,
    dependencies=[may(Act.SPEAK)],
)
def propose(incident_id: str, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Propose to tell the members of an incident's zones; a second person has to approve."""

    def do() -> StatementOut:
        return StatementOut(**alerts.view(uow, alerts.propose(uow, actor, read_id(incident_id))))

    return once.answer(do)


@router.post("/statements/{statement_id}/approve", dependencies=[may(Act.SPEAK)])
def approve(statement_id: str, uow: Uow, actor: Actor) -> StatementOut:
    """Say what somebody else proposed."""
    return StatementOut(**alerts.view(uow, alerts.approve(uow, actor, read_id(statement_id))))


@router.post("/statements/{statement_id}/drop", dependencies=[may(Act.SPEAK)])
def drop(statement_id: str, uow: Uow, actor: Actor) -> StatementOut:
    """Let a proposal go that nobody was told of."""
    return StatementOut(**alerts.view(uow, alerts.drop(uow, actor, read_id(statement_id))))


@router.put("/accounts/{alias}/zones", dependencies=[may(Act.WRITE_ROSTER)])
def follow_zones(alias: str, body: ZonesIn, uow: Uow) -> ZonesFollowedOut:
    """Say whose alerts somebody gets; no zone means all of them."""
    return ZonesFollowedOut(alias=alias, zones=alerts.follow_zones(uow, alias, body.zones))
