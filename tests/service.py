"""A real service on a free port, as a process that a test may kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """Return a port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """`tandem serve` as a process of its own."""

    def __init__(self, database_url: str, data_dir: Path, *, network: str = "") -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._told = {
            "DATABASE_URL": database_url,
            "TANDEM_DATA_DIR": str(data_dir),
            "TANDEM_PORT": str(self.port),
            "TANDEM_NETWORK": network,
            "PYTHONPATH": str(ROOT),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `ready` tells when it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "web", "serve", "--demo"], env={**os.environ, **self._told}, cwd=ROOT
        )

    def wait_ready(self, seconds: float = 40.0) -> None:
        """Wait until all but a worker, which tests do without, is ready; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                answer = httpx.get(f"{self.address}/readyz", timeout=2, trust_env=False)
                if {each["field"] for each in answer.json().get("errors", [])} <= {"worker"}:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise TimeoutError

    def kill(self) -> None:
        """End it as a power cut would end the process."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
