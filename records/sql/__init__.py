"""Spatial queries and tiles, one file each, named after the method that runs it."""

from __future__ import annotations

from functools import cache
from importlib import resources

from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql import psycopg


class Loaded(TextClause):
    """A statement from a file, beside how the driver wants it written."""

    inherit_cache = True

    def __init__(self, words: str) -> None:
        super().__init__(words)
        dialect = psycopg.dialect()  # type: ignore[no-untyped-call]
        # Comments are for readers; the driver reads anything longer than 4,096 characters anew each time.
        spoken = "".join(line for line in words.splitlines(keepends=True) if not line.startswith("--"))
        self.driver_sql = str(TextClause(spoken).compile(dialect=dialect))


@cache
def load(name: str) -> Loaded:
    """Return the statement in `records/sql/<name>.sql`."""
    return Loaded(resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8"))
