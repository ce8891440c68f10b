"""The engine from a URL, the sessions on it, and the way up to the newest schema."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from psycopg._preparing import PrepareManager
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from records.errors import SchemaNewer
from records.sql import Loaded

APP_ROLE = "tandem_app"
_MIGRATIONS = Path(__file__).parent / "migrations"


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


_MOST_PREPARED = 400
_STALE_STATEMENT = {"26000", "0A000"}


class _KeptStatements(PrepareManager):
    """Prepared statements that outlive a rolled back transaction, as they do in the server.

    The driver drops them all at every ROLLBACK, because a transaction may have made the tables they are about. This
    program's role makes no tables, and refuses many acts: without this nearly every statement is planned anew.
    """

    def clear(self) -> bool:
        """Keep them all; say that nothing has to be flushed."""
        return False

    def _should_discard(self, *_: Any, **__: Any) -> bool:
        return False


def create(url: str, *, pool_size: int = 20, name: str = "tandem") -> Engine:
    """Return the program's engine: it acts as a role that owns nothing, and never shows parameters in errors.

    Parameters
    ----------
    url
        SQLAlchemy URL of a PostgreSQL with PostGIS, `postgresql+psycopg://...`.
    pool_size
        Connections kept; a few more may be opened in a rush.
    name
        What the server's activity view calls us.
    """
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        # The connection used last is the one whose plans and pages are warm.
        pool_use_lifo=True,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={"application_name": name},
    )

    @event.listens_for(engine, "connect")
    def become_the_program(connection: Any, _record: Any) -> None:
        # The login may be the owner; the program must not be, or row-level security would be its own gift.
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {APP_ROLE}")
            cursor.execute("SET statement_timeout = '10s'")
            cursor.execute("SET idle_in_transaction_session_timeout = '5s'")
            cursor.execute("SET jit = off")
        connection.commit()
        connection._prepared = _KeptStatements()  # noqa: SLF001  (there is no public way to say so)
        connection.prepared_max = _MOST_PREPARED

    @event.listens_for(engine, "handle_error")
    def begin_anew(context: ExceptionContext) -> None:
        # The server does not know a statement of ours any more, or its tables changed under it.
        if getattr(context.original_exception, "sqlstate", None) in _STALE_STATEMENT:
            context.is_disconnect = True

    return engine


class PlainSession(Session):
    """A session that hands the statements of `records.sql` to the driver as they are: nothing is left to compile."""

    def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        """Execute a statement; one that was loaded from a file goes straight to the driver."""
        if isinstance(statement, Loaded) and not options:
            return self.connection().exec_driver_sql(
                statement.driver_sql, _spelled(params) if isinstance(params, dict) else params
            )
        return super().execute(statement, params, **options)


_NUMBERS: Final = frozenset({int, type(None)})


def _spelled(params: Mapping[str, Any]) -> dict[str, Any]:
    """Spell out lists of whole numbers as the server reads them; the driver asks each element what it is."""
    return {
        name: f"{{{','.join('NULL' if each is None else str(each) for each in value)}}}"
        if type(value) is list and _NUMBERS.issuperset(map(type, value))
        else value
        for name, value in params.items()
    }


def sessions(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions; records stay readable after their transaction ended."""
    return sessionmaker(engine, class_=PlainSession, expire_on_commit=False, autoflush=True)


def owner_engine(url: str) -> Engine:
    """Return an engine that acts as the owner, for migrations and the console alone."""
    return create_engine(url, hide_parameters=True, poolclass=NullPool, json_serializer=_dumps)


def name_of(url: str) -> str:
    """Return the name of the database at `url`."""
    return make_url(url).database or ""


def revisions() -> list[str]:
    """Return the names of all revisions, first to last; a file's number is its revision."""
    return sorted(path.name[:4] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up (or down) to `revision`; one that is there already is left alone.

    Raises
    ------
    SchemaNewer
        The database is at a revision that this program does not know; nothing is touched.
    """
    engine = owner_engine(url)
    try:
        with engine.connect() as connection:
            known = _known(connection)
            if known is not None and known not in revisions():
                raise SchemaNewer
            wanted = revisions()[-1] if revision == "head" else revision
            if known != wanted:
                _move(connection, revision, down=_is_down(known, revision))
    finally:
        engine.dispose()


def goes_down(url: str, revision: str) -> bool:
    """Say whether the way to `revision` would take something out of the database at `url` that is there."""
    engine = owner_engine(url)
    try:
        with engine.connect() as connection:
            known = _known(connection)
            return known is not None and _is_down(known, revision)
    finally:
        engine.dispose()


def _known(connection: Connection) -> str | None:
    there = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar()
    known = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if there else None
    connection.rollback()
    return known


def _is_down(known: str | None, revision: str) -> bool:
    return revision == "base" or (revision != "head" and known is not None and revision < known)


def _move(connection: Connection, revision: str, *, down: bool) -> None:
    # Loaded only when there is something to move: every start would wait for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, revision)
    connection.commit()


def ensure_network(url: str, *, slug: str, name: str, kind: str) -> int:
    """Make a network of this slug as the owner where there is none yet, and return its number."""
    engine = owner_engine(url)
    try:
        with engine.begin() as connection:
            known = connection.execute(text("SELECT id FROM network WHERE slug = :slug"), {"slug": slug}).scalar()
            if known is not None:
                return int(known)
            made = connection.execute(
                text(
                    "INSERT INTO network (id, slug, name, kind)"
                    " SELECT coalesce(max(id), 0) + 1, :slug, :name, :kind FROM network RETURNING id"
                ),
                {"slug": slug, "name": name, "kind": kind},
            ).scalar_one()
            return int(made)
    finally:
        engine.dispose()
