"""Whether the service lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.errors import problem

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive(request: Request) -> JSONResponse:
    """Say that the process answers, and to the pages what is wrong with the parts it stands on."""
    troubles = request.app.state.watch.troubles()
    return JSONResponse({"status": "ok", "troubles": {str(part): str(trouble) for part, trouble in troubles.items()}})


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    """Say that all parts work, or which do not; answered from the last look, whatever else waits."""
    troubles = request.app.state.watch.troubles()
    if troubles:
        fields = [{"field": str(part), "detail": str(trouble)} for part, trouble in troubles.items()]
        return problem(503, " ".join(dict.fromkeys(map(str, troubles.values()))), fields=fields)
    return JSONResponse({"status": "ready"})
