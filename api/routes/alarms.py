"""Calls of people out there: seen, taken and ended by the desk."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import Actor, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from api.schemas.alarms import AlarmEndIn, AlarmsOut
from desk import alarms
from desk.access import Act

router = APIRouter(prefix="/api/alarms", tags=["alarms"], route_class=RetryingRoute)


@router.get("", dependencies=[may(Act.READ_DISPATCHES)])
def every(uow: Uow) -> AlarmsOut:
    """Return all open calls."""
    return AlarmsOut.of(alarms.listed(uow))


@router.post("/{alarm_id}/take", dependencies=[may(Act.DISPATCH)])
def take(alarm_id: str, uow: Uow, actor: Actor) -> AlarmsOut:
    """Say that one sees to a call; return the open calls."""
    alarms.take(uow, actor, read_id(alarm_id))
    return AlarmsOut.of(alarms.listed(uow))


@router.post("/{alarm_id}/end", dependencies=[may(Act.DISPATCH)])
def end(alarm_id: str, body: AlarmEndIn, uow: Uow, actor: Actor) -> AlarmsOut:
    """End a call with the reason; return the calls that are open still."""
    alarms.end(uow, actor, read_id(alarm_id), body.reason)
    return AlarmsOut.of(alarms.listed(uow))
