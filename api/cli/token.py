"""Bearer tokens for scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from api import security
from api.cli import place
from api.cli.account import Data, Network
from desk import accounts
from records.enums import Role

app = typer.Typer()


@app.command()
def token(
    role: Annotated[Role, typer.Argument(help="What the token may be.", show_default=False)],
    *,
    alias: Annotated[
        str | None, typer.Option(help="The account it speaks for; without it, a new one of this role.")
    ] = None,
    hours: Annotated[float, typer.Option(help="How long it holds, up to 30 days.", min=0.01, max=720)] = 12.0,
    network: Network = None,
    data: Data = None,
) -> None:
    """Print a bearer token for scripts, alone on standard output; only people judge, outside demo and rehearsal."""
    with place.plainly():
        with place.act(data, network) as uow:
            made = security.new_token(uow.network.id)
            accounts.script_token(
                uow, {role}, token_sha256=security.digest(made), alias=alias, lasts=timedelta(hours=hours)
            )
        typer.echo(made)
