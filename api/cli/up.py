"""The main job in one command: a private PostGIS, the newest schema, the demo network, site and worker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import FrameType

import httpx
import typer

from api import demo, logs, worker
from api.cli.address import address
from api.cli.place import ROOT
from api.cli.privacy import purged
from api.settings import Settings
from api.wiring import House
from records import engine
from records.cluster import PrivateCluster
from records.durability import refuse_unsafe
from records.errors import ClusterFailed, RecordsError

_READY_S = 60.0
_STOP_S = 8.0
_AGAIN_S, _AGAIN_LATEST_S = 1.0, 10.0
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PartStopped(RecordsError):
    """A part of Tandem stopped by itself; what it said stands above."""


class _Stop(BaseException):
    """Ctrl-C, or a request to end."""


def _say(text: str) -> None:
    typer.echo(f"· {text}", err=True)


def up(settings: Settings, *, serve: Callable[[Settings], None], with_demo: bool) -> None:
    """Start everything, say `ready`, stay until Ctrl-C, stop everything that was started and nothing else.

    Parameters
    ----------
    settings
        What was set; the database and the network are filled in here.
    serve
        Answers requests until told to stop.
    with_demo
        Whether the invented city is loaded and lives.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _Stop

    for sign in _ENDS:
        signal.signal(sign, stop)
    try:
        with ExitStack() as started:
            cluster = _prepare(settings, started, with_demo=with_demo)
            parts = [
                started.enter_context(_part(lambda: serve(settings))),
                started.enter_context(_part(lambda: _work(settings, with_demo=with_demo))),
            ]
            _wait_until_ready(settings, parts)
            _greet(settings, with_demo=with_demo)
            while all(part.is_alive() for part in parts):
                time.sleep(0.3)
                if cluster is not None and not cluster.is_running():
                    _bring_back(cluster, parts)
            raise PartStopped
    except _Stop:
        _say("stopped")


def _bring_back(cluster: PrivateCluster, parts: Sequence[ForkProcess]) -> None:
    """Start the private database again, and again until it can: a full disk may be freed by somebody meanwhile."""
    _say("the private database has stopped; starting it again")
    wait_s, told = _AGAIN_S, False
    while all(part.is_alive() for part in parts):
        try:
            cluster.start_again()
        except ClusterFailed:
            if not told:
                _say("it cannot start yet; postgres.log in the data folder says why. Tried again until it can")
            told = True
            time.sleep(wait_s)
            wait_s = min(_AGAIN_LATEST_S, 2 * wait_s)
        else:
            _say("the private database is back")
            return


def _prepare(settings: Settings, started: ExitStack, *, with_demo: bool) -> PrivateCluster | None:
    cluster = None
    if not settings.database_url:
        cluster = PrivateCluster(settings.data_dir)
        _say("starting the private database")
        started.enter_context(cluster)
        settings.database_url = cluster.url()
    settings.network = "demo" if with_demo else "home"
    refuse_unsafe(settings.database_url)
    engine.migrate(settings.database_url)
    name, kind = ("Demo network", "demo") if with_demo else ("Our network", "live")
    engine.ensure_network(settings.database_url, slug=settings.network, name=name, kind=kind)
    house = House(settings, name="tandem-demo" if with_demo else "tandem-console")
    try:
        if with_demo:
            demo.load(house, say=_say)
        # Whatever ran out while nothing ran is gone before anybody is answered.
        purged(house)
    finally:
        house.close()
    return cluster


@contextmanager
def _part(run: Callable[[], None]) -> Iterator[ForkProcess]:
    """Run a part as a process of its own, forked from this one: everything is loaded once, not three times."""
    process = multiprocessing.get_context("fork").Process(target=_alone, args=(run, os.getpid()))
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(_STOP_S)
        if process.is_alive():
            process.kill()
            process.join()


def _alone(run: Callable[[], None], starter: int) -> None:
    # A session of its own, so that Ctrl-C reaches the starter alone, who stops the parts in order.
    os.setsid()
    for sign in _ENDS:
        signal.signal(sign, signal.SIG_DFL)
    threading.Thread(target=_follow_into_the_end, args=(starter,), daemon=True).start()
    run()


def _follow_into_the_end(starter: int) -> None:
    while os.getppid() == starter:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _work(settings: Settings, *, with_demo: bool) -> None:
    logs.install()
    house = House(settings, name="tandem-worker")
    try:
        worker.run(house, beside=demo.live if with_demo else None)
    finally:
        house.close()


def _wait_until_ready(settings: Settings, parts: Sequence[ForkProcess]) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        if not all(part.is_alive() for part in parts):
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
