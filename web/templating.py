"""Jinja set up once, the static files under one content hash, and the import map with its hash for the policy."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from web import texts
from web.packed import Kept, gzipped, takes_gzip

_HERE = Path(__file__).resolve().parent
STATIC = _HERE / "static"


def _content_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


VERSION = _content_hash(STATIC)
"""Changes with any static file, so that every file may be kept by the browser for ever under its address."""


def static(path: str) -> str:
    """Return the address of a static file."""
    return f"/static/{VERSION}/{path}"


IMPORT_MAP = json.dumps(
    {
        "imports": {
            "maplibre-gl": static("vendor/maplibre-gl.mjs"),
            "terra-draw": static("vendor/terra-draw.js"),
            "terra-draw-maplibre-gl-adapter": static("vendor/terra-draw-maplibre-gl-adapter.js"),
            "h3-js": static("vendor/h3-js.js"),
        }
    },
    separators=(",", ":"),
)
"""The only inline script: where the bare names of our libraries stand."""

IMPORT_MAP_CSP = f"sha256-{base64.b64encode(hashlib.sha256(IMPORT_MAP.encode()).digest()).decode()}"


def minutes_since(moment: str | datetime, now: datetime) -> int:
    """Return whole minutes from `moment` to `now`, never below zero."""
    return max(0, int((now - _instant(moment)).total_seconds() // 60))


def clock_time(moment: str | datetime | None) -> Markup:
    """Return a `<time>` that the page shows in the reader's own time zone; without scripts it reads UTC."""
    if moment is None:
        return Markup("")
    at = _instant(moment).astimezone(UTC)
    return Markup('<time datetime="{}" data-clock>{} UTC</time>').format(
        at.isoformat(timespec="seconds").replace("+00:00", "Z"), at.strftime("%H:%M")
    )


def clock_day(moment: str | datetime | None) -> Markup:
    """Return a `<time>` for a moment that may be days away: the page adds the day where it is another."""
    if moment is None:
        return Markup("")
    at = _instant(moment).astimezone(UTC)
    return Markup('<time datetime="{}" data-clock data-day>{} UTC</time>').format(
        at.isoformat(timespec="seconds").replace("+00:00", "Z"), at.strftime("%d.%m. %H:%M")
    )


def _instant(moment: str | datetime) -> datetime:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment


def as_minutes(seconds: float | None) -> str:
    """Return a duration as whole minutes in words."""
    if seconds is None:
        return "-"
    return f"{max(1, round(seconds / 60))} min"


def signed(weight: float) -> str:
    """Return a reason's weight with its sign."""
    return f"{weight:+.1f}".replace("-", "\N{MINUS SIGN}")


_env = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_env.filters |= {
    "clock": clock_time,
    "clock_day": clock_day,
    "minutes": as_minutes,
    "signed": signed,
    "word": texts.word,
}
_env.globals |= {
    "static": static,
    "import_map": Markup(IMPORT_MAP),  # noqa: S704 - made above from our own constants
    "minutes_since": minutes_since,
}


PACKED: Final = frozenset({"account/sign_in.html", "pin/pin.html", "desk/map.html", "organizer/zones.html"})
"""The pages that go out compressed: those in which nothing stands that somebody else wrote.

The length of a compressed page tells whoever listens whether two words in it are alike. Where a stranger's words stand
beside others', as in every panel, they could guess their way to the others letter by letter.
"""

_PAGE_LEVEL: Final = 6


def render(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """Return a template as a response; `t` in it is the text of the reader's language."""
    lang = texts.language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))
    page = _env.get_template(template).render(lang=lang, t=texts.speaker(lang), **context)
    if template not in PACKED:
        return HTMLResponse(page, status_code=status)
    if not takes_gzip(request.headers.get("accept-encoding", "")):
        return HTMLResponse(page, status_code=status, headers={"Vary": "Accept-Encoding"})
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return HTMLResponse(gzipped(page.encode(), _PAGE_LEVEL), status_code=status, headers=headers)


def fill(template: str, /, **context: Any) -> str:
    """Return a template as text, in English; for files that are no page of the site."""
    return _env.get_template(template).render(lang=texts.LANGUAGES[0], t=texts.speaker(texts.LANGUAGES[0]), **context)


def install(app: FastAPI) -> None:
    """Serve the static files, and tell the policy of the headers about the import map."""
    app.mount(f"/static/{VERSION}", Kept(directory=STATIC), name="static")
    app.state.csp_hashes.add(IMPORT_MAP_CSP)
