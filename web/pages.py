"""Whole pages: the door, the live map, the report, the shift, the zones, the patterns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import demo, security
from api.deps import Actor, Uow, limited, may
from api.errors import TooMany, sentence_of, status_of
from api.routes import session
from api.schemas.accounts import SessionIn
from desk import access, accounts, analytics, territory
from desk.access import Act
from desk.accounts.errors import WrongAliasOrPassphrase
from desk.unit_of_work import UnitOfWork
from records.enums import Activity, Basis, IncidentStatus, NetworkKind, Role
from web import reports, texts
from web.alerts import told
from web.shift import at_work
from web.templating import render

router = APIRouter(include_in_schema=False)

_WHOLE_WORLD: Final = (-170.0, -55.0, 170.0, 72.0)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the bar, and the act it is for."""

    href: str
    key: str
    act: Act
    live: bool = False


PAGES: Final = (
    Page("/map", "nav.map", Act.READ_INCIDENTS, live=True),
    Page("/plan", "nav.plan", Act.DISPATCH),
    Page("/go", "nav.go", Act.RESPOND, live=True),
    Page("/zones", "nav.zones", Act.WRITE_ZONES),
    Page("/report", "nav.report", Act.READ_PATTERNS),
    Page("/pin", "nav.pin", Act.REPORT),
    Page("/alerts", "nav.alerts", Act.SEE_ALERTS, live=True),
)
"""In the order of who lands where: everybody begins at the first they may open."""


def _may(uow: UnitOfWork, actor: access.Actor, act: Act) -> bool:
    return access.may(actor, act, anonymous_reports=uow.policy.intake.anonymous_reports)


def _me(uow: UnitOfWork, actor: access.Actor, here: str) -> dict[str, Any]:
    """Return what the bar says: who this is, where they are, where else they may go."""
    return {
        "network": uow.network.name,
        "alias": actor.alias,
        "roles": sorted(actor.roles),
        "now": uow.now.isoformat(),
        "live": any(page.live and page.href == here for page in PAGES),
        "pages": [
            {"href": page.href, "key": page.key, "here": page.href == here}
            for page in PAGES
            if _may(uow, actor, page.act)
        ],
    }


def _bounds(uow: UnitOfWork) -> tuple[float, float, float, float]:
    return territory.extent(uow) or _WHOLE_WORLD


@router.get("/", dependencies=[may(Act.LOOK_AROUND)])
def begin(uow: Uow, actor: Actor) -> Response:
    """Go to the first page this person may open."""
    if not actor.known:
        return RedirectResponse("/sign-in", status_code=303)
    return RedirectResponse(next(page.href for page in PAGES if _may(uow, actor, page.act)), status_code=303)


# the door


def _door(
    request: Request, uow: UnitOfWork, where_next: str, problem: str | None = None, status: int = 200
) -> Response:
    return render(
        request,
        "account/sign_in.html",
        status,
        network=uow.network,
        next=_page_of(where_next),
        problem=problem,
        anonymous=uow.policy.intake.anonymous_reports,
        demo_logins=_demo_logins() if uow.network.kind == NetworkKind.DEMO else [],
    )


def _demo_logins() -> list[dict[str, str]]:
    return [
        {"alias": alias, "title": Role(role).value.capitalize(), "passphrase": passphrase}
        for alias, role, passphrase in demo.logins()
    ]


def _page_of(where_next: str) -> str:
    """Return a page of ours, or nothing: a redirect never leads elsewhere."""
    return where_next if where_next in {page.href for page in PAGES} else ""


@router.get("/sign-in", dependencies=[may(Act.SIGN_IN)])
def door(request: Request, uow: Uow, where_next: Annotated[str, Query(alias="next", max_length=40)] = "") -> Response:
    """Show the sign-in page."""
    return _door(request, uow, where_next)


@router.post("/sign-in", dependencies=[may(Act.SIGN_IN), limited("session"), Depends(session.over_safe_ground)])
def sign_in(
    request: Request,
    uow: Uow,
    alias: Annotated[str, Form()] = "",
    passphrase: Annotated[str, Form()] = "",
    where_next: Annotated[str, Query(alias="next", max_length=40)] = "",
) -> Response:
    """Begin a session and go where this person works."""
    response = RedirectResponse(_page_of(where_next) or "/", status_code=303)
    try:
        session.sign_in(SessionIn(alias=alias.strip(), passphrase=passphrase), request, response, uow)
    except ValidationError:
        return _door(
            request, uow, where_next, sentence_of(WrongAliasOrPassphrase()), status_of(WrongAliasOrPassphrase())
        )
    except (WrongAliasOrPassphrase, TooMany) as error:
        return _door(request, uow, where_next, sentence_of(error), status_of(error))
    return response


@router.post("/sign-out", dependencies=[may(Act.SIGN_IN)])
def sign_out(uow: Uow, token: Annotated[str | None, Depends(security.token_of)]) -> Response:
    """End the session, let the browser forget everything of ours, and show the door."""
    if token:
        accounts.sign_out(uow, security.digest(token))
    response = RedirectResponse("/sign-in", status_code=303, headers={"Clear-Site-Data": '"*"'})
    security.forget_in_browser(response)
    return response


# the desk


@router.get("/map", dependencies=[may(Act.READ_INCIDENTS)])
def live_map(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show the live map with the queue beside it."""
    return render(
        request,
        "desk/map.html",
        me=_me(uow, actor, "/map"),
        bounds=_bounds(uow),
        zones=_may(uow, actor, Act.READ_ZONES),
        dispatches=_may(uow, actor, Act.READ_DISPATCHES),
        words={code.value: texts.word(code.value) for code in (*IncidentStatus, *Activity)},
    )


@router.get("/plan", dependencies=[may(Act.DISPATCH)])
def plan(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show one plan for all open incidents, made when the page opens."""
    return render(request, "desk/plan.html", me=_me(uow, actor, "/plan"))


# the phones


@router.get("/pin", dependencies=[may(Act.REPORT)])
def pin(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show the page on which anybody reports a sighting."""
    return render(
        request,
        "pin/pin.html",
        me=_me(uow, actor, "/pin"),
        bounds=_bounds(uow),
        bases=[basis.value for basis in Basis],
        hotline=None,
        hotline_dial=None,
    )


@router.get("/go", dependencies=[may(Act.RESPOND)])
def go(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show a responder's own shift."""
    return render(request, "go/go.html", me=_me(uow, actor, "/go"), bounds=_bounds(uow), **at_work(uow, actor))


@router.get("/alerts", dependencies=[may(Act.SEE_ALERTS)])
def alerts(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show a member what stands in their zones, and what sets right what they read."""
    return render(request, "alerts/alerts.html", me=_me(uow, actor, "/alerts"), **told(uow, actor))


# quiet hours


@router.get("/zones", dependencies=[may(Act.WRITE_ZONES)])
def zones(request: Request, uow: Uow, actor: Actor) -> Response:
    """Show the zones on the map, to draw, rename, remove and import."""
    return render(request, "organizer/zones.html", me=_me(uow, actor, "/zones"), bounds=_bounds(uow))


@router.get("/report", dependencies=[may(Act.READ_PATTERNS), limited("patterns")])
def report(
    request: Request,
    uow: Uow,
    actor: Actor,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> Response:
    """Show counts of past incidents to an analyst."""
    days = analytics.period(uow, first, last)
    said = reports.contents(uow, actor, days)
    return render(request, "analyst/report.html", me=_me(uow, actor, "/report"), bounds=_bounds(uow), **said)
