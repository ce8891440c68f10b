"""People on the ground by cell, so that the nearest can be had in order without looking at everybody."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from geo import cells
from geo.distance import metres_between, metres_from, metres_from_each
from geo.points import LonLat
from matcher.errors import SnapshotOutOfDate
from matcher.soonest import soonest_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from numpy.typing import NDArray

    from matcher.candidates import Candidate
    from matcher.travel import TravelTimes

    Batches = Iterator[tuple[int, Sequence[Candidate]]]

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
        self, destinations: Sequence[LonLat], travel: TravelTimes, at_least: int = 16
    ) -> Iterator[tuple[int, list[Candidate]]]:
        """Yield batches of people with whole seconds that none of them, nor of any later batch, can beat.

        Parameters
        ----------
        destinations
            Meeting points, WGS84; the bound holds for the soonest of them.
        at_least
            How many people to gather before a batch is handed on (the last may be smaller).
        """
        metres = _nearest(destinations, self._lons, self._lats) - self._radii_m - _SLACK_M
        bounds: list[int] = self._fastest(np.maximum(metres, 0.0), travel).tolist()
        opened = partial(_opened, destinations=destinations, travel=travel)
        return soonest_first(bounds, self._blocks, opened, at_least)

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
    metres: NDArray[np.float64] = metres_from_each(destinations, lons, lats).min(axis=0)
    return metres


def _opened(
    block: _Block, destinations: Sequence[LonLat], travel: TravelTimes
) -> Iterator[tuple[int, tuple[Candidate, ...]]]:
    metres = np.maximum(_nearest(destinations, block.lons, block.lats) - _SLACK_M, 0.0)
    bounds = np.empty(len(block.groups), dtype=np.int64)
    for mode in np.unique(block.modes):
        those = block.modes == mode
        bounds[those] = _whole(travel.lower_bound(metres[those], str(mode)))
    in_turn = np.argsort(bounds, kind="stable")
    for bound, position in zip(bounds[in_turn].tolist(), in_turn.tolist(), strict=True):
        yield bound, block.groups[position]


_OUTERMOST: Final = 5
_FARTHEST_M: Final = 200_000.0


class CellsInOrder:
    """Cells in the order in which somebody in them could be there, for people who live in a database.

    Together the batches hold every res-9 cell from which somebody could be there within the limit, once each; coarser
    cells stand for their descendants (`geo.cells.descendants`). A cell is opened only when its turn comes, so the
    work is the same however many people there are.

    Parameters
    ----------
    destinations
        Meeting points, WGS84; the bounds hold for the soonest of them.
    modes
        The ways in which people may travel.
    """

    def __init__(
        self, destinations: Sequence[LonLat], travel: TravelTimes, modes: Sequence[str], limit_s: float
    ) -> None:
        self._limit_s = limit_s
        self._bounds = partial(_bounds_of, destinations=destinations, travel=travel, modes=modes)
        first = _outermost(destinations, travel, modes, limit_s)
        self._heap = list(zip(self._bounds(first), first, strict=True))
        heapq.heapify(self._heap)

    def take(self, wanted: int, finest: int) -> tuple[int, list[int]]:
        """Return the next cell numbers, with whole seconds that nobody in them, nor in any later ones, can beat.

        Parameters
        ----------
        wanted
            How many cells; fewer come at the end of the reach, none after it.
        finest
            The resolution to which cells are opened, 9 at most; coarser ones hold more ground each.
        """
        gathered: list[int] = []
        gathered_bound = 0
        while len(gathered) < wanted and self._heap and self._heap[0][0] <= self._limit_s:
            bound, number = heapq.heappop(self._heap)
            if cells.resolution_of_number(number) < finest:
                inner = cells.child_numbers(number)
                for inner_bound, child in zip(self._bounds(inner), inner, strict=True):
                    # A child never promises less than its parent, so cells come in order of their bounds.
                    heapq.heappush(self._heap, (max(bound, inner_bound), child))
                continue
            if not gathered:
                gathered_bound = bound
            gathered.append(number)
        return gathered_bound, gathered


def cells_within(
    destinations: Sequence[LonLat], travel: TravelTimes, mode: str, limit_s: float, resolution: int
) -> list[int]:
    """Return the numbers of all cells of a resolution from which somebody might be there within the limit, sorted."""
    found = _outermost(destinations, travel, (mode,), limit_s)
    for finer in range(_OUTERMOST, resolution + 1):
        if finer > _OUTERMOST:
            found = [child for number in found for child in cells.child_numbers(number)]
        bounds = _bounds_of(found, destinations, travel, (mode,))
        found = [number for bound, number in zip(bounds, found, strict=True) if bound <= limit_s]
    return sorted(found)


def _outermost(destinations: Sequence[LonLat], travel: TravelTimes, modes: Sequence[str], limit_s: float) -> list[int]:
    """Return coarse cells that hold everywhere from where somebody could be there within the limit."""
    spread_m = max(metres_between(destinations[0], place) for place in destinations)
    outward_m = _reach_m(travel, modes, limit_s) + spread_m + cells.DESCENDANT_REACH_M[_OUTERMOST]
    # Rings of k steps reach at least 1.5 edges a step, and cells of one resolution differ by up to a third in edge.
    steps = math.ceil(outward_m / cells.edge_m(_OUTERMOST)) + 1
    return cells.disk_numbers(cells.number_at(destinations[0], _OUTERMOST), steps)


def _bounds_of(
    numbers: Sequence[int], destinations: Sequence[LonLat], travel: TravelTimes, modes: Sequence[str]
) -> list[int]:
    """Return for cells of one resolution whole seconds that nobody in them can beat."""
    if not numbers:
        return []
    sure_m = cells.DESCENDANT_REACH_M[cells.resolution_of_number(numbers[0])] + _SLACK_M
    metres = np.maximum(_nearest(destinations, *cells.centres(numbers)) - sure_m, 0.0)
    bounds: list[int] = _whole(np.minimum.reduce([travel.lower_bound(metres, mode) for mode in modes])).tolist()
    return bounds


def _reach_m(travel: TravelTimes, modes: Sequence[str], limit_s: float) -> float:
    """Return metres from which nobody could be there within the limit."""
    metres = np.geomspace(100.0, _FARTHEST_M, 96)
    soonest = np.minimum.reduce([travel.lower_bound(metres, mode) for mode in modes])
    beyond = np.flatnonzero(soonest > limit_s)
    return float(metres[beyond[0]]) if beyond.size else _FARTHEST_M
