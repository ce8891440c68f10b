"""Networks, from the console: make one, show one, set its numbers."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from rich.console import Console

from api.cli import place
from api.cli.account import Data
from desk import networks
from records import engine
from records.durability import refuse_unsafe
from records.enums import NetworkKind

app = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)

Slug = Annotated[str, typer.Argument(help="Small letters, digits and dashes.", show_default=False)]


@app.command()
def add(
    slug: Slug,
    *,
    name: Annotated[str, typer.Option(help="What people call it.", show_default=False)],
    data: Data = None,
) -> None:
    """Make a network; nothing happens where there is one of this slug already."""
    with place.plainly():
        networks.require_name(slug, name)
        url = place.settings(data).database_url
        refuse_unsafe(url)
        engine.ensure_network(url, slug=slug, name=name, kind=NetworkKind.LIVE)
        _out.print(f"{slug} is there.", markup=False)


@app.command()
def show(slug: Slug, *, data: Data = None) -> None:
    """Print what a network has set, as JSON; what is not there stands at its default."""
    with place.plainly(), place.numbers_of(data, slug) as numbers:
        typer.echo(orjson.dumps(numbers.own(), option=orjson.OPT_INDENT_2).decode())


@app.command(name="set")
def set_numbers(
    slug: Slug,
    numbers: Annotated[
        list[str],
        typer.Argument(help="PART.NAME=VALUE, as checkins.every=300; times in seconds.", show_default=False),
    ],
    *,
    data: Data = None,
) -> None:
    """Set numbers of a network, each no looser than its floor; mends a network whose numbers cannot be used."""
    with place.plainly():
        with place.numbers_of(data, slug) as kept:
            kept.set(numbers)
        _out.print(f"{len(numbers)} set.", markup=False)
