"""The private PostGIS: find the programs, make a cluster, start it on a unix socket, stop it in order."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from records.durability import QUIET, refuse_unsafe
from records.errors import ClusterAlreadyRunning, ClusterFailed, ClusterMissing, ClusterOfAnotherVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

DATABASE = "tandem"
OWNER = "tandem"
_SUPERUSER = "postgres"
_SOCKET_NAME = "/.s.PGSQL.5432.lock"
_SOCKET_PATH_MAX = 107  # sockaddr_un holds 108 bytes, the last one is the end mark
_NO_SUCH_PID = "4194305"  # above Linux's largest pid, 2^22
_START_S = 300.0  # redoing a long log after a crash is not a failure
_STOP_S = 60.0
_LOG_MAX_BYTES = 5_000_000
_PREPARE = Path(__file__).parent / "sql" / "prepare_server.sql"

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_compression": "lz4",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "idle_in_transaction_session_timeout": "5s",
    # Plans made while tables were empty are dropped with the first statistics: a fresh network must not wait a minute.
    "autovacuum_naptime": "5s",
    "logging_collector": "off",
} | QUIET
"""The whole of a private cluster's configuration, written anew at each start."""

THROWAWAY = {"shared_buffers": "64MB", "max_wal_size": "256MB"}
"""Where a throw-away cluster is smaller; it is as careful as any other, or tests would not meet the real thing."""


_INSTALLED = Path("/usr/lib/postgresql")
_EXTENSIONS = Path("/usr/share/postgresql")


def _binaries(made_by: str | None = None) -> Path:
    """Return the folder of the PostgreSQL that made a cluster, else of the newest here that has PostGIS.

    Raises
    ------
    ClusterMissing
        There is none on this machine.
    ClusterOfAnotherVersion
        There is none of the version that made the cluster.
    """
    installed = {
        path.parts[-3]: path.parent
        for path in _INSTALLED.glob("*/bin/initdb")
        if (_EXTENSIONS / path.parts[-3] / "extension" / "postgis.control").exists()
    }
    if made_by in installed:
        return installed[made_by]
    if made_by is not None and installed:
        raise ClusterOfAnotherVersion
    if installed:
        return installed[max(installed, key=float)]
    found = shutil.which("initdb")
    if not found:
        raise ClusterMissing
    return Path(found).resolve().parent


