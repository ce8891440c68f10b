"""One process that answers: uvicorn without an access log and without a server header."""

from __future__ import annotations

import uvicorn

from api import logs
from api.cli.address import claim_port
from api.settings import Settings
from web.main import create_site
from web.patience import PatientProtocol


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
        http=PatientProtocol,
        timeout_graceful_shutdown=3,
    )
