"""What every bench hands over: rows, the host they ran on, and how they are shown and kept."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

_COLUMNS = ("name", "case", "ours", "peer", "peer_name", "limit", "ratio", "unit", "p50_ms", "p99_ms", "n", "seed")
_DISTRIBUTIONS = ("h3", "numpy", "scipy", "shapely", "psycopg", "fastapi", "sqlalchemy")
_DURABLE_WRITES = 400
_BLOCK = b"\0" * 8192
_RUNS = 5
_NS_PER_MS = 1e6
_PLAIN_ABOVE = 1e4


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement beside its peer in the same run; None where a field has no meaning.

    `ratio` is always "times better than the peer": build rows with `more_is_better` or `less_is_better`.
    """

    name: str
    case: str
    ours: float | None = None
    peer: float | None = None
    peer_name: str | None = None
    limit: float | None = None
    ratio: float | None = None
    unit: str | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    n: int | None = None
    seed: int | None = None


class AnswersDiffer(RuntimeError):
    """Ours and the peer do not answer alike, so there is nothing to time."""


def more_is_better(ours: float | None, peer: float | None) -> float | None:
    """Return ours/peer, or None without a peer."""
    return ours / peer if ours is not None and peer else None


def less_is_better(ours: float | None, peer: float | None) -> float | None:
    """Return peer/ours, or None without a peer."""
    return peer / ours if ours and peer is not None else None


def same_answers(what: str, ours: object, theirs: object) -> None:
    """Refuse to time a mismatch; raises `AnswersDiffer`."""
    if ours != theirs:
        raise AnswersDiffer(f"{what}: our answers differ from the peer's")


def median_seconds(work: Callable[[], object], runs: int = _RUNS) -> float:
    """Return the median seconds of `work` over `runs` runs, after one to warm up."""
    work()
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def percentiles_ms(nanoseconds: Sequence[int] | NDArray[np.int64]) -> tuple[float, float]:
    """Return the median and the 99th percentile in milliseconds of single calls timed in nanoseconds."""
    p50, p99 = np.percentile(np.asarray(nanoseconds), (50, 99)) / _NS_PER_MS
    return float(p50), float(p99)


def host_row() -> Row:
    """Return the row that names this host: versions, cores and commit, and how often it can write durably."""
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {_version(name)}" for name in _DISTRIBUTIONS]
    case = f"{', '.join(versions)}; {os.cpu_count()} cores; {platform.machine()}; commit {_commit()}"
    return Row("host", case, limit=durable_writes_per_s(), unit="fdatasync/s", n=_DURABLE_WRITES)


def durable_writes_per_s(writes: int = _DURABLE_WRITES) -> float:
    """Return how many blocks of 8 KiB a second this host makes durable, one after the other."""
    with tempfile.TemporaryFile(dir=Path.cwd()) as file:
        began = time.perf_counter()
        for _ in range(writes):
            os.pwrite(file.fileno(), _BLOCK, 0)
            os.fdatasync(file.fileno())
        return writes / (time.perf_counter() - began)


def show(rows: Iterable[Row]) -> None:
    """Print rows as a table."""
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*(_cell(value) for value in asdict(row).values()))
    Console(width=None if sys.stdout.isatty() else 220).print(table)


def write(rows: Iterable[Row], path: Path) -> None:
    """Write rows as a JSON list of objects, null where a field has no meaning."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < _PLAIN_ABOVE else f"{value:,.0f}"
    return "-" if value is None else str(value)


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
