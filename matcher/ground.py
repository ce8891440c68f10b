"""Everybody by cell as one process remembers them: a view stays as it is while the next one takes in what changed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from geo import cells
from geo.distance import metres_from_each
from matcher.soonest import soonest_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from numpy.typing import NDArray

    from geo.points import LonLat
    from matcher.candidates import Candidate
    from matcher.travel import TravelTimes

_PLACES: Final = 9
"""The resolution at which places are known."""
_RESOLUTIONS: Final = (8, 7, 6)
_FULL_BLOCK: Final = 48
"""Places a block should hold on average: opening a block costs the same for one place and for a hundred."""
_SLACK_M: Final = 0.01
_GROWN: Final = 3
"""The size of blocks is chosen anew when so many times as many people are known, or so many times fewer."""

Key = tuple[int, str]
Change = tuple["Known | None", "Known | None"]
"""A person as they were known, and as they are now; None where they were not known, or are no more."""


@dataclass(frozen=True, slots=True)
class Known:
    """A person as they were read: the candidate, their account, and the res-9 cells they may stand in, 0 for none.

    `started` says when each of their dispatches of the last days began, `asked` when they were asked, latest first, so
    that the load of seven days and the offers of one can be told at any moment.
    """

    candidate: Candidate
    account_id: int
    here: int
    base: int
    started: tuple[datetime, ...]
    asked: tuple[datetime, ...] = ()

    def spots(self) -> tuple[Key, ...]:
        """Return the cells they may stand in, with their mode."""
        mode = self.candidate.mode
        return tuple((cell, mode) for cell in dict.fromkeys((self.here, self.base)) if cell)

    def stands_at(self, now: datetime, position_age: timedelta) -> int:
        """Return the cell they are in at a moment: where they were seen, while that counts, else their base."""
        seen_at = self.candidate.position_at
        if self.here and seen_at is not None and now - seen_at <= position_age:
            return self.here
        return self.base


@dataclass(frozen=True, slots=True)
class _Block:
    """The people of one coarse cell by place and mode; the arrays are those of the places, in the order of the keys."""

    people: Mapping[Key, tuple[Known, ...]]
    keys: tuple[Key, ...]
    by_mode: tuple[tuple[str, NDArray[np.int64]], ...]
    lons: NDArray[np.float64]
    lats: NDArray[np.float64]

    @classmethod
    def of(cls, people: Mapping[Key, tuple[Known, ...]]) -> _Block:
        keys = tuple(sorted(people))
        lons, lats = cells.centres([cell for cell, _ in keys])
        modes = np.array([mode for _, mode in keys])
        by_mode = tuple((mode, np.flatnonzero(modes == mode)) for mode in sorted(set(modes.tolist())))
        return cls(people, keys, by_mode, lons, lats)

    def with_people(self, people: Mapping[Key, tuple[Known, ...]]) -> _Block:
        """Return a block with other people, sharing what follows from the places where these are the same."""
        if people.keys() == self.people.keys():
            return _Block(people, self.keys, self.by_mode, self.lons, self.lats)
        return _Block.of(people)


class Ground:
    """Everybody by cell; it never changes, `changed` returns the next one and shares all that stayed as it was."""

    def __init__(self, people: Iterable[Known] = ()) -> None:
        everybody = list(people)
        self._size = self._chosen_for = len(everybody)
        self._resolution = _resolution_for({key for person in everybody for key in person.spots()})
        grouped: defaultdict[int, defaultdict[Key, list[Known]]] = defaultdict(lambda: defaultdict(list))
        keep, fill = cells.ancestor_mask(_PLACES, self._resolution)
        for person in everybody:
            for key in person.spots():
                grouped[key[0] & keep | fill][key].append(person)
        self._blocks = {
            number: _Block.of({key: tuple(group) for key, group in sorted(groups.items())})
            for number, groups in sorted(grouped.items())
        }
        self._modes = frozenset(key[1] for block in self._blocks.values() for key in block.keys)
        self._lons, self._lats = cells.centres(list(self._blocks))

    def changed(self, changes: Sequence[Change]) -> Ground:
        """Return the ground after some people changed, came or went."""
        leaving: defaultdict[Key, set[int]] = defaultdict(set)
        coming: defaultdict[Key, list[Known]] = defaultdict(list)
        size = self._size
        for before, after in changes:
            size += (after is not None) - (before is not None)
            for key in before.spots() if before else ():
                leaving[key].add(before.candidate.responder_id if before else 0)
            for key in after.spots() if after else ():
                coming[key].append(after)  # type: ignore[arg-type]  # there are keys only where there is somebody
        touched: defaultdict[int, set[Key]] = defaultdict(set)
        keep, fill = cells.ancestor_mask(_PLACES, self._resolution)
        for key in {*leaving, *coming}:
            touched[key[0] & keep | fill].add(key)
        blocks = dict(self._blocks)
        for number, keys in touched.items():
            known = blocks.get(number)
            people = dict(known.people) if known else {}
            for key in keys:
                gone = leaving[key]
                stay = [each for each in people.pop(key, ()) if each.candidate.responder_id not in gone]
                if stay or coming[key]:
                    people[key] = (*stay, *coming[key])
            if people:
                blocks[number] = known.with_people(people) if known else _Block.of(people)
            else:
                blocks.pop(number, None)
        return self._next(blocks, size, {mode for _, mode in coming})

    def _next(self, blocks: dict[int, _Block], size: int, modes: set[str]) -> Ground:
        if not self._chosen_for // _GROWN <= size <= _GROWN * self._chosen_for + _FULL_BLOCK:
            everybody = {
                person.candidate.responder_id: person
                for block in blocks.values()
                for group in block.people.values()
                for person in group
            }
            return Ground(everybody.values())
        after = Ground.__new__(Ground)
        same_places = blocks.keys() == self._blocks.keys()
        after.__dict__.update(self.__dict__)
        after.__dict__.update(_size=size, _blocks=blocks, _modes=self._modes | modes)
        if not same_places:
            lons, lats = cells.centres(list(blocks))
            after.__dict__.update(_lons=lons, _lats=lats)
        return after

    def in_order(
        self,
        destinations: Sequence[LonLat],
        travel: TravelTimes,
        now: datetime,
        position_age: timedelta,
        at_least: int = 16,
    ) -> Iterator[tuple[int, list[Known]]]:
        """Yield batches of people with whole seconds that none of them, nor of any later batch, can beat.

        Parameters
        ----------
        destinations
            Meeting points, WGS84; the bound holds for the soonest of them.
        at_least
            How many people to gather before a batch is handed on (the last may be smaller).
        """

        def opened(block: _Block) -> Iterator[tuple[int, list[Known]]]:
            for bound, key in _places(block, destinations, travel):
                yield bound, [person for person in block.people[key] if person.stands_at(now, position_age) == key[0]]

        return soonest_first(self._bounds(destinations, travel), self._blocks.values(), opened, at_least)

    def _bounds(self, destinations: Sequence[LonLat], travel: TravelTimes) -> list[int]:
        if not self._blocks:
            return []
        sure_m = cells.DESCENDANT_REACH_M[self._resolution] + _SLACK_M
        metres = np.maximum(metres_from_each(destinations, self._lons, self._lats).min(axis=0) - sure_m, 0.0)
        soonest = np.minimum.reduce([travel.lower_bound(metres, mode) for mode in sorted(self._modes)])
        bounds: list[int] = np.floor(soonest).astype(np.int64).tolist()
        return bounds


def _resolution_for(keys: set[Key]) -> int:
    """Return the finest resolution at which blocks are well filled."""
    for resolution in _RESOLUTIONS:
        keep, fill = cells.ancestor_mask(_PLACES, resolution)
        if len(keys) >= _FULL_BLOCK * len({cell & keep | fill for cell, _ in keys}):
            return resolution
    return _RESOLUTIONS[-1]


def _places(block: _Block, destinations: Sequence[LonLat], travel: TravelTimes) -> Iterator[tuple[int, Key]]:
    """Return the places of a block with their bounds, soonest first."""
    metres = np.maximum(metres_from_each(destinations, block.lons, block.lats).min(axis=0) - _SLACK_M, 0.0)
    bounds = np.empty(len(block.keys), dtype=np.int64)
    for mode, those in block.by_mode:
        bounds[those] = np.floor(travel.lower_bound(metres[those], mode)).astype(np.int64)
    in_turn = np.argsort(bounds, kind="stable")
    return zip(bounds[in_turn].tolist(), map(block.keys.__getitem__, in_turn.tolist()), strict=True)
