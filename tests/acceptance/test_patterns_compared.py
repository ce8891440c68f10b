"""Answers of the analyst held against each other: no total beside its parts gives away a few."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import text

from desk import analytics
from desk.access import Actor
from desk.analytics import By
from geo import cells
from geo.distance import moved
from geo.obscuring import FEWEST_INCIDENTS
from records import ids
from records.enums import IncidentStatus
from tests.builders import an_account
from tests.crews import PLACE, an_incident, as_owner

ACTIVITIES = ("stop", "arrest", "patrol", "surveillance")
AGENCIES = ("immigration", "local_police", "unknown")
ZONES = (11, 12, 13)
QUESTIONS = [[one] for one in By] + [list(two) for two in permutations(By, 2)]


def a_year_of_incidents(settings, network_id: int, seed: int, how_many: int = 90) -> list[dict[str, Any]]:
    """Make incidents whose properties lie unevenly, as they do; return what is known of each."""
    draw = random.Random(seed)
    now = datetime.now(UTC)
    known = []
    for _ in range(how_many):
        place = moved(PLACE, draw.choice((0.0, 0.0, 900.0, 1_800.0, 9_000.0)), draw.choice((0.0, 0.0, 1_300.0)))
        at = now - timedelta(days=draw.choice((3, 3, 4, 5, 9)), hours=draw.choice((0, 0, 1, 7)))
        status = draw.choice(("verified", "verified", "verified", "unverified"))
        number = an_incident(settings.database_url, network_id, status=status, place=place, at=at)
        now_status = (
            draw.choice(("verified", "verified", "closed"))
            if status == "verified"
            else draw.choice(("unverified", "closed", "unfounded"))
        )
        known.append(
            {
                "id": number,
                "cell": cells.cell_at(place, 10),
                "weekday": str(at.weekday()),
                "hour_of_week": str(24 * at.weekday() + at.hour),
                "activity": draw.choices(ACTIVITIES, (9, 5, 2, 1))[0],
                "agency": draw.choices(AGENCIES, (8, 2, 1))[0],
                "zone": draw.choices(ZONES, (8, 3, 1))[0],
                "status": now_status,
                "was_verified": status == "verified",
            }
        )
    with as_owner(settings.database_url, network_id) as connection:
        for each in known:
            ended = now if each["status"] in {"closed", "unfounded"} else None
            connection.execute(
                text(
                    "UPDATE incident SET activity = :activity, agency = :agency,"
                    " zone_ids = ARRAY[CAST(:zone AS bigint)], status = :status, ended_at = :ended,"
                    " groups = 3 WHERE id = :id"
                ),
                each | {"ended": ended},
            )
    return known


def members(group: Mapping[str, Any], answer: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    """Return which incidents a group of an answer counts; a cell counts what its finer cells beside it leave."""
    others = {
        each["cell"]
        for each in answer["groups"]
        if "cell" in group
        and cells.resolution_of(each["cell"]) > cells.resolution_of(group["cell"])
        and all(each[by] == group[by] for by in answer["by"] if by != "cell")
    }

    def counts(each: Mapping[str, Any]) -> bool:
        asked = answer["status"]
        if not (each["status"] == asked or (asked == "was verified" and each["was_verified"])):
            return False
        for by in answer["by"]:
            if by == "cell":
                finer = range(cells.resolution_of(group["cell"]) + 1, 9)
                if cells.parent(each["cell"], cells.resolution_of(group["cell"])) != group["cell"]:
                    return False
                if any(cells.parent(each["cell"], resolution) in others for resolution in finer):
                    return False
            elif str(each[by]) != str(group[by]):
                return False
        return True

    return frozenset(number for number, each in enumerate(known) if counts(each))


def remainders(answers: Sequence[Sequence[tuple[frozenset[int], int]]]) -> Iterator[int]:
    """Yield what is left of every group beside the groups of any answer that lie wholly inside it, one and all."""
    masked = {tuple((sum(1 << each for each in inside), said) for inside, said in answer) for answer in answers}
    for whole, said in {group for answer in masked for group in answer}:
        for answer in masked:
            within = [count for part, count in answer if part & ~whole == 0 and part != whole]
            if within:
                yield said - sum(within)
                yield from (said - count for count in within)


@pytest.fixture
def network_kind() -> str:
    return "demo"  # where today may be counted


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_two_answers_differ_by_a_few(house, settings, network_id, seed) -> None:
    known = a_year_of_incidents(settings, network_id, seed)
    analyst = Actor(account_id=an_account(house, network_id, ["analyst"]).id)
    names = {zone: ids.shown(zone) for zone in ZONES}
    with as_owner(settings.database_url, network_id) as connection:
        for zone in ZONES:
            connection.execute(
                text(
                    "INSERT INTO zone (network_id, id, name, source, changed_at, boundary) VALUES (:n, :id, :name,"
                    " 'drawn', now(), ST_Multi(ST_SetSRID(ST_MakeEnvelope(0, 0, 1, 1), 4326)))"
                ),
                {"n": network_id, "id": zone, "name": names[zone]},
            )
    for each in known:
        each["zone"] = names[each["zone"]]
    answers = []
    with house.act(network_id) as uow:
        days = analytics.Period(uow.now.date() - timedelta(days=20), uow.now.date())
        for by in QUESTIONS:
            for status in (None, *IncidentStatus):
                for resolution in range(analytics.COARSEST, analytics.FINEST + 1) if By.CELL in by else (8,):
                    answer = analytics.patterns(uow, analyst, by, days, resolution=resolution, status=status)
                    answers.append([(members(group, answer, known), group["incidents"]) for group in answer["groups"]])
    shown = {whole for answer in answers for whole, _ in answer}
    assert len(shown) > 30, "too little was shown to compare anything"
    assert all(len(whole) >= FEWEST_INCIDENTS for whole in shown)
    found = list(remainders(answers))
    assert len(found) > 1_000
    assert [left for left in found if 0 < left < FEWEST_INCIDENTS] == []
