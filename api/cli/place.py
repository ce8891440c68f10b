"""Where a command finds the database: the environment's, or the private one in the data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from api.errors import sentence_of
from api.settings import Settings
from api.wiring import House
from desk.errors import DeskError
from desk.networks import Numbers
from desk.unit_of_work import UnitOfWork
from geo.errors import GeoError
from records.cluster import PrivateCluster
from records.errors import DatabaseAway, RecordsError
from zones.errors import ZonesError

ROOT = Path(__file__).resolve().parents[2]


class NothingRuns(RecordsError):
    """No Tandem runs in this data folder; start one with ./tandem up, or set DATABASE_URL."""


def settings(data: Path | None = None) -> Settings:
    """Read the environment; without a database URL, point at the private database of the data folder.

    Raises
    ------
    NothingRuns
        There is no URL, and no private database was ever made in the data folder.
    """
    found = Settings.read()
    if data is not None:
        found.data_dir = data
    if not found.data_dir.is_absolute():
        found.data_dir = (ROOT if data is None else Path.cwd()) / found.data_dir
    if not found.database_url:
        cluster = PrivateCluster(found.data_dir)
        if not (cluster.data_dir / "postgres").exists():
            raise NothingRuns
        found.database_url = cluster.url()
    return found


@contextmanager
def house(data: Path | None = None, *, name: str = "tandem-console") -> Iterator[House]:
    """Open everything a command needs, and let go of it afterwards; raises NothingRuns."""
    opened = House(settings(data), name=name)
    try:
        yield opened
    except DatabaseAway as away:
        raise NothingRuns from away
    finally:
        opened.close()


@contextmanager
def act(data: Path | None = None, network: str | None = None) -> Iterator[UnitOfWork]:
    """Open one act of the console in the network of this slug, or in the default one; raises NothingRuns."""
    found = settings(data)
    found.network = network or found.network
    opened = House(found, name="tandem-console")
    try:
        with opened.act(opened.default_network().id) as uow:
            yield uow
    except DatabaseAway as away:
        raise NothingRuns from away
    finally:
        opened.close()


@contextmanager
def numbers_of(data: Path | None, slug: str) -> Iterator[Numbers]:
    """Open the numbers of the network of this slug, readable or not; raises NothingRuns, NoSuchNetwork."""
    with house(data) as opened, opened.numbers(slug) as numbers:
        yield numbers


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what went wrong into one sentence on standard error and exit code 1."""
    try:
        yield
    except (DeskError, RecordsError, GeoError, ZonesError, OSError) as error:
        typer.echo(sentence_of(error) or os.strerror(getattr(error, "errno", 0) or 0), err=True)
        raise typer.Exit(1) from error
