"""The invented people and their days: aliases, lineages, seats, and reports that name nobody."""

import itertools
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
import shapely

from fixtures.city import City, build_city
from fixtures.day import days, endless
from fixtures.people import People, gather_people

TODAY = date(2026, 11, 20)
START = datetime(2026, 11, 17, tzinfo=UTC)


@pytest.fixture(scope="module")
def city() -> City:
    return build_city()


@pytest.fixture(scope="module")
def people(city) -> People:
    return gather_people(city, TODAY)


@pytest.fixture(scope="module")
def reports(city, people):
    return days(city, people, START)


def test_the_same_seed_gives_the_same_people_and_days(city, people, reports):
    assert gather_people(city, TODAY) == people
    assert days(city, people, START) == reports
    assert days(city, people, START, seed=8) != reports


def test_aliases_are_two_lower_case_words_and_unique(people):
    aliases = [person.alias for person in people.everybody]
    assert len(set(aliases)) == len(aliases)
    assert all(re.fullmatch(r"[a-z]+-[a-z]+", alias) for alias in aliases)


def test_the_network_has_its_sizes(people):
    assert [len(group) for group in (people.responders, people.spotters, people.organizers, people.verifiers)] == [
        150, 24, 6, 4,
    ]  # fmt: skip
    assert len(people.dispatchers) == 3
    assert Counter(person.roles[0] for person in people.desk) == Counter(operator=1, analyst=1, legal=1, admin=1)


def test_six_organizers_begin_six_lineages_and_everybody_descends_from_one(people):
    by_alias = {organizer.alias: organizer.lineage for organizer in people.organizers}
    assert sorted(by_alias.values()) == [0, 1, 2, 3, 4, 5]
    for person in people.everybody:
        if person.roles == ("organizer",):
            assert person.vouched_by is None
        else:
            assert by_alias[person.vouched_by] == person.lineage
    assert len({person.lineage for person in people.verifiers}) == 4
    spread = Counter(person.lineage for person in people.responders)
    assert min(spread.values()) >= 20


def test_certificates_run_out(people):
    observers = [person for person in people.responders if any(c.seat == "observer" for c in person.certificates)]
    valid = [person for person in observers if person.holds("observer", TODAY)]
    assert 0.40 <= len(observers) / 150 <= 0.50
    assert 0 < len(observers) - len(valid) < len(observers) / 2
    assert any(not person.holds("buddy", TODAY) for person in people.responders)


def test_avoiding_is_mutual(people):
    by_alias = {person.alias: person for person in people.responders}
    avoiding = [person for person in people.responders if person.avoids]
    assert avoiding
    assert all(person.alias in by_alias[other].avoids for person in avoiding for other in person.avoids)


def test_shifts_leave_a_free_day_and_stay_below_twelve_hours(people):
    for person in people.responders:
        assert len({shift.weekday for shift in person.shifts}) == len(person.shifts) <= 6
        assert all(0 < shift.hours <= 12 for shift in person.shifts)
        assert 0.17 <= person.acceptance <= 0.60


def test_demo_logins_are_people_of_the_network(people):
    by_alias = {person.alias: person for person in people.everybody}
    for login in people.logins:
        assert login.role in by_alias[login.alias].roles
        assert len(login.passphrase) >= 15
        assert login.passphrase.startswith("demo-")
        assert len(login.passphrase.split("-")) == 7
    count = Counter(login.role for login in people.logins)
    assert count["verifier"] == count["responder"] == 2
    one, other = (by_alias[login.alias] for login in people.logins if login.role == "verifier")
    assert one.lineage != other.lineage
    observer, buddy = (by_alias[login.alias] for login in people.logins if login.role == "responder")
    assert observer.holds("observer", TODAY)
    assert buddy.holds("buddy", TODAY)
    assert not buddy.holds("observer", TODAY)


def test_days_have_the_field_s_sizes_and_base_rate(reports):
    assert 500 <= len(reports) <= 700
    real = {report.truth.incident: report.truth.real for report in reports}
    assert 0.10 <= sum(real.values()) / len(real) <= 0.15
    assert {report.truth.part for report in reports} == {"witness", "echo", "false", "flood"}
    assert max(Counter(r.truth.incident for r in reports if r.truth.real).values()) > 40


