"""A replay against a service that is played by the test: what is refused is counted, and never the end of it."""

from __future__ import annotations

from datetime import timedelta

from api.cli.rehearsal.agenda import Agenda
from api.cli.rehearsal.cast import Cast
from api.cli.rehearsal.crew import Crew
from api.cli.rehearsal.line import Reply
from api.cli.rehearsal.play import Play
from api.cli.rehearsal.tally import Tally, lines
from api.errors import sentence_of
from desk.errors import IncidentIsOver, NobodyToAsk
from desk.rehearsal import ClockRunsForward
from geo.rows import read_row
from matcher.pairs import crow_flies
from matcher.policy import PairPolicy

INCIDENT = {
    "id": "INC",
    "geometry": {"type": "Point", "coordinates": [-38.5, 31.0]},
    "properties": {"status": "closed", "opened_at": "2030-05-04T08:00:00Z", "merged_into": None},
}


def refusal(error):
    return Reply(409, {"title": sentence_of(error)}, replayed=False)


class PlayedLine:
    """Answers as a service would in which nobody can be sent."""

    def __init__(self, *sends, pairs=None, passed=False, replayed=False):
        self.sends, self.pairs, self.passed, self.replayed = list(sends), pairs, passed, replayed
        self.asked = []

    def ask(self, call):
        self.asked.append((call.method, call.path))
        if call.path == "/api/rehearsal/clock":
            return refusal(ClockRunsForward()) if self.passed else Reply(200, {"due": 0}, replayed=False)
        if call.path == "/api/sightings":
            return Reply(201, {"id": "S"}, replayed=self.replayed)
        if call.path.endswith("/dispatches"):
            return self.sends.pop(0)
        assert "/pairs" in call.path
        return self.pairs

    def ask_all(self, calls):
        for call in calls:
            call.then(self.ask(call))

    def get(self, path, _token, **_asked):
        self.asked.append(("GET", path))
        return {"features": [INCIDENT]} if path == "/api/incidents" else {"dispatches": []}


def played(line, reports=1):
    agenda, tally = Agenda(timedelta(seconds=15)), Tally(seed=1)
    cast = Cast("spotter", {}, "dispatcher", "clock", {})
    crew = Crew(cast, [], accept=0.4, agenda=agenda, travel=crow_flies(PairPolicy()), tally=tally)
    rows = [
        read_row({"id": f"r{n}", "kind": "activity", "lon": -38.5, "lat": 31, "observed_at": f"2030-05-04T08:0{n}:00Z"})
        for n in range(reports)
    ]
    play = Play(line, cast, crew, agenda=agenda, tally=tally, pace=lambda _: None, seen=lambda _: None)
    play.run(rows)
    return tally


def test_an_incident_that_is_over_before_somebody_could_go_is_counted_and_the_day_goes_on():
    nobody = refusal(NobodyToAsk())
    over = refusal(IncidentIsOver())
    tally = played(PlayedLine(nobody, over, pairs=over), reports=2)
    assert tally.new == 2
    assert tally.not_sent == {over.title: 1}
    assert tally.incidents == {"closed": 1}


def test_where_nobody_can_go_the_rules_are_counted_once_after_a_second_try():
    nobody = refusal(NobodyToAsk())
    rules = Reply(200, {"ruled_out": [{"rule": "resting", "text": "Resting.", "people": 9}]}, replayed=False)
    tally = played(PlayedLine(nobody, nobody, pairs=rules))
    assert tally.unfilled_rules == {"resting": 9}
    assert "resting 9.0" in "\n".join(lines(tally, None))


def test_a_day_that_is_known_already_asks_for_nothing_but_that():
    line = PlayedLine(passed=True, replayed=True)
    tally = played(line, reports=3)
    assert (tally.new, tally.known, tally.late) == (0, 3, 0)
    assert {path for _, path in line.asked} == {"/api/rehearsal/clock", "/api/sightings"}


def test_a_new_day_before_the_networks_clock_is_kept_and_nobody_is_sent():
    tally = played(PlayedLine(passed=True), reports=3)
    assert (tally.new, tally.late) == (3, 3)
    assert "3 lie before the network's own clock" in "\n".join(lines(tally, None))
