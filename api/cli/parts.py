"""The parts of a real deployment: migrate, worker."""

from __future__ import annotations

from typing import Annotated

import typer

from api import logs, worker
from api.cli import place
from api.demo import live
from api.wiring import House
from records import engine
from records.durability import refuse_unsafe

app = typer.Typer()


@app.command()
def migrate(
    revision: Annotated[str, typer.Option(help="How far to go; the newest without it.")] = "head",
) -> None:
    """Bring the database's schema up to date."""
    with place.plainly():
        url = place.settings().database_url
        refuse_unsafe(url)
        engine.migrate(url, revision)
        typer.echo("The schema is up to date.")


@app.command(name="worker")
def run_worker(
    *,
    demo: Annotated[bool, typer.Option(help="Let the invented city live: reports arrive, responders answer.")] = False,
) -> None:
    """Run what happens by itself: offers expire, check-ins fall due, positions are forgotten."""
    with place.plainly():
        logs.install()
        house = House(place.settings(), name="tandem-worker")
        try:
            worker.run(house, beside=live if demo else None)
        finally:
            house.close()
