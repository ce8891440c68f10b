"""The simulation: recorded reports arrive, a dispatcher sends pairs, simulated people do the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from api.cli.rehearsal.agenda import Agenda, Entry, Turn
from api.cli.rehearsal.cast import Cast
from api.cli.rehearsal.crew import Crew, Out, written
from api.cli.rehearsal.line import Call, Line, Reply, ServiceRefused
from api.cli.rehearsal.reports import body_of, key_of, lineage_of
from api.cli.rehearsal.tally import Tally
from api.errors import sentence_of
from desk.rehearsal import ClockRunsForward
from geo.points import LonLat
from geo.rows import SightingRow

_RETRY: Final = timedelta(minutes=10)
_TRIES: Final = 2
"""How often a dispatcher tries to send a pair to one incident, while nobody can go."""
_JUST_NOW: Final = timedelta(minutes=2)
_RUN_OUT: Final = timedelta(minutes=30)
_RUN_OUT_STEPS: Final = 5
_PAGE: Final = 100
_CONFLICT: Final = 409
_PASSED: Final = sentence_of(ClockRunsForward())


class Play:
    """One replay against one network; `pace` is told each moment of recorded time before the clock moves there."""

    def __init__(
        self,
        line: Line,
        cast: Cast,
        crew: Crew,
        *,
        agenda: Agenda,
        tally: Tally,
        pace: Callable[[datetime], None],
        seen: Callable[[int], None],
    ) -> None:
        self._line, self._cast, self._crew, self._agenda, self._tally = line, cast, crew, agenda, tally
        self._pace, self._seen = pace, seen
        self._fresh = self._on_time = False
        self._begun: datetime | None = None
        self._until: datetime | None = None
        self._reported: dict[str, datetime] = {}
        self._out: dict[str, Out] = {}
        self._sent: dict[str, Out] = {}

    def run(self, rows: Iterable[SightingRow]) -> None:
        """Play all rows, and on until everybody is home; then count."""
        for row in rows:
            self._tally.reports += 1
            self._agenda.add(row.observed_at, partial(self._report, row), turn=Turn.REPORTS)
            self._until = max(self._until or row.observed_at, row.observed_at)
        while entries := self._agenda.take():
            self._pace(self._agenda.now)
            self._move_to(self._agenda.now)
            self._step(entries)
        if self._begun is not None:
            # Nothing is left but the silence in which incidents close; nobody has to wait for that.
            for _ in range(_RUN_OUT_STEPS):
                self._agenda.now += _RUN_OUT
                self._move_to(self._agenda.now)
            self._count(self._begun)

    def _move_to(self, moment: datetime) -> None:
        """Move the network's clock; where it stands later already it stays, for a clock never goes back."""
        call = Call("POST", "/api/rehearsal/clock", self._cast.clock, {"now": written(moment)})
        reply = self._line.ask(call)
        if not reply.ok and (self._on_time or reply.title != _PASSED):
            raise ServiceRefused
        self._on_time = reply.ok
        self._crew.stirred |= bool(reply.body.get("due"))

    def _step(self, entries: Sequence[Entry]) -> None:
        """Let everything in this tick happen: reports at once, then people and the desk one after the other."""
        calls = [call for each in entries if each.turn is Turn.REPORTS and (call := each.happening()) is not None]
        if calls:
            self._line.ask_all(calls)
        if self._fresh:
            self._look_around()
        for each in entries:
            if each.turn is not Turn.REPORTS and not each.lapsed() and (call := each.happening()) is not None:
                self._line.ask_all([call])
        if self._crew.stirred and self._out:
            self._follow()

    # reports

    def _report(self, row: SightingRow) -> Call:
        body, key, lineage = body_of(row), key_of(row), lineage_of(row)
        token = self._cast.spotter if lineage is None else self._cast.witnesses[lineage]
        return Call("POST", "/api/sightings", token, body, key=key, then=self._was_reported)

    def _was_reported(self, reply: Reply) -> None:
        self._seen(1)
        if not reply.ok:
            self._tally.refused[reply.title] += 1
        elif reply.replayed:
            self._tally.known += 1
        else:
            self._tally.new += 1
            self._tally.late += not self._on_time
            self._fresh = self._on_time
            if self._begun is None and self._on_time:
                self._begun = self._agenda.now
                self._crew.begin(self._until or self._begun)

    # the desk

    def _look_around(self) -> None:
        """Find the incidents that began, and send a pair to look at each."""
        self._fresh = False
        for feature in self._every("/api/incidents", "features", since=written(self._agenda.now - _JUST_NOW)):
            number = feature["id"]
            if number not in self._reported:
                self._reported[number] = self._agenda.now
                spot = LonLat(*feature["geometry"]["coordinates"])
                self._line.ask_all([self._sending(number, spot, 1)])

    def _sending(self, incident: str, spot: LonLat, attempt: int) -> Call:
        path = f"/api/incidents/{incident}/dispatches"
        then = partial(self._was_sent, incident, spot, attempt)
        return Call("POST", path, self._cast.dispatcher, {"task": "look"}, then=then)

    def _was_sent(self, incident: str, spot: LonLat, attempt: int, reply: Reply) -> None:
        if reply.ok:
            out = Out(reply.body["id"], spot, self._reported[incident])
            self._sent[out.id] = self._out[out.id] = out
            self._crew.follow(out, reply.body)
        elif attempt < _TRIES and reply.status == _CONFLICT:
            again = partial(self._sending, incident, spot, attempt + 1)
            self._agenda.add(self._agenda.now + _RETRY, again, turn=Turn.DESK)
        else:
            self._tally.not_sent[reply.title] += 1
            path = f"/api/incidents/{incident}/pairs?limit=1"
            self._line.ask_all([Call("GET", path, self._cast.dispatcher, then=self._who_could_not)])

    def _who_could_not(self, reply: Reply) -> None:
        if reply.ok:  # else the incident ended a moment ago, and nobody is ruled out any more
            self._ruled_out(reply.body)

    def _ruled_out(self, seen: dict[str, Any]) -> None:
        self._tally.rosters += 1
        for rule in seen["ruled_out"]:
            self._tally.unfilled_rules[rule["rule"]] += rule["people"]

    def _follow(self) -> None:
        """Look at all open dispatches, so that their people can plan what they do next."""
        self._crew.stirred = False
        still: set[str] = set()
        for seen in self._every("/api/dispatches", "dispatches", open="true"):
            if seen["id"] in self._out:
                still.add(seen["id"])
                self._crew.follow(self._out[seen["id"]], seen)
        for gone in self._out.keys() - still:
            self._out.pop(gone).over = True

    # counting

    def _count(self, begun: datetime) -> None:
        for feature in self._every("/api/incidents", "features", since=written(begun - _JUST_NOW)):
            if feature["id"] in self._reported:
                self._tally.incidents[feature["properties"]["status"]] += 1
        merged = len(self._reported) - self._tally.incidents.total()
        if merged:
            self._tally.incidents["merged into another"] = merged
        missing = set(self._sent)
        for seen in self._every("/api/dispatches", "dispatches"):
            if not missing:
                break
            if seen["id"] in missing:
                missing.remove(seen["id"])
                self._tally.dispatches[seen["state"]] += 1
                if seen["state"] == "unfilled":
                    self._ruled_out(seen)

    def _every(self, path: str, name: str, **asked: str) -> Iterable[dict[str, Any]]:
        """Walk through all pages of a list."""
        cursor: dict[str, str] = {}
        while True:
            page = self._line.get(path, self._cast.dispatcher, limit=_PAGE, **asked, **cursor)
            yield from page[name]
            if not page.get("cursor"):
                return
            cursor = {"cursor": page["cursor"]}
