"""People's merges and splits over the machine's clusters: whatever was decided and undone, every report counts once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from desk import corroboration, intake
from desk.corroboration.regrouping import LivesOnElsewhere, OnlyPeopleDecide
from desk.errors import DeskError, MergedMeanwhile, NotLawful
from geo.clustering import settle
from records.cluster import DATABASE, PrivateCluster
from records.enums import Role
from records.errors import Refused
from tests.builders import a_network
from tests.sightings import a_report, an_actor, told

STEPS_M = 170.0
"""Two places this far apart are linked, a third one more is not: taking back the middle one parts the others."""


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("regrouped", template=DATABASE)
    made = House(Settings(database_url=cluster.url("regrouped"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


class World:
    """A network in which reports come and go while people merge, split and undo at random."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.random = house, Random(seed)
        self.network_id = a_network(house.settings.database_url)
        self.actor = an_actor(house, self.network_id, Role.VERIFIER)
        self.people = [an_actor(house, self.network_id) for _ in range(4)]
        self.now = datetime.now(UTC)
        self.live: list[int] = []
        self.decisions: list[int] = []

    def act(self):
        return self.house.act(self.network_id, now=self.now)

    def report(self) -> None:
        """Report from one of two rows of four places each, 2 km apart."""
        row, place = self.random.randrange(2), self.random.randrange(4)
        report = a_report(
            self.random.choice(self.people), east_m=2000.0 * row, north_m=STEPS_M * place, observed_at=self.now
        )
        self.live += told(self.house, self.network_id, report, now=self.now)

    def retract(self) -> None:
        if self.live:
            sighting = self.live.pop(self.random.randrange(len(self.live)))
            with self.act() as uow:
                intake.retract(uow, sighting, intake.receipt_of(uow, sighting))

    def merge(self) -> None:
        found = sorted(self.counting())
        if len(found) > 1:
            one, into = self.random.sample(found, 2)
            with self.act() as uow:
                self.decisions.append(corroboration.merge(uow, self.actor, one, into).id)

    def split(self) -> None:
        found = [(each, members) for each, members in sorted(self.counting().items()) if len(members) > 1]
        if found:
            incident, members = self.random.choice(found)
            chosen = self.random.sample(sorted(members), self.random.randrange(1, len(members)))
            with self.act() as uow:
                self.decisions.append(corroboration.split(uow, self.actor, incident, chosen).id)

    def undo(self) -> None:
        if self.decisions:
            decision = self.decisions.pop(self.random.randrange(len(self.decisions)))
            try:
                with self.act() as uow:
                    corroboration.undo(uow, self.actor, decision)
            except NotLawful:
                self.decisions.append(decision)

    def step(self) -> None:
        acts = (self.report, self.report, self.report, self.retract, self.merge, self.split, self.undo)
        self.now += timedelta(seconds=1)
        self.random.choice(acts)()

    def undo_all(self) -> None:
        """Undo everything that stands, in any order that is possible."""
        for _ in range(1000):
            if not self.decisions:
                return
            self.undo()
        raise AssertionError(self.decisions)

    def counting(self) -> dict[int, set[int]]:
        """Return each open incident with what counts for it, as the data says."""
        with self.act() as uow:
            found = uow.incidents.open_with_sightings()
        return {incident: set(members) for incident, members in found.items()}

    def figures(self) -> dict[int, tuple[int, int]]:
        """Return how many reports each open incident says it has, and how many count for it when counted one by one."""
        with self.act() as uow:
            told_of = {each.id: each.sightings for each in uow.incidents.page(limit=500) if each.ended_at is None}
            return {each: (said, len(uow.decisions.counted([each]))) for each, said in told_of.items()}

    def points(self):
        with self.act() as uow:
            clusters = uow.decisions.clusters_of(uow.incidents.open_with_sightings())
            return [each.point for each in uow.sightings.of_clusters(clusters)], uow.policy.clustering


def check(world: World) -> None:
    counting = world.counting()
    counted = sorted(sighting for members in counting.values() for sighting in members)
    assert counted == sorted(world.live)  # each once, none lost
    assert {said for said, counted_one_by_one in world.figures().values() if said != counted_one_by_one} == set()


def play(house: House, seed: int, steps: int) -> World:
    world = World(house, seed)
    for _ in range(4):
        world.report()
    for number in range(steps):
        world.step()
        if number % 5 == 0:
            check(world)
    world.undo_all()
    check(world)
    points, policy = world.points()
    assert sorted(point.id for point in points) == sorted(world.live)
    assert frozenset(map(frozenset, world.counting().values())) == settle(points, policy).clusters()
    return world


@pytest.mark.parametrize("seed", range(4))
def test_undoing_everything_leaves_what_the_machine_finds(house, seed):
    play(house, seed, 30)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(100, 160))
