"""Counts of past incidents, for analysts inside the network."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Actor, Uow, limited, may
from api.schemas.patterns import PatternsOut
from desk import analytics
from desk.access import Act
from desk.analytics import By
from records.enums import IncidentStatus

router = APIRouter(prefix="/api", tags=["patterns"])


@router.get("/patterns", dependencies=[may(Act.READ_PATTERNS), limited("patterns")], response_model_exclude_none=True)
def patterns(
    uow: Uow,
    actor: Actor,
    *,
    by: Annotated[list[By], Query()],
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
    cell_resolution: int = analytics.FINEST,
    status: IncidentStatus | None = None,
) -> PatternsOut:
    """Return how many past incidents there were, by one or two properties; small counts are never shown."""
    days = analytics.period(uow, first, last)
    return PatternsOut.of(analytics.patterns(uow, actor, by, days, resolution=cell_resolution, status=status))
