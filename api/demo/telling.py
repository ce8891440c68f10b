"""What an invented person tells, as the desk receives it."""

from __future__ import annotations

import hashlib
from datetime import datetime

from desk.access import ANONYMOUS, Actor
from desk.intake import Report, VehicleSeen
from fixtures.stories import Told

_BASES = {"verbal identification": "said so"}
"""Where the invented city says it in other words than the desk."""


def report_of(told: Told, *, actor: Actor | None, key: str, observed_at: datetime) -> Report:
    """Return a report as the desk receives it; nobody known stands behind it where `actor` is None."""
    return Report(
        actor=actor or ANONYMOUS,
        key=key,
        body_sha256=hashlib.sha256(key.encode()).digest(),
        kind=told.kind,
        place=told.place,
        accuracy_m=float(told.accuracy_m),
        observed_at=observed_at,
        activity=told.activity,
        unit=told.unit or "unknown",
        basis=_BASES.get(told.basis or "", told.basis),
        size=told.size,
        vehicles=tuple(
            VehicleSeen(type=each.type, make=each.make, model=each.model, color=each.color, plate=each.plate)
            for each in told.vehicles
        ),
        note=told.note,
        lang=told.lang,
    )
