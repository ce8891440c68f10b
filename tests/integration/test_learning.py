"""Decided incidents teach (reliability_of, reliability_take, reliability_keep) once, and never verify anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from api.settings import Settings
from api.wiring import House
from desk import corroboration, intake, retention, verification
from desk.events import IncidentVerified
from geo.reliability import About, Record, Subject
from records import ids
from records.cluster import DATABASE, PrivateCluster
from records.enums import Role
from tests.builders import a_network
from tests.sightings import PLACE, a_report, an_actor, told

NETWORK = Subject(About.NETWORK, "all")
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("learned", template=DATABASE)
    made = House(Settings(database_url=cluster.url("learned"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


class Field:
    """Reports and judgements in one network; each incident a kilometre from the one before."""

    def __init__(self, house, network_id):
        self.house, self.network_id, self.spots = house, network_id, 0
        self.judges = [an_actor(house, network_id, Role.VERIFIER) for _ in range(2)]

    def incident(self, *reporters):
        self.spots += 1
        with self.house.act(self.network_id) as uow:
            before = {each.id for each in uow.incidents.page(limit=500)}
        # Nobody is at two places at once: each time it is somebody else of the same lineage.
        actors = [an_actor(self.house, self.network_id, lineage=each.lineage) for each in reporters]
        spot = {"north_m": 1_000.0 * self.spots, "observed_at": NOW}
        told(self.house, self.network_id, *(a_report(each, **spot) for each in actors))
        with self.house.act(self.network_id) as uow:
            return next(each for each in uow.incidents.page(limit=500) if each.id not in before)

    def judge(self, incident, verdict, *judges, agency="immigration", now=None):
        with self.house.act(self.network_id, now=now) as uow:
            for each in judges or self.judges:
                more = {"agency": agency, "basis": "seen in person"} if verdict == "verified" else {}
                said = verification.judge(uow, each, incident.id, verdict, **more)
        return said

    def undo(self, judgement):
        with self.house.act(self.network_id) as uow:
            verification.undo(uow, self.judges[1], judgement.id)

    def counts(self, *subjects):
        with self.house.act(self.network_id) as uow:
            found = uow.reliability.of(subjects or [NETWORK])
        shown = [found.get(each, Record()) for each in subjects or [NETWORK]]
        return [(round(each.real, 6), round(each.unreal, 6)) for each in shown]

    def held(self, incident):
        with self.house.act(self.network_id) as uow:
            return uow.incidents.get(incident.id)


@pytest.fixture
def field(house, network_id):
    return Field(house, network_id)


@pytest.fixture
def spotter(house, network_id):
    return an_actor(house, network_id)


def of(actor):
    return Subject(About.LINEAGE, str(actor.lineage))


def test_a_decided_incident_counts_once_and_an_undone_one_not_at_all(house, network_id, field, spotter):
    incident = field.incident(spotter)
    last = field.judge(incident, "verified")
    assert field.counts(NETWORK, of(spotter)) == [(1, 0), (1, 0)]
    with house.act(network_id) as uow:
        # Told twice, it counts once.
        corroboration.learn(uow, [IncidentVerified(subject=incident.id)])
    assert field.counts(NETWORK, of(spotter)) == [(1, 0), (1, 0)]
    field.undo(last)
    assert field.held(incident).status == "unverified"
    assert field.counts(NETWORK, of(spotter)) == [(0, 0), (0, 0)]
    with house.act(network_id) as uow:
        assert uow.reliability.counted(incident.id) is None


def test_unfounded_counts_against_and_local_police_does_and_not_known_whose_teaches_nothing(field, spotter):
    field.judge(field.incident(spotter), "unfounded", field.judges[0])
    assert field.counts(of(spotter)) == [(0, 1)]
    field.judge(field.incident(spotter), "verified", agency="local_police")
    assert field.counts(of(spotter)) == [(0, 2)]
    field.judge(field.incident(spotter), "verified", agency="unknown")
    assert field.counts(of(spotter)) == [(0, 2)]


def test_verified_and_then_over_stays_real_and_merely_quiet_teaches_nothing(house, network_id, field, spotter):
    incident = field.incident(spotter)
    field.judge(incident, "verified")
    field.judge(incident, "clear", field.judges[0], now=NOW + timedelta(minutes=5))
    assert (field.held(incident).status, field.counts(of(spotter))) == ("closed", [(1, 0)])
    quiet = field.incident(spotter)
    with house.act(network_id, now=NOW + timedelta(hours=3)) as uow:
        assert verification.close_quiet(uow) >= 1
    assert (field.held(quiet).status, field.counts(of(spotter))) == ("closed", [(1, 0)])


def test_whoever_decides_adds_nothing_to_the_record_of_their_own_lineage(house, network_id, field, spotter):
    other = an_actor(house, network_id)
    akin = an_actor(house, network_id, Role.VERIFIER, lineage=other.lineage)
    incident = field.incident(spotter, other)
    field.judge(incident, "verified", field.judges[0], akin)
    assert field.counts(NETWORK, of(spotter), of(other)) == [(1, 0), (1, 0), (0, 0)]


def test_what_was_learned_does_not_count_as_expected_again(house, network_id, field, spotter):
    for _ in range(6):
        field.judge(field.incident(spotter), "verified")
    with house.act(network_id) as uow:
        record, source = (uow.reliability.of([each])[each] for each in (NETWORK, of(spotter)))
    # Each of the six was as likely as the first by the weights alone; of the source, more was expected each time.
    first = 1 / (1 + 2.718281828 ** -(-2.2 + 2.1 - 1.0))
    assert record.expected == pytest.approx(6 * first, abs=1e-6)
    assert source.expected > record.expected


def test_a_good_record_shows_as_a_reason_lifts_the_queue_and_verifies_nothing(house, network_id, field, spotter):
    before = field.incident(spotter)
    for _ in range(8):
        field.judge(field.incident(spotter), "verified")
    after = field.incident(spotter)
    assert after.queue > before.queue + 0.5
    lines = {each["text"]: each["weight"] for each in after.reasons}
    assert lines["earlier reports of this source were confirmed more often than usual"] > 0.0
    assert sum(lines.values()) == pytest.approx(after.queue, abs=0.01)
    assert not any(str(spotter.lineage) in line or spotter.alias in line for line in lines)
    for _ in range(60):
        field.judge(field.incident(spotter), "verified")
    assert field.incident(spotter).status == "unverified"


def test_scoring_a_batch_asks_once(house, network_id, field, spotter):
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append("JOIN reliability r" in statement)

    reports = [a_report(spotter, east_m=900.0 * n, place=PLACE, observed_at=NOW) for n in range(5)]
    with house.act(network_id) as uow:
        engine = uow._session.get_bind()
        intake.receive(uow, reports)
        event.listen(engine, "before_cursor_execute", note)
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) > 3
    assert sum(asked) == 1


def test_counts_name_no_report_and_no_account(house, network_id, field, spotter):
    field.judge(field.incident(spotter), "verified")
    with house.act(network_id) as uow:
        columns = uow._session.execute(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'reliability'")
        )
        assert set(columns.scalars()) == {"network_id", "about", "key", "real", "unreal", "expected", "counted_on"}
        rows = uow._session.execute(text("SELECT key FROM reliability")).scalars().all()
    assert str(spotter.account_id) not in rows
    assert ids.shown(spotter.account_id) not in rows


def test_another_network_sees_none_of_it(house, field, spotter):
    field.judge(field.incident(spotter), "verified")
    with house.act(a_network(house.settings.database_url)) as uow:
        assert uow.reliability.of([NETWORK, of(spotter)]) == {}


def test_what_an_incident_was_counted_as_goes_after_eight_days_and_counts_after_half_a_year(
    house, network_id, field, spotter
):
    incident = field.incident(spotter)
    field.judge(incident, "verified")
    for days, counted, counts in ((7, True, (1, 0)), (9, False, (1, 0)), (179, False, (1, 0)), (182, False, (0, 0))):
        with house.act(network_id, now=NOW + timedelta(days=days)) as uow:
            retention.forget_log(uow)
            assert (uow.reliability.counted(incident.id) is not None) is counted
        assert field.counts(of(spotter)) == [counts]


def test_two_who_decide_at_once_wait_in_line(house, network_id):
    one, two = (Subject(About.ACTIVITY, word) for word in ("arrest", "stop"))
    begun, failed = threading.Event(), []

    def second():
        begun.wait(20)
        try:
            with house.act(network_id) as uow:
                for each in (two, one):
                    uow.reliability.take([each, NETWORK], NOW.date())
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in the thread is told by the test
            failed.append(type(error).__name__)

    thread = threading.Thread(target=second)
    thread.start()
    with house.act(network_id) as uow:
        uow.reliability.take([one, NETWORK], NOW.date())
        begun.set()
        thread.join(0.7)
        uow.reliability.take([two, NETWORK], NOW.date())
    thread.join(30)
    assert failed == []
