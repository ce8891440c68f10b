"""A backup into one sealed file and back into an empty database, by the server's own tools; never open on a disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyrage
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from records.engine import owner_engine
from records.errors import (
    BackupFailed,
    DatabaseHoldsSomething,
    FileThere,
    NotABackup,
    NotAKeyForBackups,
    RestoreFailed,
    ServerToolsMissing,
)

_HEAD: Final = b"-- A backup of Tandem, form 1\n"
_PIECE: Final = 65_536
_INSTALLED: Final = Path("/usr/lib/postgresql")
_SHARED: Final = ("alembic_version", "cell_shape", "dispatch_step", "heartbeat", "network", "stream_epoch")
"""Tables without a network; all others are read network by network, as the walls between these ask."""
_LEFT_OUT: Final = ("position", "session", "event", "roster_change", "window_version")
"""Where people are now, who is signed in, what counts by the server's own transactions: none of it may come back."""
_POSTGIS: Final = "spatial_ref_sys"
"""What the extension brings by itself."""
_OLD_SETTING: Final = b"SET idle_in_transaction_session_timeout = 0;\n"
_NEW_SETTING: Final = b"SET transaction_timeout = 0;\n"
_AFTER: Final = b"""
UPDATE public.stream_epoch SET epoch = substr(md5(gen_random_uuid()::text), 1, 8), forgotten = '0';
UPDATE public.heartbeat SET beaten_at = '-infinity';
COMMIT;
"""
"""Streams begin anew, and no part looks alive that has not worked here."""
_ANYTHING: Final = """
SELECT EXISTS (
  SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg_t%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                    AND d.deptype = 'e'))
"""


def new_key(file: Path) -> str:
    """Write a new secret key into a file that only its owner may read; return the public one to seal backups to.

    Raises
    ------
    FileThere
        There is a file of this name already.
    """
    identity = pyrage.x25519.Identity.generate()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise FileThere from error
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