def test_undoing_everything_leaves_what_the_machine_finds_in_many_worlds(house, seed):
    play(house, seed, 80)


@pytest.fixture
def world(house) -> World:
    made = World(house, 0)
    people = [an_actor(house, made.network_id) for _ in range(3)]
    made.live += told(house, made.network_id, *(a_report(each, east_m=900.0 * n) for n, each in enumerate(people)))
    return made


def test_the_database_lets_no_circle_close(world):
    """incident_root and incident_family would never end; the trigger refuses what Python would not even try."""
    one, two, three = world.counting()
    with world.act() as uow:
        uow.decisions.merged_into(one, two)
        uow.decisions.merged_into(two, three)
    with world.act() as uow:
        assert uow.decisions.root(one) == three
        assert uow.decisions.family([three]) == sorted((one, two, three))
    with pytest.raises((MergedMeanwhile, Refused)), world.act() as uow:
        uow.decisions.merged_into(three, one)


def test_two_who_write_opposite_merges_by_hand_cannot_both_commit(world):
    one, two, _three = world.counting()
    ready, outcomes = threading.Barrier(2), []

    def write(loser, survivor):
        try:
            with world.house.act(world.network_id) as uow:
                ready.wait(5)
                uow.decisions.merged_into(loser, survivor)
            outcomes.append("stands")
        except Exception as error:  # noqa: BLE001 - whatever refuses it, it must not stand
            outcomes.append(type(error).__name__)

    both = [threading.Thread(target=write, args=pair) for pair in ((one, two), (two, one))]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert outcomes.count("stands") <= 1
    with world.act() as uow:
        assert {uow.decisions.root(one), uow.decisions.root(two)} <= {one, two}


def test_reports_that_arrive_while_people_merge_all_count_once(world):
    """Four writers beside somebody who merges and undoes: sightings_counted, clusters_join and clusters_part agree."""
    one, two, _three = world.counting()
    people = [an_actor(world.house, world.network_id) for _ in range(4)]
    told_ids: list[list[int]] = []

    def send(person):
        for number in range(6):
            receive = partial(intake.receive, reports=[a_report(person, east_m=900.0 * (number % 2))])
            told_ids.append(_ids(world.house.act_patiently(world.network_id, receive)))

    writers = [threading.Thread(target=send, args=(person,)) for person in people]
    for each in writers:
        each.start()
    for _ in range(4):
        made = world.house.act_patiently(
            world.network_id, lambda uow: corroboration.merge(uow, world.actor, one, two).id
        )
        world.house.act_patiently(world.network_id, partial(corroboration.undo, actor=world.actor, decision_id=made))
    for each in writers:
        each.join()
    world.live += [sighting for some in told_ids for sighting in some]
    check(world)


def _ids(outcomes):
    assert all(isinstance(each, intake.Received) for each in outcomes)
    return [each.id for each in outcomes]


def test_the_machine_never_merges_what_people_keep_apart(house):
    world = World(house, 0)
    ends = [a_report(person, north_m=north) for person, north in zip(world.people, (0.0, 300.0), strict=False)]
    told(house, world.network_id, *ends)
    one, two = world.counting()
    with world.act() as uow:
        apart = corroboration.keep_apart(uow, world.actor, one, two)
    told(house, world.network_id, a_report(world.people[2], north_m=150.0))
    assert world.counting().keys() == {one, two}
    with world.act() as uow:
        corroboration.undo(uow, world.actor, apart.id)
    assert [len(members) for members in world.counting().values()] == [3]


def test_what_the_machine_took_in_while_merged_goes_where_its_cluster_goes(house):
    """An untouched incident swallowed by a merged one points to whoever its reports count for after the undo."""
    world = World(house, 0)
    told(house, world.network_id, a_report(world.people[0]), a_report(world.people[1], east_m=2000.0))
    one, far = sorted(world.counting(), key=lambda each: _lon(world, each))
    with world.act() as uow:
        merged = corroboration.merge(uow, world.actor, one, far)
    [alone] = told(house, world.network_id, a_report(world.people[2], north_m=300.0))
    third = next(each for each, members in world.counting().items() if alone in members)
    told(house, world.network_id, a_report(world.people[3], north_m=150.0))
    assert world.counting().keys() == {far}
    with world.act() as uow:
        corroboration.undo(uow, world.actor, merged.id)
    assert {each: len(members) for each, members in world.counting().items()} == {one: 3, far: 1}
    with world.act() as uow:
        assert uow.decisions.root(third) == one


def _lon(world, incident):
    with world.act() as uow:
        return uow.incidents.place(incident).lon


def test_a_script_decides_nothing_in_a_live_network(world):
    one, two, _three = world.counting()
    script = an_actor(world.house, world.network_id, Role.VERIFIER, kind="script")
    with pytest.raises(OnlyPeopleDecide), world.act() as uow:
        corroboration.merge(uow, script, one, two)