def _account() -> dict[str, Any]:
    """Return subprocess arguments for the account the server runs as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise ClusterMissing


class PrivateCluster:
    """A PostgreSQL of our own in one folder: no port, no configuration, reachable by this account alone.

    Parameters
    ----------
    data_dir
        The folder; the cluster lives in `postgres` below it, beside its log and our lock.
    throwaway
        True: the folder is removed when the cluster stops, and the cluster is small.
    """

    def __init__(self, data_dir: Path, *, throwaway: bool = False) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.throwaway = throwaway
        self._pgdata = self.data_dir / "postgres"
        self._log = self.data_dir / "postgres.log"
        self._account = _account()
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    def temporary(cls) -> Self:
        """Return a throw-away cluster in a fresh folder, in memory where there is room for one."""
        memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own there, for this account alone
        roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30
        return cls(Path(tempfile.mkdtemp(prefix="tandem-", dir=memory if roomy else None)), throwaway=True)

    @property
    def socket_dir(self) -> Path:
        """The folder clients name as host: the cluster itself, or a short link to it where its path is too long."""
        if len(os.fsencode(f"{self._pgdata}{_SOCKET_NAME}")) <= _SOCKET_PATH_MAX:
            return self._pgdata
        digest = hashlib.sha256(os.fsencode(self._pgdata)).hexdigest()[:16]
        return Path("/tmp") / f"tandem-{os.geteuid()}-{digest}"  # noqa: S108 - ownership is checked in _link

    def url(self, database: str = DATABASE, *, user: str = OWNER) -> str:
        """Return the SQLAlchemy URL of a database here, as its owner unless told otherwise."""
        return f"postgresql+psycopg://{user}@/{database}?host={quote(str(self.socket_dir), safe='')}"

    @contextmanager
    def superuser(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        """Give a connection that may do anything, outside of transactions; for preparing and for tests."""
        with psycopg.connect(
            host=str(self.socket_dir), dbname=database, user=_SUPERUSER, autocommit=True, connect_timeout=10
        ) as connection:
            yield connection

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs under us, else None."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Make the cluster if there is none, start it, prepare the database, and look whether it keeps its word.

        Raises
        ------
        ClusterMissing
            PostgreSQL with PostGIS is not installed.
        ClusterOfAnotherVersion
            The folder was made by a version that is not here.
        ClusterAlreadyRunning
            Another process runs this folder's cluster.
        ClusterFailed
            The server did not come up; its log says why.
        UnsafeDatabase
            A setting changed by hand could lose an acknowledged write.
        """
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_lock()
        try:
            if not (self._pgdata / "PG_VERSION").exists():
                self._make()
            self._launch()
            self._prepare()
            refuse_unsafe(self.url(), own=True)
        except BaseException:
            self.stop()
            raise

    def is_running(self) -> bool:
        """Say whether the server that we started still runs."""
        return self._server is not None and self._server.poll() is None

    def start_again(self) -> None:
        """Start a server that ended by itself; its log of changes brings back all that was committed.

        Raises
        ------
        ClusterFailed
            It did not come up; it may be tried again.
        """
        if self._server is not None and self._server.poll() is None:
            return
        try:
            self._launch()
        except OSError as error:  # no space left, most of all: somebody may free some
            raise ClusterFailed from error

    def stop(self) -> None:
        """Stop what we started, in order, and nothing else; a second call does nothing."""
        server, self._server = self._server, None
        if server is not None:
            # Fast shutdown, then without a checkpoint (recovery redoes the log), then not at all politely.
            for sign, patience in ((signal.SIGINT, _STOP_S), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
                if server.poll() is None:
                    server.send_signal(sign)
                    with suppress(subprocess.TimeoutExpired):
                        server.wait(patience)
        if self._lock is not None:
            if self.socket_dir != self._pgdata:
                self.socket_dir.unlink(missing_ok=True)
            if self.throwaway:
                shutil.rmtree(self.data_dir, ignore_errors=True)
            os.close(self._lock)
            self._lock = None

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """Create a database for the owner, empty of tables or a copy of `template`, which nobody may be using."""
        with self.superuser() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template or "template1")
                )
            )

    def drop_database(self, name: str) -> None:
        """Drop a database, also while somebody is connected to it; none of that name is fine."""
        with self.superuser() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _take_lock(self) -> None:
        descriptor = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise ClusterAlreadyRunning from error
        self._lock = descriptor

    @contextmanager
    def _inside(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the folder's name for a child process, and the subprocess arguments under which that name is good.

        The server's account may be unable to walk the path to its own folder (root's home is closed). It inherits the
        folder opened, and calls it by a name that walks no path.
        """
        where: dict[str, Any] = {"cwd": "/", "stdin": subprocess.DEVNULL, "start_new_session": True, **self._account}
        if not self._account:
            yield str(self._pgdata), where
            return
        folder = os.open(self._pgdata, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}", {**where, "pass_fds": (folder,)}
        finally:
            os.close(folder)

    def _make(self) -> None:
        # An unfinished cluster (killed in the middle of initdb) holds nothing yet: begin again.
        shutil.rmtree(self._pgdata, ignore_errors=True)
        self._pgdata.mkdir(mode=0o700)
        if self._account:
            os.chown(self._pgdata, self._account["user"], self._account["group"])
        words = ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth=trust", f"--username={_SUPERUSER}"]
        program = [str(_binaries() / "initdb"), *words, *(["--no-sync"] if self.throwaway else []), "-D"]
        with self._inside() as (name, where), self._log.open("ab") as log:
            if subprocess.run([*program, name], stdout=log, stderr=log, check=False, **where).returncode:  # noqa: S603 - our own words, no shell
                raise ClusterFailed

    def _made_by(self) -> str:
        return (self._pgdata / "PG_VERSION").read_text().strip()

    def _configure(self) -> None:
        values = SETTINGS | (THROWAWAY if self.throwaway else {})
        lines = [f"{name} = '{value}'" for name, value in sorted(values.items())]
        self._settle("postgresql.conf", "\n".join(["# Written anew at each start.", *lines, ""]))
        # Whoever can open the socket is this account or root: the folder's mode is the key.
        self._settle("pg_hba.conf", "local all all trust\n")

    def _settle(self, name: str, content: str) -> None:
        """Write a file unless it stands so already: on a full disk one that is written anew would be left empty."""
        path = self._pgdata / name
        if not path.exists() or path.read_text() != content:
            path.write_text(content)

    def _link(self) -> None:
        link = self.socket_dir
        if link == self._pgdata:
            return
        with suppress(FileExistsError):
            link.symlink_to(self._pgdata)
        if not link.is_symlink() or link.lstat().st_uid != os.geteuid() or link.readlink() != self._pgdata:
            raise ClusterFailed

    def _forget_foreign_pid(self) -> None:
        """Mend a pid file left by a kill whose number now belongs to a process that is not this cluster's."""
        pid_file = self._pgdata / "postmaster.pid"
        if not pid_file.exists():
            return
        first, *rest = pid_file.read_text().splitlines() or [""]
        with suppress(OSError, ValueError):  # a full disk may have left it empty
            if Path(f"/proc/{int(first)}/cwd").samefile(self._pgdata):
                raise ClusterAlreadyRunning
        # The other lines stay: by them the server looks for survivors that still hold its shared memory.
        pid_file.write_text("\n".join([_NO_SUCH_PID, *rest, ""]))

    def _launch(self) -> None:
        self._configure()
        self._link()
        self._forget_foreign_pid()
        setpriv = shutil.which("setpriv")
        # If we are killed outright, the server is told to stop in order instead of staying behind.
        leash = [setpriv, "--pdeathsig", "INT", "--"] if setpriv else []
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._log.exists() and self._log.stat().st_size > _LOG_MAX_BYTES:
                self._log.unlink()
            with self._inside() as (name, where), self._log.open("ab") as log:
                before = log.tell()
                # A session of its own: Ctrl-C reaches us alone, and we stop it in order.
                program = [*leash, str(_binaries(self._made_by()) / "postgres"), "-D", name]
                self._server = subprocess.Popen(program, stdout=log, stderr=log, **where)  # noqa: S603 - our own words
            if self._wait(self._server, deadline):
                return
            # Children of a server that was killed a moment ago may still be on their way out.
            if b"pre-existing shared memory" not in self._log.read_bytes()[before:]:
                break
            time.sleep(0.2)
        raise ClusterFailed

    def _wait(self, server: subprocess.Popen[bytes], deadline: float) -> bool:
        while server.poll() is None and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError), self.superuser():
                return True
            time.sleep(0.05)
        return False

    def _prepare(self) -> None:
        with self.superuser() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        try:
            with self.superuser(DATABASE) as connection:
                connection.execute(_PREPARE.read_bytes())
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
            raise ClusterMissing from error  # PostgreSQL is here, PostGIS is not
