"""People from many places in the order of their bounds, opening a block of places only when its turn comes."""

from __future__ import annotations

import heapq
from itertools import count, repeat
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_Block = TypeVar("_Block")
_Person = TypeVar("_Person")


def soonest_first(
    bounds: Iterable[int],
    blocks: Iterable[_Block],
    opened: Callable[[_Block], Iterator[tuple[int, Sequence[_Person]]]],
    at_least: int,
) -> Iterator[tuple[int, list[_Person]]]:
    """Yield batches of people with whole seconds that none of them, nor of any later batch, can beat.

    Parameters
    ----------
    bounds, blocks
        For each block what nobody in it can beat.
    opened
        Returns the places of a block one by one, soonest first: the bound of each and who is there. Mostly few are
        drawn, so the others are never touched.
    at_least
        How many people to gather before a batch is handed on (the last may be smaller).
    """
    unopened: Iterator[tuple[int, Sequence[_Person]]] = iter(())
    turn = count()
    gathered: list[_Person] = []
    gathered_bound = 0
    waiting: list[tuple[int, int, _Block, Sequence[_Person] | None, Iterator[tuple[int, Sequence[_Person]]]]]
    waiting = list(zip(bounds, turn, blocks, repeat(None), repeat(unopened), strict=False))
    heapq.heapify(waiting)
    while waiting:
        bound, _, block, people, later = waiting[0]
        if people is None:
            later = opened(block)
        following = next(later, None)
        if following is None:
            heapq.heappop(waiting)
        else:
            # A place never promises less than its block, so batches come in order of their bounds.
            heapq.heapreplace(waiting, (max(bound, following[0]), next(turn), block, following[1], later))
        if not people:
            continue
        if not gathered:
            gathered_bound = bound
        gathered += people
        if len(gathered) >= at_least:
            yield gathered_bound, gathered
            gathered = []
    if gathered:
        yield gathered_bound, gathered
