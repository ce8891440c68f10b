"""Lives of dispatches walked at random over HTTP, and after every step the rows are asked what is broken."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from desk.dispatching import ending, losing
from desk.unit_of_work import UnitOfWork
from records import engine, ids
from records.models import Dispatch
from tests.acceptance.conftest import ADDRESS
from tests.acceptance.walking import BrokenInvariant, Seen, Walk
from tests.builders import CHEAP_KIB, a_network

STATES = {"offering", "paired", "en_route", "staged", "on_scene", "held", "cleared", "cancelled", "unfilled"}
SMALL_WALKS, SMALL_STEPS = 7, 120
PARTS, FULL_WALKS, FULL_STEPS = 5, 20, 250
SABOTAGED_WALKS = 20


_numbers = random.Random()


def numbered_from(seed: int) -> None:
    """Let the ids of a walk follow from its seed too: they break ties."""
    _numbers.seed(seed)


@pytest.fixture(autouse=True)
def seeded_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "new_id", lambda: _numbers.getrandbits(62))


@pytest.fixture
def walked(fresh_database_url: str, tmp_path: Path) -> Iterator[tuple[TestClient, Connection]]:
    a_network(fresh_database_url, slug="default")
    settings = Settings(
        database_url=fresh_database_url,
        data_dir=tmp_path,
        network="default",
        demo=True,
        pool_size=2,
        passphrase_memory_kib=CHEAP_KIB,
    )
    owner = engine.owner_engine(fresh_database_url)
    with TestClient(create_app(settings), base_url=ADDRESS) as client, owner.connect() as connection:
        yield client, connection
    owner.dispose()


def walk(walked: tuple[TestClient, Connection], url: str, walks: int, steps: int, *, first: int = 0) -> Seen:
    client, connection = walked
    seen = Seen()
    for seed in range(first, first + walks):
        numbered_from(seed)
        Walk(client, client.app.state.house, connection, url, seed, seen).run(steps)
    return seen


def test_no_step_leaves_anybody_alone_or_asked_twice(walked, fresh_database_url) -> None:
    seen = walk(walked, fresh_database_url, SMALL_WALKS, SMALL_STEPS)
    assert (seen.steps, seen.violations) == (SMALL_WALKS * SMALL_STEPS, 0)
    assert seen.states == STATES
    # The walk gets somewhere: people are sent, say yes, step out and are refused what is not theirs.
    for act in (
        "dispatches",
        "accept",
        "decline",
        "progress",
        "checkin",
        "cancel",
        "judgements",
        "suspend",
        "sign_out",
        "take",
        "end",
    ):
        assert any(seen.answers[act, status] for status in (200, 201, 204)), act
    assert seen.answers["dispatches", 409]
    assert not seen.answers["clock", 409]


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
def test_r10_a_fifth_of_twenty_five_thousand_steps_breaks_nothing(walked, fresh_database_url, capsys, part) -> None:
    first = SMALL_WALKS + part * FULL_WALKS
    seen = walk(walked, fresh_database_url, FULL_WALKS, FULL_STEPS, first=first)
    with capsys.disabled():
        sys.stdout.write(f"\nR10: {seen.steps} steps over HTTP, seeds from {first}, {seen.violations} violations\n")
        sys.stdout.write(f"{dict(sorted(seen.answers.items()))}\n")
    assert (seen.steps, seen.violations) == (FULL_WALKS * FULL_STEPS, 0)
    assert seen.states == STATES


def forget_the_other(uow: UnitOfWork, dispatch: Dispatch, responder_id: int, why: str) -> None:
    """What a careless hand might write: the one who leaves is gone, and nothing tells the other to hold."""
    uow.dispatches.end_seats(dispatch.id, why, uow.now, responder_id)
    if not any(seat.active for seat in uow.dispatches.seats([dispatch.id])):
        ending.finish(uow, dispatch, "cancelled")


@pytest.mark.parametrize("guarded", [True, False])
def test_the_database_refuses_what_the_code_forgets(walked, fresh_database_url, monkeypatch, guarded) -> None:
    """With its constraints no careless line leaves anybody alone; without them this very walk finds who was."""
    monkeypatch.setattr(losing, "lose", forget_the_other)
    if guarded:
        seen = walk(walked, fresh_database_url, 2, 60)
        assert (seen.violations, seen.answers["progress", 409] > 0) == (0, True)
        return
    owner = engine.owner_engine(fresh_database_url)
    with owner.begin() as connection:
        for guard in ("nobody_goes_alone_observer", "nobody_goes_alone_buddy", "staged_means_both_observer"):
            connection.exec_driver_sql(f"ALTER TABLE dispatch DROP CONSTRAINT {guard}")
        connection.exec_driver_sql("ALTER TABLE dispatch DROP CONSTRAINT staged_means_both_buddy")
    owner.dispose()
    with pytest.raises(BrokenInvariant, match="alone"):
        walk(walked, fresh_database_url, SABOTAGED_WALKS, 120)
