"""Sightings: reported, read by the desk, taken back."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api.callers import Caller, Callers
from api.deps import Actor, Uow, get_house, limited, may, read_id
from api.errors import KeyMissing, TooMany
from api.gather import Gather
from api.routes.quick import KEY_MOST, MAY_REPORT, QuickRoute
from api.routes.retrying import RetryingRoute
from api.schemas.sightings import Moment, ReceivedOut, RetractedOut, RetractIn, SightingIn, SightingsOut, bounds_of
from api.schemas.statements import HeardOut
from desk import alerts, board, intake
from desk.access import Act
from desk.errors import NotSignedIn
from desk.unit_of_work import UnitOfWork
from records import ids
from records.errors import NotAnId

router = APIRouter(prefix="/api/sightings", tags=["sightings"])
quick = APIRouter(prefix="/api/sightings", tags=["sightings"], route_class=QuickRoute)
retrying = APIRouter(tags=["sightings"], route_class=RetryingRoute)
"""What is tried again when two writers met; the gather sees to that itself for reports."""

_WRONG_MOST: Final = 5
_WAIT_S: Final = 3600
_IDS_KEPT: Final = 10_000


class WrongReceipts:
    """Counts wrong receipts by sighting, in this process: the sixth within an hour is told to wait.

    The right one is never kept waiting: 120 bits are not guessed, and whoever reads ids must not be able to stop a
    retraction.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[int, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, sighting_id: int) -> None:
        """Count one more, the longest untouched is forgotten first; raises TooMany."""
        now = self._clock()
        with self._lock:
            wrong = self._wrong.setdefault(sighting_id, deque(maxlen=_WRONG_MOST))
            self._wrong.move_to_end(sighting_id)
            while len(self._wrong) > _IDS_KEPT:
                self._wrong.popitem(last=False)
            while wrong and now - wrong[0] >= _WAIT_S:
                wrong.popleft()
            if len(wrong) == _WRONG_MOST:
                raise TooMany(int(_WAIT_S - (now - wrong[0])) + 1)
            wrong.append(now)


@quick.post("", status_code=201, response_model=ReceivedOut)
async def report(
    body: SightingIn,
    request: Request,
    *,
    caller: Annotated[Caller, Depends(MAY_REPORT)],
    idempotency_key: Annotated[str | None, Header(max_length=KEY_MOST)] = None,
) -> Response:
    """Store a sighting; the answer is given once it is committed, and says so where it is the first answer again."""
    if not idempotency_key:
        raise KeyMissing
    state = request.app.state
    content = await request.body()
    keyed = hmac.digest(get_house(request).keys.receipt_key(), b"body\0" + content, hashlib.sha256)
    told = body.report(caller.actor, idempotency_key, keyed)
    gather: Gather = state.gather
    try:
        received = await gather.received(caller.network.id, told, caller.token_sha256)
    except NotSignedIn:
        callers: Callers = state.callers
        callers.forget(caller.network.id, caller.token_sha256)
        raise
    headers = {"Idempotency-Replayed": "true"} if received.known else None
    shown = {"id": ids.shown(received.id), "receipt": received.receipt, "masked": received.masked}
    return Response(orjson.dumps(shown), status_code=201, headers=headers, media_type="application/json")


@router.get("", dependencies=[may(Act.READ_INCIDENTS)])
def every(
    uow: Uow,
    actor: Actor,
    *,
    incident: Annotated[str | None, Query(max_length=13)] = None,
    since: Moment | None = None,
    bbox: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> SightingsOut:
    """Return sightings, newest first, at the centres of their cells; of one opened incident exactly, and audited."""
    if incident is not None:
        return SightingsOut.of(board.sightings_of(uow, actor, read_id(incident)))
    bounds = None if bbox is None else bounds_of(bbox)
    return SightingsOut.of(*board.sightings(uow, since=since, bounds=bounds, limit=limit, cursor=cursor))


@retrying.post("/{sighting_id}/retract", dependencies=[may(Act.RETRACT), limited("retract")])
def retract(sighting_id: str, body: RetractIn, uow: Uow, request: Request) -> RetractedOut:
    """Take a sighting back with its receipt."""
    intake.retract(uow, _receipted(request, uow, sighting_id, body.receipt), body.receipt)
    return RetractedOut(id=sighting_id.upper())


@retrying.post("/{sighting_id}/status", dependencies=[may(Act.RETRACT), limited("retract")])
def status(sighting_id: str, body: RetractIn, uow: Uow, request: Request) -> HeardOut:
    """Say what became of a report, for whoever holds its receipt."""
    return HeardOut(status=alerts.heard(uow, _receipted(request, uow, sighting_id, body.receipt)))


def _receipted(request: Request, uow: UnitOfWork, sighting_id: str, receipt: str) -> int:
    """Return the sighting a receipt belongs to; only wrong ones are counted, and kept waiting."""
    try:
        number = read_id(sighting_id)
    except NotAnId as error:
        raise intake.NoSuchReceipt from error
    wrong: WrongReceipts = request.app.state.wrong_receipts
    try:
        intake.require_receipt(uow, number, receipt)
    except intake.NoSuchReceipt:
        wrong.count(number)
        raise
    return number


router.include_router(retrying)
