"""Token -> account: where a token stands in a request, and what is kept of it."""

from __future__ import annotations

import hashlib
import secrets

from fastapi import Request

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
