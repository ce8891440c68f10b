"""What people sent leaves the database neither in an error, nor in its log, nor in the log of its changes."""

from __future__ import annotations

import contextlib

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from records import engine

CANARY = "2026-11-27T10:00:00+23:59"


@pytest.mark.parametrize("make", [engine.create, engine.owner_engine])
def test_an_error_of_the_database_shows_no_parameter(fresh_database_url, make):
    opened = make(fresh_database_url)
    try:
        with pytest.raises(DBAPIError) as error, opened.begin() as connection:
            connection.execute(text("SELECT 1 / (length(:word) - length(:word))"), {"word": "canary-heron"})
    finally:
        opened.dispose()
    assert "canary-heron" not in str(error.value)
    assert "canary-heron" not in repr(error.value)


def test_the_servers_log_repeats_no_value_that_it_could_not_read(cluster, fresh_database_url):
    """A message of an error repeats the value: such messages are not logged, what the server says of itself is."""
    opened = engine.create(fresh_database_url)
    with contextlib.suppress(DBAPIError), opened.begin() as connection:
        connection.execute(text("SELECT CAST(:time AS timestamptz)"), {"time": CANARY})
    opened.dispose()
    log = (cluster.data_dir / "postgres.log").read_bytes()
    assert b"ready to accept connections" in log
    assert b"23:59" not in log


def test_where_somebody_is_never_reaches_the_log_of_changes(fresh_database_url):
    """An unlogged table is in no backup of the log of changes, and is empty after a crash."""
    owner = engine.owner_engine(fresh_database_url)
    with owner.connect() as connection:
        kind = connection.execute(text("SELECT relpersistence FROM pg_class WHERE oid = 'position'::regclass")).scalar()
    owner.dispose()
    assert kind == "u"
