"""A person lost by any way is lost: noticed, on the board until heard or looked after, and asked for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from desk import accounts, alarms, checkins, dispatching, roster, verification
from desk.access import Actor
from desk.dispatching import asking
from desk.dispatching.moving import FoundByWhoWasThere
from desk.errors import NotFound, OfferNoLongerOpen
from desk.escalation import Call
from desk.policy import CheckinPolicy
from matcher.eligibility import Rule
from records.enums import CallEnd, Found, Role
from tests.builders import an_account
from tests.crews import a_crew, as_owner
from tests.integration.test_life_of_a_pair import MINUTE, NOW, Field
from tests.integration.test_life_of_a_pair import house as house  # noqa: PLC0414  (a fixture shared)
from tests.integration.test_life_of_a_pair import incident as incident  # noqa: PLC0414
from tests.integration.test_life_of_a_pair import network_id as network_id  # noqa: PLC0414


def act(field, at, verb, *words, **more):
    with field.house.act(field.network_id, now=at) as uow:
        return verb(uow, *words, **more)


def calls(field, at):
    return sorted((each.alias, each.kind.value) for each in act(field, at, alarms.listed))


def step(field, member, name, at=NOW, **more):
    act(field, at, dispatching.progress, member.actor, field.dispatch, name, **more)


def check_in(field, member, state, at=NOW):
    act(field, at, checkins.check_in, member.actor, field.dispatch, state)


@pytest.fixture
def dispatcher(house, network_id) -> Actor:
    person = an_account(house, network_id, [Role.DISPATCHER], at=NOW)
    return Actor(account_id=person.id, alias=person.alias, lineage=person.lineage, roles=frozenset({Role.DISPATCHER}))


# every way of losing a person


def test_a_pair_that_never_sets_out_is_noticed(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.pair()
    field.due(NOW + 10 * MINUTE - timedelta(seconds=1))
    assert field.row().state == "paired"
    field.due(NOW + 10 * MINUTE)
    assert field.row().state == "held"
    assert calls(field, NOW + 10 * MINUTE) == sorted([(one.alias, "silence"), (other.alias, "silence")])


def test_who_does_not_come_is_lost_and_nobody_waits_alone_for_long(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.pair()
    for member in (one, other):
        step(field, member, "en_route")
    step(field, one, "staged")
    seats = {seat["alias"]: seat for seat in field.seen()["seats"]}
    assert seats[one.alias]["checkin_due_at"] is not None
    check_in(field, one, "ok", NOW + 9 * MINUTE)
    field.due(NOW + 15 * MINUTE)
    assert field.row().state == "held"
    assert calls(field, NOW + 15 * MINUTE) == [(other.alias, "silence")]
    assert field.mine(one, NOW + 15 * MINUTE)["dispatches"][0]["card"] == "partner.lost"


@pytest.mark.parametrize("steps", [(), ("en_route",), ("en_route", "staged")])
@pytest.mark.parametrize("way", ["suspended", "signed out everywhere"])
def test_who_is_suspended_or_signs_out_is_lost(house, network_id, incident, steps, way) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.pair()
    for name in steps:
        for member in (one, other):
            step(field, member, name)
    if way == "suspended":
        act(field, NOW, accounts.suspend, None, one.alias)
    else:
        act(field, NOW, accounts.sign_out_everywhere, one.actor)
    assert field.row().state == "held"
    assert calls(field, NOW) == [(one.alias, "silence")]
    assert field.mine(other)["dispatches"][0]["card"] == "partner.lost"


def test_who_is_left_on_the_way_is_heard_from_until_they_are_home(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.pair()
    for member in (one, other):
        step(field, member, "en_route")
    step(field, one, "withdraw", NOW + 5 * MINUTE)
    (seat,) = field.seen(NOW + 5 * MINUTE)["seats"]
    assert (seat["alias"], seat["checkin_due_at"]) == (other.alias, "2026-11-20T15:15:00Z")


def test_the_numbers_have_floors() -> None:
    policy = CheckinPolicy(set_out=timedelta(0), late_by=timedelta(days=1), alone=timedelta(days=1))
    assert (policy.set_out, policy.late_by, policy.alone) == (2 * MINUTE, 30 * MINUTE, 30 * MINUTE)


# a call stays until somebody is heard or looked after


def test_both_silent_stay_on_the_board_and_a_call_for_help_is_taken_after_the_hold(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    field.due(NOW + 13 * MINUTE)
    both = sorted([(one.alias, "silence"), (other.alias, "silence")])
    assert calls(field, NOW + 13 * MINUTE) == both
    field.due(NOW + 40 * MINUTE)
    assert field.row().state == "cancelled"
    assert calls(field, NOW + 40 * MINUTE) == both
    check_in(field, other, "help", NOW + 41 * MINUTE)
    assert calls(field, NOW + 41 * MINUTE) == sorted([(one.alias, "silence"), (other.alias, "help")])


def test_duress_outlives_the_dispatch_and_the_word_cleared(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    check_in(field, one, "duress")
    for member in (one, other):
        step(field, member, "cleared")
    check_in(field, one, "ok", NOW + MINUTE)  # somebody may have made them
    assert field.row().state == "cleared"
    assert calls(field, NOW + MINUTE) == [(one.alias, "duress")]


def test_help_outlives_an_incident_that_is_nothing(house, network_id, incident, dispatcher) -> None:
    field = Field(house, network_id, incident, 2)
    one, _ = field.staged()
    check_in(field, one, "help")
    act(field, NOW, verification.judge, dispatcher, incident, "unfounded")
    assert field.row().state == "cancelled"
    assert calls(field, NOW) == [(one.alias, "help")]
    check_in(field, one, "ok", NOW + MINUTE)
    assert calls(field, NOW + MINUTE) == []


def test_the_clock_of_the_silent_runs_on_when_the_meeting_point_steps_back(
    house, network_id, incident, fresh_database_url
) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    with as_owner(fresh_database_url, network_id) as connection:
        connection.execute(text("ALTER TABLE dispatch DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE dispatch SET prev = 'staged', state = 'en_route'"))
        connection.execute(text("ALTER TABLE dispatch ENABLE TRIGGER USER"))
        connection.execute(text("UPDATE seat SET step = 1"))
    field.due(NOW + 13 * MINUTE)
    assert calls(field, NOW + 13 * MINUTE) == sorted([(one.alias, "silence"), (other.alias, "silence")])


def test_a_call_is_taken_and_ended_with_a_reason_and_written_down(
    house, network_id, incident, dispatcher, fresh_database_url
) -> None:
    field = Field(house, network_id, incident, 2)
    one, _ = field.staged()
    check_in(field, one, "duress")
    (call,) = act(field, NOW, alarms.listed)
    before = field.mine(one)
    act(field, NOW, alarms.take, dispatcher, call.id)
    (taken,) = act(field, NOW, alarms.listed)
    assert (taken.taken_by, taken.taken_at) == (dispatcher.alias, NOW)
    with pytest.raises(alarms.OnlyTheProgramHears):
        act(field, NOW, alarms.end, dispatcher, call.id, CallEnd.HEARD)
    act(field, NOW + MINUTE, alarms.end, dispatcher, call.id, CallEnd.BY_PHONE)
    assert act(field, NOW, alarms.listed) == []
    assert field.mine(one) == before
    with as_owner(fresh_database_url, network_id) as connection:
        row = connection.execute(text("SELECT ended_by, ended_because, ended_at FROM alarm")).one()
        assert tuple(row) == (dispatcher.account_id, "reached_by_phone", NOW + MINUTE)
    with (
        pytest.raises(DatabaseError, match="only_a_word_or_a_person"),
        as_owner(fresh_database_url, network_id) as connection,
    ):
        connection.execute(text("UPDATE alarm SET ended_by = NULL, ended_because = 'heard'"))
    with pytest.raises(NotFound):
        act(field, NOW, alarms.take, dispatcher, 1)


def test_whoever_is_waited_for_anew_is_missed_anew(house, network_id, incident, dispatcher) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    step(field, one, "withdraw", NOW + 9 * MINUTE)
    field.due(NOW + 13 * MINUTE)
    (call,) = act(field, NOW + 13 * MINUTE, alarms.listed)
    assert call.alias == other.alias
    act(field, NOW + 13 * MINUTE, alarms.end, dispatcher, call.id, CallEnd.BY_PHONE)
    (seat,) = field.seen(NOW + 13 * MINUTE)["seats"]
    assert (seat["checkin_due_at"], seat["checkin_missed_at"]) == ("2026-11-20T15:23:00Z", None)


# whoever has an open call is eligible for nothing


@pytest.mark.parametrize("remembered", [True, False])
@pytest.mark.parametrize("kind", list(Call))
def test_an_open_call_is_in_no_proposal(house, network_id, incident, dispatcher, monkeypatch, remembered, kind) -> None:
    field = Field(house, network_id, incident, 3)
    offers = field.offers("offered")
    for offer in offers:
        field.answer(offer, "decline")
    act(field, NOW, dispatching.cancel, Actor(), field.dispatch)
    one = field.crew[offers[0].responder_id]
    if not remembered:
        monkeypatch.setattr(house, "_roster", lambda _uow: None)

    def everybody() -> set[str]:
        proposed = act(field, NOW, dispatching.propose, dispatcher, incident, limit=20)
        plan = act(field, NOW, dispatching.plan, dispatcher)
        nearest = act(field, NOW, dispatching.nearest_pair, incident)
        pairs = [*proposed["pairs"], *plan["pairs"], *([nearest] if nearest else [])]
        return {pair[seat]["alias"] for pair in pairs for seat in ("observer", "buddy")}

    assert one.alias in everybody()
    with house.act(network_id, now=NOW) as uow:
        uow.alarms.open(field.dispatch, one.responder_id, kind, NOW)
    assert one.alias not in everybody()
    proposed = act(field, NOW, dispatching.propose, dispatcher, incident)
    assert {"rule": "open_call", "text": Rule.OPEN_CALL.sentence, "people": 1} in proposed["ruled_out"]
    with house.act(network_id, now=NOW) as uow:
        assert uow.responders.free(field.crew, NOW) == set(field.crew) - {one.responder_id}
    sent = act(field, NOW, dispatching.send, dispatcher, incident, "observe", wave=3).id
    with house.act(network_id, now=NOW) as uow:
        assert one.responder_id not in {offer.responder_id for offer in uow.dispatches.offers([sent])}


def test_nobody_is_sent_to_join_somebody_who_calls(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    check_in(field, one, "duress")
    a_crew(house, network_id, 3, at=NOW)
    step(field, other, "withdraw")
    for minutes in range(5):
        field.due(NOW + minutes * MINUTE)
    assert field.row().state == "held"
    assert field.offers("offered") == []


# people are asked, or paired, only when they may be


@pytest.mark.parametrize("way", ["not available", "suspended"])
def test_a_yes_that_waits_is_taken_back_with_its_person(house, network_id, incident, way) -> None:
    field = Field(house, network_id, incident, 3)
    first, second, third = field.offers("offered")
    field.answer(first, "accept")
    for offer in (first, third):
        member = field.crew[offer.responder_id]
        if way == "suspended":
            act(field, NOW, accounts.suspend, None, member.alias)
        else:
            act(field, NOW, roster.set_availability, member.actor, False)
    field.answer(second, "accept")
    assert {offer.id: offer.state for offer in field.offers()} == {
        first.id: "declined",
        second.id: "accepted",
        third.id: "declined",
    }
    assert field.row().state == "offering"


def test_only_who_was_there_says_what_they_found(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    with pytest.raises(FoundByWhoWasThere):
        step(field, one, "cleared", found=Found.ENFORCEMENT_SEEN)
    step(field, one, "cleared", found=Found.NOT_REACHED)
    del other


def test_to_say_not_available_twice_does_not_begin_the_rest_anew(house, network_id) -> None:
    (member,) = a_crew(house, network_id, 1, at=NOW)
    for minutes in (1, 90):
        with house.act(network_id, now=NOW + minutes * MINUTE) as uow:
            roster.set_availability(uow, member.actor, False)
    with house.act(network_id, now=NOW) as uow:
        assert uow.responders.get(member.responder_id).available_until == NOW + MINUTE


# an act stands whatever follows


@pytest.mark.parametrize("fault", [KeyError, OfferNoLongerOpen])
def test_a_yes_and_a_withdrawal_stand_when_the_search_fails(house, network_id, incident, monkeypatch, fault) -> None:
    def fails(*_words: object) -> int:
        raise fault

    field = Field(house, network_id, incident, 3)
    first, second, _ = field.offers("offered")
    monkeypatch.setattr(asking, "ask_more", fails)
    field.answer(first, "accept")
    assert [offer.id for offer in field.offers("accepted")] == [first.id]
    field.answer(second, "accept")
    assert field.row().state == "paired"
    act(field, NOW, dispatching.withdraw, field.crew[first.responder_id].actor, field.dispatch)
    assert field.row().state == "held"


# an offer that ran out, and the people it needs


def test_an_offer_holds_until_the_moment_it_ends(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 3)
    first, second, _ = field.offers("offered")
    with pytest.raises(OfferNoLongerOpen):
        field.answer(first, "accept", first.expires_at)
    field.answer(second, "accept", second.expires_at - timedelta(microseconds=1))
    assert [offer.id for offer in field.offers("accepted")] == [second.id]


def test_a_yes_takes_its_people_before_it_looks_at_them(house, network_id, incident, monkeypatch) -> None:
    field = Field(house, network_id, incident, 3)
    first, second, _ = field.offers("offered")
    field.answer(first, "accept")
    order: list[tuple[str, tuple[int, ...]]] = []
    with house.act(network_id, now=NOW) as uow:
        for name, place in (("claim_waiting", 0), ("roster", 1)):
            real = getattr(uow.responders, name)

            def watched(*words, _real=real, _name=name, _place=place):
                order.append((_name, tuple(words[_place])))
                return _real(*words)

            monkeypatch.setattr(uow.responders, name, watched)
        dispatching.accept(uow, field.crew[second.responder_id].actor, second.id)
    both = (first.responder_id, second.responder_id)
    assert order[:2] == [("claim_waiting", both), ("roster", both)]


def test_duress_does_what_ok_does_to_all_that_others_see(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    at, views, facts = NOW + 4 * MINUTE, [], []
    for word in ("ok", "duress"):
        with house.act(network_id, now=at) as uow:
            checkins.check_in(uow, one.actor, field.dispatch, word)
            facts.append([(fact.kind, fact.responder_id) for fact in uow.facts])
        views.append([field.mine(member, at) for member in (one, other)])
    for seen in views:
        for mine in seen:
            mine["dispatches"][0].pop("version")
    assert views[0] == views[1]
    assert views[0][0]["dispatches"][0]["checkin_due_at"] == "2026-11-20T15:14:00Z"
    assert facts == [[("checkin.made", one.responder_id)], [("checkin.made", one.responder_id), ("checkin.help", None)]]


@pytest.mark.parametrize("word", ["ok", "duress"])
def test_every_word_sets_the_clock_anew(house, network_id, incident, word) -> None:
    field = Field(house, network_id, incident, 2)
    one, _ = field.staged()
    check_in(field, one, word, NOW + 4 * MINUTE)
    assert field.mine(one, NOW + 4 * MINUTE)["dispatches"][0]["checkin_due_at"] == "2026-11-20T15:14:00Z"


def test_help_reaches_the_desk_and_the_partner(house, network_id, incident) -> None:
    field = Field(house, network_id, incident, 2)
    one, other = field.staged()
    with house.act(network_id, now=NOW) as uow:
        checkins.check_in(uow, one.actor, field.dispatch, "help")
        told = [(fact.kind, fact.responder_id) for fact in uow.facts]
    assert ("checkin.help", None) in told
    assert ("dispatch.moved", other.responder_id) in told
