"""A recorded day against a real service, twice; sightings from a file, twice, bad rows among them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from api.cli import imports, replay
from records import engine
from records.cluster import PrivateCluster
from tests.service import Service

app = typer.Typer(pretty_exceptions_enable=False)
for part in (imports, replay):
    app.registered_commands += part.app.registered_commands

COLUMNS = ["id", "kind", "lon", "lat", "observed_at", "accuracy_m", "activity", "unit", "source", "vehicles", "note"]
MORNING = datetime(2031, 3, 4, 7, 0, 0, tzinfo=UTC)
REPORTS, EVENTS = 30, 10


def write_day(path: Path) -> None:
    """Write thirty reports of three hours, three of each of ten events, in a small town in the empty ocean."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number in range(REPORTS):
            writer.writerow(
                {
                    "id": f"day-{number}",
                    "kind": "activity",
                    "lon": f"{-38.5 + 0.004 * (number // 3):.6f}",
                    "lat": f"{31.0 + 0.003 * (number // 3 % 4):.6f}",
                    "observed_at": (MORNING + timedelta(minutes=18 * (number // 3) + 2 * (number % 3))).isoformat(),
                    "accuracy_m": "30",
                    "activity": "stop",
                    "unit": "unknown",
                }
            )


@pytest.fixture
def console(fresh_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one live network, as a command at the console finds it."""
    engine.ensure_network(fresh_database_url, slug="home", name="Our network", kind="live")
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("TANDEM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TANDEM_NETWORK", "home")
    return fresh_database_url


@pytest.fixture
def service(console: str, tmp_path: Path) -> Iterator[Service]:
    running = Service(console, tmp_path / "data", network="home")
    running.start()
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def counts(cluster: PrivateCluster, url: str, *tables: str) -> dict[str, int]:
    name = url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    with cluster.superuser(name) as connection:
        found = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables}
    return {table: row[0] if row else 0 for table, row in found.items()}


def test_a_day_is_played_once_however_often_it_is_replayed(
    service: Service, cluster: PrivateCluster, console: str, tmp_path: Path
) -> None:
    write_day(tmp_path / "day.csv")
    (tmp_path / "day_outcome.csv").write_text("id,first_arrival_s,second_arrival_s\na,390,502\n", encoding="utf-8")
    words = ("replay", str(tmp_path / "day.csv"), "--speed", "0", "--responders", "30", "--url", service.address)
    tables = ("sighting", "incident", "dispatch", "offer", "seat", "responder")

    first = run(*words, "--accept", "0.8")
    assert first.exit_code == 0, first.output
    assert f"{REPORTS} of {REPORTS} accepted: {REPORTS} new, 0 known already" in first.output
    assert "390 s really" in first.output
    assert "502 s really" in first.output
    after_first = counts(cluster, console, *tables)
    assert after_first["sighting"] == REPORTS
    assert after_first["responder"] == 30
    assert after_first["incident"] == EVENTS
    assert 0 < after_first["dispatch"] <= EVENTS
    name = console.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    with cluster.superuser(name) as connection:
        states = Counter(dict(connection.execute("SELECT state, count(*) FROM dispatch GROUP BY state").fetchall()))
        pairs = connection.execute("SELECT count(DISTINCT dispatch_id) FROM seat").fetchone()
        still_open = connection.execute("SELECT count(*) FROM incident WHERE ended_at IS NULL").fetchone()
    assert states["cleared"] > 0, "nobody ever came home"
    assert set(states) <= {"cleared", "unfilled", "cancelled"}, "something was left hanging"
    assert pairs is not None
    assert f"{pairs[0]} formed" in first.output
    assert still_open == (0,)

    second = run(*words, "--accept", "0.8")
    assert second.exit_code == 0, second.output
    assert f"{REPORTS} of {REPORTS} accepted: 0 new, {REPORTS} known already" in second.output
    assert "0 new" in second.output
    assert counts(cluster, console, *tables) == after_first


def test_a_network_of_real_people_is_never_replayed_in(console: str, tmp_path: Path) -> None:
    write_day(tmp_path / "day.csv")
    refused = run("replay", str(tmp_path / "day.csv"), "--network", "home", "--url", "http://127.0.0.1:9")
    assert refused.exit_code == 1
    assert "only in a network of kind rehearsal" in refused.output


def test_a_service_that_is_away_is_said_in_one_sentence(
    console: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.rehearsal.line._PATIENCE_S", 0.05)
    write_day(tmp_path / "day.csv")
    away = run("replay", str(tmp_path / "day.csv"), "--responders", "2", "--url", "http://127.0.0.1:9")
    assert away.exit_code == 1
    assert "does not answer" in away.output


BAD = [
    ("id", "bad-place", "lon", "200", "longitude"),
    ("id", "bad-kind", "kind", "spaceship", "kind"),
    ("id", "bad-time", "observed_at", "yesterday-ish", "time"),
    ("id", "bad-future", "observed_at", "2999-01-01T00:00:00Z", "future"),
    ("id", "bad-basis", "basis", "looked-shady", "basis"),
]


def test_good_rows_are_kept_bad_ones_reported_and_a_second_import_adds_nothing(
    cluster: PrivateCluster, console: str, tmp_path: Path
) -> None:
    file = tmp_path / "rows.csv"
    good = {"kind": "activity", "lon": "-38.5", "lat": "31", "observed_at": "2026-01-05T08:00:00Z", "accuracy_m": "20"}
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["id", "kind", "lon", "lat", "observed_at", "accuracy_m", "basis", "note"])
        writer.writeheader()
        writer.writerow({"id": "good-1", "note": "two vans,\nparked", **good})
        for _, number, column, value, _ in BAD:
            writer.writerow({"id": number, **good, column: value})
        writer.writerow({"id": "good-2", **good})
        writer.writerow({"id": "good-2", **good})

    first = run("import-sightings", str(file))
    assert first.exit_code == 0, first.output
    assert "2 kept, 1 known already, 5 refused" in first.output
    for line, (_, _, _, value, word) in enumerate(BAD, start=4):
        [told] = [said for said in first.output.splitlines() if said.startswith(f"line {line}:")]
        assert word in told.lower()
        assert value not in told, "a refusal never repeats the value"
    assert counts(cluster, console, "sighting", "incident") == {"sighting": 2, "incident": 0}

    second = run("import-sightings", str(file))
    assert "0 kept, 3 known already, 5 refused" in second.output
    assert counts(cluster, console, "sighting", "incident") == {"sighting": 2, "incident": 0}


def test_a_file_that_holds_nothing_usable_fails(console: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id,kind,lon,lat,observed_at\nx,activity,1000,0,2026-01-01T00:00:00Z\n", encoding="utf-8")
    refused = run("import-sightings", str(file))
    assert refused.exit_code == 1
    assert "0 kept, 0 known already, 1 refused" in refused.output


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no zip", b'{"type": "Topology"}'])
def test_zones_that_cannot_be_read_are_one_sentence(console: str, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "zones.geojson"
    if content is not None:
        file.write_bytes(content)
    refused = run("import-zones", str(file))
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1
    assert refused.output.endswith(".\n")
