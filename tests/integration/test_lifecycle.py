"""The lawful steps stand once in the program and once in the database, and are the same."""

from __future__ import annotations

from sqlalchemy import text

from desk.lifecycle import DISPATCH_STEPS
from records import engine


def test_the_database_holds_the_same_dispatch_steps(database_url: str) -> None:
    owner = engine.owner_engine(database_url)
    with owner.begin() as connection:
        stored = {(row.prev, row.state) for row in connection.execute(text("SELECT prev, state FROM dispatch_step"))}
    owner.dispose()
    lawful = {(here.value, there.value) for here, steps in DISPATCH_STEPS.items() for there in steps}
    assert stored == lawful | {("new", "offering")}
