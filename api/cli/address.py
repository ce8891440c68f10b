"""The address the site answers at."""

from __future__ import annotations

import socket

from api.settings import Settings


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


def address(settings: Settings) -> str:
    """Return where a browser on this machine finds the site."""
    return f"http://{settings.host}:{settings.port}"
