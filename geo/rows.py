"""One row of a sighting file: what it must say, and the sentence for each way it can be wrong."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from geo.errors import GeoError, PlaceOutOfRange
from geo.points import LonLat

KINDS = frozenset({"vehicle", "activity"})
ACTIVITIES = frozenset(
    {"stop", "arrest", "door_visit", "workplace", "checkpoint", "staging", "patrol", "surveillance", "other"}
)
UNITS = frozenset({"immigration", "local_police", "other_federal", "unknown"})

LONGEST_KEY = 200
LONGEST_NOTE = 2_000
LONGEST_WORD = 80
MOST_VEHICLES = 20
LARGEST_SIZE = 10_000
LARGEST_ACCURACY_M = 100_000.0


class UnusableRow(GeoError):
    """This row cannot be kept."""


@dataclass(frozen=True, slots=True)
class SightingRow:
    """A sighting as a file told it; None where it said nothing. `observed_at` is aware, UTC."""

    id: str
    kind: str
    place: LonLat
    observed_at: datetime
    accuracy_m: float | None
    activity: str | None
    size: int | None
    unit: str | None
    basis: str | None
    source: str | None
    vehicles: tuple[Mapping[str, str], ...]
    note: str | None


def read_row(raw: Mapping[str, Any]) -> SightingRow:
    """Read one row by the column names of CONTRACT's sighting files; numbers may come as text.

    Raises
    ------
    GeoError
        With the sentence to show; it never repeats what the row said.
    """
    return SightingRow(
        id=_text(raw, "id", LONGEST_KEY) or fingerprint(raw),
        kind=_word(raw, "kind", KINDS, needed=True) or "",
        place=_place(raw),
        observed_at=_instant(raw.get("observed_at")),
        accuracy_m=_number(raw, "accuracy_m", LARGEST_ACCURACY_M),
        activity=_word(raw, "activity", ACTIVITIES),
        size=_size(raw),
        unit=_word(raw, "unit", UNITS),
        basis=_text(raw, "basis", LONGEST_WORD),
        source=_text(raw, "source", LONGEST_KEY),
        vehicles=_vehicles(raw.get("vehicles")),
        note=_text(raw, "note", LONGEST_NOTE),
    )


def fingerprint(raw: Mapping[str, Any]) -> str:
    """Return a key for a row without an id: the same row gives the same key, so that an import can be repeated."""
    told = json.dumps({name: str(raw[name]) for name in sorted(raw)}, ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _absent(value: Any) -> bool:
    """Tell whether a row says nothing here; tables write a missing number as not-a-number."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


def _text(raw: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = raw.get(name)
    if _absent(value):
        return None
    if not isinstance(value, str | int) or "\0" in (text := str(value).strip()):
        raise UnusableRow(f"The {name} is not text.")
    if len(text) > longest:
        raise UnusableRow(f"The {name} is longer than {longest} characters.")
    return text


def _word(raw: Mapping[str, Any], name: str, words: Collection[str], *, needed: bool = False) -> str | None:
    value = raw.get(name)
    if _absent(value):
        if needed:
            raise UnusableRow(f"The {name} is missing.")
        return None
    if value not in words:
        raise UnusableRow(f"The {name} is not one of the words that are known.")
    return str(value)


def _float(value: Any) -> float | None:
    """Read a finite number, None if it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _place(raw: Mapping[str, Any]) -> LonLat:
    lon, lat = _float(raw.get("lon")), _float(raw.get("lat"))
    if lon is None or lat is None:
        raise UnusableRow("The longitude or the latitude is not a number.")
    try:
        return LonLat(lon, lat)
    except PlaceOutOfRange as error:
        raise UnusableRow(PlaceOutOfRange.__doc__) from error


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise UnusableRow("The time it was observed cannot be read; write it like 2026-11-20T14:03:00Z.") from error
    if not isinstance(value, datetime):
        raise UnusableRow("The time it was observed is missing.")
    if value.utcoffset() is None:
        raise UnusableRow("The time it was observed does not say its offset from UTC.")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise UnusableRow("The time it was observed is out of range.") from error


def _number(raw: Mapping[str, Any], name: str, largest: float) -> float | None:
    if _absent(raw.get(name)):
        return None
    number = _float(raw[name])
    if number is None or not 0.0 <= number <= largest:
        raise UnusableRow(f"The {name} is not a number from 0 to {largest:.0f}.")
    return number


def _size(raw: Mapping[str, Any]) -> int | None:
    number = _number(raw, "size", LARGEST_SIZE)
    if number is not None and not number.is_integer():
        raise UnusableRow("The size is not a whole number.")
    return None if number is None else int(number)


def _vehicles(value: Any) -> tuple[Mapping[str, str], ...]:
    if _absent(value):
        return ()
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise UnusableRow("The vehicles are not a JSON list.") from error
    if not isinstance(value, list) or not all(isinstance(vehicle, dict) for vehicle in value):
        raise UnusableRow("The vehicles are not a JSON list.")
    if len(value) > MOST_VEHICLES:
        raise UnusableRow(f"There are more than {MOST_VEHICLES} vehicles.")
    return tuple(_vehicle(vehicle) for vehicle in value)


def _vehicle(said: Mapping[str, Any]) -> Mapping[str, str]:
    words = {name: _text(said, name, LONGEST_WORD) for name in ("type", "make", "model", "color", "plate")}
    return {name: word for name, word in words.items() if word is not None}
