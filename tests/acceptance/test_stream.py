"""The live stream: who is told what, that nothing is missed, that it goes on, and that its ids tell nothing."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from api import relay as relaying
from api.app import create_app
from api.stream import Change
from records import engine, ids
from records.enums import Role
from records.errors import DatabaseAway
from tests.acceptance.conftest import ADDRESS
from tests.acceptance.watching import Watch
from tests.builders import a_network, signed_in
from tests.crews import a_crew

EVERY_FAMILY = ("incident.opened", "dispatch.opened", "offer.offered", "checkin.made", "checkin.help", "zones.changed")
TOLD = {
    Role.DISPATCHER: {*EVERY_FAMILY},
    Role.VERIFIER: {"incident.opened"},
    Role.ORGANIZER: {"zones.changed"},
}


def write(house, network_id, *kinds, responder=None):
    """Write facts down as an act does, in one transaction."""
    rows = [{"kind": kind, "subject": ids.new_id(), "responder_id": responder} for kind in kinds]
    with house.act(network_id) as uow:
        uow.events.append(rows)


@pytest.fixture
def hurried(monkeypatch):
    """Pulses come after every tick."""
    monkeypatch.setattr(relaying, "_SLOTS", 1)


@pytest.mark.parametrize("role", Role)
def test_each_role_is_told_what_the_table_of_acts_lets_it_read(client, house, network_id, role, hurried):
    with Watch(client, signed_in(client, role).headers) as watch:
        write(house, network_id, *EVERY_FAMILY, "zones.changed")
        desk = signed_in(client, "dispatcher")
        with Watch(client, desk.headers, last=watch.frames[0].id) as other:
            other.wait_for("zones.changed", 2)
        before = len(watch.frames)
        watch.wait(lambda: len(watch.frames) > before + 3)
        assert set(watch.kinds) == TOLD.get(role, set())


def test_a_call_for_help_is_told_to_the_desk_and_never_to_the_persons_own_screen(client, house, network_id):
    member = a_crew(house, network_id, 1)[0]
    with Watch(client, member.person.headers) as own, Watch(client, signed_in(client, "dispatcher").headers) as desk:
        write(house, network_id, "offer.offered", "checkin.help", "checkin.made", responder=member.responder_id)
        own.wait_for("checkin.made")
        desk.wait_for("checkin.help")
        assert own.kinds == ["offer.offered", "checkin.made"]


def test_what_concerns_one_person_is_told_to_that_person_alone(client, house, network_id, hurried):
    one, other = a_crew(house, network_id, 2)[:2]
    with Watch(client, one.person.headers) as mine, Watch(client, other.person.headers) as theirs:
        write(house, network_id, "offer.offered", responder=one.responder_id)
        write(house, network_id, "offer.expired", responder=other.responder_id)
        theirs.wait_for("offer.expired")
        mine.wait_for("offer.offered")
        assert (mine.kinds, theirs.kinds) == (["offer.offered"], ["offer.expired"])


def test_signing_out_closes_the_open_stream(client):
    person = signed_in(client, "dispatcher")
    with Watch(client, person.headers) as watch:
        assert client.delete("/api/session", headers=person.headers).status_code == 204
        watch.wait(lambda: watch.over, 10)
        assert watch.complete


def test_signing_out_closes_the_stream_also_while_the_log_cannot_be_read(client, monkeypatch):
    monkeypatch.setattr(client.app.state.relay, "_read", broken)
    person = signed_in(client, "dispatcher")
    with Watch(client, person.headers) as watch:
        assert client.delete("/api/session", headers=person.headers).status_code == 204
        watch.wait(lambda: watch.over, 10)


def broken(*_):
    raise LookupError


def test_a_stream_resumes_after_the_last_id_also_at_another_process_of_the_service(client, house, network_id, settings):
    person = signed_in(client, "dispatcher")
    with Watch(client, person.headers) as watch:
        write(house, network_id, "dispatch.opened")
        watch.wait_for("dispatch.opened")
        last = watch.frames[-1].id
    write(house, network_id, "dispatch.moved", "dispatch.held")
    write(house, network_id, "dispatch.ended")
    with TestClient(create_app(settings), base_url=ADDRESS) as second, Watch(second, person.headers, last) as again:
        again.wait_for("dispatch.ended")
        assert again.kinds == ["dispatch.moved", "dispatch.held", "dispatch.ended"]
        write(house, network_id, "dispatch.opened")
        again.wait_for("dispatch.opened")
        assert again.kinds.count("dispatch.held") == 1


def test_whoever_is_cut_off_before_anything_happened_misses_nothing(client, house, network_id):
    person = signed_in(client, "dispatcher")
    with Watch(client, person.headers) as watch:
        watch.wait(lambda: watch.frames)
        quiet = watch.frames[0]
    assert quiet.id
    assert bytes(watch.sent).startswith(b"retry: ")
    write(house, network_id, "dispatch.held")
    with Watch(client, person.headers, quiet.id) as again:
        again.wait_for("dispatch.held")


def test_a_pulse_carries_the_id_forward_and_none_comes_while_the_log_is_not_read(
    client, house, network_id, hurried, monkeypatch
):
    person = signed_in(client, "spotter")
    with Watch(client, person.headers) as watch:
        watch.wait(lambda: sum(each.kind == "pulse" for each in watch.frames) > 2)
        assert all(each.id for each in watch.frames)
        monkeypatch.setattr(client.app.state.relay, "_read", broken)
        watch.wait(lambda: client.app.state.relay.silent_s() > 1)
        still = len(watch.frames)
        watch.wait(lambda: client.app.state.relay.silent_s() > 2)
        assert len(watch.frames) == still


def test_a_viewer_who_reads_slowly_is_let_go_and_comes_back_for_all_of_it(client, house, network_id, monkeypatch):
    monkeypatch.setattr(relaying, "MOST_WAITING", 3)
    person = signed_in(client, "dispatcher")
    quick = signed_in(client, "dispatcher")
    with Watch(client, person.headers) as slow, Watch(client, quick.headers) as other:
        write(house, network_id, "dispatch.opened")
        slow.wait_for("dispatch.opened")
        last = slow.frames[-1].id
        slow.stop_reading()
        for number in range(8):
            write(house, network_id, "dispatch.moved")
            other.wait_for("dispatch.moved", number + 1)
        slow.wait(lambda: slow.over)
        assert not slow.complete
        assert not other.over
    with Watch(client, person.headers, last) as again:
        again.wait_for("dispatch.moved", 8)
        assert again.kinds == ["dispatch.moved"] * 8


def test_an_error_nobody_foresaw_does_not_end_the_stream(client, house, network_id, monkeypatch):
    relay = client.app.state.relay
    read = relay._read
    failed = []

    def sometimes(*asked):
        if len(failed) < 4:
            failed.append(1)
            raise RuntimeError
        return read(*asked)

    with Watch(client, signed_in(client, "dispatcher").headers) as watch:
        monkeypatch.setattr(relay, "_read", sometimes)
        write(house, network_id, "dispatch.held")
        watch.wait_for("dispatch.held")
        assert len(failed) == 4
        with Watch(client, signed_in(client, "dispatcher").headers) as later:
            write(house, network_id, "dispatch.ended")
            later.wait_for("dispatch.ended")


def test_a_fact_that_cannot_be_told_makes_its_viewers_read_afresh_and_the_others_are_told(
    client, house, network_id, monkeypatch
):
    frame = Change.frame

    def choking(change, *asked):
        if change.kind == "dispatch.held":
            raise ValueError
        return frame(change, *asked)

    monkeypatch.setattr(Change, "frame", choking)
    with Watch(client, signed_in(client, "dispatcher").headers) as watch:
        write(house, network_id, "dispatch.opened", "dispatch.held", "dispatch.ended")
        watch.wait_for("dispatch.ended")
        assert watch.kinds == ["dispatch.opened", "reset", "dispatch.ended"]


def test_a_migration_under_a_serving_process_does_not_end_the_stream(settings, fresh_database_url):
    a_network(fresh_database_url, "live", slug="migrated")
    there = settings.model_copy(update={"database_url": fresh_database_url, "network": "migrated"})
    with TestClient(create_app(there), base_url=ADDRESS) as client:
        house, network_id = client.app.state.house, client.app.state.default_network_id
        with Watch(client, signed_in(client, "dispatcher").headers) as watch:
            for number in range(8):
                write(house, network_id, "dispatch.moved")
                watch.wait_for("dispatch.moved", number + 1)
            owner = engine.owner_engine(fresh_database_url)
            with owner.begin() as connection:
                connection.execute(text("ALTER TABLE event ALTER COLUMN kind TYPE varchar(80)"))
            owner.dispose()
            for attempt in range(5):
                try:
                    write(house, network_id, "dispatch.held")
                    break
                except (DatabaseAway, DBAPIError):
                    assert attempt < 4
            watch.wait_for("dispatch.held")


def test_ids_are_of_one_length_no_two_alike_and_in_no_order(client, house, network_id, hurried):
    member = a_crew(house, network_id, 1)[0]
    with Watch(client, member.person.headers) as own:
        for kinds in (["offer.offered"], ["checkin.help"], ["checkin.made"]):
            write(house, network_id, *kinds, responder=member.responder_id)
        own.wait_for("checkin.made")
        own.wait(lambda: len(own.frames) > 20)
        marks = [each.id for each in own.frames]
    assert {len(mark) for mark in marks} == {59}
    assert len(set(marks)) == len(marks)
    rising = sum(one < two for one, two in pairwise(marks))
    assert 0 < rising < len(marks) - 1
    assert not any(ids.shown(network_id) in mark or "." in mark for mark in marks)


@pytest.mark.parametrize("mark", ["1", "e.1.2", "A" * 59])
def test_an_id_that_is_not_ours_makes_the_page_read_afresh(client, house, network_id, mark):
    with Watch(client, signed_in(client, "dispatcher").headers, mark) as watch:
        watch.wait_for("reset")
        write(house, network_id, "dispatch.held")
        watch.wait_for("dispatch.held")


def test_one_person_holds_a_bounded_number_of_streams_and_the_oldest_makes_room(client, monkeypatch):
    monkeypatch.setattr(relaying, "MOST_STREAMS", 2)
    person = signed_in(client, "spotter")
    with (
        Watch(client, person.headers) as first,
        Watch(client, signed_in(client, "spotter").headers) as another,
        Watch(client, person.headers) as second,
        Watch(client, person.headers) as third,
    ):
        first.wait(lambda: first.over)
        assert [each.over for each in (second, third, another)] == [False] * 3


def test_a_frame_is_made_once_for_all_who_share_a_view_and_once_for_whom_it_concerns(
    client, house, network_id, monkeypatch
):
    crew = a_crew(house, network_id, 6)
    made = []
    frame = Change.frame
    monkeypatch.setattr(Change, "frame", lambda self, *asked: made.append(asked[0]) or frame(self, *asked))
    with ExitStack() as opened:
        desk = [opened.enter_context(Watch(client, signed_in(client, "dispatcher").headers)) for _ in range(6)]
        own = [opened.enter_context(Watch(client, each.person.headers)) for each in crew]
        write(house, network_id, "offer.offered", responder=crew[0].responder_id)
        for each in [*desk, own[0]]:
            each.wait_for("offer.offered")
        assert [each.kinds for each in own[1:]] == [[]] * 5
    assert len(made) == 3
