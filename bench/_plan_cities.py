"""The cities that plans are measured on: incidents spread out, or all in one place, and people everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from geo import cells
from geo.distance import moved
from geo.points import LonLat
from matcher.candidates import Candidate, Mode, Scene
from matcher.meeting import meeting_points
from matcher.plan import Site

if TYPE_CHECKING:
    from matcher.policy import PairPolicy

_MIDDLE: Final = LonLat(-93.26, 44.97)
_HALF_M: Final = 12_000.0
_SPREAD_M: Final = 9_600.0
_HOTSPOT_M: Final = 800.0
_NOW: Final = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_MODES: Final[tuple[Mode, ...]] = ("foot", "bicycle", "car")
_SPOKEN: Final = ("es", "so", "hmn")
_LINEAGES: Final = 12


@dataclass(frozen=True, slots=True)
class City:
    """One instance of a plan."""

    name: str
    people: list[Candidate]
    sites: list[Site]
    seed: int

    @property
    def case(self) -> str:
        """Its name with its size."""
        return f"{self.name}: {len(self.sites)} incidents, {len(self.people):,} people"


def city(name: str, sites: int, people: int, policy: PairPolicy, seed: int) -> City:
    """Make a city; in a `hotspot` all incidents lie within 800 m of the middle, otherwise within 9.6 km."""
    dice = np.random.default_rng([seed, sites, people])
    half_m = _HOTSPOT_M if "hotspot" in name else _SPREAD_M
    roster = [_person(number, people, dice) for number in range(people)]
    places = [moved(_MIDDLE, *dice.uniform(-half_m, half_m, 2).tolist()) for _ in range(sites)]
    scenes = [Scene(place=place, now=_NOW) for place in places]
    open_sites = [
        Site(incident_id=number, scene=scene, meeting_points=meeting_points(scene, policy))
        for number, scene in enumerate(scenes)
    ]
    return City(name, roster, open_sites, seed)


def _person(number: int, people: int, dice: np.random.Generator) -> Candidate:
    """Return somebody: a third observe, most speak English, everybody avoids somebody and knows somebody."""
    later = _NOW + timedelta(days=90)
    place = moved(_MIDDLE, *dice.uniform(-_HALF_M, _HALF_M, 2).tolist())
    second = _SPOKEN[dice.integers(len(_SPOKEN))]
    return Candidate(
        responder_id=number,
        place=cells.centre(cells.cell_at(place, 9)),
        position_at=_NOW,
        mode=_MODES[dice.choice(3, p=(0.4, 0.2, 0.4))],
        observer_until=later if dice.random() < 1 / 3 else None,
        trained_until=later,
        languages=frozenset((second,)) if dice.random() < 0.1 else frozenset(("en", second)),
        available_until=later,
        load_7d=float(dice.choice(4, p=(0.5, 0.3, 0.15, 0.05))),
        cleared_total=int(dice.integers(12)),
        avoids=frozenset(dice.integers(people, size=2).tolist()),
        worked_with=frozenset(dice.integers(people, size=2).tolist()),
        lineage=int(dice.integers(_LINEAGES)),
    )
