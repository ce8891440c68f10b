"""Whether the service lives, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.errors import problem

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive(request: Request) -> JSONResponse:
    """Say that the process answers, and to the pages what is wrong with the parts it stands on."""
    troubles = {str(part): str(trouble) for part, trouble in request.app.state.watch.troubles().items()}
    return JSONResponse({"status": "ok", "troubles": troubles, "refused": _refused(request)})


@router.get("/readyz")
async def ready(request: Request) -> JSONResponse:
    """Say that all parts work, or which do not; answered from the last look, whatever else waits."""
    troubles = request.app.state.watch.troubles()
    if troubles:
        fields = [{"field": str(part), "detail": str(trouble)} for part, trouble in troubles.items()]
        title = " ".join(dict.fromkeys(map(str, troubles.values())))
        return problem(503, title, fields=fields, more={"refused": _refused(request)})
    # A network that is refused is no dead part: whoever stands in front of us must not take the others away with it.
    return JSONResponse({"status": "ready", "refused": _refused(request)})


def _refused(request: Request) -> list[dict[str, object]]:
    return [{"network": each.network, "part": each.part} for each in request.app.state.watch.refused()]
