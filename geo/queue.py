"""The order in which people look at incidents: what strangers send can never hide what others vouched for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Final

_VOUCHED_TO_ONE: Final = 2
"""So many incidents with one vouched lineage come before each one that nobody vouched for, while there are any."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An incident as the queue sees it.

    Attributes
    ----------
    id
        The incident's id.
    step
        0 for what comes first, then 1; 2 for what waits in fair turns; 3 for what comes last.
    lineage
        The one lineage that vouches for it, None where nobody does or several do.
    vouched_groups
        Independent groups that vouch for it.
    standing, queue
        Its score; the queue decides only among incidents that nobody vouched for.
    cell
        Its cell of resolution 6.
    gravity
        How grave it is, in log-odds (`geo.gravity`); counts only where somebody vouched for a report.
    """

    id: int
    step: int
    lineage: int | None
    vouched_groups: int
    standing: float
    queue: float
    cell: Hashable
    gravity: float = 0.0


def in_order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """Return incidents in the order in which people should look at them.

    First by state, those with more voices before others, and among equals by standing and how grave it is together; no
    number of reports that nobody vouched for counts here. Then what waits: two incidents that one lineage vouches for,
    then one that nobody does, and so on. The first come in turns of lineages and the others in turns of cells, the best
    of each first, so that neither a busy lineage nor a flooded neighbourhood can fill the top.
    """
    everything = list(waiting)
    settled = sorted((each for each in everything if each.step < _WAITS), key=_by_standing)
    rest = [each for each in everything if each.step == _WAITS]
    last = sorted((each for each in everything if each.step > _WAITS), key=_by_standing)
    vouched = _in_turns([each for each in rest if each.vouched_groups], _by_standing, _lineage)
    strangers = _in_turns([each for each in rest if not each.vouched_groups], _by_queue, _cell)
    return [*settled, *_interleaved(vouched, strangers), *last]


_WAITS: Final = 2


def _by_standing(each: Waiting) -> tuple[int, int, float, int]:
    # A grave word costs nothing to say: it counts where somebody vouched for whoever says it.
    gravity = each.gravity if each.vouched_groups else 0.0
    return (each.step, -each.vouched_groups, -(each.standing + gravity), each.id)


def _by_queue(each: Waiting) -> tuple[int, int, float, int]:
    return (each.step, 0, -each.queue, each.id)


def _lineage(each: Waiting) -> Hashable:
    # Several lineages behind one incident crowd out nobody: each such incident has a turn of its own.
    return ("lineage", each.lineage) if each.lineage is not None else ("incident", each.id)


def _cell(each: Waiting) -> Hashable:
    return each.cell


def _in_turns(
    some: Iterable[Waiting],
    key: Callable[[Waiting], tuple[int, int, float, int]],
    side: Callable[[Waiting], Hashable],
) -> list[Waiting]:
    """Return the best of each side, then the second of each, and so on."""
    seen: dict[Hashable, int] = defaultdict(int)
    turns: list[tuple[int, tuple[int, int, float, int], Waiting]] = []
    for each in sorted(some, key=key):
        turns.append((seen[side(each)], key(each), each))
        seen[side(each)] += 1
    return [each for _, _, each in sorted(turns, key=lambda turn: turn[:2])]


def _interleaved(vouched: list[Waiting], strangers: list[Waiting]) -> list[Waiting]:
    order: list[Waiting] = []
    left = iter(strangers)
    for number, each in enumerate(vouched, 1):
        order.append(each)
        if number % _VOUCHED_TO_ONE == 0:
            order += [stranger for stranger in [next(left, None)] if stranger is not None]
    return [*order, *left]
