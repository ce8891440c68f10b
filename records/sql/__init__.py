"""Spatial queries and tiles, one file each, named after the method that runs it."""

from __future__ import annotations

from functools import cache
from importlib import resources

from sqlalchemy import TextClause, text


@cache
def load(name: str) -> TextClause:
    """Return the statement in `records/sql/<name>.sql`."""
    return text(resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8"))
