"""How people are asked and kept: rolling waves, the ladder of a silence, rest, load, thanks; the clock jumps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from api.settings import Settings
from api.wiring import House
from desk import alarms, checkins, dispatching, reactions, roster, territory
from desk.access import Actor
from desk.errors import BriefNotRead, NobodyToAsk, NotLawful, OnCallLongEnough
from desk.escalation import LADDERS, Call, Told, told_by
from desk.policy import CheckinPolicy
from matcher.policy import PairPolicy
from records.models import Dispatch, Offer
from tests.builders import a_network
from tests.crews import PLACE, Member, a_crew, an_incident, as_owner

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DESK = Actor()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(fresh_database_url: str, tmp_path: Path) -> Iterator[House]:
    built = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=4))
    yield built
    built.close()


@pytest.fixture
def network_id(fresh_database_url: str) -> int:
    return a_network(fresh_database_url)


@pytest.fixture
def incident(fresh_database_url: str, network_id: int) -> int:
    return an_incident(fresh_database_url, network_id, status="verified", at=NOW)


class Field:
    """A crew and one dispatch, with acts in people's names."""

    def __init__(self, house: House, network_id: int, incident: int, size: int, **sent: object) -> None:
        self.house, self.network_id = house, network_id
        self.crew = {member.responder_id: member for member in a_crew(house, network_id, size, at=NOW)}
        with house.act(network_id, now=NOW) as uow:
            self.dispatch = dispatching.send(uow, DESK, incident, "observe", **sent).id  # type: ignore[arg-type]

    def offers(self, *states: str) -> list[Offer]:
        with self.house.act(self.network_id, now=NOW) as uow:
            found = uow.dispatches.offers([self.dispatch])
            return [offer for offer in found if not states or offer.state in states]

    def row(self) -> Dispatch:
        with self.house.act(self.network_id, now=NOW) as uow:
            return uow.dispatches.get(self.dispatch)

    def answer(self, offer: Offer, verb: str, at: datetime = NOW) -> None:
        with self.house.act(self.network_id, now=at) as uow:
            getattr(dispatching, verb)(uow, self.crew[offer.responder_id].actor, offer.id)

    def due(self, at: datetime) -> None:
        """Do what the worker would do by a moment."""
        with self.house.act(self.network_id, now=at) as uow:
            reactions.fall_due(uow)

    def pair(self) -> tuple[Member, Member]:
        one, other = self.offers("offered")[:2]
        for offer in (one, other):
            self.answer(offer, "accept")
        return self.crew[one.responder_id], self.crew[other.responder_id]

    def staged(self) -> tuple[Member, Member]:
        pair = self.pair()
        for step in ("en_route", "staged"):
            for member in pair:
                with self.house.act(self.network_id, now=NOW) as uow:
                    dispatching.progress(uow, member.actor, self.dispatch, step)
        return pair

    def mine(self, member: Member, at: datetime = NOW) -> dict:
        with self.house.act(self.network_id, now=at) as uow:
            return dispatching.my_view(uow, member.actor)

    def seen(self, at: datetime = NOW) -> dict:
        with self.house.act(self.network_id, now=at) as uow:
            return dispatching.dispatch_view(uow, uow.dispatches.get(self.dispatch))


# rolling waves


def test_every_no_is_made_up_for_at_once(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 24)
    first = field.offers("offered")
    assert 10 <= len(first) < 24
    for said, offer in enumerate(first[:3], 1):
        field.answer(offer, "decline")
        fresh = field.offers("offered")
        assert len(fresh) >= len(first)
        assert len(field.offers()) == len(fresh) + said
        assert offer.responder_id not in {each.responder_id for each in fresh}
    assert field.row().waves == 1  # they join the wave that is asked


