"""An exact place made safe to show: the centre of its cell, and counts too large to point at anybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from geo.cells import cell_at, centre, parent, resolution_of
from geo.errors import TooFewToShow
from geo.points import LonLat

PUBLIC_RESOLUTION = 7
"""The resolution at which a place may be shown outside the desk."""

FEWEST_INCIDENTS = 5
"""No count below this is ever shown inside the network."""

FEWEST_REPORTERS = 3
"""No count is shown that rests on fewer reporters than this."""


STEP = FEWEST_INCIDENTS
"""Counts are said in steps of this many. Whatever two answers differ by is then nothing or at least the minimum; said
exactly, a total beside its parts gives away the few who were left out of them."""


def in_steps(count: int) -> int:
    """Return a count as it is said: the nearest multiple of five."""
    return STEP * ((count + STEP // 2) // STEP)


def obscured(place: LonLat, resolution: int = PUBLIC_RESOLUTION) -> LonLat:
    """Return the centre of the cell that holds `place` (WGS84): one answer for all of it, so nothing averages out."""
    return centre(cell_at(place, resolution))


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in one cell.

    Attributes
    ----------
    incidents
        Number of incidents.
    reporters
        The largest number of distinct reporters proven for any one incident or cell-week in it. Never a sum: sums
        would count one person twice.
    """

    incidents: int
    reporters: int

    def joined(self, other: Tally) -> Tally:
        """Return both together."""
        return Tally(self.incidents + other.incidents, max(self.reporters, other.reporters))


@dataclass(frozen=True, slots=True)
class Shown:
    """Counts that may be shown, by cell of mixed resolution, and whether anything is left out altogether.

    No incident is in two of the counts: a cell with finer cells shown beside it holds the rest only. How much is
    left out is not said, for that is a small count too.
    """

    counts: Mapping[str, int]
    withheld: bool


def k_anonymous(
    tallies: Mapping[str, Tally],
    coarsest: int = 5,
    fewest_incidents: int = FEWEST_INCIDENTS,
    fewest_reporters: int = FEWEST_REPORTERS,
) -> Shown:
    """Return the counts that may be shown; small ones roll up to their parents.

    A cell shows only with enough incidents and enough reporters. What is too small rolls up to its parent; a lone
    cell rolled up takes a second one, the smallest of its siblings, with it, else the parent's total minus the
    siblings would give it away. What is still too small at `coarsest` is withheld, and never alone: the smallest
    count shown there is withheld with it.

    Parameters
    ----------
    tallies
        Counts by cell, all of one resolution.
    coarsest
        The resolution at which rolling up ends.
    fewest_incidents, fewest_reporters
        The minimum; may be raised, not lowered.

    Raises
    ------
    TooFewToShow
        When a minimum is below five incidents or three reporters.
    """
    if fewest_incidents < FEWEST_INCIDENTS or fewest_reporters < FEWEST_REPORTERS:
        raise TooFewToShow
    counts: dict[str, int] = {}
    waiting = {cell: tally for cell, tally in tallies.items() if tally.incidents > 0}
    resolution = max((resolution_of(cell) for cell in waiting), default=coarsest)
    while waiting:
        enough = {
            cell
            for cell, tally in waiting.items()
            if tally.incidents >= fewest_incidents and tally.reporters >= fewest_reporters
        }
        hidden = waiting.keys() - enough
        if resolution > coarsest:
            hidden = _with_company(waiting, enough, resolution - 1)
        counts |= {cell: tally.incidents for cell, tally in waiting.items() if cell not in hidden}
        if resolution <= coarsest:
            if len(hidden) == 1 and counts:
                del counts[min(counts, key=lambda cell: (counts[cell], cell))]
            return Shown(counts, withheld=bool(hidden))
        resolution -= 1
        rolled: dict[str, Tally] = {}
        for cell in sorted(hidden):
            above = parent(cell, resolution)
            rolled[above] = rolled[above].joined(waiting[cell]) if above in rolled else waiting[cell]
        waiting = rolled
    return Shown(counts, withheld=False)


def _with_company(tallies: Mapping[str, Tally], enough: set[str], above: int) -> set[str]:
    """Return the cells to roll up: those with too little, and a second one where a parent would get only one."""
    families: dict[str, set[str]] = defaultdict(set)
    for cell in tallies:
        families[parent(cell, above)].add(cell)
    hidden = tallies.keys() - enough
    for family in families.values():
        others = family - hidden
        if len(family & hidden) == 1 and others:
            hidden = hidden | {min(others, key=lambda cell: (tallies[cell].incidents, cell))}
    return set(hidden)
