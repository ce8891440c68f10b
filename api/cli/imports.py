"""Files into the network: zones and sightings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli import place
from desk import territory
from zones import loader

app = typer.Typer()
_out = Console(highlight=False, soft_wrap=True)


@app.command(name="import-zones")
def import_zones(
    file: Annotated[Path, typer.Argument(help="GeoJSON, shapefile (also zipped) or GeoPackage, in any CRS.")],
    *,
    name_field: Annotated[str | None, typer.Option(help="The field that holds the zones' names.")] = None,
    force: Annotated[bool, typer.Option(help="Keep even what a repair changes by more than 5 %.")] = False,
    data: Annotated[Path | None, typer.Option(help="The data folder of a private database.")] = None,
) -> None:
    """Take in zones; print what was kept, repaired and refused, with a reason per feature."""
    with place.plainly():
        imported = loader.load(file, name_field=name_field, force=force)
        with place.house(data) as house, house.act(house.default_network().id) as uow:
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
