"""Rows of a sighting file as the requests that report them."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from geo.rows import SightingRow

_LONGEST_KEY: Final = 100


def key_of(row: SightingRow) -> str:
    """Return the Idempotency-Key of a row: its own id, hashed where that is too long for a header or not plain."""
    plain = row.id.isascii() and row.id.isprintable() and len(row.id) <= _LONGEST_KEY
    return f"row-{row.id}" if plain else f"row-{hashlib.sha256(row.id.encode()).hexdigest()}"


def body_of(row: SightingRow) -> dict[str, Any]:
    """Return a row as it is sent: what it does not say is not sent either."""
    said: dict[str, Any] = {
        "kind": row.kind,
        "location": {"type": "Point", "coordinates": list(row.place.lonlat)},
        "observed_at": row.observed_at.isoformat().replace("+00:00", "Z"),
        "accuracy_m": row.accuracy_m,
        "activity": row.activity,
        "size": row.size,
        "unit": row.unit,
        "basis": row.basis,
        "vehicles": [dict(vehicle) for vehicle in row.vehicles] or None,
        "note": row.note,
    }
    return {name: value for name, value in said.items() if value is not None}


def lineage_of(row: SightingRow) -> str | None:
    """Return whom the reporter of a row descends from, where the row says so: `trainer/lead` of its path of vouchers.

    A path of one step, or one that begins with `anon/`, is of somebody nobody vouched for.
    """
    steps = (row.source or "").split("/")
    return None if len(steps) < 2 or steps[0] == "anon" else "/".join(steps[:2])