def back_up(url: str, file: Path, sealed_to: Sequence[str]) -> None:
    """Write everything of a database at one moment into one file, sealed to some public keys; whole or not at all.

    Raises
    ------
    NotAKeyForBackups, FileThere, BackupFailed, ServerToolsMissing
        Why there is no backup.
    """
    recipients = [_recipient(each) for each in sealed_to]
    if not recipients:
        raise NotAKeyForBackups
    if file.exists():
        raise FileThere
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as opened:
            with _dumped(url) as pieces:
                pyrage.encrypt_io(_Reader(_packed(pieces)), opened, recipients)
            opened.flush()
            os.fsync(opened.fileno())
        # Linked, not renamed over: whoever made a file of this name meanwhile keeps it.
        os.link(draft, file)
    except FileExistsError as error:
        raise FileThere from error
    finally:
        draft.unlink()
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def restore(url: str, file: Path, key_file: Path) -> None:
    """Bring a backup back into an empty database, in one transaction: whole or not at all.

    What is past its limit comes back too: whoever calls this forgets it before anybody is served.

    Raises
    ------
    DatabaseHoldsSomething, NotAKeyForBackups, NotABackup, RestoreFailed, ServerToolsMissing
        Why nothing was brought back.
    """
    identities = _identities(key_file)
    with _owner(url) as connection:
        if connection.execute(text(_ANYTHING)).scalar_one():
            raise DatabaseHoldsSomething
    words = [_tool(url, "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    # What psql says may quote rows: it goes nowhere.
    with subprocess.Popen(  # noqa: S603  (our own words, no shell)
        words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_place(url)
    ) as psql:
        assert psql.stdin is not None
        writer = _Unpacking(psql.stdin)
        try:
            psql.stdin.write(b"BEGIN;\n")
            with file.open("rb") as opened:
                pyrage.decrypt_io(opened, writer, identities)
            writer.end()
            psql.stdin.write(_AFTER)
            psql.stdin.close()
        except BrokenPipeError as error:
            # Before the other faults of the system: psql went away because the server refused something.
            raise RestoreFailed from error
        except (pyrage.DecryptError, OSError, zlib.error) as error:
            raise (RestoreFailed if psql.poll() else NotABackup) from error
        finally:
            # Without its COMMIT nothing is kept; psql must not come to the end of what it got and think it has all.
            if not psql.stdin.closed:
                psql.kill()
        if psql.wait():
            raise RestoreFailed


@contextmanager
def _owner(url: str) -> Iterator[Connection]:
    engine = owner_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _dumped(url: str) -> Iterator[Iterator[bytes]]:
    """Give the words that make the database anew, all of one snapshot, piece by piece."""
    with _owner(url) as connection:
        try:
            # The server ends transactions that stand still; this one stands while others read by its snapshot.
            connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
            connection.commit()
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            snapshot = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())
            networks = [
                int(number) for number in connection.execute(text("SELECT id FROM network ORDER BY id")).scalars()
            ]
        except SQLAlchemyError as error:
            raise BackupFailed from error
        yield _words(url, snapshot, networks)


def _words(url: str, snapshot: str, networks: Sequence[int]) -> Iterator[bytes]:
    yield _HEAD
    yield from _pg_dump(url, snapshot, "--section=pre-data")
    yield from _pg_dump(url, snapshot, "--section=data", *(f"--table=public.{name}" for name in _SHARED))
    apart = [f"--exclude-table-data=public.{name}" for name in (*_SHARED, *_LEFT_OUT, _POSTGIS)]
    for number in networks:
        yield from _pg_dump(url, snapshot, "--section=data", "--enable-row-security", *apart, network=number)
    yield from _pg_dump(url, snapshot, "--section=post-data")


def _pg_dump(url: str, snapshot: str, *words: str, network: int | None = None) -> Iterator[bytes]:
    program = [_tool(url, "pg_dump"), "--no-owner", "--no-comments", f"--snapshot={snapshot}", *words]
    place = _place(url)
    if network is not None:
        place["PGOPTIONS"] = f"{place.get('PGOPTIONS', '')} -c tandem.network_id={network}"
    with subprocess.Popen(  # noqa: S603  (our own words, no shell)
        program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=place
    ) as dump:
        assert dump.stdout is not None
        try:
            yield for_older_servers(dump.stdout.read(_PIECE))
            while piece := dump.stdout.read(_PIECE):
                yield piece
        except BaseException:
            dump.kill()
            raise
        if dump.wait():
            raise BackupFailed


def for_older_servers(head: bytes) -> bytes:
    """Return the beginning of a dump without the one setting that tools of PostgreSQL 17 write and 15 does not know."""
    return head.replace(_OLD_SETTING + _NEW_SETTING, _OLD_SETTING, 1)


def _tool(url: str, name: str) -> str:
    """Return a tool of the server's own version where it is here, else the newest here; raises ServerToolsMissing."""
    with _owner(url) as connection:
        version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    here = {path.parts[-3]: path for path in _INSTALLED.glob(f"*/bin/{name}")}
    found = here.get(str(version)) or (here[max(here, key=float)] if here else shutil.which(name))
    if not found:
        raise ServerToolsMissing
    return str(found)


def _place(url: str) -> dict[str, str]:
    """Return where the database is, as the server's tools read it: never as an argument, which others may see."""
    parts = make_url(url)
    query = {name: value if isinstance(value, str) else value[-1] for name, value in parts.query.items()}
    host, port = parts.host or query.get("host"), parts.port or query.get("port")
    found: dict[str, Any] = {
        "PATH": os.defpath,
        "LC_ALL": "C",
        "PGHOST": host,
        "PGPORT": port,
        "PGUSER": parts.username or query.get("user"),
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
        "PGSSLMODE": query.get("sslmode"),
        "PGSSLROOTCERT": query.get("sslrootcert"),
        "PGOPTIONS": query.get("options"),
        "PGAPPNAME": "tandem-backup",
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def _recipient(key: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError as error:
        raise NotAKeyForBackups from error


def _identities(file: Path) -> list[pyrage.x25519.Identity]:
    lines = [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError as error:
        raise NotAKeyForBackups from error
    if not found:
        raise NotAKeyForBackups
    return found


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(3)
    for piece in pieces:
        if some := packer.compress(piece):
            yield some
    yield packer.flush()


class _Reader:
    """Pieces as a file that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def read(self, size: int) -> bytes:
        """Return at most so many bytes; none only at the end."""
        while not self._rest:
            try:
                self._rest = next(self._pieces)
            except StopIteration:
                return b""
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


class _Unpacking:
    """A file that can be written: what is written comes out unpacked at the other, once it begins as a backup does."""

    def __init__(self, out: Any) -> None:
        self._out, self._unpacker, self._begun = out, zlib.decompressobj(), b""
        self._ours = False

    def write(self, piece: bytes) -> int:
        """Take a piece; raises OSError where this is no backup."""
        some = self._unpacker.decompress(piece)
        if not self._ours:
            self._begun += some
            if len(self._begun) < len(_HEAD):
                return len(piece)
            if not self._begun.startswith(_HEAD):
                raise OSError
            some, self._ours = self._begun, True
        self._out.write(some)
        return len(piece)

    def flush(self) -> None:
        """Do nothing: what is behind this flushes at its end."""

    def end(self) -> None:
        """Say that all was written; raises OSError where it does not end as a backup does."""
        if not self._ours or not self._unpacker.eof:
            raise OSError