def test_silence_of_some_is_made_up_for_while_others_still_think(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 30)
    first = field.offers("offered")
    late = NOW + timedelta(seconds=40)
    field.answer(first[0], "decline", late)
    joined = {each.id for each in field.offers("offered")} - {each.id for each in first}
    assert joined
    field.due(NOW + timedelta(seconds=76))
    states = {offer.id: offer.state for offer in field.offers()}
    assert {states[each.id] for each in first[1:]} == {"expired"}
    assert all(states[each] == "offered" for each in joined)
    assert len(field.offers("offered")) > len(joined)


def test_a_yes_that_waits_asks_nobody_while_the_chance_is_there(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 24)
    before = len(field.offers())
    field.answer(field.offers("offered")[0], "accept")
    assert len(field.offers()) == before


def test_where_nobody_was_free_the_next_look_waits_a_moment(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 6)
    first, second, third = field.offers("offered")[:3]
    field.answer(first, "decline")
    field.crew |= {member.responder_id: member for member in a_crew(house, network_id, 2, at=NOW)}
    field.answer(second, "decline", NOW + timedelta(seconds=2))
    assert len(field.offers()) == 6
    field.answer(third, "decline", NOW + timedelta(seconds=6))
    assert len(field.offers()) == 8


def test_never_more_people_than_the_largest_waves_hold_nor_for_longer(
    fresh_database_url, house, network_id, incident
) -> None:
    with as_owner(fresh_database_url, network_id) as connection:
        connection.execute(
            text("UPDATE network SET policy = CAST(:own AS jsonb) WHERE id = :n"),
            {"own": '{"pairs": {"largest_wave": 4, "max_waves": 2}}', "n": network_id},
        )
    field = Field(house, network_id, incident, 14)
    assert len(field.offers()) == 4
    while field.offers("offered"):
        field.answer(field.offers("offered")[0], "decline")
    assert len(field.offers()) == 8
    field.due(NOW + timedelta(seconds=1))
    assert field.row().state == "unfilled"
    assert field.row().ruled_out is not None


def test_nobody_is_asked_after_the_time_for_asking(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 24)
    first = field.offers("offered")
    over = NOW + PairPolicy().max_asking
    field.answer(first[0], "decline", over)
    assert len(field.offers()) == len(first)


def test_by_hand_nobody_is_asked_by_itself_until_the_dispatcher_lets_it_run(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 12, wave=3)
    assert field.row().by_hand
    for offer in field.offers("offered"):
        field.answer(offer, "decline")
    field.due(NOW + MINUTE)
    assert (len(field.offers()), field.row().state) == (3, "offering")
    with house.act(network_id, now=NOW + MINUTE) as uow:
        dispatching.steer(uow, DESK, field.dispatch, by_hand=False)
    assert len(field.offers("offered")) > 3
    with house.act(network_id, now=NOW + MINUTE) as uow:
        dispatching.steer(uow, DESK, field.dispatch, by_hand=True)
    open_now = field.offers("offered")
    field.answer(open_now[0], "decline", NOW + MINUTE)
    assert len(field.offers("offered")) == len(open_now) - 1
    field.due(NOW + PairPolicy().max_asking)
    assert field.row().state == "unfilled"


def test_a_named_pair_keeps_the_rest_on_standby(house, network_id, incident) -> None:
    crew = a_crew(house, network_id, 5, at=NOW)
    named = (crew[3].responder_id, crew[4].responder_id)
    field = Field(house, network_id, incident, 1, pair=named)
    field.crew |= {member.responder_id: member for member in crew}
    field.answer(field.offers("offered")[0], "decline")
    assert len(field.offers()) == 2
    with house.act(network_id, now=NOW) as uow:
        dispatching.steer(uow, DESK, field.dispatch, by_hand=False)
    assert len(field.offers()) > 2


