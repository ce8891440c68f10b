"""Where pairs can be within some minutes, and the gaps: nobody goes alone, so people are counted in twos."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from geo import cells
from geo.distance import metres_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_PAIRS = 3
"""Counts stop here ("3+"): more would begin to tell how many people are where."""

DETOUR = 1.3
"""Streets are this much longer than the crow flies."""

GETTING_GOING_S = 90.0

SPEED_MPS: Mapping[str, float] = {"foot": 1.35, "bicycle": 4.2, "car": 9.0}
"""Metres per second by mode, before `DETOUR`; a car's is a city's average, lights and parking included."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """One person as coverage sees them: a cell, never a point, and the seats they are trained for.

    `refuses` holds the ids of people with whom they do not go; either side's refusal counts.
    """

    id: int
    cell: str
    mode: str
    observer: bool
    buddy: bool = True
    refuses: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class CellCoverage:
    """How many disjoint pairs can reach a cell in time, at most 3; a gap is a cell that no pair can reach."""

    cell: str
    pairs: int
    gap: bool


def coverage(
    ground: Sequence[str],
    people: Sequence[OnCall],
    *,
    minutes: float,
    speed_mps: Mapping[str, float] = SPEED_MPS,
) -> list[CellCoverage]:
    """Return for each cell of the ground how many pairs can reach it, in the order of the cells given.

    Parameters
    ----------
    ground
        The cells of the zones at resolution 8, as `zones.index.cells_of` returns them.
    people
        Everybody on call; order does not matter.
    minutes
        How long a pair may take, both to arrive, from cell centre to cell centre.
    speed_mps
        Metres per second by mode; a mode that is missing here walks.
    """
    if not people:
        return [CellCoverage(cell, 0, gap=True) for cell in ground]
    centres = [cells.centre(person.cell) for person in people]
    lons = np.array([place.lon for place in centres])
    lats = np.array([place.lat for place in centres])
    reach_m = np.array([_reach_m(person.mode, minutes, speed_mps) for person in people])
    observers = np.array([person.observer for person in people])
    buddies = np.array([person.buddy for person in people])
    unwilling = any(person.refuses for person in people)
    covered = []
    for cell in ground:
        there = metres_from(cells.centre(cell), lons, lats) <= reach_m
        if unwilling:
            pairs = pairs_among([people[position] for position in np.flatnonzero(there).tolist()])
        else:
            pairs = _pairs_by_seats(observers[there], buddies[there])
        covered.append(CellCoverage(cell, pairs, gap=pairs == 0))
    return covered


def pairs_among(people: Collection[OnCall]) -> int:
    """Return the largest number of disjoint pairs that may go together, exact, cut off at 3.

    When nobody refuses another this is min(observers, buddies, half the people). Otherwise pairs are taken greedily;
    a greedy choice of fewer than 3 pairs touches every possible pair (it is maximal), so the best one lies among
    those at most four people and a few partners of each, and is found by trying.
    """
    seated = sorted((person for person in people if person.observer or person.buddy), key=lambda person: person.id)
    ids = {person.id for person in seated}
    if not any(person.refuses & ids for person in seated):
        return _pairs_by_seats(
            np.array([person.observer for person in seated], dtype=bool),
            np.array([person.buddy for person in seated], dtype=bool),
        )
    greedy = _greedy_pairs(seated)
    if len(greedy) >= MOST_PAIRS:
        return MOST_PAIRS
    return _best_among(_kernel(seated, [person for pair in greedy for person in pair]), MOST_PAIRS)


def may_go_together(one: OnCall, other: OnCall) -> bool:
    """Say whether two people fill both seats, one observer and one buddy, and neither refuses the other."""
    seats = (one.observer and other.buddy) or (other.observer and one.buddy)
    return seats and other.id not in one.refuses and one.id not in other.refuses


def _reach_m(mode: str, minutes: float, speed_mps: Mapping[str, float]) -> float:
    on_the_way_s = minutes * 60 - GETTING_GOING_S
    speed = speed_mps.get(mode, speed_mps.get("foot", SPEED_MPS["foot"]))
    return on_the_way_s * speed / DETOUR if on_the_way_s >= 0 else -1.0


def _pairs_by_seats(observers: NDArray[np.bool_], buddies: NDArray[np.bool_]) -> int:
    seated = int(np.count_nonzero(observers | buddies))
    return min(int(np.count_nonzero(observers)), int(np.count_nonzero(buddies)), seated // 2, MOST_PAIRS)


def _greedy_pairs(people: Sequence[OnCall]) -> list[tuple[OnCall, OnCall]]:
    """Return a maximal set of disjoint pairs, or the first three of one."""
    free = list(people)
    pairs: list[tuple[OnCall, OnCall]] = []
    while free and len(pairs) < MOST_PAIRS:
        one = free.pop(0)
        partner = next((other for other in free if may_go_together(one, other)), None)
        if partner is not None:
            free.remove(partner)
            pairs.append((one, partner))
    return pairs


def _kernel(people: Sequence[OnCall], touched: list[OnCall]) -> list[tuple[int, int]]:
    """Return enough possible pairs to hold a best choice: every pair has a touched person, and few partners each do."""
    inside = {person.id for person in touched}
    edges = [(one.id, other.id) for one, other in combinations(touched, 2) if may_go_together(one, other)]
    for one in touched:
        partners = [other.id for other in people if other.id not in inside and may_go_together(one, other)]
        # The other touched people take at most len(touched) - 1 of them.
        edges += [(one.id, partner) for partner in partners[: len(touched)]]
    return edges


def _best_among(edges: Sequence[tuple[int, int]], most: int) -> int:
    best = 0
    for position, (one, other) in enumerate(edges):
        if best >= most:
            break
        rest = [edge for edge in edges[position + 1 :] if not {one, other} & set(edge)]
        best = max(best, 1 + _best_among(rest, most - 1) if most > 1 else 1)
    return best
