"""What simulated people do: come on call, answer, go to the meeting point, look, check in, come home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from api.cli.rehearsal.agenda import Agenda, Turn
from api.cli.rehearsal.cast import Cast
from api.cli.rehearsal.line import Call, Reply
from api.cli.rehearsal.people import Person
from api.cli.rehearsal.tally import Tally
from geo.distance import metres_between
from geo.points import LonLat
from matcher.travel import TravelTimes

_GET_GOING: Final = timedelta(seconds=90)
_WALK_M_S: Final = 1.0
"""From the meeting point to the scene, together and in a straight line."""


@dataclass(slots=True)
class Out:
    """A dispatch as the simulation follows it; `turn` counts its stand-stills, so that plans from before lapse."""

    id: str
    spot: LonLat
    reported_at: datetime
    turn: int = 0
    held: bool = False
    over: bool = False
    paired: bool = False
    arrived: bool = False
    staged: bool = False
    service: timedelta | None = None
    planned: set[tuple[str, str, int]] = field(default_factory=set)


class Crew:
    """Everybody who may be sent, and what they are about to do."""

    def __init__(
        self,
        cast: Cast,
        people: Sequence[Person],
        *,
        accept: float,
        agenda: Agenda,
        travel: TravelTimes,
        tally: Tally,
    ) -> None:
        self._tokens, self._agenda, self._tally = cast.responders, agenda, tally
        self._people = {person.alias: person for person in people}
        self._accept, self._travel = accept, travel
        self._asked: set[str] = set()

    def begin(self, until: datetime) -> None:
        """Come on call, each at their own hours, until a moment."""
        for person in self._people.values():
            begin, _ = person.shift_at(self._agenda.now)
            self._agenda.add(max(begin, self._agenda.now), partial(self._on_call, person, until), turn=Turn.REPORTS)

    def _on_call(self, person: Person, until: datetime) -> Call | None:
        now = self._agenda.now
        if now > until:
            return None
        _, end = person.shift_at(now)
        following, _ = person.shift_at(end)
        self._agenda.add(following, partial(self._on_call, person, until), turn=Turn.REPORTS)
        body = {"available": True, "until": written(end), "mode": person.mode, "rules_read": True}
        return Call("PUT", "/api/me/availability", self._tokens[person.alias], body)

    def follow(self, out: Out, seen: dict[str, Any]) -> None:
        """Plan what its people do next, from a dispatch as the desk sees it now."""
        self._plan_answers(out, seen)
        held = seen["state"] == "held"
        if held and not out.held:
            out.turn += 1
            out.service = None
            self._tally.partners_lost += 1
            self._agenda.add(read(seen["held_until"]), _wake, turn=Turn.DESK)
        out.held = held
        if not held and seen["state"] != "offering":
            self._note_times(out, seen["state"])
            self._plan_steps(out, seen)

    def _note_times(self, out: Out, state: str) -> None:
        if not out.paired:
            out.paired = True
            self._tally.pairs += 1
            self._tally.to_pair_s.append(self._since_report(out))
        if state in {"staged", "on_scene"} and not out.staged:
            out.staged = True
            self._tally.second_s.append(self._since_report(out))

    def _plan_answers(self, out: Out, seen: dict[str, Any]) -> None:
        for offer in seen["offers"]:
            person = self._people.get(offer["alias"])
            if offer["state"] != "offered" or offer["id"] in self._asked or person is None:
                continue
            self._asked.add(offer["id"])
            self._tally.alerts += 1
            self._agenda.add(read(offer["expires_at"]), _wake, turn=Turn.DESK)
            answer = person.answer(self._accept)
            if answer.says != "nothing":
                # A refusal by the service means that things moved on without them; people live with that.
                path = f"/api/offers/{offer['id']}/{answer.says}"
                moment = self._agenda.now + answer.after
                self._agenda.add(moment, partial(self._act, out, person, path), turn=Turn.PEOPLE)

    def _plan_steps(self, out: Out, seen: dict[str, Any]) -> None:
        meeting = LonLat(*seen["meeting_point"]["geometry"]["coordinates"])
        for seat in seen["seats"]:
            person = self._people.get(seat["alias"])
            if person is None:
                continue
            due, step = seat["checkin_due_at"], seat["step"]
            if due is not None and _is_new(out, person, due):
                self._agenda.add(read(due), partial(self._check_in, out, person, out.turn), turn=Turn.PEOPLE)
            if _may_go_on(step, seen["state"]) and _is_new(out, person, step):
                self._plan_step(out, person, step, meeting)

    def _plan_step(self, out: Out, person: Person, step: str, meeting: LonLat) -> None:
        if step == "paired":
            self._later(_GET_GOING, out, person, "withdraw" if person.withdraws() else "en_route")
        elif step == "en_route":
            on_the_way_s = float(self._travel.seconds([person.home], [person.mode], [meeting])[0, 0]) * person.pace
            self._later(timedelta(seconds=on_the_way_s) - _GET_GOING, out, person, "staged")
        elif step == "staged":
            self._later(timedelta(seconds=metres_between(meeting, out.spot) / _WALK_M_S), out, person, "on_scene")
        elif step == "on_scene":
            out.service = out.service or person.service()
            self._later(out.service, out, person, "cleared")

    def _later(self, after: timedelta, out: Out, person: Person, step: str) -> None:
        happening = partial(self._go_on, out, person, step, out.turn)
        self._agenda.add(self._agenda.now + max(timedelta(0), after), happening, turn=Turn.PEOPLE)

    def _act(self, out: Out, person: Person, path: str) -> Call | None:
        return None if out.over else Call("POST", path, self._tokens[person.alias])

    def _go_on(self, out: Out, person: Person, step: str, turn: int) -> Call | None:
        if out.over or turn != out.turn:
            return None
        path = f"/api/dispatches/{out.id}/progress"
        return Call("POST", path, self._tokens[person.alias], {"step": step}, then=partial(self._went_on, out, step))

    def _went_on(self, out: Out, step: str, reply: Reply) -> None:
        if reply.ok and step == "staged" and not out.arrived:
            out.arrived = True
            self._tally.first_s.append(self._since_report(out))

    def _check_in(self, out: Out, person: Person, turn: int) -> Call | None:
        if out.over or turn != out.turn:
            return None
        self._tally.checkins += 1
        return Call("POST", f"/api/dispatches/{out.id}/checkin", self._tokens[person.alias], {"state": "ok"})

    def _since_report(self, out: Out) -> float:
        return (self._agenda.now - out.reported_at).total_seconds()


def _wake() -> None:
    """Let the clock pass a deadline."""


def _is_new(out: Out, person: Person, what: str) -> bool:
    """Say whether this was not planned yet for somebody since the dispatch last stood still, and note it."""
    mark = (person.alias, what, out.turn)
    if mark in out.planned:
        return False
    out.planned.add(mark)
    return True


def _may_go_on(step: str, state: str) -> bool:
    """Say whether somebody takes the next step now: closer than the meeting point only when both are there."""
    if step == "staged":
        return state in {"staged", "on_scene"}
    if step == "on_scene":
        return state == "on_scene"
    return step in {"paired", "en_route"}


def written(moment: datetime) -> str:
    """Return a moment as it is sent."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read(text: str) -> datetime:
    """Return a moment as it was sent."""
    return datetime.fromisoformat(text)
