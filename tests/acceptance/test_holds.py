"""Counsel keeps one incident from being forgotten: two people, thirty days at a time, written down; all else goes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from desk import retention
from desk.access import Actor
from records import ids
from records.enums import Role
from tests.builders import signed_in
from tests.crews import an_incident, as_owner
from tests.lived import NOTE, Lived, left, work

DAY = timedelta(days=1)


@pytest.fixture
def lived(client, house, network_id):
    made = Lived(client, house, network_id)
    made.live()
    return made


def ask(lived, incident, person=None):
    said = {"incident": incident, "reason": "litigation"}
    return lived.client.post("/api/holds", json=said, headers=(person or lived.legal).headers)


def do(lived, hold, word, person):
    return lived.client.post(f"/api/holds/{hold}/{word}", headers=person.headers)


def held(lived, incident):
    hold = ask(lived, incident).json()["id"]
    answer = do(lived, hold, "confirm", lived.organizer)
    assert answer.status_code == 200, answer.text
    return hold


BELONGS = {
    "exact": "SELECT count(location) FROM sighting s JOIN cluster c ON c.network_id = s.network_id"
    " AND c.id = coalesce(s.pinned_id, s.cluster_id) WHERE c.incident_id = :id",
    "reporters": "SELECT count(s.reporter_id) FROM sighting s JOIN cluster c ON c.network_id = s.network_id"
    " AND c.id = coalesce(s.pinned_id, s.cluster_id) WHERE c.incident_id = :id",
    "plates": "SELECT count(s.plate_token) FROM sighting s JOIN cluster c ON c.network_id = s.network_id"
    " AND c.id = coalesce(s.pinned_id, s.cluster_id) WHERE c.incident_id = :id",
    "notes": "SELECT count(note) FROM judgement WHERE incident_id = :id",
    "judgements": "SELECT count(*) FROM judgement WHERE incident_id = :id",
    "decisions": "SELECT count(*) FROM decision WHERE :id IN (incident_id, other_id)",
    "statements": "SELECT count(*) FROM statement WHERE incident_id = :id",
    "dispatches": "SELECT count(*) FROM dispatch WHERE incident_id = :id",
    "offers": "SELECT count(*) FROM offer o JOIN dispatch d ON d.network_id = o.network_id AND d.id = o.dispatch_id"
    " WHERE d.incident_id = :id",
    "seats": "SELECT count(*) FROM seat s JOIN dispatch d ON d.network_id = s.network_id AND d.id = s.dispatch_id"
    " WHERE d.incident_id = :id",
    "checkins": "SELECT count(*) FROM checkin s JOIN dispatch d ON d.network_id = s.network_id"
    " AND d.id = s.dispatch_id WHERE d.incident_id = :id",
    "calls": "SELECT count(*) FROM alarm s JOIN dispatch d ON d.network_id = s.network_id AND d.id = s.dispatch_id"
    " WHERE d.incident_id = :id",
    "verifiers": "SELECT count(verifier1) FROM incident WHERE id = :id",
    "incident": "SELECT count(*) FROM incident WHERE id = :id AND coarse_since IS NULL",
}


def what_belongs(lived, incident):
    with as_owner(lived.house.settings.database_url, lived.network_id) as connection:
        return {
            name: connection.execute(text(f"{query} /* {name} */"), {"id": ids.read(incident)}).scalar_one()
            for name, query in BELONGS.items()
        }


def test_what_is_held_stays_whole_and_all_else_goes(lived, house, network_id):
    before = what_belongs(lived, lived.verified)
    assert all(before.values()), before
    held(lived, lived.verified)
    work(house, network_id, 29 * DAY)
    assert what_belongs(lived, lived.verified) == before
    gone = what_belongs(lived, lived.unverified)
    assert not any(gone.values()), gone
    apart = what_belongs(lived, lived.apart)
    assert apart["exact"] == apart["notes"] == 0


def test_a_hold_on_what_was_merged_keeps_the_survivor_too(lived, house, network_id):
    before = what_belongs(lived, lived.verified)
    held(lived, lived.merged)
    work(house, network_id, 29 * DAY)
    assert what_belongs(lived, lived.verified) == before


def test_lifting_a_hold_lets_forgetting_go_on(lived, house, network_id):
    hold = held(lived, lived.verified)
    work(house, network_id, 29 * DAY)
    legal = signed_in(lived.client, Role.LEGAL)
    assert do(lived, hold, "lift", legal).json()["lifted_at"]
    assert do(lived, hold, "lift", legal).status_code == 409
    work(house, network_id, 41 * DAY)
    with as_owner(house.settings.database_url, network_id) as connection:
        assert left(connection, 41 * DAY) == {}


def test_a_hold_that_nobody_renews_lapses(lived, house, network_id):
    held(lived, lived.verified)
    work(house, network_id, 31 * DAY)
    assert what_belongs(lived, lived.verified)["exact"] == 0


def test_a_hold_that_is_renewed_stands_longer(lived, house, network_id):
    before = what_belongs(lived, lived.verified)
    hold = held(lived, lived.verified)
    with house.act(network_id) as uow:
        later = uow.now + 20 * DAY
    legal = lived.legal
    actor = Actor(account_id=legal.id, alias=legal.alias, lineage=legal.lineage, roles=frozenset({Role.LEGAL}))
    with house.act(network_id, now=later) as uow:
        retention.renew(uow, actor, ids.read(hold))
    work(house, network_id, 40 * DAY)
    assert what_belongs(lived, lived.verified) == before


def test_one_person_alone_keeps_nothing(lived, house, network_id):
    both = signed_in(lived.client, Role.LEGAL, Role.ORGANIZER)
    hold = ask(lived, lived.verified, both).json()["id"]
    assert do(lived, hold, "confirm", both).status_code == 409
    kin = signed_in(lived.client, Role.ORGANIZER, lineage=both.lineage)
    assert do(lived, hold, "confirm", kin).status_code == 409
    assert do(lived, hold, "confirm", lived.legal).status_code == 403
    work(house, network_id, 10 * DAY)
    assert what_belongs(lived, lived.verified)["exact"] == 0


def test_the_database_itself_refuses_a_hold_of_one_and_the_end_of_what_is_held(lived, house, network_id):
    url = house.settings.database_url
    ask(lived, lived.unverified)
    alone = "UPDATE hold SET confirmed_by = asked_by, confirmed_lineage = asked_lineage, confirmed_at = asked_at"
    with pytest.raises(DBAPIError, match="a_hold_takes_two"), as_owner(url, network_id) as connection:
        connection.execute(text(f"{alone} WHERE network_id = this_network()"))
    with pytest.raises(DBAPIError, match="a_hold_lapses"), as_owner(url, network_id) as connection:
        connection.execute(text("UPDATE hold SET lapses_at = lapses_at + interval '1 day'"))
    alone = an_incident(url, network_id, status="verified")
    held(lived, ids.shown(alone))
    with pytest.raises(DBAPIError, match="what_is_held_stays"), as_owner(url, network_id) as connection:
        connection.execute(text("DELETE FROM incident WHERE id = :id"), {"id": alone})


def test_a_hold_is_shown_and_written_down_without_the_incident(lived, house, network_id):
    hold = held(lived, lived.verified)
    assert ask(lived, lived.verified).status_code == 409
    answer = lived.client.get("/api/holds", headers=lived.organizer.headers)
    [seen] = answer.json()["holds"]
    assert (seen["id"], seen["incident"], seen["reason"]) == (hold, lived.verified, "litigation")
    assert (seen["asked_by"], seen["confirmed_by"]) == (lived.legal.alias, lived.organizer.alias)
    assert NOTE not in answer.text
    assert ask(lived, ids.shown(7)).status_code == 404
    with as_owner(house.settings.database_url, network_id) as connection:
        acts = connection.execute(text("SELECT act FROM audit WHERE act LIKE '%hold%' ORDER BY id")).scalars().all()
    assert acts == ["asked for a hold", "confirmed a hold"]


def test_a_hold_ended_long_ago_is_forgotten_too(lived, house, network_id):
    """holds_lapse, holds_forget."""
    held(lived, lived.verified)
    work(house, network_id, 31 * DAY)
    work(house, network_id, 130 * DAY)
    organizer = signed_in(lived.client, Role.ORGANIZER)
    assert lived.client.get("/api/holds", headers=organizer.headers).json()["holds"] == []
