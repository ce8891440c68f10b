"""The deploying guide, walked command by command on a fresh PostgreSQL, to the first accepted pair."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from records.cluster import PrivateCluster
from tests.crews import PLACE
from tests.service import ROOT, free_port
from web.commands import app

GUIDE = ROOT / "docs" / "deploying.md"
CHOSEN = "seven plain words would be fine here"


def _commands() -> list[list[str]]:
    """Return the guide's commands as words, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line.strip()]


class Machine:
    """Runs the guide's commands: only the server's socket, the folder and the port are this machine's own."""

    def __init__(self, socket_dir: Path, data_dir: Path) -> None:
        self.port = free_port()
        self.env = {**os.environ, "PYTHONPATH": str(ROOT), "TANDEM_PORT": str(self.port)}
        self._here = {"/var/run/postgresql": str(socket_dir), "/var/lib/tandem": str(data_dir)}
        self._superuser = {"PGHOST": str(socket_dir), "PGUSER": "postgres"}
        self.running: list[subprocess.Popen[bytes]] = []
        self.said: dict[tuple[str, ...], str] = {}

    def run(self, words: list[str]) -> None:
        """Run one command; one that goes on is left running."""
        for there, here in self._here.items():
            words = [word.replace(there, here) for word in words]
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.env[name] = value
        elif words[:3] == ["sudo", "-u", "postgres"]:
            subprocess.run(words[3:], env=self.env | self._superuser, cwd=ROOT, check=True)
        else:
            assert words[0] == "./tandem"
            if words[1] in {"serve", "worker"}:
                command = [sys.executable, "-P", "-m", "web", *words[1:]]
                self.running.append(subprocess.Popen(command, env=self.env, cwd=ROOT))
                return
            done = CliRunner().invoke(app, words[1:], env=self.env)
            assert done.exit_code == 0, (words, done.stderr)
            self.said[tuple(words[1:])] = done.stdout

    def told(self, what: str, *about: str) -> str:
        """Return what the one command with these words, one after another, printed after `what`."""
        (said,) = [text for words, text in self.said.items() if f" {' '.join(about)} " in f" {' '.join(words)} "]
        return next(line.removeprefix(what).strip() for line in said.splitlines() if line.startswith(what))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with PrivateCluster.temporary() as server:
        server.drop_database("tandem")
        with server.superuser() as connection:
            connection.execute("DROP OWNED BY tandem, tandem_app")
            connection.execute("DROP ROLE tandem, tandem_app")
        made = Machine(server.socket_dir, tmp_path / "data")
        try:
            yield made
        finally:
            for process in made.running:
                process.terminate()
            for process in made.running:
                process.wait(20)


class People:
    """Whoever uses the site, each signed in with what the console printed."""

    def __init__(self, machine: Machine, site: httpx.Client) -> None:
        self.site = site
        self._machine = machine
        self._tokens: dict[str, str] = {}

    def wait_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert all(process.poll() is None for process in self._machine.running)
            try:
                if self.site.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise TimeoutError

    def sign_in(self, alias: str, passphrase: str | None = None) -> None:
        told = passphrase or self._machine.told("passphrase", "--alias", alias)
        answer = self.site.post("/api/session", json={"alias": alias, "passphrase": told})
        assert answer.status_code == 201, answer.text
        self._tokens[alias] = answer.json()["token"]
        self.site.cookies.clear()

    def ask(self, alias: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        if alias:
            headers["Authorization"] = f"Bearer {self._tokens[alias]}"
        answer = self.site.request(method, path, json=body, headers=headers)
        assert answer.is_success, (path, answer.text)
        return answer.json()


def test_the_guide_leads_from_an_empty_server_to_the_first_accepted_pair(machine: Machine) -> None:
    for words in _commands():
        machine.run(words)
    assert len(machine.running) == 2
    with httpx.Client(base_url=f"http://127.0.0.1:{machine.port}", trust_env=False, timeout=20) as site:
        _first_pair(machine, People(machine, site))


def _first_pair(machine: Machine, people: People) -> None:
    people.wait_ready()

    spotters = []
    for organizer in ("quiet-otter", "amber-finch"):
        code = machine.told("code", "spotter", "--vouched-by", organizer)
        made = people.ask("", "POST", "/api/vouchers/redeem", {"code": code, "passphrase": CHOSEN})
        people.sign_in(made["alias"], CHOSEN)
        spotters.append(made["alias"])
    for alias in ("quiet-otter", "amber-finch", "calm-heron", "brisk-wren", "clear-lark", "mild-plover"):
        people.sign_in(alias)

    now = datetime.now(UTC)
    point = {"type": "Point", "coordinates": [PLACE.lon, PLACE.lat]}
    report = {"kind": "activity", "activity": "stop", "location": point, "observed_at": now.isoformat()}
    for alias in spotters:
        people.ask(alias, "POST", "/api/sightings", report)
    (incident,) = people.ask("calm-heron", "GET", "/api/incidents")["features"]
    for alias in ("calm-heron", "brisk-wren"):
        verdict = {"verdict": "verified", "agency": "immigration", "basis": "vehicle marking"}
        people.ask(alias, "POST", f"/api/incidents/{incident['id']}/judgements", verdict)

    responders = ("clear-lark", "mild-plover")
    for alias in responders:
        free = {"available": True, "until": (now + timedelta(hours=4)).isoformat(), "location": point, "mode": "foot"}
        people.ask(alias, "PUT", "/api/me/availability", free)
    people.ask("calm-heron", "POST", f"/api/incidents/{incident['id']}/dispatches", {"task": "observe"})
    for alias in responders:
        (offer,) = people.ask(alias, "GET", "/api/me/offers")["offers"]
        accepted = people.ask(alias, "POST", f"/api/offers/{offer['id']}/accept")
    assert accepted["dispatch"]["state"] == "paired"
