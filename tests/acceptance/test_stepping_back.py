"""A scene grows over a meeting point: it steps back once, both people confirm it, the second time they come home."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from api.security import COOKIE
from api.settings import Settings
from api.wiring import House
from bench.claims import broken
from geo.distance import metres_between, moved
from geo.points import LonLat
from records.enums import Role
from tests.acceptance.conftest import ADDRESS
from tests.builders import Person, signed_in
from tests.crews import Member, a_crew, as_owner
from tests.sightings import PLACE, a_report, an_actor, told
from web.main import create_site


@pytest.fixture
def dispatcher(client: TestClient) -> Person:
    return signed_in(client, Role.DISPATCHER)


@pytest.fixture(autouse=True)
def nothing_broken(settings: Settings, network_id: int):
    yield
    with as_owner(settings.database_url, network_id) as connection:
        assert broken(connection, network_id) == []


class Story:
    """One incident, one dispatch to it, and what is reported next."""

    def __init__(self, client: TestClient, dispatcher: Person, house: House, network_id: int, activity: str) -> None:
        self.client, self.dispatcher, self.house, self.network_id = client, dispatcher, house, network_id
        self.activity = activity
        self.report(PLACE)
        found = client.get("/api/incidents", headers=dispatcher.headers).json()["features"]
        self.incident = found[0]["id"]
        crew = a_crew(house, network_id, 2, place=PLACE)
        sent = client.post(
            f"/api/incidents/{self.incident}/dispatches",
            json={"task": "look"},
            headers=dispatcher.headers,
        )
        assert sent.status_code == 201, sent.text
        self.number = sent.json()["id"]
        self.one, self.other = crew

    def report(self, place: LonLat) -> None:
        reporter = an_actor(self.house, self.network_id, Role.SPOTTER)
        told(self.house, self.network_id, a_report(reporter, place=place, activity=self.activity))

    def grow_over_the_meeting_point(self) -> None:
        self.report(moved(self.meeting_point, 15.0, 0.0))

    @property
    def sightings(self) -> int:
        return self.client.get(f"/api/incidents/{self.incident}", headers=self.dispatcher.headers).json()["properties"][
            "sightings"
        ]

    @property
    def seen(self) -> dict:
        every = self.client.get("/api/dispatches", headers=self.dispatcher.headers).json()["dispatches"]
        return next(each for each in every if each["id"] == self.number)

    @property
    def meeting_point(self) -> LonLat:
        return LonLat(*self.seen["meeting_point"]["geometry"]["coordinates"])

    def mine(self, member: Member) -> dict:
        return self.client.get("/api/me/offers", headers=member.headers).json()

    def pair_up(self, *words: str) -> None:
        for member in (self.one, self.other):
            (offer,) = self.mine(member)["offers"]
            assert self.client.post(f"/api/offers/{offer['id']}/accept", headers=member.headers).status_code == 200
        for word in words:
            for member in (self.one, self.other):
                self.step(member, word)

    def step(self, member: Member, word: str, expect: int = 200) -> dict:
        answer = self.client.post(
            f"/api/dispatches/{self.number}/progress", json={"step": word}, headers=member.headers
        )
        assert answer.status_code == expect, answer.text
        return answer.json()

    def confirm(self, member: Member, expect: int = 200) -> dict:
        answer = self.client.post(f"/api/dispatches/{self.number}/moved", json={"seen": True}, headers=member.headers)
        assert answer.status_code == expect, answer.text
        return answer.json()


@pytest.fixture
def activity() -> str:
    return "stop"


@pytest.fixture
def story(client, dispatcher, house, network_id, activity) -> Story:
    return Story(client, dispatcher, house, network_id, activity)


def test_the_meeting_point_steps_back_once_and_both_confirm(story: Story) -> None:
    story.pair_up("en_route")
    before, name = story.meeting_point, story.seen["meeting_point"]["name"]
    story.confirm(story.one, 409)
    story.grow_over_the_meeting_point()

    now = story.seen
    assert now["state"] == "en_route"
    assert now["meeting_moved_at"] is not None
    assert now["meeting_point"]["name"] != name
    assert metres_between(story.meeting_point, PLACE) > metres_between(before, PLACE)
    assert metres_between(story.meeting_point, moved(before, 15.0, 0.0)) >= 50.0
    assert [seat["move_seen"] for seat in now["seats"]] == [False, False]
    for member in (story.one, story.other):
        (own,) = story.mine(member)["dispatches"]
        assert not own["move_seen"]
        assert own["meeting_point"]["name"] == now["meeting_point"]["name"]

    assert "confirm" in story.step(story.one, "staged", 409)["title"]
    assert story.confirm(story.one)["move_seen"]
    assert story.confirm(story.one)["move_seen"]
    story.step(story.one, "staged")
    story.step(story.other, "staged", 409)
    assert story.seen["state"] == "en_route"
    story.confirm(story.other)
    assert story.step(story.other, "staged")["state"] == "staged"


def test_who_was_there_already_walks_again(story: Story) -> None:
    story.pair_up("en_route", "staged")
    assert story.seen["state"] == "staged"
    story.grow_over_the_meeting_point()
    assert story.seen["state"] == "en_route"
    (own,) = story.mine(story.one)["dispatches"]
    assert (own["my_step"], own["place"]) == ("en_route", None)
    for member in (story.one, story.other):
        story.confirm(member)
        story.step(member, "staged")
    assert story.seen["state"] == "staged"


def test_the_second_time_the_pair_is_called_back(story: Story) -> None:
    story.pair_up("en_route")
    story.grow_over_the_meeting_point()
    assert story.seen["state"] == "en_route"
    story.grow_over_the_meeting_point()
    assert story.seen["state"] == "cancelled"
    assert story.mine(story.one) == story.mine(story.other) == {"offers": [], "dispatches": [], "thanks": None}


def test_people_who_are_still_asked_meet_at_the_new_place(story: Story) -> None:
    story.grow_over_the_meeting_point()
    assert story.seen["meeting_moved_at"] is not None
    story.pair_up("en_route", "staged")
    assert story.seen["state"] == "staged"


def test_a_sighting_elsewhere_moves_nothing(story: Story) -> None:
    story.pair_up("en_route")
    before = story.meeting_point
    story.report(moved(PLACE, 20.0, 20.0))
    assert story.seen["meeting_moved_at"] is None
    assert story.meeting_point == before


def test_people_on_scene_went_on_from_the_meeting_point(story: Story) -> None:
    story.pair_up("en_route", "staged", "on_scene")
    before = story.meeting_point
    story.grow_over_the_meeting_point()
    assert (story.seen["state"], story.meeting_point) == ("on_scene", before)


@pytest.mark.parametrize("activity", ["patrol"])
def test_nobody_follows_a_patrol(story: Story) -> None:
    story.pair_up("en_route")
    before = story.meeting_point
    story.grow_over_the_meeting_point()
    assert story.sightings == 2
    assert (story.seen["state"], story.meeting_point, story.seen["meeting_moved_at"]) == ("en_route", before, None)


def test_only_the_two_confirm(story: Story, client, house, network_id) -> None:
    story.pair_up("en_route")
    story.grow_over_the_meeting_point()
    (stranger,) = a_crew(house, network_id, 1)
    story.confirm(stranger, 404)
    answer = client.post(f"/api/dispatches/{story.number}/moved", json={"seen": True}, headers=story.dispatcher.headers)
    assert answer.status_code == 403
    answer = client.post(f"/api/dispatches/{story.number}/moved", json={"seen": False}, headers=story.one.headers)
    assert answer.status_code == 422


def test_a_new_partner_needs_no_confirmation_and_the_one_left_does(story: Story, house, network_id) -> None:
    story.pair_up("en_route")
    story.grow_over_the_meeting_point()
    (third,) = a_crew(house, network_id, 1)
    story.step(story.one, "withdraw")
    (offer,) = story.mine(third)["offers"]
    assert story.client.post(f"/api/offers/{offer['id']}/accept", headers=third.headers).status_code == 200
    assert {seat["alias"]: seat["move_seen"] for seat in story.seen["seats"]} == {
        third.alias: True,
        story.other.alias: False,
    }


def test_both_phones_and_the_desk_show_it(story: Story, settings: Settings) -> None:
    story.pair_up("en_route")
    story.grow_over_the_meeting_point()
    name = story.seen["meeting_point"]["name"]
    with TestClient(create_site(settings), base_url=ADDRESS) as site:

        def panel(path: str, person: Person, *, post: bool = False) -> str:
            cookies = {"Cookie": f"{COOKIE}={person.token}", "Origin": ADDRESS}
            answer = site.post(path, headers=cookies) if post else site.get(path, headers=cookies)
            assert answer.status_code == 200, answer.text
            return answer.text

        for member in (story.one, story.other):
            shown = panel("/panels/go", member.person)
            assert "The meeting point moved." in shown
            assert name in shown
            assert 'value="staged"' not in shown
        desk = f"/panels/incidents/{story.incident}"
        both = re.search(r"Not confirmed yet by (\S+) and (\S+)\.", panel(desk, story.dispatcher))
        assert both is not None
        assert set(both.groups()) == {story.one.alias, story.other.alias}

        seen = panel(f"/panels/go/{story.number}/moved", story.one.person, post=True)
        assert "The meeting point moved." not in seen
        assert 'value="staged"' in seen
        assert f"Not confirmed yet by {story.other.alias}." in panel(desk, story.dispatcher)
        panel(f"/panels/go/{story.number}/moved", story.other.person, post=True)
        assert "Both have confirmed." in panel(desk, story.dispatcher)
