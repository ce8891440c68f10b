"""Records that tests begin with: a network, people in it, and the headers of somebody signed in."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from starlette.testclient import TestClient

from api import security
from api.settings import Settings
from api.wiring import House
from records import engine, ids
from records.enums import Role

CHEAP_KIB = 64
"""Memory of a passphrase hash in tests: the algorithm is the same, the wait is not."""

PASSPHRASE = "seven plain words would be fine here"


def a_network(url: str, kind: str = "live", *, slug: str | None = None, policy: dict[str, Any] | None = None) -> int:
    """Make a network as the owner and return its number; `policy` is laid over the defaults, durations in seconds."""
    number = engine.ensure_network(url, slug=slug or f"test-{secrets.token_hex(6)}", name="A test network", kind=kind)
    if policy:
        owner = engine.owner_engine(url)
        with owner.begin() as connection:
            connection.execute(
                text("UPDATE network SET policy = CAST(:policy AS jsonb) WHERE id = :id"),
                {"policy": json.dumps(policy), "id": number},
            )
        owner.dispose()
    return number


@dataclass(frozen=True, slots=True)
class Person:
    """An account a test made, and the token of its session."""

    id: int
    alias: str
    lineage: int
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a request in this person's name, with a fresh Idempotency-Key."""
        return {"Authorization": f"Bearer {self.token}", "Idempotency-Key": secrets.token_hex(16)}


def an_account(
    house: House,
    network_id: int,
    roles: Iterable[Role | str] = (Role.SPOTTER,),
    *,
    lineage: int | None = None,
    alias: str | None = None,
    script: bool = False,
    at: datetime | None = None,
    lasts: timedelta = timedelta(hours=12),
    passphrase_hash: str | None = None,
) -> Person:
    """Make an account with an open session; without a lineage it is its own."""
    token = security.new_token(network_id)
    now = at or datetime.now(UTC)
    with house.act(network_id) as uow:
        account = uow.accounts.add(
            account_id=ids.new_id(),
            alias=alias or f"person-{secrets.token_hex(5)}",
            lineage=lineage or ids.new_id(),
            roles=[str(role) for role in roles],
            created_on=now.date(),
            kind="script" if script else "person",
            passphrase_hash=passphrase_hash,
        )
        uow.accounts.begin_session(
            account.id,
            security.digest(token),
            kind="script" if script else "person",
            moment=now,
            expires_at=now + lasts,
            roles=[str(role) for role in roles] if script else None,
        )
        return Person(account.id, account.alias, account.lineage, token)


def signed_in(client: TestClient, *roles: Role | str, lineage: int | None = None, script: bool = False) -> Person:
    """Make somebody of these roles in the client's network, signed in; `.headers` are theirs."""
    state = client.app.state
    return an_account(state.house, state.default_network_id, roles, lineage=lineage, script=script)


def a_script_token(url: str, network_id: int, data_dir: Path, *roles: Role | str) -> str:
    """Make a script's token of these roles for a service that runs as a process of its own."""
    house = House(Settings(database_url=url, data_dir=data_dir, pool_size=1), name="tandem-tests")
    try:
        return an_account(house, network_id, roles, script=True).token
    finally:
        house.close()


def signed_in_again(house: House, network_id: int, person: Person) -> Person:
    """Return somebody with a session of their own begun now; those they had stay as they are."""
    token, now = security.new_token(network_id), datetime.now(UTC)
    with house.act(network_id) as uow:
        uow.accounts.begin_session(
            person.id, security.digest(token), kind="person", moment=now, expires_at=now + timedelta(hours=12)
        )
    return Person(person.id, person.alias, person.lineage, token)
