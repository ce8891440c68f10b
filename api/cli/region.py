"""A region from OpenStreetMap into the network: base map, streets, public places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli import place
from api.cli.imports import NetworkOption, network_of
from api.cli.progress import bar
from desk import territory
from geo.region import Region, read_region
from records.values import GroundPiece

app = typer.Typer()
_out = Console(highlight=False, soft_wrap=True)

_WORDS: Mapping[str, str] = {
    "street": "streets drawn",
    "section": "sections of streets to travel on",
    "water": "waters",
    "park": "parks and woods",
    "landuse": "grounds",
    "building": "buildings",
    "place": "places with a name",
    "public corner": "street corners to meet at",
    "public crossing": "street corners for the look-up alone",
    "public stop": "stops to meet at",
    "public park": "edges of parks to meet at",
    "public house": "public houses to meet in front of",
}


@app.command(name="import-region")
def import_region(
    file: Annotated[Path, typer.Argument(help="An OpenStreetMap extract (.osm.pbf or .osm).")],
    *,
    network: NetworkOption = None,
    data: Annotated[Path | None, typer.Option(help="The data folder of a private database.")] = None,
) -> None:
    """Take in a region: base map, streets for travel times, corners and places to meet; again replaces it."""
    with place.plainly():
        with bar("objects read", None) as seen:
            region = read_region(file, seen=seen)
        with place.house(data) as house:
            network_id = network_of(house, network).id
            with house.act(network_id) as uow, bar("records written", None) as written:
                version = territory.take_in_region(uow, _ground(region), region.sections, region.spots, seen=written)
        _tell("read", region.read)
        _tell("kept", Counter({_WORDS.get(what, what): count for what, count in region.kept.items()}))
        _tell("skipped", region.skipped)
        _out.print(f"The region is in place, version {version}.")


def _ground(region: Region) -> list[GroundPiece]:
    return [GroundPiece(each.layer, each.kind, each.name, each.min_zoom, each.shape) for each in region.pieces]


def _tell(what: str, counted: Counter[str]) -> None:
    for reason, count in sorted(counted.items(), key=lambda each: (-each[1], each[0])):
        if count:
            _out.print(f"{what:<8} {count:>9,}  {reason}", markup=False)
