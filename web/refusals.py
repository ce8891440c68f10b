"""What a person reads on a page that is not for them: the same sentence as over HTTP, or the way to the door."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from api import errors as api
from desk.errors import NotAllowed, NotAResponder, NotSignedIn, PlanHasChanged
from web.templating import render

_NOT_PAGES: Final = ("/api/", "/tiles/", "/panels/", "/static/")


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith(_NOT_PAGES) and "text/html" in request.headers.get("accept", "")


def install(app: FastAPI) -> None:
    """Teach the site to refuse in words where a browser asks for a page; other answers stay problems."""

    @app.exception_handler(NotSignedIn)
    def to_the_door(request: Request, error: NotSignedIn) -> Response:
        if _is_page(request):
            return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", status_code=303)
        return api.answer(request, error)

    def in_words(request: Request, error: Exception) -> Response:
        if _is_page(request):
            return render(request, "account/problem.html", api.status_of(error), problem=api.sentence_of(error))
        return api.answer(request, error)

    for kind in (NotAllowed, NotAResponder):
        app.add_exception_handler(kind, in_words)

    @app.exception_handler(PlanHasChanged)
    def plan_changed(request: Request, error: PlanHasChanged) -> Response:
        if not request.url.path.startswith("/panels/"):
            return api.answer(request, error)
        # Nothing was kept when this is drawn: the act ended with the error.
        said = render(request, "desk/plan_changed.html", problem=api.sentence_of(error), changes=error.changes)
        said.headers["HX-Retarget"] = "#plan-said"
        return said

    elsewhere = app.exception_handlers[HTTPException]

    @app.exception_handler(HTTPException)
    def nothing_here(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404 and _is_page(request):
            return render(request, "account/problem.html", 404, problem="There is nothing at this address.")
        answer: Response = elsewhere(request, error)  # type: ignore[assignment]  # ours is a plain function
        return answer
