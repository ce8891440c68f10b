"""The assembled command line: the api's commands, and those that need pages or drawings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli import account, bench, imports, parts, place, privacy, region, replay, safekeeping, token
from api.cli import network as networking
from api.cli import roster as rostering
from api.cli import up as upping
from api.cli.address import claim_port
from api.settings import VERSION, Settings
from records.errors import RecordsError
from web import reports, serving

app = typer.Typer(
    name="tandem",
    help="Tandem: the sighting map and buddy-pair dispatch for lawful community rapid-response networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (parts, imports, region, replay, token, privacy, safekeeping, bench):
    app.registered_commands += part.app.registered_commands
app.add_typer(account.app, name="account", help="People: add, voucher, suspend, lift, roles, passphrase.")
app.add_typer(networking.app, name="network", help="Networks: add, show, set.")
app.add_typer(rostering.app, name="roster", help="The roster: add.")


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tandem {VERSION}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Read what comes before the command."""


class DemoNotAsked(RecordsError):
    """This server holds a demo network, whose logins everybody knows; start it with --demo if you mean that."""


@app.command()
def up(
    *,
    port: Annotated[int, typer.Option(help="The port of the site.", min=1, max=65535)] = 8000,
    data: Annotated[Path | None, typer.Option(help="Where the database, the keys and the files live.")] = None,
    demo: Annotated[bool, typer.Option(help="Load the invented city and let it live.")] = True,
) -> None:
    """Start everything on this machine: database, site, worker; Ctrl-C stops it again."""
    with place.plainly():
        settings = Settings.read()
        settings.port = port
        settings.demo = demo
        settings.data_dir = upping.data_folder(data, settings)
        claim_port(settings)
        upping.up(settings, serve=serving.serve, with_demo=demo)


@app.command()
def serve(
    *,
    demo: Annotated[bool, typer.Option(help="Serve a demo network, whose logins everybody knows.")] = False,
) -> None:
    """Run the site of a real deployment."""
    with place.plainly():
        settings = place.settings()
        settings.demo = demo or settings.demo
        with place.house() as house:
            if house.default_network().kind == "demo" and not settings.demo:
                raise DemoNotAsked
            # Whatever ran out while nothing ran, or came back with a backup, is gone before anybody is answered.
            privacy.purged(house)
        serving.serve(settings)


app.registered_commands += reports.app.registered_commands
