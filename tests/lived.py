"""A network in which everything was done once, and a worker that comes back later: what tests of forgetting use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text
from starlette.testclient import TestClient

from api.wiring import House
from api.worker import TIMERS, Worker
from desk import territory
from desk.retention.table import TABLES
from desk.unit_of_work import NetworkNow, UnitOfWork
from records import ids
from records.enums import Role
from tests.builders import Person, signed_in
from tests.crews import PLACE, a_crew, as_owner

NOTE = "canary by the bakery"
LON, LAT = PLACE.lon - 0.00012345678, PLACE.lat + 0.00001234567


class Later:
    """A house whose clock stands at another moment, for the worker; it knows one network."""

    def __init__(self, house: House, network_id: int, now: datetime) -> None:
        self.house, self.network_id, self.now = house, network_id, now

    def networks(self) -> list[NetworkNow]:
        return [each for each in self.house.networks() if each.id == self.network_id]

    @contextmanager
    def act(self, network_id: int) -> Iterator[UnitOfWork]:
        with self.house.act(network_id, now=self.now) as uow:
            yield uow


def work(house: House, network_id: int, later: timedelta, *, sweeps: int = 3) -> None:
    """Let the worker do all that is due this much later, as if it had been away until then."""
    worker = Worker(Later(house, network_id, datetime.now(UTC) + later), TIMERS)
    for number in range(sweeps):
        worker.sweep(number * 4000.0)


def left(connection: Connection, later: timedelta) -> dict[str, int]:
    """Count in every table, by the table of classes alone, what is there though its longest time is over by then."""
    found: dict[str, int] = {}
    now = datetime.now(UTC) + later
    for name, table in TABLES.items():
        if table.since is None:
            continue
        for kept in {*table.kept().values()}:
            longest = kept.longest()
            columns = [column for column, own in table.kept().items() if own is kept and column != "network_id"]
            if longest is None or not columns:
                continue
            there = "true" if kept is table.rows else " OR ".join(_holds(column) for column in columns)
            count = connection.execute(
                text(
                    f"SELECT count(*) FROM {name} t WHERE network_id = this_network() AND {table.since} < :before"
                    f" AND ({there})"
                ),
                {"before": now - longest - timedelta(hours=2)},
            ).scalar_one()
            if count:
                found[f"{name}: {kept.name}"] = count
    return found


def _holds(column: str) -> str:
    return f"coalesce({column}::text, '') NOT IN ('', '[]', '{{}}')"


def rows(connection: Connection) -> dict[str, int]:
    """Count the rows of this network in every table that belongs to one."""
    return {
        name: connection.execute(text(f"SELECT count(*) FROM {name} WHERE network_id = this_network()")).scalar_one()
        for name, table in TABLES.items()
        if "network_id" in table.columns
    }


def a_square(half: float = 0.1) -> dict[str, object]:
    ring = [[LON - half, LAT - half], [LON + half, LAT - half], [LON + half, LAT + half], [LON - half, LAT + half]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


class Lived:
    """Reports, judgements, a merge, a split, a statement, a dispatch from offer to home with a call on the way."""

    def __init__(self, client: TestClient, house: House, network_id: int) -> None:
        self.client, self.house, self.network_id = client, house, network_id
        with house.act(network_id) as uow:
            territory.draw(uow, "Middle", a_square())
        self.ana, self.ben = signed_in(client, Role.DISPATCHER), signed_in(client, Role.VERIFIER)
        self.speakers = [signed_in(client, Role.DISPATCHER) for _ in range(2)]
        self.organizer, self.legal = signed_in(client, Role.ORGANIZER), signed_in(client, Role.LEGAL)
        self.spotters = [signed_in(client, Role.SPOTTER) for _ in range(4)]
        self.crew = a_crew(house, network_id, 4)
        self.receipts: list[dict[str, str]] = []

    def post(self, person: Person, address: str, body: object = None, expect: tuple[int, ...] = (200, 201)) -> dict:
        answer = self.client.post(address, json=body, headers=person.headers)
        assert answer.status_code in expect, (address, answer.text)
        return answer.json() if answer.content else {}

    def report(self, spotter: int, north: float = 0.0, **words: object) -> None:
        told = {
            "kind": "vehicle",
            "activity": "stop",
            "unit": "immigration",
            "location": {"type": "Point", "coordinates": [LON, LAT + north]},
            "observed_at": datetime.now(UTC).isoformat(),
            "note": NOTE,
            "vehicles": [{"type": "suv", "make": "Ford", "color": "white", "plate": "ABC1234"}],
        } | words
        self.receipts.append(self.post(self.spotters[spotter], "/api/sightings", told))

    def open(self) -> list[str]:
        answer = self.client.get("/api/incidents", headers=self.ana.headers).json()["features"]
        return [each["id"] for each in sorted(answer, key=lambda each: each["geometry"]["coordinates"][1])]

    def live(self) -> None:
        """Do everything once."""
        for number in range(3):
            self.report(number)
        for number in range(2):
            self.report(number, north=0.0063)
        for number in range(3):
            self.report(number, north=0.03)
        self.report(3, north=0.05)
        here, there, third, fourth = self.open()
        self.verified, self.merged, self.apart, self.unverified = here, there, third, fourth
        self.post(self.ana, f"/api/incidents/{there}/merge", {"into": here})
        split = [each["id"] for each in self.receipts[5:8]]
        self.post(self.ben, f"/api/incidents/{third}/split", {"sightings": split[:1]})
        self.post(self.ben, f"/api/incidents/{third}/judgements", {"verdict": "unfounded", "note": NOTE})
        said = {"verdict": "verified", "agency": "immigration", "basis": "seen in person", "note": NOTE}
        for person in (self.ana, self.ben):
            self.post(person, f"/api/incidents/{here}/judgements", said)
        statement = self.post(self.speakers[0], f"/api/incidents/{here}/statements")["id"]
        self.post(self.speakers[1], f"/api/statements/{statement}/approve")
        assert self.client.get("/api/me/alerts", headers=self.spotters[0].headers).json()["alerts"]
        self.post(self.organizer, "/api/vouchers", {"roles": ["spotter"]})
        self.dispatched()
        receipt = self.receipts[4]
        self.post(self.spotters[1], f"/api/sightings/{receipt['id']}/retract", {"receipt": receipt["receipt"]})
        with as_owner(self.house.settings.database_url, self.network_id) as connection:
            connection.execute(
                text(
                    "INSERT INTO suggestion SELECT this_network(), least(:one, :two), greatest(:one, :two), 'plate',"
                    " now(), now() + interval '72 hours'"
                ),
                {"one": ids.read(self.verified), "two": ids.read(self.unverified)},
            )

    def dispatched(self) -> None:
        """Send a pair to what was verified, with a call for help on the way, and home again."""
        sent = self.post(self.ana, f"/api/incidents/{self.verified}/dispatches", {"task": "observe"})
        asked = {offer["alias"] for offer in sent["offers"]}
        pair = []
        for member in [member for member in self.crew if member.alias in asked]:
            mine = self.client.get("/api/me/offers", headers=member.headers).json()["offers"]
            if len(pair) < 2:
                offer = next(each for each in mine if each["state"] == "offered")
                self.post(member.person, f"/api/offers/{offer['id']}/accept")
                pair.append(member)
        address = f"/api/dispatches/{sent['id']}"
        for member in pair:
            self.client.post(f"{address}/brief", headers=member.headers)
        for word in ("en_route", "staged"):
            for member in pair:
                self.post(member.person, f"{address}/progress", {"step": word})
        self.post(pair[0].person, f"{address}/checkin", {"state": "help"})
        call = self.client.get("/api/alarms", headers=self.ana.headers).json()["alarms"][0]["id"]
        self.post(self.ana, f"/api/alarms/{call}/take")
        self.post(self.ana, f"/api/alarms/{call}/end", {"reason": "reached_by_phone"}, (200, 201, 204))
        for word in ("on_scene", "cleared"):
            for member in pair:
                self.post(member.person, f"{address}/progress", {"step": word})
