"""An invented city to report from: quarters that draw people, and addresses where things happen again and again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geo.distance import moved
from geo.points import LonLat

if TYPE_CHECKING:
    from random import Random

HOME = LonLat(-93.2, 44.9)
_HALF_WIDTH_M = 4_500.0
_QUARTERS = 60
_QUARTER_SD_M = (150.0, 900.0)
_AGAIN = 0.15
_BLOCK_M = 60.0


@dataclass(slots=True)
class Ground:
    """Draws places; `crowding` 2 puts the same number of incidents on half the ground."""

    rng: Random
    crowding: float = 1.0
    _quarters: list[tuple[float, float, float]] = field(default_factory=list)
    _weights: list[float] = field(default_factory=list)
    _used: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        half = _HALF_WIDTH_M / math.sqrt(self.crowding)
        shrink = 1.0 / math.sqrt(self.crowding)
        for _ in range(_QUARTERS):
            spread = self.rng.uniform(*_QUARTER_SD_M) * shrink
            self._quarters.append((self.rng.uniform(-half, half), self.rng.uniform(-half, half), spread))
            self._weights.append(self.rng.lognormvariate(0.0, 0.9))

    def address(self) -> LonLat:
        """Return where something happens: often in the same quarters, now and then at the same address again."""
        if self._used and self.rng.random() < _AGAIN:
            east, north = self.rng.choice(self._used)
        else:
            middle_east, middle_north, spread = self.rng.choices(self._quarters, self._weights)[0]
            east = round(self.rng.gauss(middle_east, spread) / _BLOCK_M) * _BLOCK_M
            north = round(self.rng.gauss(middle_north, spread) / _BLOCK_M) * _BLOCK_M
            self._used.append((east, north))
        return moved(HOME, east, north)

    def off(self, place: LonLat, sd_m: float) -> LonLat:
        """Return a pin that is off by `sd_m` metres (standard deviation) each way."""
        return moved(place, self.rng.gauss(0.0, sd_m), self.rng.gauss(0.0, sd_m))