def test_only_what_looks_for_a_pair_is_steered(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    field.pair()
    with house.act(network_id, now=NOW) as uow, pytest.raises(NotLawful):
        dispatching.steer(uow, DESK, field.dispatch, by_hand=True)


def test_a_no_while_a_partner_is_sought_is_made_up_for(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 24)
    one, _ = field.staged()
    with house.act(network_id, now=NOW) as uow:
        dispatching.withdraw(uow, one.actor, field.dispatch)
    sought = field.offers("offered")
    field.answer(sought[0], "decline")
    assert len(field.offers("offered")) >= len(sought)


# enough offers


def test_nobody_is_asked_more_than_six_times_a_day(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    for _ in range(5):
        with house.act(network_id, now=NOW) as uow:
            dispatching.cancel(uow, DESK, field.dispatch)
            field.dispatch = dispatching.send(uow, DESK, incident, "observe").id
    with house.act(network_id, now=NOW) as uow:
        dispatching.cancel(uow, DESK, field.dispatch)
    member = next(iter(field.crew.values()))
    with house.act(network_id, now=NOW + MINUTE) as uow:
        found = dispatching.propose(uow, DESK, incident, "observe")
        assert (found["candidates"], found["ruled_out"][0]["rule"]) == (0, "enough_offers")
        load = roster.load(uow, member.actor)
        with pytest.raises(NobodyToAsk):
            dispatching.send(uow, DESK, incident, "observe")
    assert (load["offers_today"], load["rule"]) == (6, "enough_offers")
    assert datetime.fromisoformat(load["asked_again_at"]) == NOW + timedelta(hours=24)
    with house.act(network_id, now=NOW + timedelta(hours=24)) as uow:
        assert roster.load(uow, member.actor)["offers_today"] == 0


# released, with thanks


def test_who_is_released_is_thanked_and_told_where_a_gap_is(house, network_id, incident) -> None:
    with house.act(network_id, now=NOW) as uow:
        west, south = PLACE.lon - 0.03, PLACE.lat - 0.03
        ring = [[west, south], [west + 0.3, south], [west + 0.3, south + 0.06], [west, south + 0.06], [west, south]]
        territory.draw(uow, "Along the river", {"type": "Polygon", "coordinates": [ring]})
    field = Field(house, network_id, incident, 4)
    pair = field.pair()
    released = next(member for member in field.crew.values() if member not in pair)
    thanks = field.mine(released)["thanks"]
    assert thanks["card"] == "released"
    with house.act(network_id, now=NOW) as uow:
        gap = territory.nearest_gap(uow, thanks["area"])
    assert gap["area_name"] == "Along the river"
    assert gap["area"] != thanks["area"]
    assert "coordinates" not in str(gap)
    assert field.mine(pair[0])["thanks"] is None
    assert field.mine(released, NOW + timedelta(minutes=11))["thanks"] is None


# the brief


def test_nobody_sets_out_before_the_brief_is_read(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.pair()
    with house.act(network_id, now=NOW) as uow, pytest.raises(BriefNotRead):
        dispatching.progress(uow, one.actor, field.dispatch, "en_route", brief_read=False)
    assert not field.mine(one)["dispatches"][0]["brief_read"]
    with house.act(network_id, now=NOW) as uow:
        dispatching.read_brief(uow, one.actor, field.dispatch)
    assert field.mine(one)["dispatches"][0]["brief_read"]
    assert not field.mine(other)["dispatches"][0]["brief_read"]
    with house.act(network_id, now=NOW) as uow:
        dispatching.progress(uow, one.actor, field.dispatch, "en_route", brief_read=False)


def test_whoever_was_left_reads_the_brief_of_the_new_pair(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 4)
    one, other = field.staged()
    with house.act(network_id, now=NOW) as uow:
        dispatching.withdraw(uow, one.actor, field.dispatch)
    field.answer(field.offers("offered")[0], "accept")
    view = field.mine(other)["dispatches"][0]
    assert (view["state"], view["brief_read"]) == ("paired", False)


# the ladder of a silence


def alarm_of(seen: dict, member: Member) -> dict:
    return next(each for each in (*seen["seats"], *seen["left"]) if each["alias"] == member.alias)


def test_silence_climbs_from_partner_to_desk_to_the_lines(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    due = NOW + timedelta(minutes=10)
    with house.act(network_id, now=due - MINUTE) as uow:
        checkins.check_in(uow, other.actor, field.dispatch, "ok")
    field.due(due - timedelta(seconds=1))
    assert not field.mine(other, due)["dispatches"][0]["partner_late"]
    # due: the partner looks first
    field.due(due)
    assert field.mine(other, due)["dispatches"][0]["partner_late"]
    assert field.row().state == "staged"
    # three minutes late: the desk is told, the other one holds
    field.due(due + 3 * MINUTE)
    seen = field.seen(due + 3 * MINUTE)
    assert seen["state"] == "held"
    assert alarm_of(seen, one)["told"] == ["partner", "desk", "nearest_pair"]
    assert alarm_of(seen, one)["lines_at"] == (due + 8 * MINUTE).isoformat().replace("+00:00", "Z")
    view = field.mine(other, due + 3 * MINUTE)["dispatches"][0]
    assert (view["state"], view["card"], view["place"]) == ("held", "partner.lost", None)
    assert field.mine(one, due + 3 * MINUTE)["dispatches"][0]["card"] == "lost"
    # eight minutes late: the lines, by a fact that makes the board look again
    with house.act(network_id, now=due + 8 * MINUTE - timedelta(seconds=1)) as uow:
        assert checkins.lines_due(uow) == 0
    with house.act(network_id, now=due + 8 * MINUTE) as uow:
        assert checkins.lines_due(uow) == 1
        assert [fact.kind for fact in uow.facts] == ["checkin.lines"]
    with house.act(network_id, now=due + 8 * MINUTE) as uow:
        assert checkins.lines_due(uow) == 0
    assert "legal_line" in alarm_of(field.seen(due + 8 * MINUTE), one)["told"]
    # the hold ends, the alarm does not
    with house.act(network_id, now=due + 8 * MINUTE) as uow:
        checkins.check_in(uow, other.actor, field.dispatch, "ok")
    field.due(due + 14 * MINUTE)
    with house.act(network_id, now=due + 14 * MINUTE) as uow:
        (gone,) = alarms.listed(uow)
    assert (gone.state, gone.alias, gone.told[-1]) == ("cancelled", one.alias, Told.LINE)
    # one word from whoever was lost ends it
    with house.act(network_id, now=due + 15 * MINUTE) as uow:
        checkins.check_in(uow, one.actor, field.dispatch, "ok")
    with house.act(network_id, now=due + 15 * MINUTE) as uow:
        assert alarms.listed(uow) == []
    assert field.mine(one, due + 15 * MINUTE)["dispatches"][0]["card"] == "after"


def test_a_late_word_calls_the_ladder_off(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    due = NOW + timedelta(minutes=10)
    field.due(due)
    for member in (one, other):
        with house.act(network_id, now=due + MINUTE) as uow:
            checkins.check_in(uow, member.actor, field.dispatch, "ok")
    assert not field.mine(other, due + MINUTE)["dispatches"][0]["partner_late"]
    field.due(due + 4 * MINUTE)
    assert field.row().state == "staged"


def test_help_is_told_to_everybody_at_once_and_duress_never_to_the_partner(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    with house.act(network_id, now=NOW) as uow:
        checkins.check_in(uow, one.actor, field.dispatch, "help")
        checkins.check_in(uow, other.actor, field.dispatch, "duress")
    seen = field.seen(NOW)
    assert alarm_of(seen, one)["told"] == ["partner", "desk", "nearest_pair", "legal_line"]
    assert alarm_of(seen, other)["told"] == ["desk", "nearest_pair", "legal_line"]
    assert field.mine(other)["dispatches"][0]["partner_calls_help"]
    assert not field.mine(one)["dispatches"][0]["partner_calls_help"]


def test_the_nearest_pair_is_free_and_is_two(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    field.staged()
    with house.act(network_id, now=NOW) as uow:
        assert dispatching.nearest_pair(uow, incident) is None
    near = {member.alias for member in a_crew(house, network_id, 2, at=NOW)}
    with house.act(network_id, now=NOW) as uow:
        pair = dispatching.nearest_pair(uow, incident)
    assert {pair["observer"]["alias"], pair["buddy"]["alias"]} == near


def test_the_ladder_is_climbed_in_order() -> None:
    policy = CheckinPolicy(grace=timedelta(hours=1), line_after=timedelta(0))
    assert policy.grace == timedelta(minutes=5)  # a network may be quicker, never slower
    for call in Call:
        assert told_by(call, NOW, NOW + timedelta(hours=1), policy) == [who for who, _ in LADDERS[call]]
        assert Told.DESK in dict(LADDERS[call])
    assert Told.PARTNER not in dict(LADDERS[Call.DURESS])


# rest


def test_help_ends_in_a_pause_that_nobody_shortens(house, network_id, incident, fresh_database_url) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    with house.act(network_id, now=NOW) as uow:
        checkins.check_in(uow, one.actor, field.dispatch, "help")
        dispatching.cancel(uow, DESK, field.dispatch)
    for member in (one, other):
        with house.act(network_id, now=NOW + MINUTE) as uow:
            load = roster.load(uow, member.actor)
        assert load["rule"] == "resting"
        assert datetime.fromisoformat(load["asked_again_at"]) == NOW + timedelta(hours=24)
    with house.act(network_id, now=NOW + MINUTE) as uow:
        longer = roster.rest_longer(uow, one.actor, timedelta(hours=24))
        assert datetime.fromisoformat(longer["resting_until"]) == NOW + timedelta(hours=48)
        uow.responders.rest([one.responder_id], NOW + timedelta(hours=2))
        assert uow.responders.get(one.responder_id).resting_until == NOW + timedelta(hours=48)
    with pytest.raises(DatabaseError, match="never shortened"), as_owner(fresh_database_url, network_id) as connection:
        connection.execute(text("UPDATE responder SET resting_until = NULL"))


def test_duress_leaves_no_trace_that_others_could_see(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    with house.act(network_id, now=NOW) as uow:
        checkins.check_in(uow, one.actor, field.dispatch, "duress")
        dispatching.cancel(uow, DESK, field.dispatch)
    for member in (one, other):
        with house.act(network_id, now=NOW + MINUTE) as uow:
            assert roster.load(uow, member.actor)["resting_until"] is None


def test_nobody_is_on_call_for_more_than_twelve_hours_without_a_rest(house, network_id) -> None:
    (member,) = a_crew(house, network_id, 1, at=NOW)
    with house.act(network_id, now=NOW + timedelta(hours=7)) as uow:
        told = roster.set_availability(uow, member.actor, True, NOW + timedelta(hours=19))
    assert told["until"] == (NOW + timedelta(hours=12)).isoformat().replace("+00:00", "Z")
    with house.act(network_id, now=NOW + timedelta(hours=13)) as uow:
        with pytest.raises(OnCallLongEnough):
            roster.set_availability(uow, member.actor, True)
        load = roster.load(uow, member.actor)
    assert (load["rule"], datetime.fromisoformat(load["asked_again_at"])) == ("on_call", NOW + timedelta(hours=20))
    with house.act(network_id, now=NOW + timedelta(hours=20)) as uow:
        assert roster.set_availability(uow, member.actor, True)["available"]


def test_the_load_counts_work_and_never_answers(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 3)
    one, other = field.staged()
    for step in ("on_scene", "cleared"):
        for member in (one, other):
            with house.act(network_id, now=NOW + MINUTE) as uow:
                dispatching.progress(uow, member.actor, field.dispatch, step)
    idle = next(member for member in field.crew.values() if member not in {one, other})
    with house.act(network_id, now=NOW + 2 * MINUTE) as uow:
        mine, theirs = roster.load(uow, one.actor), roster.load(uow, idle.actor)
    assert (mine["dispatches_this_shift"], mine["load_7d"]) == (1, 1)
    assert (theirs["dispatches_this_shift"], theirs["load_7d"], theirs["rule"]) == (0, 0, None)
