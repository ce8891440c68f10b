"""Intake keeps what can be kept, once, with a source, a use and nothing that names anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.gather import Gather, _Waiting
from api.settings import Settings
from api.wiring import House
from desk import board, intake, territory
from desk.access import ANONYMOUS, Actor
from desk.errors import NotSignedIn
from desk.intake import Received, VehicleSeen
from geo.points import LonLat
from records import ids
from records.cluster import DATABASE, PrivateCluster
from records.enums import Role
from records.errors import DatabaseAway, TryAgain
from tests.builders import a_network
from tests.sightings import PLACE, a_report, an_actor, received_all, told


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("taken_in", template=DATABASE)
    made = House(Settings(database_url=cluster.url("taken_in"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


def rows(house, network_id, columns="*"):
    with house.act(network_id) as uow:
        found = uow._session.execute(
            text(f"SELECT {columns} FROM sighting WHERE network_id = :id ORDER BY received_at, id"), {"id": network_id}
        )
        return [dict(row._mapping) for row in found]


def outcome_of(house, network_id, report, now=None):
    with house.act(network_id, now=now) as uow:
        [outcome] = intake.receive(uow, [report])
    return outcome


def test_one_that_cannot_be_kept_leaves_the_others(house, network_id):
    """sightings_add stores what is left, answers_claim keeps no key of what was refused."""
    now = datetime.now(UTC)
    late = a_report(observed_at=now + timedelta(hours=1), key="again")
    with house.act(network_id, now=now) as uow:
        outcomes = intake.receive(uow, [a_report(observed_at=now), late, a_report(observed_at=now)])
    assert [type(each) for each in outcomes] == [Received, intake.InTheFuture, Received]
    assert len(rows(house, network_id)) == 2
    assert isinstance(outcome_of(house, network_id, a_report(observed_at=now, key="again"), now), Received)


@pytest.mark.parametrize(
    ("ahead", "use", "clamped"),
    [
        (timedelta(minutes=1), "indexed", True),
        (-timedelta(hours=5, minutes=59), "indexed", False),
        (-timedelta(hours=6, minutes=1), "documentation", False),
    ],
)
def test_time_decides_what_a_sighting_may_be_used_for(house, network_id, ahead, use, clamped):
    now = datetime.now(UTC)
    told(house, network_id, a_report(observed_at=now + ahead), now=now)
    [row] = rows(house, network_id)
    assert (row["use"], row["clamped"]) == (use, clamped)
    assert row["observed_at"] <= row["received_at"] == now
    assert (row["cluster_id"] is None) == (use == "documentation")


def test_too_early_and_too_old_are_refused(house, network_id):
    now = datetime.now(UTC)
    early = outcome_of(house, network_id, a_report(observed_at=now + timedelta(minutes=2, seconds=1)), now)
    old = outcome_of(house, network_id, a_report(observed_at=now - timedelta(days=3651)), now)
    assert (type(early), type(old)) == (intake.InTheFuture, intake.TooLongAgo)
    assert early.field == old.field == "observed_at"
    assert rows(house, network_id) == []


def test_a_vague_place_is_coarse(house, network_id):
    told(house, network_id, a_report(accuracy_m=151.0), a_report(accuracy_m=150.0, east_m=5000))
    assert sorted(row["use"] for row in rows(house, network_id)) == ["coarse", "indexed"]


def test_a_place_far_from_every_zone_is_refused(house, network_id):
    square = {
        "type": "Polygon",
        "coordinates": [[[-93.3, 44.9], [-93.2, 44.9], [-93.2, 45.0], [-93.3, 45.0], [-93.3, 44.9]]],
    }
    with house.act(network_id) as uow:
        zone = territory.draw(uow, "Middle", square)
    swapped = LonLat(44.9778, -83.2650)
    refused = outcome_of(house, network_id, a_report(place=swapped))
    assert isinstance(refused, intake.OutsideOurArea)
    assert refused.field == "location"
    told(house, network_id, a_report(), a_report(place=LonLat(-93.19, 44.95)))
    assert sorted(row["zone_ids"] for row in rows(house, network_id)) == [[], [zone.id]]


def test_the_two_hundred_and_first_stranger_in_a_cell_and_hour_is_put_aside(house):
    """unvouched_counts counts what others sent before, in the same batch and earlier."""
    network_id = a_network(house.settings.database_url, policy={"intake": {"unvouched_per_cell_and_hour": 5}})
    now = datetime.now(UTC).replace(minute=30)
    now = now if now < datetime.now(UTC) else now - timedelta(hours=1)
    told(house, network_id, *(a_report(observed_at=now) for _ in range(3)))
    told(house, network_id, *(a_report(observed_at=now) for _ in range(4)))
    told(house, network_id, a_report(an_actor(house, network_id), observed_at=now))
    told(house, network_id, a_report(observed_at=now, east_m=2000))
    uses = [row["use"] for row in rows(house, network_id, "use, received_at, id")]
    assert (uses.count("indexed"), uses.count("over_cap")) == (7, 2)


def test_the_same_key_and_body_get_the_first_answer_again(house, network_id):
    """answers_kept finds what stands under a key, answers_claim takes it once."""
    one = an_actor(house, network_id)
    report = a_report(one, key="k1", note="call 612-555-0134")
    [first, twin] = received_all(house, network_id, [report, report])
    [again] = received_all(house, network_id, [a_report(one, key="k1")])
    assert first.id == twin.id == again.id
    assert first.receipt == twin.receipt == again.receipt
    assert again.masked
    assert [first.known, twin.known, again.known] == [False, True, True]
    assert isinstance(outcome_of(house, network_id, a_report(one, key="k1", body="other")), intake.KeyTakenOtherwise)
    other = an_actor(house, network_id)
    assert received_all(house, network_id, [a_report(other, key="k1")])[0].id != first.id
    assert len(rows(house, network_id)) == 2


def test_who_counts_as_a_witness(house, network_id):
    """senders and reporters_add: people carry their lineage, feeds, scripts, callers and strangers carry none."""
    person, operator = an_actor(house, network_id), an_actor(house, network_id, Role.OPERATOR)
    feed, script = an_actor(house, network_id, kind="feed"), an_actor(house, network_id, kind="script")
    sent = [person, person, operator, operator, feed, feed, script, ANONYMOUS, ANONYMOUS]
    numbers = told(house, network_id, *(a_report(actor) for actor in sent))
    found = {row["id"]: row for row in rows(house, network_id)}
    groups = [found[number]["source_group"] for number in numbers]
    assert [found[number]["vouched"] for number in numbers] == [True, True] + [False] * 7
    assert groups[0] == groups[1] == person.lineage
    assert groups[4] == groups[5] == feed.account_id
    assert len(set(groups)) == 7
    assert found[numbers[0]]["reporter_id"] == found[numbers[1]]["reporter_id"] is not None
    assert found[numbers[-1]]["reporter_id"] is None


def test_a_suspended_account_reports_nothing(house, network_id):
    gone = an_actor(house, network_id)
    with house.act(network_id) as uow:
        uow.accounts.suspend(gone.account_id, uow.now)
    assert isinstance(outcome_of(house, network_id, a_report(gone)), NotSignedIn)
    nobody = Actor(account_id=ids.new_id(), alias="ghost")
    assert isinstance(outcome_of(house, network_id, a_report(nobody)), NotSignedIn)


def test_a_plate_becomes_a_token_and_two_characters(house, network_id):
    seen = (VehicleSeen("SUV", "Ford", "Explorer", "White", "abc 1234"),)
    told(house, network_id, a_report(vehicles=seen), a_report(vehicles=(VehicleSeen(plate="ABC-1234"),)))
    first, second = rows(house, network_id)
    assert first["plate_token"] == second["plate_token"] is not None
    assert first["plate_tail"] == "34"
    assert {"type": "suv", "make": "ford", "model": "explorer", "color": "white"} in (
        first["vehicles"] + second["vehicles"]
    )
    said = str([row["vehicles"] for row in (first, second)] + [first["note"], first["lang"]]).lower()
    assert "abc" not in said
    assert "plate" not in said


def test_an_old_plate_is_not_given_a_token_of_a_forgotten_day(house, network_id):
    now = datetime.now(UTC)
    seen = (VehicleSeen(plate="ABC1234"),)
    told(house, network_id, a_report(observed_at=now - timedelta(days=20), vehicles=seen), now=now)
    [row] = rows(house, network_id)
    assert (row["plate_token"], row["plate_tail"]) == (None, None)


def test_a_receipt_opens_one_sighting_alone(house, network_id):
    first, second = received_all(house, network_id, [a_report(), a_report(east_m=3000)])
    for number, receipt in ((first.id, second.receipt), (ids.new_id(), first.receipt), (first.id, "\udcff")):
        with pytest.raises(intake.NoSuchReceipt), house.act(network_id) as uow:
            intake.retract(uow, number, receipt)
    with house.act(network_id) as uow:
        intake.retract(uow, first.id, first.receipt)
    assert {row["id"] for row in rows(house, network_id) if row["retracted_at"]} == {first.id}
    elsewhere = a_network(house.settings.database_url)
    with house.act(elsewhere) as uow:
        assert intake.receipt_of(uow, first.id) != first.receipt


def test_the_list_shows_cells_and_finds_by_them(house, network_id):
    """sightings_found pages by the minute shown and never by the exact one."""
    now = datetime.now(UTC)
    for number in range(5):
        told(house, network_id, a_report(observed_at=now - timedelta(minutes=number), east_m=number * 400.0))
    with house.act(network_id) as uow:
        everything, _ = board.sightings(uow)
        first, cursor = board.sightings(uow, limit=2)
        second, cursor = board.sightings(uow, limit=2, cursor=cursor)
        third, end = board.sightings(uow, limit=2, cursor=cursor)
        assert first + second + third == everything
        assert end is None
        lon, lat = everything[0]["geometry"]["coordinates"]
        assert (lon, lat) != PLACE.lonlat
        inside, _ = board.sightings(uow, bounds=board.Bounds(lon - 1e-9, lat - 1e-9, lon + 1e-9, lat + 1e-9))
        around, _ = board.sightings(
            uow, bounds=board.Bounds(PLACE.lon - 1e-9, PLACE.lat - 1e-9, PLACE.lon + 1e-9, PLACE.lat + 1e-9)
        )
    assert [each["id"] for each in inside] == [everything[0]["id"]]
    assert around == []


# the gather


@pytest.fixture
def gather(house):
    made = Gather(house, limit=8)
    yield made
    made.close()


def test_one_row_the_database_refuses_spoils_no_other(house, network_id, gather, monkeypatch):
    wrong = a_report(size=5000)
    whole = intake.receive
    sizes = []

    def watched(uow, reports):
        sizes.append(len(reports))
        return whole(uow, reports)

    monkeypatch.setattr(intake, "receive", watched)
    waiting = [_Waiting(network_id, report) for report in (a_report(), a_report(), wrong, a_report())]
    gather._store(network_id, waiting)
    assert [each.answer.exception() is None for each in waiting] == [True, True, False, True]
    assert sizes == [4, 2, 2, 1, 1]
    assert len(rows(house, network_id)) == 3


def test_two_writers_that_met_try_again(house, network_id, gather, monkeypatch):
    whole, met = intake.receive, []

    def once_raced(uow, reports):
        if not met:
            met.append(True)
            raise TryAgain
        return whole(uow, reports)

    monkeypatch.setattr(intake, "receive", once_raced)
    assert gather.receive(network_id, a_report()).id
    assert met == [True]


def test_a_closed_gather_stored_all_that_waited_and_takes_no_more(house, network_id):
    gather = Gather(house, limit=8)
    assert gather.receive(network_id, a_report()).id
    gather.close()
    gather.close()
    with pytest.raises(DatabaseAway):
        gather.receive(network_id, a_report())
    assert len(rows(house, network_id)) == 1


def test_one_plate_has_another_token_on_another_day_and_in_another_network(house, network_id):
    elsewhere = a_network(house.settings.database_url)
    noon = datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=1)
    tokens = {}
    for network in (network_id, elsewhere):
        for day in (noon - timedelta(days=1), noon):
            for _ in range(2):
                seen = (VehicleSeen(type="suv", plate="ABC1234"),)
                told(house, network, a_report(observed_at=day, vehicles=seen), now=day)
        tokens[network] = [row["plate_token"] for row in rows(house, network, "plate_token, received_at, id")]
        assert None not in tokens[network]
        assert tokens[network][0] == tokens[network][1] != tokens[network][2] == tokens[network][3]
    assert set(tokens[network_id]).isdisjoint(tokens[elsewhere])


def test_nothing_of_a_report_is_said_to_a_terminal_or_a_log(house, network_id, capfd, caplog):
    now = datetime.now(UTC)
    words = {"note": "canary by the bakery", "vehicles": (VehicleSeen(type="suv", make="Canaryford", plate="CNR1234"),)}
    told(house, network_id, a_report(an_actor(house, network_id), observed_at=now, **words), now=now)
    outcome_of(house, network_id, a_report(observed_at=now + timedelta(hours=1), **words), now)
    said = "".join(capfd.readouterr()) + "".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records
    )
    for canary in ("canary", "CNR1234", "-93.26", "44.97"):
        assert canary not in said.lower() if canary.islower() else canary not in said
