"""Patterns over HTTP: counts (`statistics_counts`) and times (`statistics_times`) large enough to show; the report."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from desk import analytics
from desk.access import Actor
from desk.analytics import By
from geo.distance import moved
from records.enums import Role
from tests.builders import signed_in
from tests.crews import PLACE, an_incident, as_owner
from web.main import create_site


@pytest.fixture
def network_kind() -> str:
    return "demo"  # where today may be counted


@pytest.fixture
def app(settings):
    return create_site(settings)


@pytest.fixture
def analyst(client):
    return signed_in(client, Role.ANALYST)


def verified(
    settings, network_id: int, how_many: int, *, activity: str, reporters: int = 3, north_m: float = 0
) -> None:
    numbers = [
        an_incident(settings.database_url, network_id, status="verified", place=moved(PLACE, north_m, 0.0))
        for _ in range(how_many)
    ]
    with as_owner(settings.database_url, network_id) as connection:
        connection.execute(
            text(
                "UPDATE incident SET activity = :activity, agency = 'immigration', groups = :reporters"
                " WHERE id = ANY(:ids)"
            ),
            {"activity": activity, "reporters": reporters, "ids": numbers},
        )


def counted(client, analyst, **asked: object) -> dict:
    answer = client.get("/api/patterns", params=asked, headers=analyst.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_counts_are_shown_from_five_incidents_and_three_reporters_on(client, settings, network_id, analyst) -> None:
    verified(settings, network_id, 6, activity="arrest")
    verified(settings, network_id, 9, activity="stop", reporters=2)
    verified(settings, network_id, 4, activity="patrol", north_m=30_000)
    shown = counted(client, analyst, by="activity")
    assert {group["activity"]: group["incidents"] for group in shown["groups"]} == {"arrest": 5}
    assert shown["withheld"]
    assert shown["notice"] == "internal, not for release"


def test_small_cells_go_up_to_their_parent(client, settings, network_id, analyst) -> None:
    verified(settings, network_id, 3, activity="arrest")
    verified(settings, network_id, 3, activity="arrest", north_m=1_500)
    shown = counted(client, analyst, by="cell", cell_resolution=8)
    assert sum(group["incidents"] for group in shown["groups"]) in {0, 5}
    assert all(group["incidents"] >= 5 for group in shown["groups"])


@pytest.mark.parametrize(
    "asked",
    [
        {"by": "cell", "cell_resolution": 9},
        {"by": "cell", "cell_resolution": 4},
        {"by": ["cell", "zone", "activity"]},
        {"by": ["cell", "cell"]},
        {"by": "alias"},
        {"by": "zone", "from": "2026-03-02", "to": "2026-03-01"},
    ],
)
def test_what_is_too_fine_is_refused(client, analyst, asked) -> None:
    assert client.get("/api/patterns", params=asked, headers=analyst.headers).status_code == 422


def test_only_analysts_count_and_each_question_is_audited(client, house, network_id, analyst) -> None:
    for role in set(Role) - {Role.ANALYST}:
        answer = client.get("/api/patterns?by=zone", headers=signed_in(client, role).headers)
        assert answer.status_code == 403, role
    counted(client, analyst, by="zone")
    with house.act(network_id) as uow:
        assert uow.audits.count(analyst.id, "patterns", uow.now.date()) == 1


def test_the_report_is_one_file_that_asks_nobody(client, settings, network_id, analyst) -> None:
    verified(settings, network_id, 7, activity="arrest")
    answer = client.get("/api/patterns/report", headers=analyst.headers)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert "sandbox allow-scripts" in answer.headers["content-security-policy"]
    page = answer.text
    assert "internal, not for release" in page
    assert "L.polygon(" in page
    outside_scripts = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r"src=|href=|@import|url\((?!data:)", outside_scripts) == []


def test_times_are_told_only_from_five_on(house, network_id, settings) -> None:
    now = datetime.now(UTC)
    with house.act(network_id) as uow:
        assert uow.statistics.times(since=now - timedelta(days=1), before=now + timedelta(days=1)) == []


@pytest.mark.parametrize("network_kind", ["live", "demo", "rehearsal"])
def test_among_real_people_a_day_is_counted_once_it_is_over_for_a_day(
    client, settings, network_id, house, network_kind
):
    """Whatever days are asked for; a demo and a rehearsal, where nobody is real, count up to now."""
    verified(settings, network_id, 6, activity="arrest")
    now = datetime.now(UTC)
    analyst = Actor(account_id=signed_in(client, Role.ANALYST).id, roles=frozenset({Role.ANALYST}))

    def counted_at(moment: datetime) -> list[int]:
        with house.act(network_id, now=moment) as uow:
            days = analytics.period(uow, now.date() - timedelta(days=7), now.date() + timedelta(days=7))
            return [each["incidents"] for each in analytics.patterns(uow, analyst, [By.ACTIVITY], days)["groups"]]

    day_is_over_for_a_day = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    early = [] if network_kind == "live" else [5]
    assert counted_at(now) == early
    assert counted_at(day_is_over_for_a_day - timedelta(seconds=1)) == early
    assert counted_at(day_is_over_for_a_day) == [5]
