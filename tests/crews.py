"""People who can go, and an incident they can go to: what tests of dispatch begin with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from api.wiring import House
from desk import roster
from desk.access import Actor
from geo import cells
from geo.distance import moved
from geo.points import LonLat
from records import engine, ids
from records.enums import CertificateKind, Role
from tests.builders import Person, an_account

PLACE = LonLat(-93.2650, 44.9778)


@dataclass(frozen=True, slots=True)
class Member:
    """A responder of a test's crew."""

    person: Person
    responder_id: int

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a request in this person's name."""
        return self.person.headers

    @property
    def alias(self) -> str:
        """Return their alias."""
        return self.person.alias

    @property
    def actor(self) -> Actor:
        """Return them as the desk recognises them."""
        return Actor(
            account_id=self.person.id,
            alias=self.person.alias,
            lineage=self.person.lineage,
            roles=frozenset({Role.RESPONDER}),
            responder_id=self.responder_id,
        )


def a_crew(
    house: House,
    network_id: int,
    size: int = 4,
    *,
    observers: int | None = None,
    place: LonLat = PLACE,
    at: datetime | None = None,
    languages: Sequence[str] = ("en",),
    seasoned: bool = True,
) -> list[Member]:
    """Make trained people who are available about 400 m from a place, the nearest first; all observe unless told."""
    now = at or datetime.now(UTC)
    crew = []
    for number in range(size):
        person = an_account(house, network_id, [Role.RESPONDER], at=now)
        with house.act(network_id, now=now) as uow:
            responder_id = uow.responders.join(person.id, languages=languages, mode="bicycle")
            kinds = [CertificateKind.TRAINED]
            if number < (size if observers is None else observers):
                kinds.append(CertificateKind.OBSERVER)
            uow.responders.certify(responder_id, [(kind, now + timedelta(days=300)) for kind in kinds])
            for _ in range(3 if seasoned else 0):
                uow.responders.count_cleared([responder_id])
            member = Member(person, responder_id)
            roster.set_availability(
                uow, member.actor, True, now + timedelta(hours=8), moved(place, 400.0 + 40.0 * number, 0.0), "bicycle"
            )
        crew.append(member)
    return crew


@contextmanager
def as_owner(url: str, network_id: int) -> Iterator[Connection]:
    """Open the owner's connection inside one network; what it did is committed."""
    owner = engine.owner_engine(url)
    try:
        with owner.begin() as connection:
            connection.execute(text("SELECT set_config('tandem.network_id', :n, true)"), {"n": str(network_id)})
            yield connection
    finally:
        owner.dispose()


def an_incident(
    url: str,
    network_id: int,
    *,
    status: str = "unverified",
    place: LonLat = PLACE,
    at: datetime | None = None,
    vouched_groups: int = 1,
) -> int:
    """Make an incident as if people had reported and judged it."""
    now, number = at or datetime.now(UTC), ids.new_id()
    judged = status == "verified"
    with as_owner(url, network_id) as connection:
        verifiers = [ids.new_id(), ids.new_id()] if judged else []
        for verifier in verifiers:
            connection.execute(
                text(
                    "INSERT INTO account (network_id, id, alias, lineage, roles, created_on)"
                    " VALUES (:n, :id, :alias, :id, '{verifier}', '2026-01-01')"
                ),
                {"n": network_id, "id": verifier, "alias": f"verifier-{verifier}"},
            )
        connection.execute(
            text(
                "INSERT INTO incident (network_id, id, status, location, cell7, cell10, opened_at, first_seen_at,"
                " last_seen_at, sightings, vouched_groups, was_verified, verifier1, verifier1_lineage, verifier2,"
                " verifier2_lineage)"
                " VALUES (:n, :id, :status, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :cell7, :cell10, :at, :at,"
                " :at, 1, :vouched, :judged, :one, :one, :two, :two)"
            ),
            {
                "n": network_id,
                "id": number,
                "status": status,
                "lon": place.lon,
                "lat": place.lat,
                "cell7": cells.to_int(cells.cell_at(place, 7)),
                "cell10": cells.to_int(cells.cell_at(place, 10)),
                "at": now,
                "vouched": vouched_groups,
                "judged": judged,
                "one": verifiers[0] if judged else None,
                "two": verifiers[1] if judged else None,
            },
        )
    return number
