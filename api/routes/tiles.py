"""Vector tiles, each layer with its own door."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from api.deps import Uow, may
from desk import tiles
from desk.access import Act
from desk.unit_of_work import UnitOfWork
from records.values import TileAddress

router = APIRouter(prefix="/tiles", tags=["tiles"])

_MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
_BASE_KEPT = "public, max-age=3600"


def _tile(request: Request, drawn: bytes, *, kept: str = "no-store") -> Response:
    tag = f'"{hashlib.sha256(drawn).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": kept}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(drawn, media_type=_MEDIA_TYPE, headers=headers)


@router.get("/base/{z}/{x}/{y}.mvt", dependencies=[may(Act.LOOK_AROUND)])
def base(z: int, x: int, y: int, request: Request, uow: Uow) -> Response:
    """Return the ground of a tile; the same for everybody."""
    return _tile(request, tiles.base(uow, TileAddress(z, x, y)), kept=_BASE_KEPT)


def _guarded(layer: str, act: Act, draw: Callable[[UnitOfWork, TileAddress], bytes]) -> None:
    @router.get(f"/{layer}/{{z}}/{{x}}/{{y}}.mvt", dependencies=[may(act)], name=f"tile_{layer}")
    def layer_tile(z: int, x: int, y: int, request: Request, uow: Uow) -> Response:
        return _tile(request, draw(uow, TileAddress(z, x, y)))


_guarded("zones", Act.READ_ZONES, tiles.zones)
_guarded("cells", Act.READ_INCIDENTS, tiles.cells)
_guarded("incidents", Act.READ_INCIDENTS, tiles.incidents)
