"""What routes ask for: the act's transaction, who is asking, and the answer kept for a retry."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel

from api import security
from api.errors import KeyMissing, KeyUsedDifferently, TooMany
from api.limits import BUCKETS
from api.wiring import House
from desk import access, accounts
from desk.access import Act
from desk.unit_of_work import UnitOfWork
from records import ids
from records.enums import NetworkKind


def get_house(request: Request) -> House:
    """Return what was built at start."""
    house: House = request.app.state.house
    return house


def network_id_of(request: Request) -> int:
    """Return the network that the request's token names, the default one where it names none of ours."""
    named = security.network_of(security.token_of(request))
    default: int = request.app.state.default_network_id
    return named if named and get_house(request).has_network(named) else default


def known_network_id_of(request: Request) -> int | None:
    """Return what `network_id_of` does where that needs no look into the database, else None."""
    named = security.network_of(security.token_of(request))
    default: int = request.app.state.default_network_id
    if not named:
        return default
    return named if get_house(request).knows_network(named) else None


def get_uow(request: Request) -> Iterator[UnitOfWork]:
    """Open the act's transaction in the network of the token, or in the default one; commit before the answer."""
    with get_house(request).act(network_id_of(request)) as uow:
        request.state.network = uow.network
        yield uow


Uow = Annotated[UnitOfWork, Depends(get_uow, scope="function")]


def get_actor(request: Request, uow: Uow) -> access.Actor:
    """Return who is asking; a token that is not ours is nobody."""
    token = security.token_of(request)
    actor = accounts.recognise(uow, security.digest(token)) if token else access.ANONYMOUS
    request.state.actor = actor
    return actor


Actor = Annotated[access.Actor, Depends(get_actor, scope="function")]


class Entry:
    """States which act a route is; asked before the route runs, listed by a test for every route."""

    def __init__(self, act: Act) -> None:
        self.act = act

    def __call__(self, request: Request, actor: Actor, uow: Uow) -> None:
        """Refuse whoever may not do this; a token that has ended is asked to sign in, never taken as anonymous."""
        lapsed = not actor.known and security.token_of(request) is not None
        access.require(
            actor,
            self.act,
            anonymous_reports=uow.policy.intake.anonymous_reports and not lapsed,
            scripts_judge=uow.network.kind != NetworkKind.LIVE,
        )
        count(request, "doors", actor)


def may(act: Act) -> Any:
    """Return the dependency that lets in whoever may do this act: `dependencies=[may(Act.JUDGE)]`."""
    return Depends(Entry(act), scope="function")


class Once:
    """An Idempotency-Key: the same key and body get the first answer again, another body is refused."""

    def __init__(self, uow: UnitOfWork, account: int, key: str | None, body_sha256: bytes) -> None:
        self._uow = uow
        self._account = account
        self._key = key
        self._body_sha256 = body_sha256

    def answer(self, make: Callable[[], BaseModel], *, status: int = 201) -> JSONResponse:
        """Return the kept answer of this key, or make one, keep it in the same transaction, and return it.

        Raises
        ------
        KeyMissing
            There is no key.
        KeyUsedDifferently
            The key was used with another body.
        """
        if not self._key:
            raise KeyMissing
        kept = self._uow.answers.claim(self._account, self._key, self._body_sha256)
        if kept is not None:
            if kept.body_sha256 != self._body_sha256:
                raise KeyUsedDifferently
            return JSONResponse(kept.answer, status_code=kept.status or status)
        content = orjson.loads(make().model_dump_json(by_alias=True))
        self._uow.answers.keep(self._account, self._key, status, content)
        return JSONResponse(content, status_code=status)


async def _body_digest(request: Request) -> bytes:
    return hashlib.sha256(request.url.path.encode() + b"\0" + await request.body()).digest()


def get_once(
    uow: Uow,
    actor: Actor,
    body_sha256: Annotated[bytes, Depends(_body_digest)],
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Once:
    """Read the Idempotency-Key of a request; of its body only a keyed hash is kept, against which nobody can guess."""
    keyed = hmac.digest(uow.keys.receipt_key(), b"body\0" + body_sha256, "sha256")
    return Once(uow, actor.account_id or 0, idempotency_key, keyed)


Idempotent = Annotated[Once, Depends(get_once, scope="function")]

ShownId = Annotated[str, AfterValidator(lambda text: text.upper())]


def limited(bucket: str) -> Any:
    """Return the dependency that counts a request against a bucket of api.limits, by account or salted place."""
    assert bucket in BUCKETS, "a limit that is not in the table would never be counted"

    def spend(request: Request, actor: Actor) -> None:
        count(request, bucket, actor)

    return Depends(spend, scope="function")


def count(request: Request, bucket: str, actor: access.Actor) -> None:
    """Count a request against a bucket; raises TooMany."""
    wait_s = security.limits_of(request).spend(bucket, actor)
    if wait_s:
        raise TooMany(wait_s)


def read_id(text: str) -> int:
    """Return the number behind an id in an address; raises NotAnId (404)."""
    return ids.read(text)
