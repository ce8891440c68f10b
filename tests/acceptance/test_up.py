"""One command starts everything and leaves nothing behind; a second start finds the data still there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.service import ROOT, free_port


def _start(data: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "web", "up", "--no-demo", "--data", str(data), "--port", str(port)]
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _said_until_ready(running: subprocess.Popen[str]) -> list[str]:
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line.strip())
        if lines[-1] == "ready":
            return lines
    raise AssertionError(lines)


def _below(data: Path) -> list[str]:
    """Return the processes that know this data folder, by their command lines or their open folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            folder = (process / "cwd").readlink()
        except OSError:
            continue
        if str(data) in words or folder.is_relative_to(data):
            found.append(words)
    return found


def _end(running: subprocess.Popen[str], sign: signal.Signals, data: Path) -> None:
    running.send_signal(sign)
    running.wait(30)
    assert running.stdout is not None
    running.stdout.close()
    deadline = time.monotonic() + 20
    while _below(data) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _below(data) == []


def _account(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "web", "account", *words, "--data", str(data)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_up_is_ready_ends_without_a_trace_and_comes_back_with_its_data(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    running = _start(data, port)
    said = _said_until_ready(running)
    assert f"Tandem is at http://127.0.0.1:{port}" in said
    assert httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
    assert _account(data, "add", "spotter", "--alias", "calm-heron").returncode == 0
    _end(running, signal.SIGINT, data)

    running = _start(data, port)
    _said_until_ready(running)
    again = _account(data, "add", "spotter", "--alias", "calm-heron")
    assert again.returncode != 0
    assert "already" in again.stderr
    # Killed outright, it leaves nothing behind either: every part notices that its starter is gone.
    _end(running, signal.SIGKILL, data)


def _ready(port: int) -> set[str] | None:
    """The parts that do not work, None while nothing answers."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False, timeout=5)
    except httpx.TransportError:
        return None
    return {each["field"] for each in answer.json().get("errors", [])}


def _server(data: Path) -> int | None:
    """The number of the database's process, None while there is none."""
    try:
        return int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, IndexError, ValueError):
        return None


def _wait_for(said: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_database_that_was_killed_is_started_again_and_a_stopped_worker_is_noticed(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    running = _start(data, port)
    _said_until_ready(running)
    try:
        assert _account(data, "add", "spotter", "--alias", "calm-heron").returncode == 0
        server = int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(server, signal.SIGKILL)
        _wait_for(lambda: _server(data) not in {None, server}, 60)
        _wait_for(lambda: _ready(port) == set(), 60)
        assert "already" in _account(data, "add", "spotter", "--alias", "calm-heron").stderr

        parts = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        [worker] = [int(part) for part in parts if _is_worker(int(part), port, server)]
        os.kill(worker, signal.SIGSTOP)
        began = time.monotonic()
        _wait_for(lambda: _ready(port) == {"worker"}, 30)
        assert time.monotonic() - began < 30
        os.kill(worker, signal.SIGCONT)
        _wait_for(lambda: _ready(port) == set(), 30)
    finally:
        _end(running, signal.SIGINT, data)


def _is_worker(part: int, port: int, server: int) -> bool:
    """Say whether a child of the starter is neither the site, which listens, nor the database."""
    if part == server or b"postgres" in Path(f"/proc/{part}/cmdline").read_bytes().split(b"\0")[0]:
        return False
    listening = f":{port:04X} "
    sockets = {link.readlink().name for link in Path(f"/proc/{part}/fd").iterdir() if link.is_symlink()}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(listening.strip()) and words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
            return False
    return True
