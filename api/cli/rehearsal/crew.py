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
    state: str = "offering"
    meeting: LonLat | None = None
    turn: int = 0
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
        self.stirred = False
        """Whether something happened that only the desk's view of the dispatches shows."""

    def begin(self, until: datetime) -> None:
        """Come on call, each at their own hours, until a moment."""
        for person in self._people.values():
            begin, _ = person.shift_at(self._agenda.now)
            if begin <= until:
                self._agenda.add(max(begin, self._agenda.now), partial(self._on_call, person, until), turn=Turn.REPORTS)

    def _on_call(self, person: Person, until: datetime) -> Call:
        _, end = person.shift_at(self._agenda.now)
        following, _ = person.shift_at(end)
        if following <= until:
            self._agenda.add(following, partial(self._on_call, person, until), turn=Turn.REPORTS)
        body = {"available": True, "until": written(end), "mode": person.mode, "rules_read": True}
        return Call("PUT", "/api/me/availability", self._tokens[person.alias], body)

    def follow(self, out: Out, seen: dict[str, Any]) -> None:
        """Plan what its people do next, from a dispatch as the desk sees it now."""
        self._plan_answers(out, seen)
        self._stands(out, seen)
        if seen["state"] not in {"offering", "held"}:
            for seat in seen["seats"]:
                self._plan(out, seat["alias"], seat["step"], seat["checkin_due_at"])

    def _own_view(self, out: Out, person: Person, seen: dict[str, Any]) -> None:
        """Plan what two people do next, from a dispatch as one of them sees it now."""
        self._stands(out, seen)
        if seen["state"] in {"held", "cancelled"}:
            self.stirred = True
        elif seen["state"] != "cleared":
            due = seen["checkin_due_at"]
            self._plan(out, person.alias, seen["my_step"], due)
            # Both begin to be asked how they are at the same moment; after that each answers for themselves.
            begins = seen["state"] == "staged" and seen["partner_step"] == "staged"
            self._plan(out, seen["partner"], seen["partner_step"], due if begins else None)

    def _stands(self, out: Out, seen: dict[str, Any]) -> None:
        """Note where a dispatch stands, and the times that are counted."""
        was, out.state = out.state, seen["state"]
        out.over = out.state in {"cleared", "cancelled", "unfilled"}
        if seen["meeting_point"] is not None:
            out.meeting = LonLat(*seen["meeting_point"]["geometry"]["coordinates"])
        if out.state == "held" and was != "held":
            out.turn += 1
            out.service = None
            self._tally.partners_lost += 1
            self._agenda.add(read(seen["held_until"]), _wake, turn=Turn.DESK, lapsed=lambda: out.state != "held")
        if out.state == "paired" and not out.paired:
            out.paired = True
            self._tally.pairs += 1
            self._tally.to_pair_s.append(self._since_report(out))
        if out.state == "staged" and not out.staged:
            out.staged = True
            self._tally.second_s.append(self._since_report(out))

    def _plan_answers(self, out: Out, seen: dict[str, Any]) -> None:
        for offer in seen["offers"]:
            person = self._people.get(offer["alias"])
            if offer["state"] != "offered" or offer["id"] in self._asked or person is None:
                continue
            self._asked.add(offer["id"])
            self._tally.alerts += 1
            expires_at, answer = read(offer["expires_at"]), person.answer(self._accept)
            # Whoever was released meanwhile has read so and does not answer.
            lapsed = partial(_is_not_asking, out)
            self._agenda.add(expires_at, _wake, turn=Turn.DESK, lapsed=lapsed)
            moment = self._agenda.now + answer.after
            if answer.says != "nothing" and moment < expires_at:
                happening = partial(self._answer, out, person, f"/api/offers/{offer['id']}/{answer.says}")
                self._agenda.add(moment, happening, turn=Turn.PEOPLE, lapsed=lapsed, exact=False)

    def _answer(self, out: Out, person: Person, path: str) -> Call:
        return Call("POST", path, self._tokens[person.alias], then=partial(self._was_answered, out, person))

    def _was_answered(self, out: Out, person: Person, reply: Reply) -> None:
        dispatch = reply.body.get("dispatch") if reply.ok else None
        if dispatch is not None:
            self._own_view(out, person, dispatch)
        else:
            # Somebody else may have been asked in this person's place.
            self.stirred = True

    def _plan(self, out: Out, alias: str | None, step: str | None, due: str | None) -> None:
        """Plan somebody's next step and their next check-in, each once."""
        person = self._people.get(alias or "")
        if person is None or step is None:
            return
        if due is not None and _is_new(out, person, due):
            lapsed = partial(_has_moved_on, out, out.turn)
            self._agenda.add(read(due), partial(self._check_in, out, person), turn=Turn.PEOPLE, lapsed=lapsed)
        if out.meeting is not None and _may_go_on(step, out.state) and _is_new(out, person, step):
            self._plan_step(out, person, step, out.meeting)

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
        happening, lapsed = partial(self._go_on, out, person, step), partial(_has_moved_on, out, out.turn)
        self._agenda.add(self._agenda.now + after, happening, turn=Turn.PEOPLE, lapsed=lapsed, exact=False)

    def _go_on(self, out: Out, person: Person, step: str) -> Call:
        path, then = f"/api/dispatches/{out.id}/progress", partial(self._went_on, out, person, step)
        return Call("POST", path, self._tokens[person.alias], {"step": step}, then=then)

    def _went_on(self, out: Out, person: Person, step: str, reply: Reply) -> None:
        if not reply.ok or step == "withdraw":
            self.stirred = True
            return
        if step == "staged" and not out.arrived:
            out.arrived = True
            self._tally.first_s.append(self._since_report(out))
        self._own_view(out, person, reply.body)

    def _check_in(self, out: Out, person: Person) -> Call:
        path, then = f"/api/dispatches/{out.id}/checkin", partial(self._checked_in, out, person)
        return Call("POST", path, self._tokens[person.alias], {"state": "ok"}, then=then)

    def _checked_in(self, out: Out, person: Person, reply: Reply) -> None:
        if reply.ok:
            self._tally.checkins += 1
            self._own_view(out, person, reply.body)
        else:
            self.stirred = True

    def _since_report(self, out: Out) -> float:
        return (self._agenda.now - out.reported_at).total_seconds()


def _wake() -> None:
    """Let the clock pass a deadline."""


def _is_not_asking(out: Out) -> bool:
    return out.state not in {"offering", "held"}


def _has_moved_on(out: Out, turn: int) -> bool:
    """Say whether a plan was made before the dispatch stood still, or the dispatch is over."""
    return out.over or turn != out.turn


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
