"""The statements behind a dispatch, each on its own: roster, claims, scene, timers, seats, places."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.settings import Settings
from api.wiring import House
from api.worker import TIMERS, Timer, Worker
from desk import checkins, dispatching, roster
from desk.access import Actor
from desk.errors import NobodyToAsk, PairDoesNotFit, ResponderAlreadyTaken
from desk.events import IncidentClosed, IncidentUnfounded
from desk.unit_of_work import UnitOfWork
from geo import cells
from records.sql import load
from tests.builders import a_network
from tests.crews import PLACE, Member, a_crew, an_incident, as_owner

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DESK = Actor()
STATEMENTS = (
    "claim",
    "claim_waiting",
    "dispatch_places",
    "free",
    "held_due",
    "far_due",
    "late_due",
    "lines_due",
    "missed_due",
    "expected_due",
    "offers_due",
    "roster",
    "scene",
    "seat_take",
    "seats_end",
)


@pytest.fixture
def house(fresh_database_url: str, tmp_path: Path) -> Iterator[House]:
    built = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=4))
    yield built
    built.close()


@pytest.fixture
def network_id(fresh_database_url: str) -> int:
    return a_network(fresh_database_url)


@pytest.fixture
def crew(house: House, network_id: int) -> list[Member]:
    return a_crew(house, network_id, 6, at=NOW)


@pytest.fixture
def incident(fresh_database_url: str, network_id: int) -> int:
    return an_incident(fresh_database_url, network_id, status="verified", at=NOW)


def send(house: House, network_id: int, incident: int, at: datetime = NOW, **words: object) -> int:
    with house.act(network_id, now=at) as uow:
        return dispatching.send(uow, DESK, incident, "observe", **words).id  # type: ignore[arg-type]


def accept(house: House, network_id: int, member: Member, at: datetime = NOW) -> str:
    with house.act(network_id, now=at) as uow:
        (offer,) = [each for each in uow.dispatches.offers_to(member.responder_id, at) if each.state == "offered"]
        dispatching.accept(uow, member.actor, offer.id)
        return uow.dispatches.get(offer.dispatch_id).state


def state(house: House, network_id: int, dispatch: int) -> str:
    with house.act(network_id, now=NOW) as uow:
        return uow.dispatches.get(dispatch).state


def asked(house: House, network_id: int, dispatch: int, crew: list[Member]) -> list[Member]:
    with house.act(network_id, now=NOW) as uow:
        people = {offer.responder_id for offer in uow.dispatches.offers([dispatch]) if offer.state == "offered"}
    return [member for member in crew if member.responder_id in people]


def a_pair(house: House, network_id: int, incident: int, crew: list[Member]) -> tuple[int, Member, Member]:
    dispatch = send(house, network_id, incident, wave=2)
    one, other = asked(house, network_id, dispatch, crew)
    assert accept(house, network_id, one) == "offering"
    assert accept(house, network_id, other) == "paired"
    return dispatch, one, other


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_says_what_it_leans_on(name: str) -> None:
    head = load(name).text.splitlines()
    assert head[0].startswith("-- ")
    assert any("eans on" in line for line in head if line.startswith("--"))


def test_roster_tells_the_matcher_who_is_what(house, network_id, crew, incident) -> None:
    dispatch, one, other = a_pair(house, network_id, incident, crew)
    with house.act(network_id, now=NOW + timedelta(minutes=1)) as uow:
        people = {entry.id: entry for entry in uow.responders.roster(uow.now)}
        assert len(people) == len(crew)
        mine = people[one.responder_id]
        assert (mine.busy, mine.offered, mine.load_7d, mine.this_shift) == (True, False, 1, 0)
        assert mine.worked_with == (other.responder_id,)
        assert cells.resolution_of(mine.cell9) == 9
        assert mine.trained_until is not None
        assert (mine.yes_count, mine.no_count) == (1.0, 0.0)
        idle = next(entry for entry in people.values() if not entry.busy)
        assert (idle.load_7d, idle.worked_with) == (0, ())
        assert [entry.id for entry in uow.responders.roster(uow.now, [idle.id])] == [idle.id]
        assert dispatch


def test_scene_is_what_people_are_sent_to(house, network_id, incident) -> None:
    with house.act(network_id, now=NOW) as uow:
        row = uow.dispatches.scene(incident)
    assert (row.place.lon, row.place.lat) == pytest.approx((PLACE.lon, PLACE.lat))
    assert (row.corners, row.only_patrol, row.reporters) == ((), False, frozenset())
    assert row.standing.was_verified


def test_claim_leaves_out_whoever_is_in_other_hands(house, network_id, crew) -> None:
    everybody = [member.responder_id for member in crew]
    with house.act(network_id, now=NOW) as first:
        assert first.responders.claim(everybody[:2]) == set(everybody[:2])
        with house.act(network_id, now=NOW) as second:
            assert second.responders.claim(everybody) == set(everybody[2:])


def test_claim_waiting_waits(house, network_id, crew) -> None:
    order: list[str] = []
    person = crew[0].responder_id

    def later() -> None:
        with house.act(network_id, now=NOW) as uow:
            order.append("asks")
            assert uow.responders.claim_waiting([person]) == {person}
            order.append("has")

    with house.act(network_id, now=NOW) as uow:
        uow.responders.claim_waiting([person])
        thread = threading.Thread(target=later)
        thread.start()
        thread.join(0.3)
        order.append("lets go")
    thread.join()
    assert order == ["asks", "lets go", "has"]


def test_free_looks_again_behind_the_lock(house, network_id, crew, incident) -> None:
    send(house, network_id, incident, wave=2)
    everybody = {member.responder_id for member in crew}
    with house.act(network_id, now=NOW) as uow:
        assert len(uow.responders.free(everybody, NOW)) == len(crew) - 2
        assert uow.responders.free(everybody, NOW + timedelta(hours=9)) == set()


def test_two_senders_at_once_never_ask_the_same_person(house, network_id, crew, fresh_database_url) -> None:
    incidents = [an_incident(fresh_database_url, network_id, status="verified", at=NOW) for _ in range(2)]
    with house.act(network_id, now=NOW) as first:
        dispatching.send(first, DESK, incidents[0], "observe", wave=3)
        with house.act(network_id, now=NOW) as second:
            dispatching.send(second, DESK, incidents[1], "observe", wave=3)
    with house.act(network_id, now=NOW) as uow:
        offers = [
            offer.responder_id
            for found in uow.dispatches.page(open_only=True, limit=9)
            for offer in uow.dispatches.offers([found.id])
        ]
    assert len(offers) == len(set(offers)) == 6


def test_seat_take_begins_after_the_last_seat_ended(house, network_id, crew, incident) -> None:
    """A clock that steps back between two acts must not look like a double booking."""
    dispatch, one, _ = a_pair(house, network_id, incident, crew)
    with house.act(network_id, now=NOW + timedelta(seconds=30)) as uow:
        dispatching.cancel(uow, DESK, dispatch)
    again, *_ = a_pair_of(house, network_id, incident, one, crew)
    with house.act(network_id, now=NOW) as uow:
        mine = [seat for seat in uow.dispatches.seats([dispatch, again]) if seat.responder_id == one.responder_id]
    assert len(mine) == 2
    assert {seat.during.lower for seat in mine} == {NOW, NOW + timedelta(seconds=30)}


def a_pair_of(house, network_id, incident, member, crew) -> tuple[int, Member]:
    other = next(each for each in crew if each is not member)
    dispatch = send(house, network_id, incident, pair=(member.responder_id, other.responder_id))
    for each in (member, other):
        accept(house, network_id, each)
    return dispatch, other


def test_seats_end_after_they_began(house, network_id, crew, incident) -> None:
    dispatch, *_ = a_pair(house, network_id, incident, crew)
    with house.act(network_id, now=NOW - timedelta(minutes=5)) as uow:
        dispatching.cancel(uow, DESK, dispatch)
    with house.act(network_id, now=NOW) as uow:
        for seat in uow.dispatches.seats([dispatch]):
            assert seat.during.upper == NOW + timedelta(microseconds=1)
            assert seat.left_because == "cancelled"


def test_dispatch_places(house, network_id, crew, incident) -> None:
    dispatch = send(house, network_id, incident)
    with house.act(network_id, now=NOW) as uow:
        places = uow.dispatches.places([dispatch])[dispatch]
    assert places.place.lat == pytest.approx(PLACE.lat)
    assert places.meeting_point != places.place


def test_a_waiting_yes_is_made_up_for_at_once_and_time_gives_up(house, network_id, crew, incident) -> None:
    dispatch = send(house, network_id, incident, wave=2, by_hand=False)
    waiting = asked(house, network_id, dispatch, crew)[0]
    accept(house, network_id, waiting)
    joined = asked(house, network_id, dispatch, crew)
    assert (len(joined), waiting in joined) == (len(crew) - 1, False)
    with house.act(network_id, now=NOW + timedelta(seconds=60)) as uow:
        assert dispatching.expire_due(uow) == 0
    with house.act(network_id, now=NOW + timedelta(seconds=80)) as uow:
        assert dispatching.expire_due(uow) == 1
        assert uow.dispatches.get(dispatch).state == "unfilled"
        states = {offer.responder_id: offer.state for offer in uow.dispatches.offers([dispatch])}
    assert states[waiting.responder_id] == "released"
    assert set(states.values()) == {"released", "expired"}


def test_two_workers_do_not_take_the_same_dispatch(house, network_id, crew, incident) -> None:
    send(house, network_id, incident, wave=2)
    late = NOW + timedelta(minutes=2)
    with house.act(network_id, now=late) as first:
        assert dispatching.expire_due(first) == 1
        with house.act(network_id, now=late) as second:
            assert dispatching.expire_due(second) == 0


def test_held_due_and_the_search_for_a_partner(house, network_id, crew, incident) -> None:
    dispatch, one, other = a_pair(house, network_id, incident, crew)
    with house.act(network_id, now=NOW) as uow:
        dispatching.withdraw(uow, one.actor, dispatch)
    assert state(house, network_id, dispatch) == "held"
    found = asked(house, network_id, dispatch, crew)
    assert found
    assert not {one, other} & set(found)
    # Nobody answers: others are asked while the time lasts, then everybody goes home.
    with house.act(network_id, now=NOW + timedelta(minutes=9)) as uow:
        dispatching.expire_due(uow)
        assert dispatching.held_due(uow) == 0
    with house.act(network_id, now=NOW + timedelta(minutes=10)) as uow:
        assert dispatching.held_due(uow) == 1
    assert state(house, network_id, dispatch) == "cancelled"
    with house.act(network_id, now=NOW) as uow:
        assert not any(entry.busy for entry in uow.responders.roster(NOW))


def test_a_lost_observer_is_replaced_by_an_observer(house, network_id, fresh_database_url) -> None:
    crew = a_crew(house, network_id, 6, observers=2, at=NOW)
    incident = an_incident(fresh_database_url, network_id, status="verified", at=NOW)
    dispatch, observer = a_pair_of(house, network_id, incident, crew[3], crew)
    with house.act(network_id, now=NOW) as uow:
        dispatching.withdraw(uow, observer.actor, dispatch)
    (only,) = asked(house, network_id, dispatch, crew)
    assert only is crew[1]
    assert accept(house, network_id, only) == "paired"
    with house.act(network_id, now=NOW) as uow:
        seats = {(seat.seat, seat.turn): seat.responder_id for seat in uow.dispatches.seats([dispatch]) if seat.active}
    assert seats == {(1, 2): only.responder_id, (2, 1): crew[3].responder_id}


def test_missed_due_asks_each_person_for_themself(house, network_id, crew, incident) -> None:
    dispatch, one, other = a_pair(house, network_id, incident, crew)
    for word in ("en_route", "staged"):
        for member in (one, other):
            with house.act(network_id, now=NOW) as uow:
                dispatching.progress(uow, member.actor, dispatch, word)
    with house.act(network_id, now=NOW + timedelta(minutes=9)) as uow:
        checkins.check_in(uow, one.actor, dispatch, "ok")
    with house.act(network_id, now=NOW + timedelta(minutes=12, seconds=59)) as uow:
        assert checkins.missed_due(uow) == 0
    with house.act(network_id, now=NOW + timedelta(minutes=13)) as uow:
        assert checkins.missed_due(uow) == 1
    with house.act(network_id, now=NOW + timedelta(minutes=14)) as uow:
        assert checkins.missed_due(uow) == 0
        assert uow.dispatches.get(dispatch).state == "held"
        left = {seat.responder_id: seat.left_because for seat in uow.dispatches.seats([dispatch])}
        assert left == {one.responder_id: None, other.responder_id: "lost"}
        (silent,) = uow.responders.roster(uow.now, [other.responder_id])
        assert silent.available_until <= uow.now
        assert silent.cell9 is None


@pytest.mark.parametrize("fact", [IncidentUnfounded, IncidentClosed])
def test_what_is_over_calls_observers_back(house, network_id, crew, incident, fact) -> None:
    dispatch, *_ = a_pair(house, network_id, incident, crew)
    asking = send(house, network_id, incident, wave=2)
    with house.act(network_id, now=NOW) as uow:
        uow.record(fact(subject=incident))
    assert state(house, network_id, dispatch) == state(house, network_id, asking) == "cancelled"


def test_a_look_finishes_on_its_own_when_the_incident_closes(house, network_id, crew, fresh_database_url) -> None:
    incident = an_incident(fresh_database_url, network_id, at=NOW)
    with house.act(network_id, now=NOW) as uow:
        dispatch = dispatching.send(uow, DESK, incident, "look", wave=2).id
    for member in asked(house, network_id, dispatch, crew):
        accept(house, network_id, member)
    with house.act(network_id, now=NOW) as uow:
        uow.record(IncidentClosed(subject=incident))
    assert state(house, network_id, dispatch) == "paired"


def test_named_people_who_cannot_go(house, network_id, crew, incident, fresh_database_url) -> None:
    new = a_crew(house, network_id, 2, at=NOW, seasoned=False)
    with house.act(network_id, now=NOW) as uow:
        uow.responders.avoid(new[0].responder_id, [new[1].responder_id])
    with pytest.raises(PairDoesNotFit):
        send(house, network_id, incident, pair=(new[0].responder_id, new[1].responder_id))
    first = (crew[0].responder_id, crew[1].responder_id)
    send(house, network_id, incident, pair=first)
    with pytest.raises(ResponderAlreadyTaken):
        send(house, network_id, incident, pair=first)
    for member in (*crew, *new):
        with house.act(network_id, now=NOW) as uow:
            roster.set_availability(uow, member.actor, False)
    with pytest.raises(NobodyToAsk):
        send(house, network_id, incident)


def test_two_dispatches_a_shift_and_then_rest(house, network_id, incident) -> None:
    crew = a_crew(house, network_id, 2, at=NOW)
    for round_ in range(2):
        dispatch, one, other = a_pair(house, network_id, incident, crew)
        for word in ("en_route", "staged", "cleared"):
            for member in (one, other):
                with house.act(network_id, now=NOW + timedelta(minutes=round_)) as uow:
                    dispatching.progress(uow, member.actor, dispatch, word)
    with pytest.raises(NobodyToAsk):
        send(house, network_id, incident, at=NOW + timedelta(minutes=5))
    # Toggling availability does not begin a new shift.
    for available in (False, True):
        for member in crew:
            with house.act(network_id, now=NOW + timedelta(minutes=6)) as uow:
                roster.set_availability(uow, member.actor, available, None, PLACE)
    with pytest.raises(NobodyToAsk):
        send(house, network_id, incident, at=NOW + timedelta(minutes=7))
    with house.act(network_id, now=NOW) as uow:
        entries = uow.responders.roster(NOW)
        assert {entry.resting_until for entry in entries} == {NOW + timedelta(minutes=1, hours=8)}


def test_a_failing_timer_does_not_stop_the_others(house, network_id, capsys) -> None:
    done = []

    def fails(_uow: UnitOfWork) -> int:
        raise RuntimeError("what somebody wrote")

    def works(_uow: UnitOfWork) -> int:
        done.append(1)
        return 0

    worker = Worker(house, [Timer("fails", 1, fails), Timer("works", 10, works)])
    for second in range(12):
        worker.sweep(float(second))
    assert len(done) == 2
    assert "what somebody wrote" not in "".join(capsys.readouterr())


def test_the_worker_stops_when_told(house, network_id) -> None:
    stop = threading.Event()
    working = threading.Thread(target=Worker(house, TIMERS).run, args=(stop,))
    working.start()
    stop.set()
    working.join(10)
    assert not working.is_alive()


def test_the_owner_sees_no_position_in_the_roster_s_answer(house, network_id, crew, fresh_database_url) -> None:
    with house.act(network_id, now=NOW) as uow:
        shown = roster.roster(uow, DESK)
    with as_owner(fresh_database_url, network_id) as connection:
        kept = [row[0] for row in connection.exec_driver_sql("SELECT cell9 FROM position")]
    assert len(kept) == len(crew)
    assert not any(cells.from_int(cell) in str(shown) for cell in kept)


def test_how_many_are_live_is_counted_in_ones_own_network_also_where_no_wall_stands(
    house, network_id, crew, fresh_database_url
):
    incident = an_incident(fresh_database_url, network_id, status="verified", at=NOW)
    with house.act(network_id, now=NOW) as uow:
        dispatching.send(uow, DESK, incident, "observe", wave=2)
    other = a_network(fresh_database_url)
    # The owner passes through row-level security here, as a superuser does: the statement must not lean on it.
    with as_owner(fresh_database_url, network_id) as connection:
        count = load("live_dispatches")
        own = connection.execute(count, {"network_id": network_id, "ids": [incident]}).all()
        theirs = connection.execute(count, {"network_id": other, "ids": [incident]}).all()
    assert ([tuple(row) for row in own], theirs) == ([(incident, 1)], [])
