"""Incidents: listed, opened, judged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.deps import Actor, Idempotent, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from api.schemas.incidents import IncidentsOut, JudgedOut, JudgementIn, OpenedOut
from api.schemas.sightings import Moment
from desk import alerts, board, dispatching, verification
from desk.access import Act
from records.enums import IncidentStatus

router = APIRouter(prefix="/api", tags=["incidents"], route_class=RetryingRoute)


@router.get("/incidents", dependencies=[may(Act.READ_INCIDENTS)])
def every(
    uow: Uow,
    *,
    status: Annotated[list[IncidentStatus] | None, Query()] = None,
    zone: Annotated[str | None, Query(max_length=120)] = None,
    since: Moment | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> IncidentsOut:
    """Return incidents, newest first, at the centres of their cells."""
    return IncidentsOut.of(
        *board.incidents(uow, statuses=status or (), zone=zone, since=since, limit=limit, cursor=cursor)
    )


@router.get("/incidents/{incident_id}", dependencies=[may(Act.READ_INCIDENTS)])
def one(incident_id: str, uow: Uow, actor: Actor) -> OpenedOut:
    """Open one incident: exact, with reasons, sightings, judgements and dispatches; that somebody looked is audited."""
    number = read_id(incident_id)
    return OpenedOut.of(
        board.opened(uow, actor, number),
        dispatches_found=dispatching.views_for(uow, number),
        criteria=[asdict(each) for each in verification.criteria_of(uow, number)],
        statements=alerts.of_incident(uow, number),
    )


@router.post(
    "/incidents/{incident_id}/judgements",
    status_code=201,
    response_model=JudgedOut,
    dependencies=[may(Act.JUDGE)],
)
def judge(incident_id: str, body: JudgementIn, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Judge an incident; it is verified once two different people of two lineages said so."""

    def do() -> JudgedOut:
        judgement = verification.judge(
            uow,
            actor,
            read_id(incident_id),
            body.verdict,
            agency=body.agency,
            basis=body.basis,
            note=body.note,
        )
        return JudgedOut.of(*board.judged(uow, judgement))

    return once.answer(do)


@router.post("/judgements/{judgement_id}/undo", dependencies=[may(Act.JUDGE)])
def undo(judgement_id: str, uow: Uow, actor: Actor) -> JudgedOut:
    """Take a judgement back; it stays in the history."""
    return JudgedOut.of(*board.judged(uow, verification.undo(uow, actor, read_id(judgement_id))))
