"""The roster, from the console: put a responder on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console

from api.cli import place
from api.cli.account import Data, Network
from desk import roster
from desk.access import ANONYMOUS
from desk.roster import Joining
from records.enums import CertificateKind, TravelMode

app = typer.Typer(no_args_is_help=True)
_out = Console(highlight=False, soft_wrap=True)


@app.callback()
def people() -> None:
    """Put people on the roster."""


@app.command()
def add(
    alias: Annotated[str, typer.Argument(help="A responder's alias.", show_default=False)],
    *,
    language: Annotated[list[str] | None, typer.Option(help="A language they speak, as `es`; several times.")] = None,
    mode: Annotated[TravelMode, typer.Option(help="How they move.")] = TravelMode.FOOT,
    observer: Annotated[bool, typer.Option("--observer", help="They were trained to observe.")] = False,
    days: Annotated[int, typer.Option(help="How long their training counts.", min=1, max=730)] = 365,
    network: Network = None,
    data: Data = None,
) -> None:
    """Put a trained responder on the roster, or change how they stand there."""
    trained = [CertificateKind.TRAINED, CertificateKind.OBSERVER] if observer else [CertificateKind.TRAINED]
    with place.plainly():
        with place.act(data, network) as uow:
            until = uow.now + timedelta(days=days)
            roster.join(
                uow,
                ANONYMOUS,
                Joining(
                    alias=alias,
                    languages=language or ["en"],
                    mode=mode.value,
                    certificates=[(kind.value, until) for kind in trained],
                ),
            )
        _out.print(f"{alias} is on the roster.", markup=False)