def test_a_merged_incident_is_not_merged_again(world):
    one, two, three = world.counting()
    with world.act() as uow:
        corroboration.merge(uow, world.actor, one, two)
    with pytest.raises(LivesOnElsewhere), world.act() as uow:
        corroboration.merge(uow, world.actor, one, three)


def test_undo_after_the_survivor_was_merged_too(world):
    """Each of clusters_join, clusters_part and incidents_untouch sees chains, not pairs; sightings_of_incident too."""
    one, two, three = world.counting()
    with world.act() as uow:
        first = corroboration.merge(uow, world.actor, one, two)
    with world.act() as uow:
        second = corroboration.merge(uow, world.actor, two, three)
    assert world.counting().keys() == {three}
    with world.act() as uow:
        corroboration.undo(uow, world.actor, first.id)
    assert {each: len(members) for each, members in world.counting().items()} == {one: 1, three: 2}
    with world.act() as uow:
        corroboration.undo(uow, world.actor, second.id)
    assert {each: len(members) for each, members in world.counting().items()} == {one: 1, two: 1, three: 1}
    with world.act() as uow:
        assert [each.touched for each in uow.incidents.many([one, two, three])] == [False] * 3


def test_an_older_split_holds_again_when_a_later_one_is_undone(house):
    """sightings_pin and sightings_unpin: the last split that stands says what a report counts for."""
    world = World(house, 0)
    sightings = told(house, world.network_id, *(a_report(each) for each in world.people))
    [incident] = world.counting()
    with world.act() as uow:
        first = corroboration.split(uow, world.actor, incident, sightings[:2])
    with world.act() as uow:
        second = corroboration.split(uow, world.actor, first.other_id, sightings[:1])
    with world.act() as uow:
        corroboration.undo(uow, world.actor, second.id)
    assert world.counting() == {incident: set(sightings[2:]), first.other_id: set(sightings[:2])}


def test_suggestions_end_by_themselves_and_say_nothing_of_a_vehicle(house):
    """vehicle_ties finds, suggestions_add keeps, an end forgets; incidents_nearby and live_dispatches stand beside."""
    world = World(house, 0)
    seen = (intake.VehicleSeen("suv", "ford", color="white"),)
    told(
        house,
        world.network_id,
        a_report(world.people[0], vehicles=seen, kind="vehicle"),
        a_report(world.people[1], vehicles=seen, north_m=600.0, observed_at=datetime.now(UTC) - timedelta(minutes=1)),
    )
    one, two = sorted(world.counting())
    with world.act() as uow:
        [kept] = uow.decisions.suggestions(one, uow.now)
        columns = uow._session.execute(text("SELECT * FROM suggestion")).keys()
        assert uow.decisions.suggestions(one, uow.now + timedelta(hours=3)) == []
        assert uow.dispatches.live_counts([one, two]) == {}
        [near] = uow.decisions.nearby(one, radius_m=700.0, limit=5)
    assert (kept.one_id, kept.two_id, kept.kind, near.id) == (one, two, "vehicle", two)
    assert set(columns) == {"network_id", "one_id", "two_id", "kind", "made_at", "expires_at"}
    with world.act() as uow:
        assert uow.decisions.forget_suggestions_before(uow.now + timedelta(hours=3)) == 1


MERGE = "INSERT INTO decision VALUES (:n, 1, 'merge', :one, :two, :who, now())"
SUGGEST = "INSERT INTO suggestion VALUES (:n, :low, :high, 'plate', now(), now())"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (MERGE.replace(":two", ":one"), "two_different_incidents"),
        (f"{MERGE}, (:n, 2, 'merge', :one, :three, :who, now())", "merged_once"),
        (
            f"{MERGE}, (:n, 2, 'apart', :one, :two, :who, now()), (:n, 3, 'apart', :two, :one, :who, now())",
            "kept_apart_once",
        ),
        (MERGE.replace("now()", "now(), now()"), "undone_by_somebody_at_some_time"),
        (SUGGEST.replace(":low, :high", ":high, :low"), "a_pair_has_no_order"),
        (SUGGEST.replace("now(), now()", "now(), now() + interval '73 hours'"), "a_suggestion_ends"),
    ],
)
def test_the_database_refuses_what_must_not_be_written(world, statement, constraint):
    one, two, three = world.counting()
    numbers = {"one": one, "two": two, "three": three, "low": min(one, two), "high": max(one, two)}
    who = {"n": world.network_id, "who": world.actor.account_id}
    asked = {name: value for name, value in (numbers | who).items() if f":{name}" in statement}
    with pytest.raises(DeskError) as refused, world.act() as uow:
        uow._session.execute(text(statement), asked)
    assert isinstance(refused.value.__cause__, Refused)
    assert refused.value.__cause__.constraint == constraint
