"""What the statement that counts everybody by rule takes and gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many people who could go, alike in where they are (a res-9 cell number) and in what they may do."""

    cell9: int
    mode: str
    observes: bool
    buddies: bool
    new: bool
    languages: frozenset[str]
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNumbers:
    """A scene and a policy as the statement that counts people by rule needs them.

    `ancestors` are, for each mode, the numbers of the cells of `ancestor_resolution` from which it is not too far.
    """

    now: datetime
    fresh: datetime
    rested_since: datetime
    dispatches_a_shift: int
    offers_a_day: int
    new_below: int
    task: str
    languages: Sequence[str]
    zone_ids: Sequence[int]
    reporters: Sequence[int]
    ancestor_resolution: int
    ancestors: Mapping[str, Sequence[int]]
