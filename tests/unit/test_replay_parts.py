"""The pure parts of a replay: the agenda, the simulated people, rows as requests, the count."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.rehearsal import people, reports, tally
from api.cli.rehearsal.agenda import Agenda, Turn
from geo.distance import metres_between
from geo.points import LonLat
from geo.rows import read_row

MORNING = datetime(2030, 5, 4, 8, 0, 0, tzinfo=UTC)
TICK = timedelta(seconds=10)
REPORTS = [(LonLat(-38.5 + 0.001 * number, 31.0), MORNING + timedelta(minutes=7 * number)) for number in range(40)]


# the agenda


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(list(Turn))), min_size=1, max_size=60),
    st.integers(1, 60),
)
def test_everything_on_the_agenda_happens_once_in_order_and_never_early(noted, tick_s):
    tick = timedelta(seconds=tick_s)
    agenda = Agenda(tick)
    happened = []

    def note(number, moment):
        return lambda: happened.append((number, moment))

    for number, (after_s, turn) in enumerate(noted):
        moment = MORNING + timedelta(milliseconds=after_s)
        agenda.add(moment, note(number, moment), turn=turn)
    moments = []
    while taken := agenda.take():
        moment = agenda.now
        moments.append(moment)
        assert [each.turn for each in taken] == sorted(each.turn for each in taken)
        for each in taken:
            each.happening()
            assert timedelta(0) <= moment - happened[-1][1] < tick, "early, or late by more than a tick"
    assert moments == sorted(set(moments))
    assert sorted(number for number, _ in happened) == list(range(len(noted)))


def test_within_a_tick_reports_go_first_then_whoever_was_earlier():
    agenda = Agenda(TICK)
    order = []
    for name, after_s, turn in (("late", 9, Turn.PEOPLE), ("early", 1, Turn.PEOPLE), ("same", 1, Turn.PEOPLE),
                                ("report", 10, Turn.REPORTS)):  # fmt: skip
        agenda.add(MORNING + timedelta(seconds=after_s), lambda name=name: order.append(name), turn=turn)
    for each in agenda.take():
        each.happening()
    assert order == ["report", "early", "same", "late"]


def test_what_has_lost_its_point_neither_happens_nor_moves_the_clock():
    agenda = Agenda(TICK)
    agenda.add(MORNING, lambda: None, turn=Turn.DESK, lapsed=lambda: True)
    agenda.add(MORNING + timedelta(hours=1), lambda: None, turn=Turn.DESK)
    agenda.add(MORNING + timedelta(hours=2), lambda: None, turn=Turn.DESK, lapsed=lambda: True)
    assert len(agenda.take()) == 1
    assert agenda.now == MORNING + timedelta(hours=1)
    assert agenda.take() == []
    assert agenda.now == MORNING + timedelta(hours=1)


@given(st.integers(0, 10**6))
def test_about_then_is_the_nearest_tick_but_never_one_that_is_over(after_ms):
    agenda = Agenda(TICK)
    agenda.add(MORNING, lambda: None, turn=Turn.REPORTS)
    agenda.take()
    wanted = MORNING + timedelta(milliseconds=after_ms)
    agenda.add(wanted, lambda: None, turn=Turn.PEOPLE, exact=False)
    agenda.take()
    assert agenda.now > MORNING
    assert agenda.now == MORNING + TICK or abs(agenda.now - wanted) <= TICK / 2


# people


def test_the_same_seed_gives_the_same_people_and_another_seed_others():
    def told(seed):
        return [
            (person.alias, person.home, person.mode, person.languages, person.shift_start, person.answer(0.4))
            for person in people.gather(REPORTS, responders=30, seed=seed)
        ]

    assert told(7) == told(7)
    assert told(7) != told(8)


def test_one_persons_luck_moves_no_other():
    alone = people.gather(REPORTS, responders=3, seed=7)
    beside = people.gather(REPORTS, responders=30, seed=7)
    for _ in range(50):
        beside[0].answer(0.4)
    assert [person.home for person in alone] == [person.home for person in beside[:3]]
    assert alone[1].answer(0.4) == beside[1].answer(0.4)


@pytest.mark.parametrize("responders", [2, 3, 20, 150])
def test_every_roster_has_its_share_of_observers(responders):
    roster = people.gather(REPORTS, responders=responders, seed=1)
    observers = sum(person.observer for person in roster)
    assert abs(observers - responders * people.OBSERVERS) < 1
    assert abs(sum(person.experienced for person in roster) - responders * people.EXPERIENCED) < 1
    assert len({person.alias for person in roster}) == responders


def test_people_live_where_the_reports_come_from():
    for person in people.gather(REPORTS, responders=60, seed=3):
        assert min(metres_between(person.home, place) for place, _ in REPORTS) < 6 * 500


def test_people_say_yes_as_often_as_asked_and_mostly_refuse_in_silence():
    person = people.gather(REPORTS, responders=1, seed=5)[0]
    said = Counter(person.answer(0.4).says for _ in range(4_000))
    assert said["accept"] / 4_000 == pytest.approx(0.4, abs=0.03)
    assert said["nothing"] / (said["nothing"] + said["decline"]) == pytest.approx(people.SILENT, abs=0.03)


@given(st.integers(0, 40), st.integers(0, 14 * 24 * 3600))
def test_a_shift_is_the_present_one_or_the_next(seed, after_s):
    person = people.gather(REPORTS, responders=1, seed=seed)[0]
    moment = MORNING + timedelta(seconds=after_s)
    begin, end = person.shift_at(moment)
    assert end - begin == timedelta(hours=person.shift_hours) <= timedelta(hours=12)
    assert moment < end
    assert begin - timedelta(days=1) + timedelta(hours=person.shift_hours) <= moment, "a shift was left out"
    following, _ = person.shift_at(end)
    assert following - end >= timedelta(hours=8), "no rest between two shifts"


# rows as requests


def a_row(**said):
    return read_row({"kind": "activity", "lon": "-38.5", "lat": "31", "observed_at": "2030-05-04T08:00:00Z", **said})


def test_a_row_is_sent_as_the_contract_writes_it_and_says_nothing_it_does_not_know():
    assert reports.body_of(a_row(id="a-1", accuracy_m="50", unit="unknown", source="caller-9")) == {
        "kind": "activity",
        "location": {"type": "Point", "coordinates": [-38.5, 31.0]},
        "observed_at": "2030-05-04T08:00:00Z",
        "accuracy_m": 50.0,
        "unit": "unknown",
    }
    assert reports.body_of(a_row(vehicles='[{"type": "suv"}]'))["vehicles"] == [{"type": "suv"}]


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.strip() and "\0" not in text))
def test_every_id_becomes_a_key_that_fits_a_header(number):
    key = reports.key_of(a_row(id=number))
    assert key.isascii()
    assert key.isprintable()
    assert len(key) <= 128
    assert key != reports.key_of(a_row(id=f"x{number}"[:200]))


@pytest.mark.parametrize(
    ("source", "lineage"),
    [
        ("trainer03/lead2/member11", "trainer03/lead2"),
        ("trainer03/lead2", "trainer03/lead2"),
        ("anon/585222271", None),
        ("caller-163660008", None),
        ("", None),
    ],
)
def test_a_lineage_is_the_path_of_vouchers_below_the_trainer(source, lineage):
    assert reports.lineage_of(a_row(source=source)) == lineage


# the count


def test_real_medians_are_read_from_the_outcome_beside_the_file(tmp_path: Path):
    (tmp_path / "days_outcome.csv").write_text(
        "id,first_arrival_s,second_arrival_s\na,100,200\nb,300,\nc,500,900\nd,,\ne,nan,x\n", encoding="utf-8"
    )
    beside = tally.outcome_beside(tmp_path / "days_as_sightings.csv")
    real = tally.real_times(beside)
    assert real == tally.RealTimes(first_s=300, second_s=550, firsts=3, seconds=2, first_of_both_s=300)
    assert tally.real_times(tally.outcome_beside(tmp_path / "other.csv")) is None


def test_what_happened_is_told_with_the_real_times_beside_it():
    counted = tally.Tally(seed=7, reports=10, new=8, known=1, pairs=2, alerts=19)
    counted.refused["The kind is missing."] += 1
    counted.incidents["closed"] += 6
    counted.dispatches.update({"cleared": 2, "unfilled": 1})
    counted.unfilled_rules["resting"] += 12
    counted.rosters = 2
    counted.first_s += [400.0, 500.0, 900.0]
    told = "\n".join(tally.lines(counted, tally.RealTimes(390, 502, 3429, 1995, 341)))
    for part in ("9 of 10 accepted: 8 new, 1 known already", "1 The kind is missing.", "6 closed", "2 cleared",
                 "resting 6.0", "9.5 for each pair", "500 s (median of 3) simulated, 390 s really", "502 s really",
                 "seed         7"):  # fmt: skip
        assert part in told


def test_an_empty_replay_is_told_without_dividing_by_nothing():
    assert "0 of 0 accepted" in "\n".join(tally.lines(tally.Tally(seed=1), None))
