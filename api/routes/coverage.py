"""Coverage: where a pair can be in time, and the gaps."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Uow, may
from api.schemas.coverage import CoverageOut
from api.schemas.sightings import Moment
from desk import territory
from desk.access import Act

router = APIRouter(tags=["coverage"])


@router.get("/api/coverage", dependencies=[may(Act.READ_COVERAGE)])
def coverage(uow: Uow, minutes: Annotated[float, Query(ge=1, le=120)] = 10, at: Moment | None = None) -> CoverageOut:
    """Return the res-8 cells of the zones with how many pairs can be there within some minutes."""
    return CoverageOut.of(territory.coverage(uow, minutes=minutes, at=at), minutes)
