"""One process that answers: uvicorn without an access log and without a server header."""

from __future__ import annotations

import socket

import uvicorn

from api import logs
from api.settings import Settings
from web.main import create_site


class PortTaken(OSError):
    """This port is taken by another program; choose one with --port."""


def claim_port(settings: Settings) -> None:
    """Raise PortTaken where another program already listens; asked before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise PortTaken from error


def serve(settings: Settings) -> None:
    """Answer requests until told to stop; raises PortTaken."""
    claim_port(settings)
    logs.install()
    uvicorn.run(
        create_site(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        log_config=None,
        proxy_headers=False,
        loop="uvloop",
        http="httptools",
        timeout_graceful_shutdown=3,
    )
