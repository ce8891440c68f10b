"""What members are told, over HTTP: two people say it, and whoever was told is told again when it was not so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.stream import View, changes_after
from desk import alerts, territory
from desk.access import Actor
from desk.events import IncidentMerged
from records import ids
from records.enums import Role
from records.values import Cursor
from tests.builders import signed_in

LON, LAT = -93.2650, 44.9778
EAST_LON = -93.1000


def a_square(lon, lat, half=0.05):
    ring = [
        [lon - half, lat - half],
        [lon + half, lat - half],
        [lon + half, lat + half],
        [lon - half, lat + half],
        [lon - half, lat - half],
    ]
    return {"type": "Polygon", "coordinates": [ring]}


def a_sighting(**words):
    return {
        "kind": "activity",
        "location": {"type": "Point", "coordinates": [LON, LAT]},
        "observed_at": datetime.now(UTC).isoformat(),
        "activity": "stop",
        "unit": "immigration",
    } | words


class Story:
    """One incident in the zone Middle, and the people who report, judge, say and hear of it."""

    def __init__(self, client, house, network_id):
        self.client, self.house, self.network_id = client, house, network_id
        with house.act(network_id) as uow:
            territory.draw(uow, "Middle", a_square(LON, LAT))
            territory.draw(uow, "East", a_square(EAST_LON, LAT))
        self.judges = [signed_in(client, Role.VERIFIER) for _ in range(2)]
        self.speakers = [signed_in(client, Role.DISPATCHER) for _ in range(2)]
        self.receipts = []

    def report(self, person=None, **words):
        person = person or signed_in(self.client, Role.SPOTTER)
        answer = self.client.post("/api/sightings", json=a_sighting(**words), headers=person.headers)
        assert answer.status_code == 201, answer.text
        self.receipts.append(answer.json())
        return answer.json()

    @property
    def incident(self):
        [found] = self.client.get("/api/incidents", headers=self.judges[0].headers).json()["features"]
        return found

    @property
    def opened(self):
        address = f"/api/incidents/{self.incident['id']}"
        return self.client.get(address, headers=self.judges[0].headers).json()["properties"]

    def judge(self, person, verdict="verified", agency="immigration", basis="vehicle marking"):
        said = {"verdict": verdict} | ({"agency": agency, "basis": basis} if verdict == "verified" else {})
        address = f"/api/incidents/{self.incident['id']}/judgements"
        answer = self.client.post(address, json=said, headers=person.headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["judgement"]["id"]

    def verified(self):
        self.report()
        self.report()
        return [self.judge(each) for each in self.judges]

    def propose(self, person):
        return self.client.post(f"/api/incidents/{self.incident['id']}/statements", headers=person.headers)

    def approve(self, person, statement_id):
        return self.client.post(f"/api/statements/{statement_id}/approve", headers=person.headers)

    def said(self):
        statement = self.propose(self.speakers[0]).json()["id"]
        answer = self.approve(self.speakers[1], statement)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def member(self, *zones):
        person = signed_in(self.client, Role.SPOTTER)
        organizer = signed_in(self.client, Role.ORGANIZER)
        address = f"/api/accounts/{person.alias}/zones"
        assert self.client.put(address, json={"zones": zones}, headers=organizer.headers).status_code == 200
        return person

    def alerts(self, person):
        answer = self.client.get("/api/me/alerts", headers=person.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["alerts"]

    def heard(self, receipt):
        address = f"/api/sightings/{receipt['id']}/status"
        return self.client.post(address, json={"receipt": receipt["receipt"]}).json()["status"]


@pytest.fixture
def story(client, house, network_id):
    return Story(client, house, network_id)


def short(alerts):
    return [(each["template"], each["owed"], each["new"]) for each in alerts]


def test_a_correction_reaches_everybody_who_was_told_and_nobody_else(story):
    """statements_fallen finds what has to be set right, statements_read what each is told, statements_reach to whom."""
    judgements = story.verified()
    told, told_too, absent, elsewhere = (*(story.member("Middle") for _ in range(3)), story.member("East"))
    before = story.alerts(told)
    statement = story.said()
    assert before == []
    assert (statement["state"], statement["seen"]) == ("standing", 0)
    assert short(story.alerts(told)) == [("alert.verified", False, True)]
    assert short(story.alerts(told)) == [("alert.verified", False, False)]
    story.alerts(told_too)
    assert story.alerts(elsewhere) == []

    undone = story.client.post(f"/api/judgements/{judgements[0]}/undo", headers=story.judges[0].headers)
    assert undone.json()["incident"]["properties"]["status"] == "corroborated"
    first, correction = story.opened["statements"]
    assert (first["state"], first["seen"]) == ("corrected", 2)
    assert (correction["template"], correction["answers"]) == ("alert.correction", statement["id"])
    assert (correction["owed"], correction["audience"]) == (2, first["audience"])
    assert (correction["area"], correction["cell"], correction["time"]) == (first["area"], first["cell"], first["time"])

    assert short(story.alerts(told)) == [("alert.correction", True, True)]
    assert story.opened["statements"][1]["owed"] == 1
    assert short(story.alerts(absent)) == [("alert.correction", False, True)]
    assert story.opened["statements"][1]["owed"] == 1
    assert short(story.alerts(told_too)) == [("alert.correction", True, True)]
    assert story.opened["statements"][1]["owed"] == 0
    assert short(story.alerts(told_too)) == [("alert.correction", False, False)]
    assert story.alerts(elsewhere) == []


def test_who_was_told_is_owed_the_correction_even_after_its_time_and_in_another_zone(story):
    judgements = story.verified()
    told, absent = story.member("Middle"), story.member("Middle")
    story.said()
    story.alerts(told)
    story.client.post(f"/api/judgements/{judgements[0]}/undo", headers=story.judges[0].headers)
    organizer = signed_in(story.client, Role.ORGANIZER)
    story.client.put(f"/api/accounts/{told.alias}/zones", json={"zones": ["East"]}, headers=organizer.headers)
    later = datetime.now(UTC) + timedelta(hours=30)
    with story.house.act(story.network_id, now=later) as uow:
        since = (later - timedelta(days=7)).date()
        zones = {name: number for number, name in uow.zones.names().items()}
        owed = uow.statements.read_by(told.id, {zones["East"]}, now=later, told_since=since)
        assert [(each.statement.template, each.owed) for each in owed] == [("alert.correction", True)]
        assert uow.statements.read_by(absent.id, {zones["Middle"]}, now=later, told_since=since) == []


def test_the_desk_is_told_how_many_it_speaks_to(story):
    """statement_audience counts members of the zone and of all zones, no scripts and no roles that see no alerts."""
    story.verified()
    before = story.propose(story.speakers[0]).json()["audience"]
    for person in ("Middle", "East"):
        story.member(person)
    signed_in(story.client, Role.ANALYST)
    signed_in(story.client, Role.SPOTTER, script=True)
    # one member of this zone, and the two organizers who wrote the zones down
    assert story.opened["statements"][0]["audience"] == before + 3


def test_an_all_clear_goes_to_the_same_people(story):
    story.verified()
    told, elsewhere = story.member("Middle"), story.member("East")
    story.said()
    story.alerts(told)
    story.judge(story.speakers[0], "clear")
    assert [each["state"] for each in story.opened["statements"]] == ["over", "standing"]
    assert short(story.alerts(told)) == [("alert.clear", True, True)]
    assert story.alerts(elsewhere) == []


def test_another_agency_is_corrected_too(story):
    first = story.verified()
    story.said()
    for judgement in first:
        story.client.post(f"/api/judgements/{judgement}/undo", headers=story.judges[0].headers)
    assert [each["state"] for each in story.opened["statements"]] == ["corrected", "standing"]
    for judge in story.judges:
        story.judge(judge, agency="local_police")
    assert story.incident["properties"]["status"] == "verified"
    assert story.propose(story.speakers[0]).status_code == 409


def test_a_retraction_that_leaves_no_evidence_is_corrected(story):
    story.verified()
    told = story.member("Middle")
    story.said()
    story.alerts(told)
    receipt = story.receipts[0]
    address = f"/api/sightings/{receipt['id']}/retract"
    assert story.client.post(address, json={"receipt": receipt["receipt"]}).status_code == 200
    assert story.incident["properties"]["status"] == "verified"
    evidence = next(each for each in story.opened["criteria"] if each["code"] == "evidence")
    assert (evidence["met"], evidence["text"][:8]) == (False, "a second")
    assert short(story.alerts(told)) == [("alert.correction", True, True)]


@pytest.mark.parametrize(("alike", "states"), [(True, ["standing"]), (False, ["corrected", "standing"])])
def test_what_was_said_follows_a_merged_incident_or_is_corrected(story, alike, states):
    story.verified()
    told = story.member("Middle")
    first = story.incident["id"]
    story.said()
    story.alerts(told)
    for _ in range(2):
        story.report(location={"type": "Point", "coordinates": [LON + 0.03, LAT]})
    features = story.client.get("/api/incidents", headers=story.judges[0].headers).json()["features"]
    [other] = [each["id"] for each in features if each["id"] != first]
    said = {"verdict": "verified", "agency": "immigration", "basis": "said so"}
    for judge in story.judges if alike else ():
        assert story.client.post(f"/api/incidents/{other}/judgements", json=said, headers=judge.headers).is_success
    with story.house.act(story.network_id) as uow:
        loser = uow.incidents.take(ids.read(first))
        uow.incidents.change(loser, merged_into=ids.read(other))
        uow.record(IncidentMerged(subject=loser.id, version=loser.version))
    opened = story.client.get(f"/api/incidents/{other if alike else first}", headers=story.judges[0].headers).json()
    assert [each["state"] for each in opened["properties"]["statements"]] == states
    assert short(story.alerts(told)) == [
        ("alert.verified", False, False) if alike else ("alert.correction", True, True)
    ]


def test_nobody_speaks_alone_for_their_own_circle_or_as_both_judges(story):
    story.report()
    story.report()
    assert story.propose(story.speakers[0]).status_code == 409
    for each in story.judges:
        story.judge(each)
    statement = story.propose(story.judges[0]).json()["id"]
    assert story.propose(story.speakers[0]).status_code == 409
    cousin = signed_in(story.client, Role.DISPATCHER, lineage=story.judges[0].lineage)
    for person in (story.judges[0], cousin):
        answer = story.approve(person, statement)
        assert (answer.status_code, "second person" in answer.json()["title"]) == (409, True)
    both_judged = story.approve(story.judges[1], statement)
    assert (both_judged.status_code, "not have judged" in both_judged.json()["title"]) == (409, True)
    assert story.alerts(story.member("Middle")) == []
    assert story.approve(story.speakers[0], statement).status_code == 200
    assert story.approve(story.speakers[1], statement).status_code == 409


def test_scripts_and_other_roles_do_not_speak(story):
    story.verified()
    for person in (
        signed_in(story.client, Role.VERIFIER, script=True),
        *(signed_in(story.client, role) for role in (Role.SPOTTER, Role.ORGANIZER, Role.ADMIN, Role.OPERATOR)),
    ):
        assert story.propose(person).status_code == 403
    assert story.client.get("/api/me/alerts").status_code == 401
    for role in (Role.ANALYST, Role.LEGAL, Role.ADMIN):
        assert story.client.get("/api/me/alerts", headers=signed_in(story.client, role).headers).status_code == 403


def test_a_dropped_proposal_was_told_to_nobody_and_makes_room(story):
    story.verified()
    statement = story.propose(story.speakers[0]).json()["id"]
    assert story.client.post(f"/api/statements/{statement}/drop", headers=story.speakers[1].headers).status_code == 200
    assert story.alerts(story.member("Middle")) == []
    assert story.propose(story.speakers[1]).status_code == 201


def test_a_proposal_of_what_is_no_longer_verified_is_dropped_without_a_word(story):
    judgements = story.verified()
    statement = story.propose(story.speakers[0]).json()["id"]
    story.client.post(f"/api/judgements/{judgements[1]}/undo", headers=story.judges[1].headers)
    assert [each["state"] for each in story.opened["statements"]] == ["dropped"]
    assert story.approve(story.speakers[1], statement).status_code == 409
    assert story.alerts(story.member("Middle")) == []


def test_no_exact_place_and_no_word_of_a_person_is_told(story):
    for note in ("a green door, third floor", "they knock and show a paper"):
        story.report(activity="door_visit", note=note)
    for each in story.judges:
        story.judge(each)
    story.said()
    [alert] = story.alerts(story.member("Middle"))
    lon, lat = alert["geometry"]["coordinates"]
    assert (round(lon, 4), round(lat, 4)) != (LON, LAT)
    assert int(alert["cell"][1], 16) == 8
    assert alert["time"].endswith(":00Z")
    assert int(alert["time"][14:16]) % 5 == 0
    assert set(alert) == {
        "id", "template", "state", "agency", "area", "geometry", "cell", "time", "said_at", "valid_until", "answers",
        "owed", "new",
    }  # fmt: skip


def test_a_receipt_hears_confirmed_only_once_the_members_were_told(story):
    receipt = story.report()
    other = story.report()
    assert story.heard(receipt) == "being checked"
    judgements = [story.judge(each) for each in story.judges]
    assert story.heard(receipt) == "being checked"
    story.said()
    assert story.heard(receipt) == "confirmed"
    story.client.post(f"/api/judgements/{judgements[0]}/undo", headers=story.judges[0].headers)
    assert story.heard(receipt) == "not confirmed"
    story.client.post(f"/api/sightings/{other['id']}/retract", json={"receipt": other["receipt"]})
    assert story.heard(other) == "retracted"
    wrong = story.client.post(f"/api/sightings/{other['id']}/status", json={"receipt": receipt["receipt"]})
    assert wrong.status_code == 404


def test_the_criteria_say_what_is_missing(story):
    story.report()
    story.report()

    def unmet():
        return {each["code"]: each["text"] for each in story.opened["criteria"] if not each["met"]}

    assert unmet()["people"] == "two people of different lineages have to say verified"
    story.judge(story.judges[0])
    assert unmet()["people"] == "one more person of another lineage"
    assert unmet()["agency_agreed"] == "no agency agreed"
    story.judge(story.judges[1], agency="local_police")
    assert set(unmet()) == {"agency_agreed"}
    story.judge(story.speakers[0])
    assert unmet() == {}


def test_local_police_is_verified_and_never_announced(story):
    story.report()
    story.report()
    for judge in story.judges:
        story.judge(judge, agency="local_police")
    unmet = [each for each in story.opened["criteria"] if not each["met"]]
    assert [(each["code"], "never announced" in each["text"]) for each in unmet] == [("announceable", True)]
    assert story.propose(story.speakers[0]).status_code == 409


@pytest.mark.parametrize(
    "network_policy",
    [{"verification": {"people_needed": 3, "require_evidence_floor": True, "accepted_bases": ["uniform marking"]}}],
)
def test_a_network_may_ask_for_more(story):
    story.report()
    address = f"/api/incidents/{story.incident['id']}/judgements"
    said = {"verdict": "verified", "agency": "immigration", "basis": "said so"}
    assert story.client.post(address, json=said, headers=story.judges[0].headers).status_code == 422
    for person in (*story.judges, story.speakers[0]):
        story.judge(person, basis="uniform marking")
    assert story.incident["properties"]["status"] == "unverified"
    story.report()
    story.judge(story.speakers[1], basis="uniform marking")
    assert story.incident["properties"]["status"] == "verified"


@pytest.mark.parametrize(
    "network_policy", [{"verification": {"people_needed": 1, "accepted_bases": ["looks like it"]}}]
)
def test_no_network_may_ask_for_less(story):
    story.report()
    story.report()
    story.judge(story.judges[0], basis="said so")
    assert story.incident["properties"]["status"] == "corroborated"


def test_the_stream_tells_the_audience_and_nobody_else(story):
    story.verified()
    inside, outside = story.member("Middle"), story.member("East")
    story.said()
    views = {}
    with story.house.act(story.network_id) as uow:
        changes = changes_after(uow, Cursor(0, 0))
        for name, person in (("inside", inside), ("outside", outside)):
            found = uow.accounts.get(person.id)
            views[name] = View.of(
                Actor(account_id=person.id, roles=frozenset({Role.SPOTTER}), zone_ids=frozenset(found.zone_ids))
            )
    said = [change for change in changes if change.kind.startswith("statement.")]
    assert [change.kind for change in said] == ["statement.proposed", "statement.said"]
    heard = {name: [each.frame(view, lambda _: "e") is not None for each in said] for name, view in views.items()}
    assert heard == {"inside": [False, True], "outside": [False, False]}
    assert b"coordinates" not in said[1].frame(views["inside"], lambda _: "e")


def test_only_an_organizer_says_whose_alerts_somebody_gets(story):
    person = signed_in(story.client, Role.SPOTTER)
    address = f"/api/accounts/{person.alias}/zones"
    assert story.client.put(address, json={"zones": []}, headers=person.headers).status_code == 403
    organizer = signed_in(story.client, Role.ORGANIZER)
    assert story.client.put(address, json={"zones": ["Nowhere"]}, headers=organizer.headers).status_code == 404
    kept = story.client.put(address, json={"zones": ["Middle"]}, headers=organizer.headers).json()
    assert kept == {"alias": person.alias, "zones": ["Middle"]}


def test_who_read_what_is_forgotten_after_a_week(story):
    story.verified()
    told = story.member("Middle")
    statement = story.said()
    story.alerts(told)
    with story.house.act(story.network_id, now=datetime.now(UTC) + timedelta(days=6)) as uow:
        assert alerts.forget_readers(uow) == 0
    with story.house.act(story.network_id, now=datetime.now(UTC) + timedelta(days=9)) as uow:
        assert alerts.forget_readers(uow) == 1
    assert story.opened["statements"][0]["seen"] == 0
    assert statement["seen"] == 0
