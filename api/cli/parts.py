"""The parts of a real deployment: migrate, worker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api import logs, worker
from api.cli import place
from api.cli.safekeeping import back_up
from api.demo import live
from api.wiring import House
from records import engine
from records.durability import refuse_unsafe
from records.errors import RecordsError

app = typer.Typer()


class DownNeedsABackup(RecordsError):
    """Going down takes out what is there: please name a backup to make first, with --backup FILE --to KEY."""


class NotTyped(RecordsError):
    """That was not the name of the database, so nothing was changed."""


@app.command()
def migrate(
    revision: Annotated[str, typer.Option(help="How far to go; the newest without it.")] = "head",
    *,
    backup: Annotated[Path | None, typer.Option(help="The backup to make before going down.")] = None,
    to: Annotated[list[str] | None, typer.Option("--to", help="Whom that backup is sealed to.")] = None,
) -> None:
    """Bring the database's schema up to date; the way down needs a backup and the database's name, typed."""
    with place.plainly():
        url = place.settings().database_url
        refuse_unsafe(url)
        if engine.goes_down(url, revision):
            if backup is None or not to:
                raise DownNeedsABackup
            back_up(url, backup, to)
            name = engine.name_of(url)
            if typer.prompt(f"Type {name} to take it out of the database", default="", show_default=False) != name:
                raise NotTyped
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
