"""Reports and the people who send them: what tests of sightings begin with."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from api.wiring import House
from desk import intake
from desk.access import ANONYMOUS, Actor
from desk.intake import Report
from geo.distance import moved
from geo.points import LonLat
from records import ids
from records.enums import Role

PLACE = LonLat(-93.2650, 44.9778)


def an_actor(house: House, network_id: int, *roles: Role, lineage: int | None = None, kind: str = "person") -> Actor:
    """Make an account and return it as the desk recognises it."""
    roles = roles or (Role.SPOTTER,)
    with house.act(network_id) as uow:
        account = uow.accounts.add(
            account_id=ids.new_id(),
            alias=f"person-{secrets.token_hex(5)}",
            lineage=lineage or ids.new_id(),
            roles=list(roles),
            created_on=uow.now.date(),
            kind=kind,
        )
        return Actor(
            account_id=account.id,
            alias=account.alias,
            lineage=account.lineage,
            roles=frozenset(roles),
            script=kind == "script",
        )


def a_report(
    actor: Actor = ANONYMOUS,
    *,
    east_m: float = 0.0,
    north_m: float = 0.0,
    place: LonLat = PLACE,
    observed_at: datetime | None = None,
    key: str | None = None,
    body: str = "body",
    accuracy_m: float = 20.0,
    **words: Any,
) -> Report:
    """Return a report, `east_m` and `north_m` from a place, by nobody known unless told otherwise."""
    return Report(
        actor=actor,
        key=key or secrets.token_hex(12),
        body_sha256=hashlib.sha256(body.encode()).digest(),
        kind=words.pop("kind", "activity"),
        place=moved(place, east_m, north_m),
        accuracy_m=accuracy_m,
        observed_at=observed_at or datetime.now(UTC),
        **words,
    )


def told(house: House, network_id: int, *reports: Report, now: datetime | None = None) -> list[int]:
    """Receive reports in one transaction and return their ids; every one has to be kept."""
    return [received.id for received in received_all(house, network_id, reports, now=now)]


def received_all(
    house: House, network_id: int, reports: Sequence[Report], *, now: datetime | None = None
) -> list[intake.Received]:
    """Receive reports in one transaction; every one has to be kept."""
    with house.act(network_id, now=now) as uow:
        outcomes = intake.receive(uow, reports)
    assert [each for each in outcomes if not isinstance(each, intake.Received)] == []
    return [each for each in outcomes if isinstance(each, intake.Received)]
