"""Token -> account: where a token stands in a request, what is kept of it, and how much it may ask at once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request, Response

from api.limits import Counters
from api.settings import Settings
from desk.access import Actor
from desk.accounts.passphrases import Cost
from records.enums import NetworkKind

COOKIE = "__Host-tandem"
_SECRET_BYTES = 32


def new_token(network_id: int) -> str:
    """Return a fresh opaque token of 256 random bits; it names its network so that the right rows can be opened."""
    return f"{network_id}.{secrets.token_urlsafe(_SECRET_BYTES)}"


def digest(token: str) -> bytes:
    """Return what is kept of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()


def token_of(request: Request) -> str | None:
    """Return the token of a request: `Authorization: Bearer`, else the session cookie."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential:
        return credential.strip()
    return request.cookies.get(COOKIE)


def network_of(token: str | None) -> int | None:
    """Return the network that a token names, None where it names none."""
    number, dot, _ = (token or "").partition(".")
    if dot and number.isascii() and number.isdigit() and len(number) < 10:
        return int(number)
    return None


def keep_in_browser(response: Response, token: str, *, lasts: timedelta) -> None:
    """Hand a token to a browser, out of reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE, token, max_age=int(lasts.total_seconds()), path="/", secure=True, httponly=True, samesite="strict"
    )


def forget_in_browser(response: Response) -> None:
    """Take the token back from a browser."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


def is_safe_ground(request: Request) -> bool:
    """Return whether a passphrase may travel here: https up to our proxy, or no network at all."""
    if request.app.state.house.settings.public_origin.startswith("https://") or request.url.scheme == "https":
        return True
    host = request.url.hostname or ""
    return host in {"localhost", "127.0.0.1", "::1"}


def cost_of(settings: Settings) -> Cost:
    """Return what a passphrase hash costs here."""
    return Cost(memory_kib=settings.passphrase_memory_kib)


@dataclass(frozen=True, slots=True)
class Limits:
    """The counters, as one request sees them."""

    counters: Counters
    address: str
    network: str
    kind: str

    def spend(self, bucket: str, actor: Actor, cost: int = 1) -> int:
        """Count a request against a bucket of api.limits; return the seconds to wait, 0 where all is well."""
        return self.counters.spend(bucket, actor, address=self.address, network=self.network, kind=self.kind, cost=cost)

    @property
    def place(self) -> str:
        """Where the request comes from, as a salted token that means nothing tomorrow."""
        return self.counters.places.token(self.address)

    def try_to_sign_in(self, alias: str) -> int:
        """Take the turn of this alias from here; return the seconds to wait where it has none, 0 where it has."""
        return self.counters.delays.taken(f"{self.network}/{alias}", self.counters.places.door(self.address))

    def end_tries(self, alias: str) -> None:
        """Forget the tries of this alias from here: the passphrase was right, or was never looked at."""
        self.counters.delays.over(f"{self.network}/{alias}", self.counters.places.door(self.address))


def limits_of(request: Request, *, kind: str | None = None) -> Limits:
    """Return this process's counters as this request sees them; `kind` is the network's, where no act is open."""
    state = request.app.state
    network = getattr(request.state, "network", None)
    return Limits(
        counters=state.counters,
        address=_address_of(request, behind_proxy=bool(state.house.settings.public_origin)),
        network=str(network.id) if network else str(network_of(token_of(request)) or 0),
        kind=kind or (network.kind if network else NetworkKind.LIVE),
    )


def _address_of(request: Request, *, behind_proxy: bool) -> str:
    # Of the addresses a request claims to have passed, only the last was written by our own proxy: at the end of the
    # line, or in a line of its own below those that the client sent.
    passed = request.headers.getlist("x-forwarded-for") if behind_proxy else []
    last = ",".join(passed).rpartition(",")[2].strip()
    return last or (request.client.host if request.client else "")


def is_ours(origin: str, *, host: str, public_origin: str) -> bool:
    """Return whether an `Origin` is the site's own: the public one, or the one this host was asked under."""
    if public_origin:
        return origin == public_origin.rstrip("/")
    return bool(host) and origin in {f"http://{host}", f"https://{host}"}
