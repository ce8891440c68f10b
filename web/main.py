"""The site: the application over HTTP, its pages, and the files they need."""

from __future__ import annotations

from fastapi import FastAPI

from api.app import create_app
from api.settings import Settings
from web import alerts, pages, panels, plans, refusals, reports, shift, templating


def create_site(settings: Settings) -> FastAPI:
    """Build the whole site; nothing is read from the environment here."""
    app = create_app(settings)
    templating.install(app)
    refusals.install(app)
    app.include_router(pages.router)
    app.include_router(panels.router)
    app.include_router(shift.router)
    app.include_router(alerts.router)
    app.include_router(plans.router)
    app.include_router(reports.router)
    return app
