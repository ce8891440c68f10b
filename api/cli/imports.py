"""Files into the network: zones and sightings."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console

from api.cli import place
from api.cli.progress import bar
from api.cli.rehearsal import cast, reports
from api.errors import reason_of, sentence_of
from api.schemas.sightings import SightingIn
from api.wiring import House
from desk import accounts, intake, territory
from desk.access import Actor
from desk.unit_of_work import NetworkNow, UnitOfWork
from geo import frames
from geo.frames import RefusedRow
from geo.rows import SightingRow
from records.enums import AccountKind, Role
from zones import loader

app = typer.Typer()
_out = Console(highlight=False, soft_wrap=True)

_FEED = "imported-sightings"
"""Alias of the account that imported sightings come from: one feed, of no weight."""
_SHOWN = 200

NetworkOption = Annotated[str | None, typer.Option(help="Slug of a rehearsal network, instead of the default one.")]


@app.command(name="import-zones")
def import_zones(
    file: Annotated[Path, typer.Argument(help="GeoJSON, shapefile (also zipped) or GeoPackage, in any CRS.")],
    *,
    name_field: Annotated[str | None, typer.Option(help="The field that holds the zones' names.")] = None,
    force: Annotated[bool, typer.Option(help="Keep even what a repair changes by more than 5 %.")] = False,
    network: NetworkOption = None,
    data: Annotated[Path | None, typer.Option(help="The data folder of a private database.")] = None,
) -> None:
    """Take in zones; print what was kept, repaired and refused, with a reason per feature."""
    with place.plainly():
        imported = loader.load(file, name_field=name_field, force=force)
        with place.house(data) as house, house.act(network_of(house, network).id) as uow:
            territory.take_in(uow, imported)
        _out.print(f"CRS: {imported.crs}")
        for repaired in imported.repaired:
            _out.print(f"repaired  {repaired.index:>4}  {repaired.name}  (area {repaired.area_change_percent:+.2f} %)")
        for refused in imported.refused:
            _out.print(f"refused   {refused.index:>4}  {refused.name}  {refused.reason}", markup=False)
        if imported.overlaps:
            _out.print(f"{imported.overlaps} pairs of zones overlap")
        _out.print(
            f"{len(imported.kept)} kept, {len(imported.repaired)} of them repaired, {len(imported.refused)} refused"
        )
        if not imported.kept:
            raise typer.Exit(1)


@app.command(name="import-sightings")
def import_sightings(
    file: Annotated[Path, typer.Argument(help="Sightings as CSV, GeoJSON or GeoParquet.")],
    *,
    network: NetworkOption = None,
    data: Annotated[Path | None, typer.Option(help="The data folder of a private database.")] = None,
) -> None:
    """Take in recorded sightings; bad rows are reported with line and reason, and a second run adds nothing."""
    with place.plainly():
        rows = list(frames.numbered_sightings(file))
        count = Count()
        with place.house(data) as house, bar("sightings", len(rows)) as seen:
            network_id = network_of(house, network).id
            size = house.settings.batch_limit
            for start in range(0, len(rows), size):
                with house.act(network_id) as uow:
                    taken = take_in(uow, rows[start : start + size])
                count.add(taken)
                for refused in taken.refused:
                    _tell(refused, count)
                seen(len(rows[start : start + size]))
        _out.print(f"{count.kept} kept, {count.known} known already, {count.refused} refused")
        if not count.kept + count.known:
            raise typer.Exit(1)


@dataclass(slots=True)
class Taken:
    """What became of some rows."""

    kept: int = 0
    known: int = 0
    refused: list[RefusedRow] = field(default_factory=list)


@dataclass(slots=True)
class Count:
    """What became of all rows so far."""

    kept: int = 0
    known: int = 0
    refused: int = 0

    def add(self, taken: Taken) -> None:
        """Count some more."""
        self.kept += taken.kept
        self.known += taken.known
        self.refused += len(taken.refused)


def take_in(uow: UnitOfWork, rows: Sequence[tuple[int, SightingRow | RefusedRow]]) -> Taken:
    """Store rows of a file in one go, each under its own id; refused ones keep their line and get their reason."""
    taken = Taken(refused=[row for _, row in rows if isinstance(row, RefusedRow)])
    feed = _feed(uow)
    good: list[int] = []
    told: list[intake.Report] = []
    for line, row in rows:
        if isinstance(row, SightingRow):
            try:
                told.append(_report(uow, feed, row))
            except ValidationError as error:
                taken.refused.append(RefusedRow(line, reason_of(error)))
            else:
                good.append(line)
    for line, outcome in zip(good, intake.receive(uow, told), strict=True):
        if not isinstance(outcome, intake.Received):
            taken.refused.append(RefusedRow(line, sentence_of(outcome)))
        elif outcome.known:
            taken.known += 1
        else:
            taken.kept += 1
    taken.refused.sort(key=lambda row: row.line)
    return taken


def _feed(uow: UnitOfWork) -> Actor:
    account = uow.accounts.find(_FEED) or accounts.add(uow, [Role.SPOTTER], alias=_FEED, kind=AccountKind.FEED)
    return Actor(
        account_id=account.id, alias=_FEED, lineage=account.lineage, roles=frozenset({Role.SPOTTER}), script=True
    )


def _report(uow: UnitOfWork, feed: Actor, row: SightingRow) -> intake.Report:
    """Return a row as a report under its own id; a row has to be what the wire would take, too."""
    said = reports.body_of(row)
    told = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    digest = hmac.digest(uow.keys.receipt_key(), b"row\0" + told, hashlib.sha256)
    return SightingIn.model_validate(said).report(feed, reports.key_of(row), digest)


def _tell(refused: RefusedRow, count: Count) -> None:
    if count.refused <= _SHOWN:
        _out.print(f"line {refused.line}: {refused.reason}", markup=False)


def network_of(house: House, slug: str | None) -> NetworkNow:
    """Return the default network, or the one of this slug, which is made as a rehearsal where it is new."""
    known = {network.slug: network for network in house.networks()}
    if slug is None:
        return house.default_network()
    if slug not in known:
        _out.print(f"network {slug} is new: a rehearsal", markup=False)
        return cast.network_called(house, slug)
    return known[slug]
