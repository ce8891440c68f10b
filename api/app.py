"""The application over HTTP: routes, errors, and what guards every answer."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio.to_thread
from fastapi import APIRouter, FastAPI

from api import errors, middleware
from api.admission import Admission
from api.callers import Callers
from api.gather import Gather
from api.limits import Counters
from api.relay import Relay
from api.routes import (
    accounts,
    alarms,
    coverage,
    dispatches,
    events,
    health,
    holds,
    incidents,
    offers,
    patterns,
    plan,
    rehearsal,
    responders,
    session,
    sightings,
    statements,
    tiles,
    zones,
)
from api.settings import VERSION, Settings
from api.watch import LATE_S, Watch
from api.wiring import House

_COLLECT: Final = (10_000, 5, 500)
"""After how many new objects the collector looks at the young ones, and how seldom at all of them."""

ROUTERS: tuple[APIRouter, ...] = (
    sightings.quick,
    sightings.router,
    health.router,
    session.router,
    accounts.router,
    alarms.router,
    holds.router,
    rehearsal.router,
    events.router,
    tiles.router,
    zones.router,
    coverage.router,
    statements.router,
    incidents.router,
    dispatches.router,
    plan.router,
    offers.router,
    patterns.router,
    responders.router,
)
"""One router per resource; they are looked through for every request, so the busiest stands first."""


def create_app(settings: Settings) -> FastAPI:
    """Build the application; nothing is read from the environment here."""
    house = House(settings, name="tandem-api")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        app.state.default_network_id = house.default_network().id
        # What is loaded now stays: looking through it for garbage, and through the window, would stop everybody.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        app.state.watch.start()
        yield
        app.state.watch.close()
        await app.state.relay.close()
        app.state.gather.close()
        house.close()

    shown = "/openapi.json" if settings.demo else None
    app = FastAPI(title="Tandem", version=VERSION, openapi_url=shown, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.house = house
    app.state.counters = Counters()
    app.state.relay = Relay(house)
    app.state.watch = Watch(
        house, stream_works=lambda: app.state.relay.silent_s() < LATE_S, stands_in=settings.stands_in
    )
    app.state.gather = Gather(house, limit=settings.batch_limit)
    app.state.callers = Callers(house)
    app.state.wrong_receipts = sightings.WrongReceipts()
    errors.install(app)
    # Inside of the guards: what is too large, or not ours, never stands in the line.
    app.add_middleware(Admission, places=settings.pool_size)
    middleware.install(app, settings)
    for router in ROUTERS:
        app.include_router(router)
    return app
