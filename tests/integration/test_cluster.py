"""The private PostGIS as people meet it: started, stopped, killed, started twice, changed by hand."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from records.cluster import PrivateCluster
from records.durability import logging_faults, refuse_unsafe, settings_of
from records.errors import ClusterAlreadyRunning, ClusterFailed, DatabaseAway, UnsafeDatabase

ROOT = Path(__file__).resolve().parents[2]


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def write_a_row(cluster: PrivateCluster) -> None:
    with psycopg.connect(plain(cluster.url()), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('acknowledged')")


def rows(cluster: PrivateCluster) -> int:
    with psycopg.connect(plain(cluster.url())) as connection:
        return connection.execute("SELECT count(*) FROM kept").fetchone()[0]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """One lasting cluster for this file; its folder lies deep, so that the short link to the socket is used."""
    folder = tmp_path_factory.mktemp("deep") / ("a" * 60) / ("b" * 60)
    cluster = PrivateCluster(folder)
    yield cluster
    cluster.stop()
    cluster.socket_dir.unlink(missing_ok=True)  # a starter that was killed outright could not tidy up


@pytest.fixture
def running(own):
    if own.pid is None:
        own.start()
    return own


def test_it_has_postgis_and_roles_that_are_no_superusers(running):
    with psycopg.connect(plain(running.url())) as connection:
        assert connection.execute("SELECT postgis_version()").fetchone()[0].startswith("3.")
        assert connection.execute("SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'").fetchone() == (1,)
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname LIKE 'tandem%' ORDER BY 1"
        ).fetchall()
        assert roles == [("tandem", False, False, True), ("tandem_app", False, False, False)]
        connection.execute("SET ROLE tandem_app")


def test_prepare_server_may_run_again(running):
    text = (ROOT / "records" / "sql" / "prepare_server.sql").read_bytes()
    with running.superuser("tandem") as connection:
        connection.execute(text)


def test_it_opens_no_port(running):
    with running.superuser() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT inet_server_addr()").fetchone() == (None,)
    links = [str(link.readlink()) for link in Path(f"/proc/{running.pid}/fd").iterdir()]
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
    listening = [
        line.split()[9]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        if Path(table).exists()
        for line in Path(table).read_text().splitlines()[1:]
    ]
    assert inodes
    assert inodes.isdisjoint(listening)


def test_nobody_else_may_enter_its_folder(running):
    assert (running.data_dir / "postgres").stat().st_mode & 0o077 == 0


def test_it_never_runs_as_root(running):
    assert Path(f"/proc/{running.pid}").stat().st_uid != 0


def test_it_is_safe_and_quiet_by_what_the_server_itself_says(running):
    assert refuse_unsafe(running.url(), own=True) == []
    assert logging_faults(settings_of(running.url())) == []


def test_it_keeps_its_data_over_a_restart(running):
    write_a_row(running)
    before = rows(running)
    running.stop()
    assert running.pid is None
    running.start()
    assert rows(running) == before


def test_it_recovers_what_was_acknowledged_before_a_kill(running):
    write_a_row(running)
    before = rows(running)
    os.kill(running.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while running.pid is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    running.stop()
    assert (running.data_dir / "postgres" / "postmaster.pid").exists()
    running.start()
    assert rows(running) == before


def test_a_start_again_on_a_full_disk_may_be_tried_again_and_writes_nothing_that_stands_already(running, monkeypatch):
    os.kill(running.pid, signal.SIGKILL)
    while running.is_running():
        time.sleep(0.05)

    write = Path.write_text

    def full(path, *words, **more):
        if path.suffix in said:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, *words, **more)

    monkeypatch.setattr(Path, "write_text", full)
    said = {".pid"}
    with pytest.raises(ClusterFailed):
        running.start_again()
    assert not running.is_running()
    said = {".conf"}
    (running.data_dir / "postgres" / "postmaster.pid").write_bytes(b"")
    running.start_again()
    assert running.is_running()


def test_a_pid_file_whose_number_now_belongs_to_somebody_else_does_not_stop_it(running):
    running.stop()
    (running.data_dir / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    running.start()
    assert running.pid is not None


def test_a_second_start_in_the_same_folder_is_refused_and_harms_nothing(running):
    with pytest.raises(ClusterAlreadyRunning):
        PrivateCluster(running.data_dir).start()
    with running.superuser() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_stop_by_one_that_started_nothing_stops_nothing(running):
    PrivateCluster(running.data_dir).stop()
    with running.superuser() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_it_refuses_to_start_on_a_setting_that_could_lose_a_write(running, name):
    with running.superuser() as connection:
        connection.execute(f"ALTER SYSTEM SET {name} = off")
    running.stop()
    with pytest.raises(UnsafeDatabase, match=name):
        running.start()
    assert running.pid is None
    (running.data_dir / "postgres" / "postgresql.auto.conf").write_text("")
    running.start()


def test_a_setting_of_the_database_alone_is_seen_too(running):
    with running.superuser() as connection:
        connection.execute("ALTER DATABASE tandem SET synchronous_commit = off")
    try:
        with pytest.raises(UnsafeDatabase, match="synchronous_commit"):
            refuse_unsafe(running.url())
    finally:
        with running.superuser() as connection:
            connection.execute("ALTER DATABASE tandem RESET synchronous_commit")


def test_a_server_that_is_not_there_is_told_as_away(tmp_path):
    with pytest.raises(DatabaseAway):
        settings_of(PrivateCluster(tmp_path).url())


STARTER = """
import signal, sys, time
from pathlib import Path
from records.cluster import PrivateCluster
signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background inherits it ignored
with PrivateCluster(Path(sys.argv[1])) as cluster:
    print(cluster.pid, flush=True)
    time.sleep(600)
"""


def started_elsewhere(folder: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", STARTER, str(folder)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    return process, int(process.stdout.readline())


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("how", ["ctrl-c", "kill -9"])
def test_no_server_stays_behind_when_its_starter_ends(own, how):
    own.stop()
    process, server = started_elsewhere(own.data_dir)
    with process:
        if how == "ctrl-c":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.kill()
        process.wait(60)
        assert gone(server)


def test_a_throwaway_leaves_nothing_behind():
    with PrivateCluster.temporary() as cluster:
        folder = cluster.data_dir
        assert settings_of(cluster.url())["fsync"] == "on"
    assert not folder.exists()
