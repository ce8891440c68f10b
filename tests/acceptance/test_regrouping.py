"""Merge, split, undo, retraction over HTTP with two people: nothing is lost, and each reason is shown."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from desk import verification
from records import ids
from records.enums import Role
from tests.acceptance.test_sightings import LAT, LON, a_point, post
from tests.builders import a_network, an_account, signed_in
from tests.crews import a_crew

FORD = {"type": "suv", "make": "Ford", "color": "white", "plate": "ABC1234"}


class Desk:
    """A dispatcher and a verifier of two lineages, and what they see over HTTP."""

    def __init__(self, client):
        self.client = client
        self.ana = signed_in(client, Role.DISPATCHER)
        self.ben = signed_in(client, Role.VERIFIER)

    def report(self, *, north=0.0, person=None, **words):
        """Report something `north` degrees from the middle; return id and receipt."""
        person = person or signed_in(self.client, Role.SPOTTER)
        answer = post(self.client, person.headers, location=a_point(LON, LAT + north), **words)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def open(self):
        """Return the open incidents, southernmost first."""
        answer = self.client.get("/api/incidents", headers=self.ana.headers).json()["features"]
        return [each["id"] for each in sorted(answer, key=lambda each: each["geometry"]["coordinates"][1])]

    def see(self, incident):
        answer = self.client.get(f"/api/incidents/{incident}", headers=self.ana.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def history(self, incident):
        """Return all that is shown of an incident, but its version and what was decided and undone since."""
        seen = self.see(incident)
        for name in ("version", "decisions", "suggestions"):
            del seen["properties"][name]
        return seen

    def post(self, address, body=None, person=None, **headers):
        return self.client.post(address, json=body, headers=(person or self.ana).headers | headers)

    def merge(self, incident, into, person=None):
        return self.post(f"/api/incidents/{incident}/merge", {"into": into}, person)

    def split(self, incident, *sightings, person=None):
        return self.post(f"/api/incidents/{incident}/split", {"sightings": list(sightings)}, person)

    def undo(self, decision, person=None, kind="decisions"):
        return self.post(f"/api/{kind}/{decision}/undo", None, person or self.ben)

    def verify(self, incident):
        said = {"verdict": "verified", "agency": "immigration", "basis": "seen in person"}
        for person in (self.ana, self.ben):
            answer = self.post(f"/api/incidents/{incident}/judgements", said, person)
            assert answer.status_code == 201, answer.text
        assert answer.json()["incident"]["properties"]["status"] == "verified"


@pytest.fixture
def desk(client):
    return Desk(client)


@pytest.fixture
def two(desk):
    """Two incidents 700 m apart, with two reports each."""
    for north in (0.0, 0.0, 0.0063, 0.0063):
        desk.report(north=north, unit="immigration", activity="stop")
    found = desk.open()
    assert len(found) == 2
    return found


def decision_of(answer, status=201):
    assert answer.status_code == status, answer.text
    return answer.json()["decision"]


def test_a_merge_and_its_undo_keep_both_histories(desk, two):
    here, there = two
    desk.post(f"/api/incidents/{there}/judgements", {"verdict": "unsure", "note": "second look"}, desk.ben)
    before = [desk.history(each) for each in two]
    answer = desk.merge(there, here)
    decision = decision_of(answer)
    assert [each["id"] for each in answer.json()["incidents"]] == [here, there]
    survivor, merged = (each["properties"] for each in answer.json()["incidents"])
    assert (survivor["sightings"], survivor["merged_into"], merged["merged_into"]) == (4, None, here)
    assert (decision["kind"], decision["by"], decision["undone_at"]) == ("merge", desk.ana.alias, None)
    assert desk.open() == [here]
    seen = desk.see(here)["properties"]
    assert len(seen["sightings_found"]["features"]) == 4
    assert [each["id"] for each in seen["merged_here"]] == [there]
    assert any("four witnesses" in each["text"] for each in seen["reasons"])
    kept = desk.see(there)["properties"]
    assert kept["judgements"] == before[1]["properties"]["judgements"]
    assert len(kept["sightings_found"]["features"]) == 2
    assert desk.post(f"/api/incidents/{there}/judgements", {"verdict": "unsure"}).status_code == 409

    undone = desk.undo(decision["id"])
    assert decision_of(undone, 200)["undone_by"] == desk.ben.alias
    assert [desk.history(each) for each in two] == before
    for each in two:
        [written] = desk.see(each)["properties"]["decisions"]
        assert (written["by"], written["undone_by"]) == (desk.ana.alias, desk.ben.alias)
    assert desk.undo(decision["id"]).status_code == 409


def test_a_split_and_its_undo_keep_both_histories(desk):
    first, second, third = (desk.report(unit="immigration") for _ in range(3))
    [incident] = desk.open()
    before = desk.history(incident)
    answer = desk.split(incident, second["id"], third["id"], person=desk.ben)
    decision = decision_of(answer)
    assert (decision["incident"], decision["by"]) == (incident, desk.ben.alias)
    assert set(decision["sightings"]) == {second["id"], third["id"]}
    part = decision["other"]
    rest, new = desk.see(incident)["properties"], desk.see(part)["properties"]
    assert [each["id"] for each in rest["sightings_found"]["features"]] == [first["id"]]
    assert {each["id"] for each in new["sightings_found"]["features"]} == {second["id"], third["id"]}
    assert (rest["sightings"], rest["status"]) == (1, "unverified")
    assert (new["sightings"], new["status"], new["split_from"]) == (2, "corroborated", incident)
    assert {each["properties"]["incident"] for each in new["sightings_found"]["features"]} == {part}

    assert decision_of(desk.undo(decision["id"], desk.ana), 200)["undone_by"] == desk.ana.alias
    after = desk.history(incident)
    assert [each["id"] for each in after["properties"].pop("merged_here")] == [part]
    del before["properties"]["merged_here"]
    assert after == before
    assert desk.see(part)["properties"]["merged_into"] == incident
    assert desk.open() == [incident]


def test_a_judgement_and_a_decision_can_both_be_undone_by_their_id_at_either_address(desk, two):
    decision = decision_of(desk.merge(two[1], two[0]))
    answer = desk.undo(decision["id"], kind="judgements")
    assert decision_of(answer, 200)["undone_by"] == desk.ben.alias
    assert sorted(desk.open()) == sorted(two)
    assert desk.undo("0000000000001", kind="judgements").status_code == 404
    assert desk.undo("0000000000001").status_code == 404


@pytest.mark.parametrize("kind", ["merge", "split", "apart"])
def test_the_same_key_and_body_decide_once(desk, two, kind):
    sighting = desk.see(two[0])["properties"]["sightings_found"]["features"][0]["id"]
    body = {"merge": {"into": two[1]}, "split": {"sightings": [sighting]}, "apart": {"other": two[1]}}[kind]
    key = {"Idempotency-Key": f"once-{kind}"}
    answers = [desk.post(f"/api/incidents/{two[0]}/{kind}", body, **key) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(desk.see(two[0])["properties"]["decisions"]) == 1


def test_what_cannot_be_merged_says_why_in_one_sentence(desk, two):
    here, there = two
    desk.report(north=0.0126)
    third = desk.open()[-1]
    assert desk.merge(here, here).status_code == 422
    assert desk.merge(here, "0000000000001").status_code == 404
    desk.verify(here)
    refused = desk.merge(here, there)
    assert (refused.status_code, "another verified incident" in refused.json()["title"]) == (409, True)
    decision_of(desk.merge(there, here))
    for one, into in ((third, there), (there, third), (there, here)):
        refused = desk.merge(one, into)
        assert (refused.status_code, "became part of another" in refused.json()["title"]) == (409, True)
    desk.post(f"/api/incidents/{third}/judgements", {"verdict": "unfounded"})
    refused = desk.merge(third, here)
    assert (refused.status_code, "has ended" in refused.json()["title"]) == (409, True)


def test_a_merge_never_verifies_however_the_votes_add_up(desk, two):
    said = {"verdict": "verified", "agency": "immigration", "basis": "seen in person"}
    for incident, person in zip(two, (desk.ana, desk.ben), strict=True):
        desk.post(f"/api/incidents/{incident}/judgements", said, person)
    desk.merge(two[1], two[0])
    assert desk.see(two[0])["properties"]["status"] == "corroborated"
    carla = signed_in(desk.client, Role.VERIFIER)
    desk.post(f"/api/incidents/{two[0]}/judgements", {"verdict": "unsure"}, carla)
    assert desk.see(two[0])["properties"]["status"] == "corroborated"
    desk.post(f"/api/incidents/{two[0]}/judgements", said, desk.ben)
    assert desk.see(two[0])["properties"]["status"] == "verified"


def test_who_verified_one_and_reported_the_other_keeps_them_from_being_merged(desk, two):
    here, there = two
    witness = signed_in(desk.client, Role.SPOTTER, Role.VERIFIER)
    desk.report(north=0.0063, person=witness)
    said = {"verdict": "verified", "agency": "immigration", "basis": "seen in person"}
    for person in (desk.ana, witness):
        desk.post(f"/api/incidents/{here}/judgements", said, person)
    refused = desk.merge(there, here)
    assert (refused.status_code, "reported the other one" in refused.json()["title"]) == (409, True)
    assert sorted(desk.open()) == sorted(two)


def test_what_cannot_be_split_says_why(desk, two):
    here, there = two
    mine = [each["id"] for each in desk.see(here)["properties"]["sightings_found"]["features"]]
    theirs = [each["id"] for each in desk.see(there)["properties"]["sightings_found"]["features"]]
    for sightings, title in (
        (mine, "At least one report has to stay"),
        (theirs[:1], "count for this incident now"),
        (["0000000000001"], "count for this incident now"),
    ):
        refused = desk.split(here, *sightings)
        assert (refused.status_code, title in refused.json()["title"]) == (422, True), refused.text
    assert desk.split(here).status_code == 422
    part = decision_of(desk.split(here, mine[0]))
    assert desk.split(here, mine[0]).status_code == 422
    swallowed = decision_of(desk.merge(there, part["other"]))
    refused = desk.undo(part["id"])
    assert (refused.status_code, "undo that merge first" in refused.json()["title"]) == (409, True)
    decision_of(desk.undo(swallowed["id"]), 200)
    decision_of(desk.undo(part["id"]), 200)


def test_a_retraction_changes_the_reasons_and_stays_in_the_history(desk):
    reports = [desk.report(unit="immigration") for _ in range(3)]
    [incident] = desk.open()
    before = desk.see(incident)["properties"]
    back = reports[1]
    answer = desk.client.post(f"/api/sightings/{back['id']}/retract", json={"receipt": back["receipt"]})
    assert answer.status_code == 200
    after = desk.see(incident)["properties"]
    assert (before["retracted"], after["retracted"], after["sightings"]) == (0, 1, 2)
    assert [each["id"] for each in after["retracted_found"]] == [back["id"]]
    assert any("three witnesses" in each["text"] for each in before["reasons"])
    assert any("two witnesses" in each["text"] for each in after["reasons"])
    [line] = [each for each in after["reasons"] if "taken back" in each["text"]]
    assert line["weight"] == 0.0
    assert sum(each["weight"] for each in after["reasons"]) == pytest.approx(after["queue"], abs=0.01)


def test_a_retraction_can_part_an_incident_and_one_that_was_split_off_counts_again(desk):
    ends = [desk.report(north=north, activity="stop") for north in (-0.002, 0.002)]
    middle = desk.report(activity="stop")
    [incident] = desk.open()
    desk.client.post(f"/api/sightings/{middle['id']}/retract", json={"receipt": middle["receipt"]})
    assert len(desk.open()) == 2
    other = next(each for each in desk.open() if each != incident)
    assert desk.see(other)["properties"]["split_from"] == incident
    assert sum(desk.see(each)["properties"]["retracted"] for each in (incident, other)) == 1

    more = [desk.report(north=-0.002, activity="stop") for _ in range(2)]
    southern = desk.open()[0]
    part = decision_of(desk.split(southern, more[0]["id"], more[1]["id"]))["other"]
    assert desk.see(part)["properties"]["sightings"] == 2
    desk.client.post(f"/api/sightings/{more[0]['id']}/retract", json={"receipt": more[0]["receipt"]})
    seen = desk.see(part)["properties"]
    assert (seen["sightings"], seen["retracted"]) == (1, 1)
    assert ends


def test_new_reports_go_on_counting_for_the_survivor(desk, two):
    here, there = two
    decision = decision_of(desk.merge(there, here))
    desk.report(north=0.0063, unit="immigration", activity="stop")
    assert desk.open() == [here]
    assert desk.see(here)["properties"]["sightings"] == 5
    desk.undo(decision["id"])
    assert [desk.see(each)["properties"]["sightings"] for each in two] == [2, 3]


def test_a_vehicle_seen_at_both_is_suggested_never_merged_and_can_be_refused(desk):
    now = datetime.now(UTC)
    desk.report(vehicles=[FORD], observed_at=(now - timedelta(minutes=20)).isoformat())
    desk.report(north=0.03, vehicles=[FORD | {"color": "black"}], observed_at=now.isoformat())
    desk.report(north=-0.03, vehicles=[FORD | {"plate": None}], observed_at=(now - timedelta(minutes=9)).isoformat())
    far = desk.report(north=0.03, vehicles=[{"type": "van", "plate": "ABC1234"}], observed_at=now.isoformat())
    south, middle, *north = desk.open()
    kinds = {each["incident"]: each["kind"] for each in desk.see(middle)["properties"]["suggestions"]}
    assert kinds[south] == "vehicle"
    assert "plate" in {kinds.get(each) for each in north}
    plated = next(each for each in north if kinds.get(each) == "plate")
    assert "ABC" not in desk.client.get(f"/api/incidents/{middle}", headers=desk.ana.headers).text
    ends = desk.see(middle)["properties"]["suggestions"][0]["expires_at"]
    assert datetime.fromisoformat(ends) <= now + timedelta(hours=72, minutes=1)

    refused = decision_of(desk.post(f"/api/incidents/{middle}/apart", {"other": plated}))
    assert plated not in {each["incident"] for each in desk.see(middle)["properties"]["suggestions"]}
    assert desk.post(f"/api/incidents/{plated}/apart", {"other": middle}).status_code == 409
    desk.report(north=0.03, vehicles=[FORD], observed_at=now.isoformat())
    assert plated not in {each["incident"] for each in desk.see(middle)["properties"]["suggestions"]}
    desk.undo(refused["id"])
    desk.report(north=0.03, vehicles=[FORD], observed_at=now.isoformat())
    assert plated in {each["incident"] for each in desk.see(middle)["properties"]["suggestions"]}

    desk.post(f"/api/incidents/{plated}/judgements", {"verdict": "unfounded"})
    assert plated not in {each["incident"] for each in desk.see(middle)["properties"]["suggestions"]}
    assert far


def test_nobody_drives_that_fast_so_nothing_is_suggested(desk):
    now = datetime.now(UTC).isoformat()
    desk.report(vehicles=[FORD], observed_at=now)
    desk.report(north=0.05, vehicles=[FORD], observed_at=now)
    assert [desk.see(each)["properties"]["suggestions"] for each in desk.open()] == [[], []]


def test_what_is_near_in_space_and_time_is_suggested(desk):
    desk.report(activity="stop")
    desk.report(north=0.003, activity="workplace")
    here, there = desk.open()
    [said] = desk.see(here)["properties"]["suggestions"]
    assert (said["incident"], said["kind"]) == (there, "near")
    assert "330 m away, at the same time" in said["text"]
    desk.post(f"/api/incidents/{here}/apart", {"other": there})
    assert desk.see(there)["properties"]["suggestions"] == []


def test_an_incident_spread_over_a_kilometre_asks_whether_it_is_one(desk, two):
    desk.report(north=0.0126)
    third = desk.open()[-1]
    assert desk.see(two[0])["properties"]["sprawl"] is None
    for each in (two[1], third):
        decision_of(desk.merge(each, two[0]))
    assert desk.see(two[0])["properties"]["sprawl"] == "perhaps several events: 1.4 km across"


def test_two_merges_at_once_in_opposite_directions_leave_one_standing(desk, two):
    here, there = two
    answers = {}

    def send(one, into, person):
        answers[one] = desk.merge(one, into, person).status_code

    both = [threading.Thread(target=send, args=args) for args in ((here, there, desk.ana), (there, here, desk.ben))]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(answers.values()) == [201, 409]
    assert len(desk.open()) == 1


def test_who_is_on_the_way_stays_on_the_way_and_counts_at_the_survivor(desk, two, house, network_id):
    a_crew(house, network_id, 8, observers=4)
    here, there = two
    sent = {each: desk.post(f"/api/incidents/{each}/dispatches", {"task": "look", "wave": 2}) for each in two}
    assert [each.status_code for each in sent.values()] == [201, 201], [each.text for each in sent.values()]
    decision = decision_of(desk.merge(there, here))
    seen = desk.see(here)["properties"]
    assert seen["dispatches"] == 2
    assert {each["incident"] for each in seen["dispatches_found"]} == {here, there}
    refused = desk.post(f"/api/incidents/{here}/dispatches", {"task": "look"})
    assert (refused.status_code, refused.json()["title"]) == (409, "Enough people are on their way to this incident.")
    assert desk.post(f"/api/incidents/{there}/dispatches", {"task": "look"}).status_code == 409
    desk.undo(decision["id"])
    assert [desk.see(each)["properties"]["dispatches"] for each in two] == [1, 1]
    decision_of(desk.merge(there, here))
    desk.post(f"/api/incidents/{here}/judgements", {"verdict": "unfounded"})
    states = {each["state"] for each in desk.see(here)["properties"]["dispatches_found"]}
    assert states == {"cancelled"}


def test_nothing_is_closed_as_quiet_while_a_pair_is_asked_for_what_was_merged_into_it(desk, house, network_id):
    a_crew(house, network_id, 8, observers=4)
    person = signed_in(desk.client, Role.SPOTTER)
    for north in (0.0, 0.0063):
        desk.report(north=north, person=person)
    here, there = desk.open()
    sent = desk.post(f"/api/incidents/{there}/dispatches", {"task": "look", "wave": 2})
    assert sent.status_code == 201, sent.text
    decision_of(desk.merge(there, here))
    later = datetime.now(UTC) + timedelta(hours=3)
    with house.act(network_id, now=later) as uow:
        assert verification.close_quiet(uow) == 0
    desk.post(f"/api/dispatches/{sent.json()['id']}/cancel")
    with house.act(network_id, now=later) as uow:
        assert verification.close_quiet(uow) == 1


def test_a_report_split_off_is_evidence_where_it_counts_and_nowhere_else(desk, house, network_id):
    first, second = (desk.report(unit="immigration") for _ in range(2))
    [incident] = desk.open()

    def lineages(*incidents):
        with house.act(network_id) as uow:
            return [uow.incidents.evidence(ids.read(each)).lineages for each in incidents]

    assert lineages(incident) == [2]
    decision = decision_of(desk.split(incident, second["id"]))
    assert lineages(incident, decision["other"]) == [1, 1]
    desk.undo(decision["id"])
    assert lineages(incident) == [2]
    assert first["id"] != second["id"]


def test_what_was_merged_twice_over_is_still_where_its_pair_is_going(desk, house, network_id):
    a_crew(house, network_id, 8, observers=4)
    person = signed_in(desk.client, Role.SPOTTER)
    for north in (0.0, 0.0063, 0.0126):
        desk.report(north=north, person=person)
    here, there, beyond = desk.open()
    sent = desk.post(f"/api/incidents/{beyond}/dispatches", {"task": "look", "wave": 2})
    assert sent.status_code == 201, sent.text
    decision_of(desk.merge(beyond, there))
    decision_of(desk.merge(there, here))
    with house.act(network_id, now=datetime.now(UTC) + timedelta(hours=3)) as uow:
        assert verification.close_quiet(uow) == 0
        assert uow.meetings.live([ids.read(here)]) == [(ids.read(here), ids.read(sent.json()["id"]))]


def test_another_networks_incident_is_nothing_here(desk, two, client, house):
    elsewhere = a_network(house.settings.database_url)
    stranger = an_account(house, elsewhere, [Role.DISPATCHER])
    assert desk.merge(two[1], two[0], stranger).status_code == 404
