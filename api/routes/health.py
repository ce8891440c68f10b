"""Whether the service lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.deps import get_house
from api.errors import problem
from records.errors import RecordsError

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def ready(request: Request) -> JSONResponse:
    """Say that the database answers too, or which part does not."""
    house = get_house(request)
    try:
        house.default_network()
    except RecordsError:
        return problem(503, "The database is not ready.", fields=[{"field": "database", "detail": "not ready"}])
    return JSONResponse({"status": "ready"})
