"""Incidents: listed, opened, judged, merged, split, kept apart; and all of that undone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.deps import Actor, Idempotent, Uow, may, read_id
from api.routes.retrying import RetryingRoute
from api.schemas.incidents import ApartIn, DecidedOut, IncidentsOut, JudgedOut, JudgementIn, MergeIn, OpenedOut, SplitIn
from api.schemas.sightings import Moment
from desk import alerts, board, corroboration, dispatching, verification
from desk.access import Act
from desk.errors import NotFound
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


@router.post(
    "/incidents/{incident_id}/merge", status_code=201, response_model=DecidedOut, dependencies=[may(Act.JUDGE)]
)
def merge(incident_id: str, body: MergeIn, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Let an incident live on in another one; both histories stay."""

    def do() -> DecidedOut:
        decision = corroboration.merge(uow, actor, read_id(incident_id), read_id(body.into))
        return DecidedOut.of(*board.decided(uow, decision))

    return once.answer(do)


@router.post(
    "/incidents/{incident_id}/split", status_code=201, response_model=DecidedOut, dependencies=[may(Act.JUDGE)]
)
def split(incident_id: str, body: SplitIn, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Split reports off into an incident of their own; both histories stay."""

    def do() -> DecidedOut:
        chosen = {read_id(each) for each in body.sightings}
        decision = corroboration.split(uow, actor, read_id(incident_id), chosen)
        return DecidedOut.of(*board.decided(uow, decision))

    return once.answer(do)


@router.post(
    "/incidents/{incident_id}/apart", status_code=201, response_model=DecidedOut, dependencies=[may(Act.JUDGE)]
)
def keep_apart(incident_id: str, body: ApartIn, uow: Uow, actor: Actor, once: Idempotent) -> JSONResponse:
    """Note that two incidents are not the same; it is not suggested again."""

    def do() -> DecidedOut:
        decision = corroboration.keep_apart(uow, actor, read_id(incident_id), read_id(body.other))
        return DecidedOut.of(*board.decided(uow, decision))

    return once.answer(do)


@router.post("/judgements/{judgement_id}/undo", dependencies=[may(Act.JUDGE)])
def undo(judgement_id: str, uow: Uow, actor: Actor) -> JudgedOut | DecidedOut:
    """Take a judgement back, or by its id a merge or a split; it stays in the history."""
    number = read_id(judgement_id)
    try:
        return JudgedOut.of(*board.judged(uow, verification.undo(uow, actor, number)))
    except NotFound:
        return undo_decision(judgement_id, uow, actor)


@router.post("/decisions/{decision_id}/undo", dependencies=[may(Act.JUDGE)])
def undo_decision(decision_id: str, uow: Uow, actor: Actor) -> DecidedOut:
    """Take a merge, a split or a "not the same" back; it stays in the history."""
    return DecidedOut.of(*board.decided(uow, corroboration.undo(uow, actor, read_id(decision_id))))