def test_reports_come_in_order_and_never_before_they_were_seen(reports):
    received = [report.received_at for report in reports]
    assert received == sorted(received)
    assert all(timedelta(0) < report.received_at - report.observed_at < timedelta(hours=1) for report in reports)
    assert received[0] >= START
    assert received[-1] < START + timedelta(days=3, hours=3)


def test_every_report_lies_inside_the_city(city, reports):
    assert all(shapely.contains_xy(city.boundary, *report.place.lonlat) for report in reports)


def test_real_incidents_have_two_lineages_and_echoes_add_none(people, reports):
    lineage = {person.alias: person.lineage for person in people.everybody}
    told, first = {}, {}
    for report in reports:
        if report.reporter is not None and report.truth.part in {"witness", "false"}:
            told.setdefault(report.truth.incident, set()).add(lineage[report.reporter])
            seen = first.setdefault((report.truth.incident, lineage[report.reporter]), report.received_at)
            first[report.truth.incident, lineage[report.reporter]] = min(seen, report.received_at)
    real = {report.truth.incident for report in reports if report.truth.real}
    assert all(len(told[incident]) >= 2 for incident in real)
    echoes = [r for r in reports if r.truth.part == "echo" and r.reporter is not None and r.truth.real]
    assert echoes
    for echo in echoes:
        assert first[echo.truth.incident, lineage[echo.reporter]] <= echo.received_at
    assert all(report.basis is None for report in reports if report.truth.part == "echo")


def test_false_alarms_never_come_from_two_lineages(people, reports):
    lineage = {person.alias: person.lineage for person in people.everybody}
    told = {}
    for report in reports:
        if not report.truth.real and report.reporter is not None:
            told.setdefault(report.truth.incident, set()).add(lineage[report.reporter])
    assert max(len(lineages) for lineages in told.values()) == 1


def test_the_flood_is_one_evening_of_pins_from_nobody_known(reports):
    flood = [report for report in reports if report.truth.part == "flood"]
    assert len(flood) == 60
    assert all(report.reporter is None for report in flood)
    assert max(r.received_at for r in flood) - min(r.received_at for r in flood) < timedelta(minutes=15)


def test_doors_are_knocked_on_at_dawn(reports):
    dawn = {r.truth.incident for r in reports if r.truth.real and 5 <= r.observed_at.hour < 8}
    assert len(dawn) >= 12


PERSONAL = re.compile(r"@|https?:|\d{3}|[A-Z]{2,}|\b[A-Z]\w+ [A-Z]\w+")


def test_no_note_holds_a_number_a_name_or_an_address(reports):
    assert not [report.note for report in reports if report.note and PERSONAL.search(report.note)]
    plates = {v.plate for report in reports for v in report.vehicles if v.plate}
    assert plates
    assert all(re.fullmatch(r"TST \d{4}", plate) for plate in plates)


def test_the_endless_stream_is_calm_begins_soon_and_gains_witnesses(city, people):
    coming = list(itertools.islice(endless(city, people), 600))
    assert coming == list(itertools.islice(endless(city, people), 600))
    assert 2.0 <= coming[0].after_s <= 3.0
    assert 6.0 <= coming[-1].offset_s / len(coming) <= 10.0
    assert sum(report.after_s for report in coming) == pytest.approx(coming[-1].offset_s)
    assert all(report.after_s >= 0 for report in coming)
    lineage = {person.alias: person.lineage for person in people.everybody}
    first = {}
    for report in coming:
        if report.truth.real:
            first.setdefault(report.truth.incident, []).append((report.offset_s, lineage[report.reporter]))
    grown = [found for found in first.values() if len(found) > 1]
    assert len(grown) > 50
    for found in grown:
        assert len({number for _, number in found}) == len(found)
        assert all(19.0 <= offset - found[0][0] <= 91.0 for offset, _ in found[1:])
