"""Two people of two lineages verify; what one did can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.settings import Settings
from api.wiring import House
from desk import verification
from desk.errors import AlreadyJudged, NotFound, NotLawful
from desk.events import (
    IncidentChanged,
    IncidentClosed,
    IncidentJudged,
    IncidentUnfounded,
    IncidentVerified,
    OutcomeMoved,
)
from desk.policy import VerificationPolicy
from records import ids
from records.cluster import DATABASE, PrivateCluster
from records.enums import Basis, Role
from tests.builders import a_network
from tests.sightings import a_report, an_actor, told


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("judged", template=DATABASE)
    made = House(Settings(database_url=cluster.url("judged"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


class Case:
    """One incident and what people say about it; `said` are the facts of the last act."""

    def __init__(self, house, network_id, *reporters):
        self.house, self.network_id = house, network_id
        told(house, network_id, *(a_report(each) for each in reporters or (an_actor(house, network_id),)))
        self.said = []

    @property
    def incident(self):
        with self.house.act(self.network_id) as uow:
            return uow.incidents.page(limit=1)[0]

    def judge(self, actor, verdict="verified", agency="immigration", basis="seen in person", now=None, **more):
        if verdict != "verified":
            agency = basis = None
        number = self.incident.id
        with self.house.act(self.network_id, now=now) as uow:
            judgement = verification.judge(uow, actor, number, verdict, agency=agency, basis=basis, **more)
        self.said = [type(fact) for fact in uow.facts]
        return judgement

    def undo(self, actor, judgement):
        with self.house.act(self.network_id) as uow:
            verification.undo(uow, actor, judgement.id)
        self.said = [type(fact) for fact in uow.facts]


@pytest.fixture
def case(house, network_id):
    return Case(house, network_id)


@pytest.fixture
def people(house, network_id):
    return [an_actor(house, network_id, Role.VERIFIER) for _ in range(4)]


def test_two_people_of_two_lineages_verify(case, people):
    before = case.incident.version
    case.judge(people[0])
    assert (case.incident.status, case.incident.touched, case.said) == ("unverified", True, [IncidentJudged])
    case.judge(people[1])
    incident = case.incident
    assert (incident.status, incident.agency, case.said) == ("verified", "immigration", [IncidentVerified])
    assert {incident.verifier1, incident.verifier2} == {people[0].account_id, people[1].account_id}
    assert incident.version == before + 2


def test_one_person_twice_or_one_lineage_never_verifies(case, house, network_id, people):
    case.judge(people[0])
    with pytest.raises(AlreadyJudged):
        case.judge(people[0])
    for _ in range(3):
        case.judge(an_actor(house, network_id, Role.VERIFIER, lineage=people[0].lineage))
    assert case.incident.status == "unverified"


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        (("immigration", "local_police"), "unknown"),
        (("unknown", "immigration"), "unknown"),
        (("local_police", "local_police"), "local_police"),
    ],
)
def test_the_agency_stands_only_if_both_name_the_same(case, people, said, stands):
    for person, agency in zip(people, said, strict=False):
        case.judge(person, agency=agency)
    assert (case.incident.status, case.incident.agency) == ("verified", stands)


def test_a_third_voice_settles_the_agency(case, people):
    for person, agency in zip(people, ("immigration", "local_police", "immigration"), strict=False):
        case.judge(person, agency=agency)
    assert case.incident.agency == "immigration"


def test_verified_needs_agency_and_basis(case, people):
    for missing in ({"basis": None}, {"agency": None}):
        with pytest.raises(verification.BasisMissing) as refused:
            case.judge(people[0], **missing)
        assert refused.value.field == "basis"


def test_nobody_verifies_their_own_report_or_that_of_their_only_circle(house, network_id, people):
    reporter = an_actor(house, network_id, Role.SPOTTER, Role.VERIFIER)
    case = Case(house, network_id, reporter)
    cousin = an_actor(house, network_id, Role.VERIFIER, lineage=reporter.lineage)
    for person in (reporter, cousin):
        with pytest.raises(verification.OwnSighting):
            case.judge(person)
    told(house, network_id, a_report(people[3]))
    with pytest.raises(verification.OwnSighting):
        case.judge(reporter)
    case.judge(cousin)
    case.judge(people[0])
    assert case.incident.status == "verified"


def test_a_vote_is_worth_nothing_once_its_judge_reports_the_same(case, people):
    case.judge(people[0])
    told(case.house, case.network_id, a_report(people[0]))
    case.judge(people[1])
    assert case.incident.status == "corroborated"
    case.judge(people[2])
    assert case.incident.status == "verified"


def test_one_person_finds_it_unfounded_and_two_overturn_what_was_verified(case, people, house, network_id):
    other = Case(house, a_network(house.settings.database_url))
    lone = an_actor(house, other.network_id, Role.VERIFIER)
    other.judge(lone, "unfounded")
    assert (other.incident.status, other.said) == ("unfounded", [IncidentUnfounded])
    assert other.incident.ended_at is not None
    with pytest.raises(verification.IncidentHasEnded):
        other.judge(an_actor(house, other.network_id, Role.VERIFIER))

    case.judge(people[0])
    case.judge(people[1])
    case.judge(people[2], "unfounded")
    assert (case.incident.status, case.said) == ("verified", [IncidentJudged])
    case.judge(people[3], "unfounded")
    assert (case.incident.status, case.said) == ("unfounded", [IncidentUnfounded])


def test_clear_ends_what_was_verified_even_from_one_who_verified_it(case, people):
    case.judge(people[0])
    case.judge(people[1])
    clear = case.judge(people[0], "clear")
    assert (case.incident.status, case.incident.was_verified, case.said) == ("closed", True, [IncidentClosed])
    case.undo(people[2], clear)
    assert (case.incident.status, case.incident.ended_at) == ("verified", None)
    with pytest.raises(NotLawful):
        case.undo(people[2], clear)


def test_clear_ends_an_unverified_incident_only_once_it_is_quiet(case, people):
    case.judge(people[0], "clear")
    assert case.incident.status == "unverified"
    case.judge(people[1], "clear", now=datetime.now(UTC) + timedelta(minutes=31))
    assert (case.incident.status, case.said) == ("closed", [IncidentClosed])


def test_undo_takes_the_state_back_and_keeps_the_history(case, people):
    first = case.judge(people[0])
    second = case.judge(people[1])
    with pytest.raises(verification.OverturningTakesTwo):
        case.undo(people[2], second)
    case.undo(people[1], second)
    assert (case.incident.status, case.incident.agency, case.said) == (
        "unverified",
        None,
        [IncidentChanged, OutcomeMoved],
    )
    with case.house.act(case.network_id) as uow:
        history = uow.incidents.judgements(case.incident.id)
    assert [each.id for each in history] == [first.id, second.id]
    assert history[1].undone_by == people[1].account_id
    case.judge(people[1])
    assert case.incident.status == "verified"


def test_undo_of_unfounded_opens_it_again(case, people):
    wrong = case.judge(people[0], "unfounded")
    case.undo(people[1], wrong)
    assert (case.incident.status, case.incident.ended_at) == ("unverified", None)


def test_undo_of_an_overturn_gives_back_what_two_people_verified(case, people):
    case.judge(people[0])
    case.judge(people[1])
    case.judge(people[2], "unfounded")
    wrong = case.judge(people[3], "unfounded")
    with pytest.raises(verification.OverturningTakesTwo):
        case.undo(people[0], wrong)
    case.undo(people[3], wrong)
    assert case.incident.status == "verified"


def test_a_script_never_judges_a_live_network(house, people, case):
    with pytest.raises(verification.OnlyPeopleJudge):
        case.judge(replace(people[0], script=True))
    rehearsal = Case(house, a_network(house.settings.database_url, "rehearsal"))
    rehearsal.judge(replace(an_actor(house, rehearsal.network_id, Role.VERIFIER), script=True))


def test_what_a_judge_writes_is_masked_too(case, people):
    assert "555" not in case.judge(people[0], note="ask 612-555-0134").note


def test_nothing_under_that_id(case, people):
    with pytest.raises(NotFound), case.house.act(case.network_id) as uow:
        verification.judge(uow, people[0], ids.new_id(), "unsure")
    with pytest.raises(NotFound), case.house.act(case.network_id) as uow:
        verification.undo(uow, people[0], ids.new_id())


def test_sources_name_groups_and_accounts(case):
    """incident_sources tells who stands behind an incident while the link is kept."""
    with case.house.act(case.network_id) as uow:
        [source] = uow.incidents.sources(case.incident.id)
    assert source.account_id is not None
    assert source.lineage == source.source_group


def test_floors_of_the_policy_hold_whatever_a_network_writes():
    loose = VerificationPolicy(
        people_needed=0,
        accepted_bases=("looks like",),
        statement_lasts=timedelta(days=3),
        corrected_within=timedelta(days=90),
    )
    assert (loose.people_needed, set(loose.accepted_bases)) == (2, set(Basis))
    assert (loose.statement_lasts, loose.corrected_within) == (timedelta(hours=4), timedelta(days=7))
    assert VerificationPolicy(accepted_bases=("said so", "a hunch")).accepted_bases == ("said so",)


def test_a_judge_who_then_reports_takes_the_floor_away_and_not_the_pair_out_there(case, people):
    case.judge(people[0], basis="vehicle marking")
    case.judge(people[1], basis="vehicle marking")
    assert (case.incident.status, case.incident.floor_met, case.incident.broadcastable) == ("verified", False, False)
    told(case.house, case.network_id, a_report(an_actor(case.house, case.network_id), activity="stop"))
    assert (case.incident.status, case.incident.floor_met, case.incident.broadcastable) == ("verified", True, True)
