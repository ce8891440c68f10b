"""A seeded walk through the life of dispatches over HTTP: everybody does something at random, one act after another."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import Connection, text
from starlette.testclient import TestClient

from api.wiring import House
from bench._claims_ground import WATCHED, broken
from desk import accounts
from geo.distance import moved
from records import ids
from records.enums import Role
from tests.builders import Person, a_network, an_account, signed_in_again
from tests.crews import PLACE, Member, a_crew

BEGAN = datetime(2090, 11, 20, 15, 0, tzinfo=UTC)
"""Far ahead, so that sessions begun at it have not ended by the clock outside."""
NEXT_STEP = {"paired": "en_route", "en_route": "staged", "staged": "on_scene", "on_scene": "cleared"}
POLICY = {"pairs": {"rest": 8 * 3600}, "verification": {"quiet_after": 4 * 3600}}
REFUSED = frozenset({403, 404, 409, 422})


class BrokenInvariant(AssertionError):
    """The rows say what must never be."""


LOST = {
    "out without a clock": """
        SELECT s.dispatch_id FROM seat s JOIN dispatch d ON d.network_id = s.network_id AND d.id = s.dispatch_id
        WHERE s.active AND s.step < 4 AND d.state IN ('paired', 'en_route', 'staged', 'on_scene')
          AND s.expected_at IS NULL AND s.checkin_due_at IS NULL""",
    "held without an end": "SELECT id FROM dispatch WHERE state = 'held' AND held_until IS NULL",
    "missed without a call": """
        SELECT s.dispatch_id FROM seat s
        WHERE s.active AND s.checkin_missed_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM alarm m
                          WHERE m.responder_id = s.responder_id AND m.dispatch_id = s.dispatch_id)""",
    "asked with an open call": """
        SELECT o.id FROM offer o JOIN alarm m ON m.network_id = o.network_id AND m.responder_id = o.responder_id
        WHERE m.ended_at IS NULL AND o.state = 'offered'
          AND o.offered_at > m.begun_at + CASE m.kind WHEN 'silence' THEN interval '3 min' ELSE interval '0' END""",
    "seated with an open call": """
        SELECT s.dispatch_id FROM seat s JOIN alarm m ON m.network_id = s.network_id AND m.responder_id = s.responder_id
        WHERE m.ended_at IS NULL AND s.active AND m.dispatch_id <> s.dispatch_id
          AND lower(s.during) > m.begun_at + CASE m.kind WHEN 'silence' THEN interval '3 min' ELSE interval '0' END""",
}
"""What must never be of people who are out or lost, as rows of this network that show it."""


@dataclass
class Seen:
    """What walks have seen: steps, violations, answers by act and status, states of dispatches."""

    steps: int = 0
    violations: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    states: set[str] = field(default_factory=set)


class Walk:
    """One network with people in it, and a die that says what happens next."""

    def __init__(self, client: TestClient, house: House, owner: Connection, url: str, seed: int, seen: Seen) -> None:
        self.client, self.house, self.owner, self.seed, self.seen = client, house, owner, seed, seen
        self.dice = random.Random(seed)
        self.now = BEGAN
        self.network_id = a_network(url, "rehearsal", policy=POLICY)
        self.trail: list[str] = []
        self.admin = an_account(house, self.network_id, [Role.ADMIN])
        self.desk = [an_account(house, self.network_id, [Role.DISPATCHER]) for _ in range(3)]
        self.spotters = [an_account(house, self.network_id, [Role.SPOTTER]) for _ in range(3)]
        self._move_clock(timedelta(0))
        self.crew = a_crew(house, self.network_id, 7, observers=5, at=self.now)
        self.judged: list[tuple[Person, str]] = []
        self.sent: list[tuple[Person, str, dict[str, Any], str, Any]] = []
        self.acts = {
            self.report: 5,
            self.judge: 8,
            self.undo: 1,
            self.send: 9,
            self.send_again: 2,
            self.answer: 22,
            self.progress: 44,
            self.withdraw: 1,
            self.check_in: 5,
            self.cancel: 2,
            self.wait: 6,
            self.become_available: 4,
            self.suspend: 0.4,
            self.sign_out: 0.4,
            self.end_calls: 6,
        }

    def run(self, steps: int) -> None:
        """Take so many steps and look at the rows after each; raises BrokenInvariant."""
        acts, weights = list(self.acts), list(self.acts.values())
        for _ in range(3):
            self.report()
        for _ in range(steps):
            act = self.dice.choices(acts, weights)[0]
            act()
            self.seen.steps += 1
            self.look(act.__name__)

    def look(self, what: str) -> None:
        """Ask the rows what is broken."""
        found = broken(self.owner, self.network_id, WATCHED)
        self.seen.states |= set(self.owner.execute(text("SELECT DISTINCT state FROM dispatch")).scalars())
        self.owner.rollback()
        for name, statement in LOST.items():
            found += [(name, row) for row in self._rows(statement)]
        if found:
            self.seen.violations += len(found)
            raise BrokenInvariant(f"seed {self.seed}, after {what}: {found}; {' '.join(self.trail[-12:])}")

    # what people do

    def report(self) -> None:
        place = moved(PLACE, self.dice.choice([0.0, 40.0, 2_500.0]), self.dice.uniform(-30.0, 30.0))
        body = {
            "kind": "activity",
            "activity": "stop",
            "location": {"type": "Point", "coordinates": [place.lon, place.lat]},
            "observed_at": self.now.isoformat(),
        }
        self._post(self.dice.choice(self.spotters), "/api/sightings", body)

    def judge(self) -> None:
        incident = self._an_incident()
        if incident is None:
            return
        who = self.dice.choice(self.desk)
        verdict = self.dice.choices(["verified", "unsure", "unfounded", "clear"], [16, 2, 1, 1])[0]
        body = {"verdict": verdict, "agency": "immigration", "basis": "vehicle marking"}
        said = self._post(who, f"/api/incidents/{incident}/judgements", body)
        if said.status_code == 201:
            self.judged.append((who, said.json()["judgement"]["id"]))

    def undo(self) -> None:
        if self.judged:
            who, judgement = self.dice.choice(self.judged)
            self._post(who, f"/api/judgements/{judgement}/undo")

    def send(self) -> None:
        incident = self._an_incident()
        if incident is None:
            return
        body: dict[str, Any] = {"task": self.dice.choice(["look", "look", "observe", "accompany"])}
        way = self.dice.random()
        if way < 0.4:
            body["wave"] = self.dice.randint(2, 5)
        elif way < 0.6:
            body["pair"] = [ids.shown(member.responder_id) for member in self.dice.sample(self.crew, 2)]
        who, key = self.dice.choice(self.desk), secrets.token_hex(8)
        path = f"/api/incidents/{incident}/dispatches"
        answer = self._post(who, path, body, key)
        if answer.status_code == 201:
            self.sent.append((who, path, body, key, answer.json()))

    def send_again(self) -> None:
        if self.sent:
            who, path, body, key, first = self.dice.choice(self.sent)
            again = self._post(who, path, body, key)
            assert (again.status_code, again.json()) == (201, first), self.seed
            other = self._post(who, path, body | {"task": "look", "wave": 6}, key)
            assert other.status_code == 422, self.seed

    def answer(self) -> None:
        member = self._one_of("SELECT responder_id FROM offer WHERE state = 'offered'")
        asked = [each for each in self._mine(member)["offers"] if each["state"] == "offered"]
        assert len(asked) <= 1, self.seed
        stale = [each["id"] for *_, first in self.sent[-3:] for each in first["offers"]]
        if asked:
            word = self.dice.choices(["accept", "decline"], [5, 1])[0]
            self._post(member.person, f"/api/offers/{asked[0]['id']}/{word}")
        elif stale:
            self._post(member.person, f"/api/offers/{self.dice.choice(stale)}/accept")

    def progress(self) -> None:
        member, own = self._seated()
        if own is not None:
            wanted = NEXT_STEP.get(own["my_step"], "cleared")
            if self.dice.random() < 0.15:
                wanted = self.dice.choice(["en_route", "staged", "on_scene", "cleared"])
            self._post(member.person, f"/api/dispatches/{own['id']}/progress", {"step": wanted})

    def withdraw(self) -> None:
        member, own = self._seated()
        if own is not None:
            self._post(member.person, f"/api/dispatches/{own['id']}/progress", {"step": "withdraw"})

    def check_in(self) -> None:
        member, own = self._seated()
        if own is not None:
            word = self.dice.choices(["ok", "help", "duress"], [8, 1, 1])[0]
            self._post(member.person, f"/api/dispatches/{own['id']}/checkin", {"state": word})

    def cancel(self) -> None:
        if self.sent:
            who = self.dice.choice(self.desk)
            self._post(who, f"/api/dispatches/{self.dice.choice(self.sent)[4]['id']}/cancel")

    def wait(self) -> None:
        self._move_clock(timedelta(seconds=self.dice.choice([5, 20, 20, 20, 20, 80, 80, 80, 80, 400, 900, 5_000])))

    def become_available(self) -> None:
        member = self.dice.choice(self.crew)
        place = moved(PLACE, self.dice.uniform(-800.0, 800.0), self.dice.uniform(-800.0, 800.0))
        body = {
            "available": self.dice.random() < 0.9,
            "location": {"type": "Point", "coordinates": [place.lon, place.lat]},
        }
        answer = self.client.put("/api/me/availability", json=body, headers=member.headers)
        self._note("available", answer)

    def suspend(self) -> None:
        """Suspend somebody, most often who is out, and let them in again at once with a new session."""
        member = self._one_of("SELECT responder_id FROM seat WHERE active")
        with self.house.act(self.network_id, now=self.now) as uow:
            accounts.suspend(uow, None, member.alias)
        with self.house.act(self.network_id, now=self.now) as uow:
            accounts.lift_suspension(uow, member.alias)
        self._let_in(member)
        self.seen.answers["suspend", 200] += 1

    def sign_out(self) -> None:
        member = self._one_of("SELECT responder_id FROM seat WHERE active")
        answer = self.client.delete("/api/session", headers=member.headers)
        self._note("sign_out", answer)
        self._let_in(member)

    def end_calls(self) -> None:
        who = self.dice.choice(self.desk)
        calls = self.client.get("/api/alarms", headers=who.headers).json()["alarms"]
        for call in [each["id"] for each in calls]:
            self._post(who, f"/api/alarms/{call}/take")
            self._post(who, f"/api/alarms/{call}/end", {"reason": self.dice.choice(["reached_by_phone", "mistake"])})

    def _let_in(self, member: Member) -> None:
        index = self.crew.index(member)
        self.crew[index] = Member(signed_in_again(self.house, self.network_id, member.person), member.responder_id)

    # how they say it

    def _one_of(self, statement: str) -> Member:
        """Return somebody a statement names, and now and then, or where it names nobody, anybody."""
        named = set(self._rows(statement))
        those = [member for member in self.crew if member.responder_id in named]
        return self.dice.choice(those if those and self.dice.random() < 0.9 else self.crew)

    def _seated(self) -> tuple[Member, dict[str, Any] | None]:
        member = self._one_of("SELECT responder_id FROM seat WHERE active")
        return member, next(iter(self._mine(member)["dispatches"]), None)

    def _an_incident(self) -> str | None:
        known = self._rows("SELECT id FROM incident WHERE merged_into IS NULL ORDER BY opened_at, id")
        return ids.shown(self.dice.choice(known[-4:])) if known else None

    def _rows(self, statement: str) -> list[Any]:
        """Return the first column of this network's rows, as the owner sees them now."""
        self.owner.execute(text("SELECT set_config('tandem.network_id', :n, true)"), {"n": str(self.network_id)})
        found = list(self.owner.execute(text(statement)).scalars())
        self.owner.rollback()
        return found

    def _move_clock(self, by: timedelta) -> None:
        body = {"now": (self.now + by).isoformat()}
        answer = self._post(self.admin, "/api/rehearsal/clock", body)
        if answer.is_success:
            self.now += by

    def _mine(self, member: Member) -> dict[str, Any]:
        answer = self.client.get("/api/me/offers", headers=member.headers)
        assert answer.status_code == 200, answer.text
        mine: dict[str, Any] = answer.json()
        for own in mine["dispatches"]:
            alone = own["partner"] is None and own["state"] in {"paired", "en_route", "staged", "on_scene"}
            # Whose seat has ended may see a dispatch that others go on with; nobody else may be without a partner.
            assert not alone or own["card"] in {"after", "lost"}, (self.seed, own)
        return mine

    def _post(
        self, who: Person, path: str, body: dict[str, Any] | None = None, key: str | None = None
    ) -> httpx.Response:
        headers = who.headers if key is None else who.headers | {"Idempotency-Key": key}
        answer = self.client.post(path, json=body, headers=headers)
        self._note(path.rsplit("/", 1)[-1], answer)
        return answer

    def _note(self, what: str, answer: httpx.Response) -> None:
        self.trail.append(f"{what}:{answer.status_code}")
        self.seen.answers[what, answer.status_code] += 1
        assert answer.is_success or answer.status_code in REFUSED, (self.seed, what, answer.text)
