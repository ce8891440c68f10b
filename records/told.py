"""Plain values of what people are told and what casts doubt on what they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geo.sanity import Pin


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an incident rests on: independent lineages vouched for, and whether both of a look pair reported it."""

    lineages: int
    both_of_a_pair: bool


@dataclass(frozen=True, slots=True)
class Doubted:
    """What new sightings are held against: recent pins of reporters (WGS84), first sources of words and photos."""

    pins: Mapping[int, Sequence[Pin]]
    notes: Mapping[int, int]
    photos: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class StatementRead:
    """A statement as one member is told it: whether they read it before, and whether they are owed it."""

    statement: Any
    seen: bool
    owed: bool


@dataclass(frozen=True, slots=True)
class StatementReach:
    """How many have read a statement, and how many are owed it as an answer to what they read."""

    seen: int
    owed: int


@dataclass(frozen=True, slots=True)
class SightingStanding:
    """Whether a sighting was taken back, when it came, and the incident it stands in."""

    retracted: bool
    received_at: datetime
    incident_id: int | None
