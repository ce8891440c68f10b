"""Backups: a pair of keys, a sealed file, and the way back into an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli import place
from api.cli.account import Data
from api.cli.privacy import purged
from api.cli.up import data_folder
from api.settings import Settings
from records import engine, safekeeping
from records.cluster import PrivateCluster
from records.durability import refuse_unsafe
from records.errors import NotAKeyForBackups

app = typer.Typer()
_out = Console(highlight=False, soft_wrap=True)

To = Annotated[
    list[str],
    typer.Option("--to", help="A public key, age1…, as backup-key prints it; several for several holders."),
]
KEYS_APART = "The keys in the data folder are not in it: keep them apart, receipts and waiting reports need them."


@app.command(name="backup-key")
def backup_key(
    file: Annotated[Path, typer.Argument(help="Where the secret key goes; keep it off this machine.")],
) -> None:
    """Make a pair of keys for backups: the secret one into a file, the public one on standard output."""
    with place.plainly():
        typer.echo(safekeeping.new_key(file))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; there must be none of that name.")],
    *,
    to: To,
    data: Data = None,
) -> None:
    """Write everything of the database at one moment into one file, sealed to the keys of those who may open it."""
    with place.plainly():
        back_up(place.settings(data).database_url, file, to)


def back_up(url: str, file: Path, to: list[str]) -> None:
    """Make a backup and say so; raises what `records.safekeeping.back_up` does."""
    if not to:
        raise NotAKeyForBackups
    safekeeping.back_up(url, file, to)
    _out.print(f"{file}  {file.stat().st_size} bytes", markup=False)
    typer.echo(KEYS_APART, err=True)


@contextmanager
def _database(data: Path | None) -> Iterator[str]:
    """Give the environment's database, or the private one of a data folder, started for as long as this takes."""
    found = Settings.read()
    if found.database_url:
        yield place.settings(data).database_url
        return
    with PrivateCluster(data_folder(data, found)) as cluster:
        yield cluster.url()


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", exists=True, dir_okay=False)],
    *,
    key: Annotated[Path, typer.Option(help="The file of the secret key.", exists=True, dir_okay=False)],
    data: Data = None,
) -> None:
    """Bring a backup back into an empty database, bring it up to date, and forget what is past its limit."""
    with place.plainly(), _database(data) as url:
        refuse_unsafe(url)
        safekeeping.restore(url, file, key)
        engine.migrate(url)
        with place.house(data) as house:
            told, unusable = purged(house)
        _out.print(
            f"restored; {sum(each.found for each in told)} rows were past their limit and are gone", markup=False
        )
        typer.echo(
            "Whoever was signed in signs in again. Suspensions made since the backup are to be made again.", err=True
        )
        if unusable is not None:
            raise unusable
