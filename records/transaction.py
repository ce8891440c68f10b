"""One transaction of one network: opened here, committed at the end, its refusals named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.orm import Session, sessionmaker

from records import tenancy
from records.errors import DatabaseAway, NotStorable, RecordsError, Refused, TryAgain

Transaction = Session
"""What rooms above may hold without speaking SQL: an open transaction."""


@contextmanager
def burst(session: Transaction) -> Iterator[None]:
    """Send statements whose answers nobody needs without waiting for each; what is refused is raised at the end."""
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except psycopg.Error as error:
        raise DBAPIError.instance(
            None, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from error


@contextmanager
def attempt(session: Transaction) -> Iterator[None]:
    """Keep what is done inside whole, or undo it alone and raise; what was read and changed in it is read anew.

    Raises
    ------
    RecordsError
        What the database refused, named as `transaction` names it.
    """
    try:
        with session.begin_nested():
            yield
    except DBAPIError as error:
        named = _named(error)
        if named is None or error.connection_invalidated:
            raise
        session.expire_all()
        raise named from error
    except Exception:
        session.expire_all()
        raise


_RACES = {"40001", "40P01", "55P03"}


_TOO_LONG = {"25P03", "57014"}
"""The server ended what took too long: an idle transaction, a statement. Nothing was stored; a retry may do better."""

_AWAY = ("08", "53", "57P")
"""The connection is gone, the server is full or shutting down."""


def _named(error: DBAPIError) -> RecordsError | None:
    state = getattr(error.orig, "sqlstate", None)
    if state in _RACES:
        return TryAgain()
    if isinstance(error, IntegrityError):
        diagnosis = getattr(error.orig, "diag", None)
        return Refused(getattr(diagnosis, "constraint_name", None) or "unnamed")
    if isinstance(error, DataError):
        return NotStorable()
    if state in _TOO_LONG or (state or "08").startswith(_AWAY):
        return DatabaseAway()
    return None


@contextmanager
def transaction(maker: sessionmaker[Session], network_id: int | None) -> Iterator[Session]:
    """Open a session inside one network, commit it at the end, roll it back on any error.

    Raises
    ------
    Refused
        The database refused a row, at once or at COMMIT (deferred keys); carries the constraint's name.
    NotStorable
        A value that no column can hold, such as text with a NUL in it.
    TryAgain
        A deadlock or a serialisation failure; nothing was stored.
    DatabaseAway
        The connection is gone; whether a COMMIT under way was kept is not known, a retry with the same key tells.
    """
    try:
        with maker.begin() as session:
            if network_id is not None:
                tenancy.enter(session, network_id)
            yield session
    except DBAPIError as error:
        named = _named(error)
        if named is None:
            raise
        raise named from error
    except NoConnectionLeft as error:
        # More acts at once than connections, for longer than the pool waits: to whoever asks it is the same.
        raise DatabaseAway from error
