"""What is held of whom, and forgetting at once: for whoever looks after the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from rich.console import Console

from api.cli import place
from api.cli.account import Data, Network
from api.cli.progress import bar
from api.wiring import House
from desk import retention, roster
from desk.alerts import forget_readers
from desk.policy import PolicyUnusable
from desk.unit_of_work import UnitOfWork

app = typer.Typer()
_out = Console(highlight=False, soft_wrap=True)
_ALL: Final = (roster.forget_positions, forget_readers, *retention.REAPERS)


@app.command(name="what-we-hold")
def what_we_hold(
    alias: Annotated[str, typer.Argument(help="Whose.", show_default=False)],
    *,
    network: Network = None,
    data: Data = None,
) -> None:
    """Print everything that is held of one person: what lasts with the account, and rows with the day they go."""
    with place.plainly():
        with place.act(data, network) as uow:
            found = retention.what_we_hold(uow, alias)
        _out.print(f"lasting, {len(found.lasting)} headings", markup=False)
        for heading, values in found.lasting.items():
            for name, value in values.items():
                _out.print(f"  {heading:<16} {name:<28} {value}", markup=False)
        _out.print("passing, rows of each table and the day the last of them goes", markup=False)
        for held in found.passing:
            until = "with the account" if held.until is None else held.until.isoformat()
            _out.print(f"  {held.table:<16} {held.rows:>5}  {until:<16}  {held.what}", markup=False)


@app.command()
def purge(*, data: Data = None) -> None:
    """Forget at once, in every network, whatever is past its limit; prints how much of what."""
    with place.plainly(), place.house(data) as house:
        told, unusable = purged(house)
        for each in told:
            _out.print(f"{each.network:<20} {each.what:<20} {each.found}", markup=False)
        if unusable is not None:
            raise unusable


@dataclass(frozen=True, slots=True)
class Purged:
    """How much of one kind was forgotten in one network."""

    network: str
    what: str
    found: int


def purged(house: House) -> tuple[list[Purged], PolicyUnusable | None]:
    """Forget in every network whatever is past its limit, each verb until it finds nothing; return how much of what.

    A network whose numbers cannot be used is passed over, and returned as the fault it is.
    """
    told: list[Purged] = []
    unusable = None
    networks = house.networks()
    with bar("forgetting", len(networks) * len(_ALL)) as done:
        for network in networks:
            for verb in _ALL:
                try:
                    found = _all_of(house, network.id, verb)
                except PolicyUnusable as error:
                    unusable = error
                else:
                    told.append(Purged(network.slug, verb.__name__.removeprefix("forget_").replace("_", " "), found))
                done(1)
    return told, unusable


def _all_of(house: House, network_id: int, verb: Callable[[UnitOfWork], int]) -> int:
    found = 0
    while True:
        with house.act(network_id) as uow:
            more = verb(uow)
        if not more:
            return found
        found += more
