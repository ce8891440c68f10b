"""Everything that is kept goes on time, by every door, and nothing before its time; numbers stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from desk import analytics, territory
from desk.access import Actor
from geo import cells
from records import ids
from records.enums import Role
from records.repositories.forgetting import ForgettingRepository
from tests.builders import signed_in
from tests.crews import as_owner
from tests.doors import AN_ID, doors
from tests.lived import LAT, LON, NOTE, Lived, a_square, left, rows, work
from tests.sightings import a_report, an_actor, told
from web.main import create_site

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WAYS = ("status", "activity", "agency", "weekday", "hour_of_week", "zone", "cell")


@pytest.fixture
def app(settings):
    return create_site(settings)


@pytest.fixture
def lived(client, house, network_id):
    made = Lived(client, house, network_id)
    made.live()
    return made


def there(settings, network_id):
    with as_owner(settings.database_url, network_id) as connection:
        return rows(connection)


def what_is_left(settings, network_id, later):
    with as_owner(settings.database_url, network_id) as connection:
        return left(connection, later)


def test_a_network_that_lived_has_rows_of_every_table_that_people_fill(lived, settings, network_id):
    empty = {name for name, count in there(settings, network_id).items() if not count}
    assert empty <= {"ground", "street", "public_place", "hold", "past_count", "past_time"}


@pytest.mark.parametrize("days", [1, 3, 7, 8, 14, 30, 40, 90, 180, 200, 400])
def test_nothing_past_its_limit_is_left_at_any_time(lived, house, settings, network_id, days):
    """offers_forget, dispatches_forget, statements_forget, incidents_over, notes_forget, judgements_forget,
    decisions_forget, incidents_unname, sightings_drop, incidents_drop, past_counts_fold, past_times_forget,
    shifts_forget, accounts_forget, holds_forget, holds_lapse.
    """
    work(house, network_id, days * DAY)
    assert what_is_left(settings, network_id, days * DAY) == {}


MINUTE = timedelta(minutes=1)
EARLY = {
    24 * HOUR - MINUTE: "event",
    72 * HOUR - MINUTE: "incident cluster idempotency sighting",
    7 * DAY - MINUTE: "offer",
    30 * DAY - MINUTE: "judgement decision sighting_override statement dispatch seat checkin alarm",
    90 * DAY - DAY: "audit",
    180 * DAY - DAY: "account responder certificate reliability",
}
"""Just before their limit all of these rows stand, as many as there were."""


@pytest.mark.parametrize("later", EARLY)
def test_nothing_goes_before_its_limit(lived, house, settings, network_id, later):
    names = EARLY[later].split()
    before = there(settings, network_id)
    work(house, network_id, later)
    after = there(settings, network_id)
    for name in names:
        assert before[name] > 0, name
        assert after[name] >= before[name], name


def test_what_two_people_verified_stands_coarse_for_a_year_and_is_a_number_after_it(lived, house, settings, network_id):
    number = ids.read(lived.verified)

    def kept():
        with as_owner(settings.database_url, network_id) as connection:
            return connection.execute(
                text("SELECT status, was_verified, people_forgotten, verifier1 FROM incident WHERE id = :id"),
                {"id": number},
            ).one_or_none()

    work(house, network_id, 364 * DAY)
    assert kept() == ("closed", True, True, None)
    work(house, network_id, 367 * DAY)
    assert kept() is None
    with as_owner(settings.database_url, network_id) as connection:
        assert (
            connection.execute(
                text("SELECT sum(incidents) FROM past_count WHERE was_verified AND network_id = this_network()")
            ).scalar()
            == 1
        )


def test_a_number_of_last_year_says_no_more_than_a_week_and_resolution_7(lived, house, settings, network_id):
    work(house, network_id, 400 * DAY)
    with as_owner(settings.database_url, network_id) as connection:
        found = connection.execute(text("SELECT * FROM past_count WHERE network_id = this_network()")).all()
    assert any(each.was_verified for each in found)
    for each in found:
        assert (each.hour, each.zone_id, each.activity, each.agency) == (None, None, None, None)
        assert each.day_on.weekday() == 0
        shown = cells.from_int(each.cell10)
        assert shown == cells.cell_at(cells.centre(cells.parent(shown, 7)), 10)


def tallies(house, network_id, by, status=None):
    with house.act(network_id) as uow:
        found = uow.statistics.counts(
            by, None, since=uow.now - 3 * DAY, before=uow.now + 3 * DAY, resolution=6, status=status
        )
        return {each.one: each.incidents for each in found}


@pytest.mark.parametrize("days", [3.1, 40, 200])
def test_numbers_stay_exactly_as_they_were(lived, house, network_id, days):
    """By everything analysts count by, of what was verified and of what was not."""
    work(house, network_id, timedelta(hours=71))
    before = {
        (by, status): tallies(house, network_id, by, status) for by in WAYS for status in (None, "unfounded", "closed")
    }
    assert before["status", "closed"]["closed"] > 0
    assert before["status", "unfounded"] == {"unfounded": 1}
    work(house, network_id, days * DAY)
    for (by, status), counted in before.items():
        ended = {"verified": 1} if status is None and by == "status" else counted
        now = tallies(house, network_id, by, status)
        if days == 3.1:
            assert now == ended, (by, status)
        elif status == "unfounded":
            assert now == counted, (by, status)
        elif status is None:
            assert sum(now.values()) == sum(counted.values()), (by, status)
            assert by == "status" or now == counted, (by, status)


def test_counts_that_were_folded_into_weeks_still_add_up(lived, house, network_id):
    work(house, network_id, 4 * DAY)
    before = sum(tallies(house, network_id, "status", "unfounded").values())
    work(house, network_id, 400 * DAY)
    with house.act(network_id) as uow:
        found = uow.statistics.counts(
            "cell", None, since=uow.now - 14 * DAY, before=uow.now + DAY, resolution=7, status="unfounded"
        )
    assert sum(each.incidents for each in found) == before == 1


def test_how_long_steps_took_is_known_to_a_tenth_of_a_minute_later(lived, house, settings, network_id):
    with as_owner(settings.database_url, network_id) as connection:
        connection.execute(
            text("UPDATE judgement SET judged_at = judged_at + interval '7 minutes' WHERE verdict = 'verified'")
        )

    def times():
        with house.act(network_id) as uow:
            found = uow.statistics.times(since=uow.now - 3 * DAY, before=uow.now + 3 * DAY)
            return {each.step: (each.n, round(each.p50, 1)) for each in found}

    before = times()
    assert before["verified"][1] >= 7
    assert before.keys() == {"verified", "paired"}
    for days in (8, 40, 360):
        work(house, network_id, days * DAY)
        assert times() == before, days


def test_nobody_is_counted_twice_once_reports_are_severed(house, settings, network_id):
    """One person who reported three incidents stays one witness, or none: never three."""
    one = an_actor(house, network_id)
    with house.act(network_id) as uow:
        territory.draw(uow, "Middle", a_square())
    told(house, network_id, *(a_report(one, north_m=2000.0 * number) for number in range(3)))
    judges = [an_actor(house, network_id) for _ in range(2)]
    with as_owner(settings.database_url, network_id) as connection:
        words = "was_verified = true, status = 'verified', verifier1 = :a, verifier1_lineage = :al, verifier2 = :b"
        connection.execute(
            text(f"UPDATE incident SET {words}, verifier2_lineage = :bl WHERE network_id = this_network()"),
            {"a": judges[0].account_id, "al": judges[0].lineage, "b": judges[1].account_id, "bl": judges[1].lineage},
        )

    def seen():
        with house.act(network_id) as uow:
            found = uow.statistics.counts("weekday", None, since=uow.now - DAY, before=uow.now + DAY, resolution=5)
        return [(each.incidents, each.reporters) for each in found]

    assert seen() == [(3, 1)]
    work(house, network_id, 9 * DAY)
    with as_owner(settings.database_url, network_id) as connection:
        severed = connection.execute(text("SELECT count(*) FROM sighting WHERE reporter_id IS NULL"))
        assert severed.scalar() == 3
    assert seen() == [(3, 1)]


@pytest.mark.parametrize("days", [2, 10, 40, 400])
def test_no_door_shows_what_was_forgotten_and_none_breaks_over_it(client, lived, house, network_id, days):
    """Every door that reads, with every role, with the ids of what there was."""
    shown = {NOTE, "Ford", str(LON)[:11], str(LAT)[:10]} if days > 7 else {str(LAT + 0.05)[:10]}
    wanted = (lived.verified, lived.merged, lived.apart, lived.unverified, lived.receipts[0]["id"])
    work(house, network_id, days * DAY)
    person = signed_in(client, *Role)
    seen = 0
    for door in doors(client.app):
        if door.method != "GET" or door.path in {"/api/events", "/readyz"} or door.path.startswith("/tiles/base"):
            continue
        for which in wanted if AN_ID in door.address else (AN_ID,):
            answer = client.get(door.address.replace(AN_ID, which), headers=person.headers)
            assert answer.status_code < 500, (str(door), answer.text)
            seen += 1
            for canary in shown:
                assert canary not in answer.text, str(door)
    assert seen > 40
    feature = client.get("/api/incidents", headers=person.headers)
    assert feature.status_code == 200


def test_a_run_that_was_cut_off_anywhere_is_gone_on_with(lived, house, settings, network_id, monkeypatch):
    verbs = [name for name, verb in vars(ForgettingRepository).items() if callable(verb) and not name.startswith("_")]
    assert len(verbs) > 12
    for name in verbs:
        real = getattr(ForgettingRepository, name)

        def killed(self, *words, _real=real, **more):
            _real(self, *words, **more)
            raise MemoryError

        with monkeypatch.context() as cut:
            cut.setattr(ForgettingRepository, name, killed)
            work(house, network_id, 40 * DAY, sweeps=1)
    work(house, network_id, 40 * DAY)
    assert what_is_left(settings, network_id, 40 * DAY) == {}
    assert tallies(house, network_id, "status", "unfounded") == {"unfounded": 1}


def test_the_database_keeps_the_two_people_of_everything_that_may_still_count(lived, settings, network_id):
    """However it is asked: who verified is forgotten once, and only of what has ended and stands coarse."""
    for words in ("people_forgotten = true", "people_forgotten = true, ended_at = now(), status = 'closed'"):
        refused = pytest.raises(DBAPIError, match="people are forgotten once")
        with refused, as_owner(settings.database_url, network_id) as connection:
            connection.execute(
                text(f"UPDATE incident SET {words}, verifier1 = NULL WHERE id = :id"),
                {"id": ids.read(lived.verified)},
            )


def test_analysts_see_the_same_before_and_after(client, lived, house, settings, network_id):
    """Through the door, large enough to be shown: six more of the verified kind, made as the first was."""
    with as_owner(settings.database_url, network_id) as connection:
        connection.execute(
            text(
                "INSERT INTO incident (network_id, id, status, ended_at, location, cell7, cell10, zone_ids, activity,"
                " agency, groups, opened_at, first_seen_at, last_seen_at, was_verified, verifier1, verifier1_lineage,"
                " verifier2, verifier2_lineage)"
                " SELECT network_id, n, 'closed', now(), location, cell7, cell10, zone_ids, activity, agency, 3,"
                " opened_at, first_seen_at, last_seen_at, was_verified, verifier1, verifier1_lineage, verifier2,"
                " verifier2_lineage FROM incident, generate_series(1, 6) n WHERE id = :id"
            ),
            {"id": ids.read(lived.verified)},
        )
    analyst = signed_in(client, Role.ANALYST)

    def seen(by):
        with house.act(network_id, now=datetime.now(UTC) + 60 * DAY) as uow:
            actor = lived_actor(analyst)
            today = datetime.now(UTC).date()
            days = analytics.Period(today - 2 * DAY, today + 2 * DAY)
            found = analytics.patterns(uow, actor, [analytics.By(by)], days, resolution=7)
            return found["groups"], found["withheld"]

    before = {by: seen(by) for by in WAYS if by != "status"}
    assert all(groups for groups, _ in before.values())
    for days in (8, 40, 300):
        work(house, network_id, days * DAY)
        assert {by: seen(by) for by in before} == before, days


def lived_actor(person):
    return Actor(account_id=person.id, alias=person.alias, lineage=person.lineage, roles=frozenset({Role.ANALYST}))
