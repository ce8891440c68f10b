"""Zones: drawn, redrawn, removed, imported, looked up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from api.deps import Idempotent, Uow, limited, may, read_id
from api.schemas.zones import ZoneImportOut, ZoneIn, ZoneOut, ZonesOut
from desk import territory
from desk.access import Act
from geo.points import LonLat
from zones import loader

router = APIRouter(prefix="/api/zones", tags=["zones"])


@router.get("", dependencies=[may(Act.READ_ZONES)])
def every(
    uow: Uow,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    cursor: Annotated[str | None, Query(max_length=13)] = None,
) -> ZonesOut:
    """Return the zones by name, a page at a time."""
    return ZonesOut.page(uow.zones.all(), limit, cursor)


@router.get("/at", dependencies=[may(Act.READ_ZONES)])
def at(
    uow: Uow, lon: Annotated[float, Query(allow_inf_nan=False)], lat: Annotated[float, Query(allow_inf_nan=False)]
) -> ZonesOut:
    """Return the zones that a place lies in."""
    return ZonesOut(features=[ZoneOut.of(zone) for zone in territory.at(uow, LonLat(lon, lat))])


@router.post("", status_code=201, response_model=ZoneOut, dependencies=[may(Act.WRITE_ZONES)])
def draw(body: ZoneIn, uow: Uow, once: Idempotent) -> JSONResponse:
    """Draw a zone."""
    return once.answer(lambda: ZoneOut.of(territory.draw(uow, body.properties.name, body.geometry)))


async def _content(request: Request) -> bytes:
    return await request.body()


@router.post(
    "/import", status_code=201, response_model=ZoneImportOut, dependencies=[may(Act.WRITE_ZONES), limited("imports")]
)
def take_in(
    content: Annotated[bytes, Depends(_content)],
    uow: Uow,
    once: Idempotent,
    name_field: Annotated[str | None, Query(max_length=64)] = None,
) -> JSONResponse:
    """Take in a zone file, sent as the body: GeoJSON, a zipped shapefile or a GeoPackage."""
    return once.answer(
        lambda: ZoneImportOut.of(territory.take_in(uow, loader.load_bytes(content, name_field=name_field)))
    )


@router.get("/{zone_id}", dependencies=[may(Act.READ_ZONES)])
def one(zone_id: str, uow: Uow) -> ZoneOut:
    """Return one zone."""
    return ZoneOut.of(uow.zones.get(read_id(zone_id)))


@router.put("/{zone_id}", dependencies=[may(Act.WRITE_ZONES)])
def redraw(zone_id: str, body: ZoneIn, uow: Uow) -> ZoneOut:
    """Give a zone another name and outline."""
    return ZoneOut.of(territory.redraw(uow, read_id(zone_id), body.properties.name, body.geometry))


@router.delete("/{zone_id}", status_code=204, dependencies=[may(Act.WRITE_ZONES)])
def remove(zone_id: str, uow: Uow) -> Response:
    """Remove a zone."""
    territory.remove(uow, read_id(zone_id))
    return Response(status_code=204)
