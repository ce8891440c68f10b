"""What casts doubt on a sighting lowers its weight and is shown to the desk; nothing is ever dropped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from api.settings import Settings
from api.wiring import House
from desk import board, dispatching
from records.cluster import DATABASE, PrivateCluster
from records.enums import Role, Task
from tests.builders import a_network
from tests.crews import a_crew
from tests.sightings import a_report, an_actor, told

WORDS = "They are taking people out of the building on the corner, pass it on"
PHOTO = "ab" * 32


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("doubted", template=DATABASE)
    made = House(Settings(database_url=cluster.url("doubted"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


def kept(house, network_id, sighting_id):
    with house.act(network_id) as uow:
        return uow._session.execute(
            text("SELECT * FROM sighting WHERE network_id = :network AND id = :id"),
            {"network": network_id, "id": sighting_id},
        ).one()


def incident(house, network_id):
    with house.act(network_id) as uow:
        return uow.incidents.page(limit=1)[0]


def reasons(house, network_id):
    number = incident(house, network_id).id
    with house.act(network_id) as uow:
        feature = board.opened(uow, an_actor(house, network_id, Role.VERIFIER), number)
        return [each["text"] for each in feature["properties"]["reasons"]], feature["properties"]["sightings_found"]


def test_one_person_in_two_places_is_no_witness_in_the_second(house, network_id):
    """sightings_doubted looks at the recent pins of the same reporter."""
    person = an_actor(house, network_id)
    first, second = (told(house, network_id, a_report(person, east_m=east))[0] for east in (0, 9_000))
    back = told(house, network_id, a_report(person, east_m=50))[0]
    assert (kept(house, network_id, first).flags, kept(house, network_id, first).vouched) == ([], True)
    there = kept(house, network_id, second)
    assert (there.flags, there.vouched, there.lineage, there.use) == (
        ["impossible_travel"], False, person.lineage, "indexed",
    )  # fmt: skip
    assert kept(house, network_id, back).flags == []


def test_travel_is_held_against_a_batch_of_its_own_too(house, network_id):
    person, other = an_actor(house, network_id), an_actor(house, network_id)
    numbers = told(house, network_id, a_report(person), a_report(other, east_m=9_000), a_report(person, east_m=9_000))
    assert [kept(house, network_id, number).flags for number in numbers] == [[], [], ["impossible_travel"]]


def test_whoever_had_the_time_may_be_elsewhere(house, network_id):
    person, now = an_actor(house, network_id), datetime.now(UTC)
    told(house, network_id, a_report(person, observed_at=now - timedelta(minutes=10)))
    [later] = told(house, network_id, a_report(person, east_m=9_000, observed_at=now))
    assert kept(house, network_id, later).flags == []


@pytest.mark.parametrize("who", ["operator", "nobody"])
def test_callers_and_strangers_are_nobody_who_could_travel(house, network_id, who):
    person = an_actor(house, network_id, Role.OPERATOR) if who == "operator" else None
    for east_m in (0, 9_000):
        [number] = told(house, network_id, a_report(*([person] if person else []), east_m=east_m))
        assert kept(house, network_id, number).flags == []


def test_a_device_far_from_its_pin_and_what_was_told_count_nothing(house, network_id):
    far, hearsay = an_actor(house, network_id), an_actor(house, network_id)
    near = an_actor(house, network_id)
    numbers = told(
        house,
        network_id,
        a_report(far, device_m=5_000.0),
        a_report(hearsay, device_m=5_000.0, second_hand=True),
        a_report(near, device_m=300.0),
    )
    assert [kept(house, network_id, number).flags for number in numbers] == [["far_from_device"], ["second_hand"], []]
    assert incident(house, network_id).vouched_groups == 1
    lines, shown = reasons(house, network_id)
    assert "one report sent from a device far from the pin: orders the queue only" in lines
    assert sum(bool(each["properties"]["flags"]) for each in shown["features"]) == 2


def test_the_same_words_from_five_accounts_are_one_source(house, network_id):
    for _ in range(5):
        told(house, network_id, a_report(an_actor(house, network_id), note=WORDS))
    found = incident(house, network_id)
    assert (found.sightings, found.groups, found.vouched_groups, found.status) == (5, 1, 1, "unverified")
    lines, _ = reasons(house, network_id)
    assert "the same words came from 5 accounts: counted once" in lines
    told(house, network_id, a_report(an_actor(house, network_id), note="two people, one of them with a jacket"))
    assert incident(house, network_id).status == "corroborated"


def test_copies_in_one_batch_are_found_among_themselves(house, network_id):
    told(house, network_id, *(a_report(an_actor(house, network_id), note=WORDS) for _ in range(3)))
    assert incident(house, network_id).vouched_groups == 1


def test_the_same_photo_is_one_source_whatever_is_written_beside_it(house, network_id):
    for words in ("from my window, three of them", "from the bus stop, they stop cars"):
        told(house, network_id, a_report(an_actor(house, network_id), note=words, photo_sha256=PHOTO))
    assert incident(house, network_id).vouched_groups == 1
    assert "the same photo came from 2 accounts: counted once" in reasons(house, network_id)[0]


def test_an_echo_of_a_witness_by_strangers_adds_nothing_and_takes_nothing_away(house, network_id):
    witness = an_actor(house, network_id)
    told(house, network_id, a_report(witness, note=WORDS))
    before = incident(house, network_id)
    for _ in range(3):
        told(house, network_id, a_report(note=WORDS))
    after = incident(house, network_id)
    assert (after.standing, after.queue, after.vouched_groups) == (before.standing, before.queue, 1)


def test_words_and_photos_are_kept_as_tokens_of_one_network_and_day(house, network_id):
    [here] = told(house, network_id, a_report(note=WORDS, photo_sha256=PHOTO))
    elsewhere = a_network(house.settings.database_url)
    [there] = told(house, elsewhere, a_report(note=WORDS, photo_sha256=PHOTO))
    later = datetime.now(UTC) + timedelta(days=2)
    [then] = told(house, network_id, a_report(note=WORDS, observed_at=later), now=later)
    tokens = {kept(house, network_id, here).note_token, kept(house, elsewhere, there).note_token}
    assert len(tokens | {kept(house, network_id, then).note_token}) == 3
    assert kept(house, network_id, then).flags == []
    assert PHOTO not in str(kept(house, network_id, here))


def test_nothing_is_asked_where_nothing_can_be_odd_and_one_thing_for_a_whole_batch(house, network_id):
    asked = []
    with house.act(network_id) as uow:
        engine = uow._session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    told(house, network_id, *(a_report() for _ in range(3)))
    assert not [each for each in asked if "note_token = asked.token" in each]
    told(house, network_id, *(a_report(an_actor(house, network_id), note=WORDS) for _ in range(3)))
    assert len([each for each in asked if "note_token = asked.token" in each]) == 1


@pytest.mark.parametrize(
    ("reports", "lineages"),
    [
        (({}, {}), 2),
        (({"lineage": "same"}, {"lineage": "same"}), 1),
        (({"note": WORDS}, {"note": WORDS}), 1),
        (({}, {"device_m": 9_000.0}), 1),
        (({}, {"second_hand": True}), 1),
    ],
)
def test_evidence_is_what_different_people_saw_themselves(house, network_id, reports, lineages):
    """incident_evidence counts lineages that somebody vouched for and that share no source."""
    first = an_actor(house, network_id)
    for words in reports:
        own = dict(words)
        lineage = first.lineage if own.pop("lineage", None) else None
        told(house, network_id, a_report(an_actor(house, network_id, lineage=lineage), **own))
    with house.act(network_id) as uow:
        found = uow.incidents.evidence(incident(house, network_id).id)
    assert (found.lineages, found.both_of_a_pair) == (lineages, False)


def test_both_people_of_a_look_pair_on_scene_are_evidence_and_one_is_not(house, network_id):
    """incident_evidence asks for both seats of a look dispatch, on scene, each with a report of their own."""
    reporter = an_actor(house, network_id)
    told(house, network_id, a_report(reporter))
    crew = a_crew(house, network_id, 2)
    two = (crew[0].responder_id, crew[1].responder_id)
    dispatcher = an_actor(house, network_id, Role.DISPATCHER)
    number = incident(house, network_id).id
    with house.act(network_id) as uow:
        dispatch = dispatching.send(uow, dispatcher, number, Task.LOOK, pair=two)
    for member in crew:
        with house.act(network_id) as uow:
            [offer] = uow.dispatches.offers_to(member.responder_id, uow.now)
            dispatching.accept(uow, member.actor, offer.id)
    for step in ("en_route", "staged", "on_scene"):
        for member in crew:
            with house.act(network_id) as uow:
                dispatching.progress(uow, member.actor, dispatch.id, step)
    found = []
    for member in crew:
        told(house, network_id, a_report(member.actor))
        with house.act(network_id) as uow:
            found.append(uow.incidents.evidence(number))
    assert [each.both_of_a_pair for each in found] == [False, True]
