"""Labelled streams as files that `import-sightings` reads, the truth beside them, and as clustering sees them."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bench.streams.reports import Report, Said
from desk import plates
from desk.policy import IntakePolicy
from geo.linking import Point
from geo.points import LonLat
from geo.vehicles import Vehicle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_COLUMNS: Final = (
    "id", "kind", "lon", "lat", "observed_at", "accuracy_m", "activity", "size", "unit", "basis", "source",
    "vehicles", "note",
)  # fmt: skip
_TRUTH: Final = ("id", "incident", "real", "report")
_INTAKE: Final = IntakePolicy()
_KEY: Final = b"plates of a bench run, not of anybody"


def truth_beside(file: Path) -> Path:
    """Return where the truth about a file of reports stands: `F.truth.csv` beside `F.csv`."""
    return file.with_suffix(".truth.csv")


def write(reports: Iterable[Report], file: Path) -> None:
    """Write a stream and, beside it, its truth."""
    with (
        file.open("w", encoding="utf-8", newline="") as told,
        truth_beside(file).open("w", encoding="utf-8", newline="") as known,
    ):
        rows, truth = csv.writer(told), csv.writer(known)
        rows.writerow(_COLUMNS)
        truth.writerow(_TRUTH)
        for report in reports:
            seen = datetime.fromtimestamp(report.t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            rows.writerow([
                report.id, report.kind, f"{report.place.lon:.6f}", f"{report.place.lat:.6f}", seen, report.accuracy_m,
                report.activity, report.size, report.unit, report.basis, report.source,
                json.dumps([_words(said) for said in report.vehicles]) if report.vehicles else "", "",
            ])  # fmt: skip
            truth.writerow([report.id, report.incident, int(report.real), report.part])


def _words(said: Said) -> dict[str, str]:
    words = {"type": said.type, "make": said.make, "model": said.model, "color": said.color}
    return words | ({"plate": said.plate} if said.plate else {})


def read(file: Path) -> list[Report]:
    """Read a stream whose truth stands beside it; reports of which nothing is known are left out."""
    with truth_beside(file).open(encoding="utf-8", newline="") as known:
        truth = {row["id"]: row for row in csv.DictReader(known)}
    with file.open(encoding="utf-8", newline="") as told:
        return [_report(row, truth[row["id"]]) for row in csv.DictReader(told) if row["id"] in truth]


def _report(row: dict[str, str], known: dict[str, str]) -> Report:
    return Report(
        id=row["id"],
        kind=row["kind"],
        place=LonLat(float(row["lon"]), float(row["lat"])),
        t=datetime.fromisoformat(row["observed_at"]).timestamp(),
        accuracy_m=int(float(row["accuracy_m"])),
        activity=row["activity"] or None,
        size=int(row["size"]) if row["size"] else None,
        unit=row["unit"],
        basis=row["basis"] or None,
        source=row["source"],
        vehicles=tuple(
            Said(said.get("type", ""), said.get("make", ""), said.get("model", ""), said.get("color", ""),
                 said.get("plate"))
            for said in json.loads(row["vehicles"] or "[]")
        ),
        incident=known["incident"],
        real=known["real"] == "1",
        part=known["report"],
    )  # fmt: skip


def as_points(reports: Sequence[Report], intake: IntakePolicy = _INTAKE) -> list[Point]:
    """Return reports as clustering sees them, in the same order: plates as tokens, senders as groups."""
    groups: dict[str, int] = {}
    return [
        Point(
            id=number,
            place=report.place,
            t=report.t,
            source_group=groups.setdefault(report.group, len(groups) + 1),
            vouched=report.vouched,
            activity=report.activity,
            vehicles=tuple(
                Vehicle.of(type=said.type, make=said.make, model=said.model, color=said.color)
                for said in report.vehicles
            ),
            token=_token(report.vehicles),
            coarse=report.accuracy_m > intake.coarse_beyond_m,
            accuracy_m=float(report.accuracy_m),
            unit=report.unit,
            size=report.size,
        )
        for number, report in enumerate(reports, 1)
    ]


def _token(vehicles: Iterable[Said]) -> int | None:
    """Return the token of the first plate of which enough was read, as the door takes it."""
    read_ = next((said.plate for said in vehicles if said.plate and plates.readable(said.plate)), None)
    return plates.token(_KEY, read_) if read_ else None
