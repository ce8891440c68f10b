"""The main job in one command: a private PostGIS, the newest schema, the demo network, site and worker."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import httpx
import typer

from api import demo
from api.cli.address import address
from api.cli.place import ROOT
from api.settings import Settings, handed_on
from api.wiring import House
from records import engine
from records.cluster import PrivateCluster
from records.durability import refuse_unsafe
from records.errors import RecordsError

_READY_S = 60.0
_STOP_S = 8.0


class PartStopped(RecordsError):
    """A part of Tandem stopped by itself; what it said stands above."""


class _Stop(BaseException):
    """Ctrl-C, or a request to end."""


def _say(text: str) -> None:
    typer.echo(f"· {text}", err=True)


def up(settings: Settings, *, with_demo: bool) -> None:
    """Start everything, say `ready`, stay until Ctrl-C, stop everything that was started and nothing else."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _Stop

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, stop)
    try:
        with ExitStack() as started:
            _prepare(settings, started, with_demo=with_demo)
            parts = [
                started.enter_context(_part("serve", settings, with_demo=with_demo)),
                started.enter_context(_part("worker", settings, with_demo=with_demo)),
            ]
            _wait_until_ready(settings, parts)
            _greet(settings, with_demo=with_demo)
            while all(part.poll() is None for part in parts):
                time.sleep(0.3)
            raise PartStopped
    except _Stop:
        _say("stopped")


def _prepare(settings: Settings, started: ExitStack, *, with_demo: bool) -> None:
    if not settings.database_url:
        cluster = PrivateCluster(settings.data_dir)
        _say("starting the private database")
        started.enter_context(cluster)
        settings.database_url = cluster.url()
    refuse_unsafe(settings.database_url)
    engine.migrate(settings.database_url)
    if with_demo:
        engine.ensure_network(settings.database_url, slug="demo", name="Demo network", kind="demo")
        house = House(settings, name="tandem-demo")
        try:
            demo.load(house, say=_say)
        finally:
            house.close()
    else:
        engine.ensure_network(settings.database_url, slug="home", name="Our network", kind="live")


@contextmanager
def _part(name: str, settings: Settings, *, with_demo: bool) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-P", "-m", "web", name, *(["--demo"] if with_demo else [])]
    told = {
        "DATABASE_URL": settings.database_url,
        "TANDEM_DATA_DIR": str(settings.data_dir),
        "TANDEM_HOST": settings.host,
        "TANDEM_PORT": str(settings.port),
        "TANDEM_NETWORK": "demo" if with_demo else "home",
        "PYTHONPATH": str(ROOT),
    }
    # A session of its own, so that Ctrl-C reaches us alone and we stop the parts in order.
    process = subprocess.Popen(  # noqa: S603 - our own words, no shell
        command,
        env=handed_on(told),
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(settings: Settings, parts: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        if any(part.poll() is not None for part in parts):
            raise PartStopped
        try:
            if httpx.get(f"{address(settings)}/readyz", timeout=2, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise PartStopped


def _greet(settings: Settings, *, with_demo: bool) -> None:
    typer.echo(f"Tandem is at {address(settings)}")
    if with_demo:
        for alias, role, passphrase in demo.logins():
            typer.echo(f"  {role:<12} {alias:<18} {passphrase}")
    else:
        typer.echo("  make the first account with: ./tandem account add organizer")
    typer.echo("ready")
    sys.stdout.flush()


def data_folder(data: Path | None, settings: Settings) -> Path:
    """Return the data folder as an absolute path: as the person gave it, or `data` beside the script."""
    if data is not None:
        return data.absolute()
    return settings.data_dir if settings.data_dir.is_absolute() else ROOT / settings.data_dir
