"""People, from the console: add an account, make a voucher, suspend."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli import place
from desk import accounts
from desk.accounts import passphrases
from desk.accounts.passphrases import Cost
from desk.unit_of_work import UnitOfWork
from records.enums import NetworkKind, Role

app = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)

Data = Annotated[Path | None, typer.Option(help="The data folder of a private database.")]
Network = Annotated[str | None, typer.Option(help="Slug of the network; the default one without it.")]
Roles = Annotated[list[Role], typer.Argument(help="What the account may be; one or several.", show_default=False)]
VouchedBy = Annotated[
    str | None, typer.Option(help="Alias of the organizer who knows this person; without it, a lineage of its own.")
]


def _warn(uow: UnitOfWork, roles: list[Role]) -> None:
    if Role.ADMIN in roles and set(roles) & accounts.READS_REPORTS and uow.network.kind != NetworkKind.LIVE:
        typer.echo("Outside a demo, who looks after the server may not also read reports.", err=True)


@app.command()
def add(
    roles: Roles,
    *,
    alias: Annotated[str | None, typer.Option(help="The alias; two fresh words without it.")] = None,
    vouched_by: VouchedBy = None,
    network: Network = None,
    data: Data = None,
) -> None:
    """Add an account; prints its alias and a passphrase, this once."""
    passphrase = passphrases.suggest()
    with place.plainly():
        with place.act(data, network) as uow:
            _warn(uow, roles)
            made = accounts.add(uow, set(roles), alias=alias, passphrase=passphrase, cost=Cost(), vouched_by=vouched_by)
        _out.print(f"alias       {made.alias}", markup=False)
        _out.print(f"passphrase  {passphrase}", markup=False)


@app.command()
def voucher(roles: Roles, *, vouched_by: VouchedBy = None, network: Network = None, data: Data = None) -> None:
    """Make a one-time code to hand over in person; it holds for 24 hours and is shown this once."""
    code = accounts.new_code()
    with place.plainly():
        with place.act(data, network) as uow:
            _warn(uow, roles)
            made = accounts.make_voucher(uow, None, set(roles), code=code, vouched_by=vouched_by)
        _out.print(f"code   {code}", markup=False)
        _out.print(f"until  {made.expires_at:%Y-%m-%d %H:%M} UTC", markup=False)


Who = Annotated[str, typer.Argument(help="Who.", show_default=False)]


@app.command()
def lift(alias: Who, *, network: Network = None, data: Data = None) -> None:
    """Let a suspended account in again."""
    with place.plainly():
        with place.act(data, network) as uow:
            accounts.lift_suspension(uow, alias)
        _out.print(f"{alias} may sign in again.", markup=False)


@app.command()
def roles(alias: Who, may_be: Roles, *, network: Network = None, data: Data = None) -> None:
    """Say anew what an account may be; its sessions end."""
    with place.plainly():
        with place.act(data, network) as uow:
            _warn(uow, may_be)
            accounts.change_roles(uow, alias, set(may_be))
        _out.print(f"{alias} is now {', '.join(sorted(may_be))}.", markup=False)


@app.command()
def passphrase(alias: Who, *, network: Network = None, data: Data = None) -> None:
    """Give somebody who lost theirs, or their phone, a new passphrase; shown this once, their sessions end."""
    fresh = passphrases.suggest()
    with place.plainly():
        with place.act(data, network) as uow:
            accounts.give_passphrase(uow, alias, fresh, cost=Cost())
        _out.print(f"passphrase  {fresh}", markup=False)


@app.command()
def suspend(
    alias: Who,
    *,
    network: Network = None,
    data: Data = None,
) -> None:
    """Suspend an account; its sessions end at once."""
    with place.plainly():
        with place.act(data, network) as uow:
            accounts.suspend(uow, None, alias)
        _out.print(f"{alias} is suspended.", markup=False)
