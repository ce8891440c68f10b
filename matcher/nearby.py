"""People on the ground by cell, so that the nearest can be had in order without looking at everybody."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from geo import cells
from geo.distance import metres_from
from geo.points import LonLat
from matcher.errors import SnapshotOutOfDate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from numpy.typing import NDArray

    from matcher.candidates import Candidate
    from matcher.travel import TravelTimes

_BLOCK_RESOLUTIONS: Final = (8, 7, 6)
_COARSEST_RESOLUTION: Final = 5
_FULL_BLOCK: Final = 48
"""Groups a block should hold on average: opening a block costs the same for one group and for a hundred."""
_SLACK_M: Final = 0.01
"""Far more than the rounding of a great circle, far less than a second's walk."""


@dataclass(frozen=True, slots=True)
class _Block:
    """The people of one coarse cell, grouped by place and mode; coordinates in degrees, WGS84."""

    groups: tuple[tuple[Candidate, ...], ...]
    modes: NDArray[np.str_]
    lons: NDArray[np.float64]
    lats: NDArray[np.float64]


class Nearby:
    """A snapshot of where people are; build it anew when somebody moved, or when a place in it has grown too old.

    Bounds need no property of cells: each coarse cell keeps the radius of its own people around their middle, and
    the triangle inequality does the rest.

    Parameters
    ----------
    people
        Whoever might go; those without any place are left out, as no rule would let them through.
    now, position_age
        When, and how long a place counts.
    """

    def __init__(self, people: Iterable[Candidate], now: datetime, position_age: timedelta) -> None:
        self._taken_at = now
        self._position_age = position_age
        self._holds_until: datetime | None = None
        groups: defaultdict[tuple[LonLat, str], list[Candidate]] = defaultdict(list)
        for person in people:
            place = person.where(now, position_age)
            if place is None:
                continue
            groups[place, person.mode].append(person)
            if place is not person.base_place and person.position_at is not None:
                too_old_at = person.position_at + position_age
                self._holds_until = min(too_old_at, self._holds_until or too_old_at)
        blocks = _blocks_of(sorted(groups))
        self._blocks: list[_Block] = []
        middles: list[LonLat] = []
        radii: list[float] = []
        for cell, keys in sorted(blocks.items()):
            lons = np.array([place.lon for place, _ in keys])
            lats = np.array([place.lat for place, _ in keys])
            modes = np.array([mode for _, mode in keys])
            middle = cells.centre(cell)
            middles.append(middle)
            radii.append(float(metres_from(middle, lons, lats).max()))
            self._blocks.append(_Block(tuple(tuple(groups[key]) for key in keys), modes, lons, lats))
        self._modes = sorted({mode for _, mode in groups})
        self._lons = np.array([middle.lon for middle in middles])
        self._lats = np.array([middle.lat for middle in middles])
        self._radii_m = np.array(radii)

    def check(self, moment: datetime, position_age: timedelta) -> None:
        """Make sure that everybody is still where this snapshot has them.

        Raises
        ------
        SnapshotOutOfDate
            When the moment is earlier than the snapshot, or a place in it counts no longer.
        """
        too_late = self._holds_until is not None and moment > self._holds_until
        if moment < self._taken_at or too_late or position_age != self._position_age:
            raise SnapshotOutOfDate

    def in_order(
        self, destinations: Sequence[LonLat], travel: TravelTimes, at_least: int = 32
    ) -> Iterator[tuple[int, list[Candidate]]]:
        """Yield batches of people with whole seconds that none of them, nor of any later batch, can beat.

        Parameters
        ----------
        destinations
            Meeting points, WGS84; the bound holds for the soonest of them.
        at_least
            How many people to gather before a batch is handed on (the last may be smaller).
        """
        turn = count()
        metres = _nearest(destinations, self._lons, self._lats) - self._radii_m - _SLACK_M
        bounds = self._fastest(np.maximum(metres, 0.0), travel)
        heap: list[tuple[int, int, _Block | tuple[Candidate, ...]]] = [
            (bound, next(turn), block) for bound, block in zip(bounds.tolist(), self._blocks, strict=True)
        ]
        heapq.heapify(heap)
        gathered: list[Candidate] = []
        gathered_bound = 0
        while heap:
            bound, _, node = heapq.heappop(heap)
            if isinstance(node, _Block):
                for child_bound, group in _opened(node, destinations, travel):
                    # A child never promises less than its parent, so batches come in order of their bounds.
                    heapq.heappush(heap, (max(bound, child_bound), next(turn), group))
                continue
            if not gathered:
                gathered_bound = bound
            gathered += node
            if len(gathered) >= at_least:
                yield gathered_bound, gathered
                gathered = []
        if gathered:
            yield gathered_bound, gathered

    def _fastest(self, metres: NDArray[np.float64], travel: TravelTimes) -> NDArray[np.int64]:
        if not self._modes:
            return np.empty(0, dtype=np.int64)
        return _whole(np.minimum.reduce([travel.lower_bound(metres, mode) for mode in self._modes]))


def _blocks_of(keys: Sequence[tuple[LonLat, str]]) -> dict[str, list[tuple[LonLat, str]]]:
    """Put places into the finest cells that are well filled."""
    for resolution in (*_BLOCK_RESOLUTIONS, _COARSEST_RESOLUTION):
        blocks: defaultdict[str, list[tuple[LonLat, str]]] = defaultdict(list)
        for key in keys:
            blocks[cells.cell_at(key[0], resolution)].append(key)
        if len(keys) >= _FULL_BLOCK * len(blocks):
            break
    return blocks


def _whole(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Round a bound down, so that it stays one beside times that are rounded up."""
    return np.floor(seconds).astype(np.int64)


def _nearest(
    destinations: Sequence[LonLat], lons: NDArray[np.float64], lats: NDArray[np.float64]
) -> NDArray[np.float64]:
    metres: NDArray[np.float64] = np.minimum.reduce([metres_from(it, lons, lats) for it in destinations])
    return metres


def _opened(
    block: _Block, destinations: Sequence[LonLat], travel: TravelTimes
) -> list[tuple[int, tuple[Candidate, ...]]]:
    metres = np.maximum(_nearest(destinations, block.lons, block.lats) - _SLACK_M, 0.0)
    bounds = np.empty(len(block.groups), dtype=np.int64)
    for mode in np.unique(block.modes):
        those = block.modes == mode
        bounds[those] = _whole(travel.lower_bound(metres[those], str(mode)))
    return list(zip(bounds.tolist(), block.groups, strict=True))
