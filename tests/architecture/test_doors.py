"""Every route says who may enter; every error says what it is and which status it has."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import api
import desk
import geo
import matcher
import records
import web
import zones
from api import errors
from api.settings import Settings
from desk.access import ALLOWED, OPEN_TO_ANYONE, Act, Actor, may
from desk.errors import EXPLAINED
from matcher.errors import MatcherError, NoMeetingPoint
from records.enums import Role
from records.errors import RecordsError
from tests.doors import doors
from web.main import create_site

WITHOUT_AN_ACT = {"GET /healthz", "GET /readyz", "GET /openapi.json"}
"""The only doors that ask nobody: whether the service lives, and, in a demo, what it can do."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = Settings(
        database_url="postgresql+psycopg://nobody@/nowhere", data_dir=tmp_path_factory.mktemp("site"), demo=True
    )
    return create_site(settings)


def test_every_route_says_who_may_enter(site):
    found = doors(site)
    assert {str(door) for door in found if not door.acts} == WITHOUT_AN_ACT
    assert [str(door) for door in found if len(set(door.acts)) > 1] == []


def test_the_contracts_routes_are_there(site):
    found = {str(door) for door in doors(site)}
    assert {
        "POST /api/session",
        "DELETE /api/session",
        "GET /api/me",
        "POST /api/vouchers",
        "POST /api/vouchers/redeem",
        "POST /api/accounts/{alias}/suspend",
        "POST /api/rehearsal/clock",
        "GET /api/events",
    } <= found


def test_every_act_is_in_the_table():
    assert set(ALLOWED) == set(Act)


def test_nobody_unknown_does_more_than_the_open_acts():
    nobody = Actor()
    assert {act for act in Act if may(nobody, act)} == OPEN_TO_ANYONE
    assert {act for act in Act if may(nobody, act, anonymous_reports=True)} == {*OPEN_TO_ANYONE, Act.REPORT}


def test_scripts_judge_only_where_it_was_said():
    script = Actor(account_id=1, roles=frozenset(Role), script=True)
    assert may(script, Act.JUDGE)
    assert not may(script, Act.JUDGE, scripts_judge=False)
    assert may(Actor(account_id=1, roles=frozenset(Role)), Act.JUDGE, scripts_judge=False)


def _modules():
    for room in (api, desk, geo, matcher, records, web, zones):
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not found.name.startswith("records.migrations") and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def _ours():
    named = {each for module in _modules() for each in vars(module).values() if isinstance(each, type)}
    rooms = {"api", "desk", "geo", "matcher", "records", "web", "zones"}
    return {each for each in named if issubclass(each, Exception) and each.__module__.partition(".")[0] in rooms}


CONSOLE = ("api.cli.", "web.commands", "records.durability", "records.cluster", "desk.keyring")

CAUGHT_INSIDE = {"LookAgain", "BeyondMemory", "NeedsMore", "NeedsCells", "NeedsClusters", "Unusable", "_Flaw"}
"""Said by one module of a room to another, never to a person."""


def _over_http(error):
    if error.__name__ in CAUGHT_INSIDE:
        return False
    if issubclass(error, MatcherError):
        return error is NoMeetingPoint
    if issubclass(error, RecordsError):
        return error.__name__ in {"NoSuchRecord", "NotAnId", "NoSuchNetwork", "TryAgain", "DatabaseAway"}
    return not error.__module__.startswith(CONSOLE)


def test_every_error_is_a_sentence_of_its_own():
    ours = _ours()
    assert len(ours) > 60
    for error in ours:
        sentence = errors.sentence_of(error.__new__(error))
        assert error.__doc__, error
        assert sentence.endswith("."), error
        assert sentence[0].isupper(), error
        assert "\n" not in sentence


def test_every_error_that_can_be_met_over_http_has_a_status():
    missing = [error for error in _ours() if _over_http(error) and errors.status_of(error.__new__(error)) == 500]
    assert {f"{error.__module__}.{error.__name__}" for error in missing} == set()


def test_every_refusal_of_the_database_is_explained_with_a_status():
    for error in set(EXPLAINED.values()):
        assert errors.status_of(error()) in {409, 422}
