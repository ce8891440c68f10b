"""The analyst's report: one file with everything in it, for inside the network; and the page it is asked for on."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.cli import place
from api.cli.account import Data, Network
from api.deps import Actor, Uow, limited, may
from desk import access, analytics, territory
from desk.access import Act
from desk.analytics import By, Period
from desk.unit_of_work import UnitOfWork
from web.templating import STATIC, fill

router = APIRouter()
app = typer.Typer()

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CONSOLE: Final = access.Actor(script=True)
_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
)


_SWITCHES: Final = "L_NO_TOUCH = false; L_DISABLE_3D = false;"


def _hash_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def contents(uow: UnitOfWork, actor: access.Actor, days: Period) -> dict[str, Any]:
    """Return what a report says about a period: counts by cell, activity, zone, agency and weekday, and times."""

    def counted(by: By) -> dict[str, Any]:
        return analytics.patterns(uow, actor, [by], days)

    found = {by.value: counted(by) for by in (By.CELL, By.ACTIVITY, By.ZONE, By.AGENCY, By.WEEKDAY)}
    for group in found["weekday"]["groups"]:
        group["weekday"] = _DAYS[int(group["weekday"])]
    return {
        "network": uow.network.name,
        "days": days,
        "made_at": uow.now,
        "tables": [(by, found[by]) for by in ("activity", "zone", "agency", "weekday")],
        "cells": found["cell"],
        "times": analytics.response_times(uow, days),
        "notice": analytics.INTERNAL,
    }


def one_file(uow: UnitOfWork, actor: access.Actor, days: Period) -> str:
    """Return the report as one HTML file that asks no host for anything."""
    from web import maps  # noqa: PLC0415 - drawing is slow to load, and only this needs it

    said = contents(uow, actor, days)
    outlines: Sequence[dict[str, Any]] = [territory.feature(zone) for zone in uow.zones.all()]
    script, style = maps.leaflet()
    drawn = maps.counts_map(said["cells"]["groups"], outlines)
    return fill(
        "analyst/file.html",
        **said,
        map=drawn,
        # A saved file has no headers: it carries its own policy, under which only these three scripts run.
        scripts_allowed=" ".join(map(_hash_of, (_SWITCHES, script, drawn["script"]))),
        switches=_SWITCHES,
        leaflet_script=script,
        leaflet_style=style,
        style=(STATIC / "report.css").read_text("utf-8"),
    )


@router.get(
    "/api/patterns/report",
    dependencies=[may(Act.READ_PATTERNS), limited("patterns")],
    tags=["patterns"],
    response_class=Response,
)
def report_file(
    _request: Request,
    uow: Uow,
    actor: Actor,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> Response:
    """Return the report as a file to keep inside the network."""
    days = analytics.period(uow, first, last)
    name = f"tandem-report-{days.first}-{days.last}.html"
    return Response(
        one_file(uow, actor, days),
        media_type="text/html",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": _POLICY},
    )


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="The file to write.", dir_okay=False)],
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")] = None,
    network: Network = None,
    data: Data = None,
) -> None:
    """Write the analyst's report of past incidents as one self-contained file, for inside the network."""
    with place.plainly():
        with place.act(data, network) as uow:
            days = analytics.period(uow, first.date() if first else None, last.date() if last else None)
            page = one_file(uow, _CONSOLE, days)
        out.write_text(page, "utf-8")
        typer.echo(f"The report of {days.first} to {days.last} is in {out.name}. It is {analytics.INTERNAL}.")
