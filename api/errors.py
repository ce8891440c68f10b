"""THE table: error -> status, as RFC 9457 problems that never echo what was sent."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from api.arriving import BodyTooSlow
from api.line import TooFull
from desk import errors as desk
from desk import rehearsal
from desk.accounts import errors as accounts
from desk.policy import PolicyUnusable
from geo.errors import GeoError
from matcher.errors import NoMeetingPoint
from records import errors as records
from zones import errors as zones


class BodyTooLarge(Exception):
    """This is too large to take in."""


class HeadTooLarge(Exception):
    """The headers of this request are too many or too long."""


class KeyUsedDifferently(Exception):
    """This Idempotency-Key was used before with another body."""


class KeyMissing(Exception):
    """Please send an Idempotency-Key with this request, so that a retry cannot do it twice."""


class TooMany(Exception):
    """That was a lot at once; please wait a moment and send it again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class WrongOrigin(Exception):
    """This request did not come from our own pages."""


class PlainHttpElsewhere(Exception):
    """Please sign in over https, or on the machine itself; a passphrase must not travel in the open."""


STATUS: dict[type[Exception], int] = {
    desk.NotSignedIn: 401,
    desk.NotAllowed: 403,
    accounts.WrongAliasOrPassphrase: 401,
    WrongOrigin: 403,
    PlainHttpElsewhere: 403,
    accounts.VoucherRoles: 403,
    accounts.NoSuchAlias: 404,
    desk.NotFound: 404,
    records.NoSuchRecord: 404,
    records.NoSuchNetwork: 404,
    records.NotAnId: 404,
    zones.ZoneNotFound: 404,
    desk.NotLawful: 409,
    NoMeetingPoint: 409,
    desk.OneDispatchPerPlace: 409,
    desk.ResponderAlreadyTaken: 409,
    desk.NotAnnounceable: 409,
    desk.AlreadySaid: 409,
    desk.SecondPersonNeeded: 409,
    desk.OneWhoDidNotJudge: 409,
    desk.AlreadyHeld: 409,
    desk.HoldTakesTwo: 409,
    desk.NobodyGoesAlone: 409,
    desk.BothMustBeThere: 409,
    desk.BriefNotRead: 409,
    desk.OnCallLongEnough: 409,
    desk.RestNeverShortened: 409,
    desk.NotVerified: 409,
    desk.TwoPeopleVerify: 409,
    desk.CertificateMissing: 409,
    desk.DispatchNeverMoves: 409,
    desk.MoveNotSeen: 409,
    desk.OfferNoLongerOpen: 409,
    desk.IncidentIsOver: 409,
    desk.CallBackFirst: 409,
    desk.NobodyToAsk: 409,
    desk.NoMeetingPointYet: 409,
    desk.PairDoesNotFit: 409,
    desk.IncidentStandsDifferently: 409,
    desk.PlanHasChanged: 409,
    desk.NotAResponder: 409,
    desk.RulesNotRead: 409,
    desk.AlreadyJudged: 409,
    desk.AlreadyKeptApart: 409,
    desk.MergedMeanwhile: 409,
    desk.NameTaken: 409,
    desk.AliasTaken: 409,
    desk.StillNeeded: 409,
    desk.DatabaseRefused: 409,
    accounts.VoucherUnusable: 409,
    accounts.VouchersUsedUp: 409,
    accounts.AdminReadsNothing: 409,
    accounts.NoFreeAlias: 409,
    rehearsal.OnlyRehearsals: 409,
    rehearsal.ClockRunsForward: 409,
    records.TryAgain: 409,
    BodyTooSlow: 408,
    BodyTooLarge: 413,
    zones.ZoneFileTooLarge: 413,
    zones.TooManyZones: 413,
    GeoError: 422,
    zones.ZonesError: 422,
    desk.DeskError: 422,
    records.NotStorable: 422,
    KeyUsedDifferently: 422,
    KeyMissing: 422,
    TooMany: 429,
    HeadTooLarge: 431,
    TooFull: 503,
    accounts.ManySignIn: 503,
    records.DatabaseAway: 503,
    PolicyUnusable: 503,
}
"""Looked up by the error's class and then its parents."""

_PLAIN_WORD = re.compile(r"[a-z_]{1,30}")

MEDIA_TYPE = "application/problem+json"

RACED = "tandem.raced"
"""Set in a request's scope when its act failed because another was a moment faster: see `api.routes.retrying`."""


def status_of(error: Exception) -> int:
    """Return the status code of an error; 500 for what nobody foresaw."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return 500


def sentence_of(error: Exception) -> str:
    """Return the one sentence that people read about an error; the class says it, never the value."""
    return next((kind.__doc__.strip() for kind in type(error).__mro__ if kind.__doc__), "").split("\n")[0]


def problem(
    status: int,
    title: str,
    *,
    fields: list[dict[str, str]] | None = None,
    more: dict[str, Any] | None = None,
    **headers: str,
) -> JSONResponse:
    """Return an RFC 9457 problem; `more` are members of its own."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status} | (more or {})
    if fields:
        body["errors"] = fields
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def answer(request: Request, error: Exception) -> JSONResponse:
    """Answer with the table's status and the error's own sentence."""
    if desk.raced(error):
        request.scope[RACED] = True
    status = status_of(error)
    if status == 500:
        return problem(500, "Something went wrong on our side; nothing was half-stored.")
    field = getattr(error, "field", None)
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooMany) else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "2"
    title = sentence_of(error)
    fields = [{"field": field, "detail": title}] if field else None
    return problem(status, title, fields=fields, more=getattr(error, "more", None), **headers)


def install(app: FastAPI) -> None:
    """Teach an application to answer with problems."""
    for kind in STATUS:
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, answer)

    @app.exception_handler(RequestValidationError)
    def unreadable(_request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [{"field": _field(each), "detail": _detail(each)} for each in error.errors()]
        first = fields[0]
        return problem(422, f"{first['field']}: {first['detail']}", fields=fields)

    @app.exception_handler(HTTPException)
    def plain(_request: Request, error: HTTPException) -> JSONResponse:
        titles = {
            400: "The body of this request cannot be read.",
            404: "There is nothing at this address.",
            405: "This address does not take that method.",
        }
        return problem(error.status_code, titles.get(error.status_code, "This request cannot be answered."))


def reason_of(found: ValidationError) -> str:
    """Return the first thing that a validator found, as `field: sentence`; the value is never repeated."""
    first = found.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {_detail(first)}"


_DETAILS = {
    "missing": "This is needed.",
    "extra_forbidden": "This is not a field we know.",
    "literal_error": "This is not one of the words we know.",
    "enum": "This is not one of the words we know.",
    "string_too_long": "This is too long.",
    "string_too_short": "This is too short.",
    "string_unicode": "This is not text in Unicode.",
    "too_long": "These are too many.",
    "too_short": "These are too few.",
    "json_invalid": "This is not JSON.",
    "int_parsing": "This must be a whole number.",
    "int_from_float": "This must be a whole number.",
    "int_type": "This must be a whole number.",
    "float_type": "This must be a number.",
    "float_parsing": "This must be a number.",
    "finite_number": "This must be a finite number.",
    "greater_than_equal": "This is too small.",
    "less_than_equal": "This is too large.",
    "datetime_parsing": "This must be a time like 2026-11-20T14:03:00Z.",
    "datetime_from_date_parsing": "This must be a time like 2026-11-20T14:03:00Z.",
    "datetime_type": "This must be a time like 2026-11-20T14:03:00Z.",
    "date_from_datetime_parsing": "This must be a day like 2026-11-20.",
    "date_from_datetime_inexact": "This must be a day like 2026-11-20.",
    "date_parsing": "This must be a day like 2026-11-20.",
    "timezone_aware": "This time needs its zone, such as Z.",
    "string_type": "This must be text.",
    "string_pattern_mismatch": "This is not written the way we expect.",
    "bool_parsing": "This must be true or false.",
    "bool_type": "This must be true or false.",
    "list_type": "This must be a list.",
    "model_attributes_type": "This must be an object.",
    "model_type": "This must be an object.",
    "dict_type": "This must be an object.",
}
"""What a validator found, in plain words; the value itself is never repeated."""


def _field(found: Any) -> str:
    """Name the field that is wrong; a name that only the sender knows is repeated only if it is a plain word."""
    place = [str(part) for part in found["loc"][1:]]
    if found["type"] == "extra_forbidden" and not _PLAIN_WORD.fullmatch(place[-1]):
        place.pop()
    return ".".join(place) or "body"


def _detail(found: Any) -> str:
    own = found.get("ctx", {}).get("error")
    if found["type"] == "value_error" and own is not None:
        return sentence_of(own) if type(own) is not ValueError else str(own)
    return _DETAILS.get(found["type"], "This cannot be read.")
