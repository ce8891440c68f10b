"""What every pair costs at one site, and the cheapest of them at given prices of people, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.candidates import Candidate
from matcher.cost import pair_terms
from matcher.eligibility import NEVER_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from matcher.plan.columns import Column
    from matcher.plan.crowd import Crowd
    from matcher.plan.sites import Site
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes

UNIT: Final = 1024
"""Units in a second: costs are whole seconds, prices of people are rounded to units, all sums stay whole numbers."""
NONE: Final = 2**30
"""Units that stand for "these two do not go together here"; twice a price of `TAKEN` still fits above it."""
TAKEN: Final = 2**28
"""Price of a person who may not be used; more than any pair or unserved incident may cost."""
_FIRST_OBSERVERS: Final = 64
_FIRST_BUDDIES: Final = 128
_MOST_CELLS: Final = 4_000_000
"""Pairs kept for one site; beyond it the bound stays true but may be looser."""
_HIGH: Final = np.int64(2**40)


@dataclass(frozen=True, slots=True)
class Offers:
    """The cheapest pair for each observer of one site at some prices; units, and rows of the crowd.

    `least` is a lower bound on what any pair costs here at these prices; `exact` says that it is one pair's cost.
    """

    least: int
    exact: bool
    costs: NDArray[np.int64]
    observers: NDArray[np.intp]
    buddies: NDArray[np.intp]
    own_costs: NDArray[np.int64]

    def worth(self, prices: NDArray[np.float64], pays: float) -> NDArray[np.bool_]:
        """Say for each whether, at other prices of people, it costs less than the site pays."""
        found: NDArray[np.bool_] = self.own_costs + prices[self.observers] + prices[self.buddies] < pays
        return found

    def best(self, site: int, most: int, reach: int, among: NDArray[np.bool_] | None = None) -> list[Column]:
        """Return up to `most` of these below `reach` as columns, cheapest first, ties in order of distance and id."""
        good = self.costs < reach
        rows = np.flatnonzero(good if among is None else good & among)
        rows = rows[np.argsort(self.costs[rows], kind="stable")[:most]]
        columns = (self.observers[rows], self.buddies[rows], self.own_costs[rows])
        return [(site, *it) for it in zip(*(column.tolist() for column in columns), strict=True)]


class SiteCosts:
    """The costs of pairs at one site as a matrix, observers by buddies, of those who are near enough to matter.

    Whoever is left out is farther than the last one kept, so every pair with them costs at least that person's
    seconds and penalties and the cheapest partner's. When a price makes that bound too low to prove the cheapest
    pair, the matrix grows. Nobody is left out without this proof.
    """

    def __init__(self, crowd: Crowd, site: Site, column: int, policy: PairPolicy, travel: TravelTimes) -> None:
        self._crowd = crowd
        self._site = site
        self._travel = travel
        self._limit_s = int(policy.eta_limit.total_seconds())
        stranger, twin = Candidate(responder_id=0), Candidate(responder_id=1)
        self._unfamiliar_s, self._one_voice_s = pair_terms(stranger, twin, site.scene, policy)
        may_go = np.flatnonzero(crowd.least_s[:, column] < NEVER_S)
        own_s = crowd.own_s[:, column].astype(np.int64)
        least_s = crowd.least_s[may_go, column] + own_s[may_go]
        # Stable: people of equal worth stay in the order of their ids.
        ordered = may_go[np.argsort(least_s, kind="stable")]
        self.may_go = may_go
        self._own = own_s
        self._least = crowd.least_s[:, column] + own_s
        self._observers = ordered[crowd.observes[ordered]]
        self._buddies = ordered[crowd.buddies[ordered]]
        self._rows = self._columns = np.empty(0, dtype=np.intp)
        self._matrix = np.empty((0, 0), dtype=np.int32)
        self._least_partner_own = self._own[may_go].min(initial=0)
        self._resize(_FIRST_OBSERVERS, _FIRST_BUDDIES)

    @property
    def complete(self) -> bool:
        """Whether everybody who may come is in the matrix."""
        return len(self._rows) == len(self._observers) and len(self._columns) == len(self._buddies)

    def has_pair(self) -> bool:
        """Say whether any two may go; grows until it knows."""
        return self.price(np.zeros(len(self._crowd.people), dtype=np.int32), TAKEN).least < TAKEN

    def price(self, prices: NDArray[np.int32], most: int) -> Offers:
        """Return the cheapest pairs at these prices of people (units, by row of the crowd, none negative).

        Parameters
        ----------
        most
            Pairs that cost this much or more do not matter; neither does the exact cost then.
        """
        while True:
            offers = self._price_once(prices, most)
            if offers.exact or not self._grow(prices, min(most, int(offers.costs.min(initial=NONE)))):
                return offers

    def below(self, prices: NDArray[np.int32], reach: int) -> tuple[bool, list[tuple[int, int, int]]]:
        """Return every pair that costs less than `reach` at these prices: observer, buddy, cost without prices.

        The first word says whether none is missing.
        """
        while min(self._outside(prices)) < reach:
            if not self._grow(prices, reach):
                break
        if not self._matrix.size:
            return min(self._outside(prices)) >= reach, []
        priced = self._matrix + prices[self._columns] + prices[self._rows, None]
        rows, columns = np.nonzero(priced < reach)
        costs = self._matrix[rows, columns]
        found = zip(self._rows[rows].tolist(), self._columns[columns].tolist(), costs.tolist(), strict=True)
        return min(self._outside(prices)) >= reach, list(found)

    def _price_once(self, prices: NDArray[np.int32], most: int) -> Offers:
        rows, columns = self._rows, self._columns
        if rows.size and columns.size:
            priced = self._matrix + prices[columns]
            best = priced.argmin(axis=1)
            costs = priced[np.arange(len(rows)), best].astype(np.int64) + prices[rows]
            own_costs = self._matrix[np.arange(len(rows)), best].astype(np.int64)
        else:
            best = np.zeros(len(rows), dtype=np.intp)
            costs = own_costs = np.full(len(rows), NONE, dtype=np.int64)
        inside = min(most, int(costs.min(initial=NONE)))
        outside = min(self._outside(prices))
        return Offers(
            least=min(inside, outside),
            exact=outside >= inside,
            costs=costs,
            observers=rows,
            buddies=columns[best] if columns.size else best,
            own_costs=own_costs,
        )

    def _outside(self, prices: NDArray[np.int32]) -> tuple[int, int]:
        """Return what any pair costs at least with an observer, or a buddy, who is not in the matrix."""
        answer = []
        for everybody, kept, partners in (
            (self._observers, len(self._rows), self._buddies),
            (self._buddies, len(self._columns), self._observers),
        ):
            if kept == len(everybody) or not partners.size:
                answer.append(int(_HIGH))
            else:
                answer.append(int(self._least[everybody[kept]]) * UNIT + self._cheapest(partners, prices))
        return answer[0], answer[1]

    def _cheapest(self, partners: NDArray[np.intp], prices: NDArray[np.int32]) -> int:
        return int((self._own[partners] * UNIT + prices[partners]).min())

    def _grow(self, prices: NDArray[np.int32], reach: int) -> bool:
        """Take in everybody who could be in a pair cheaper than `reach`; say whether that changed anything."""
        sizes = []
        for everybody, kept, partners in (
            (self._observers, len(self._rows), self._buddies),
            (self._buddies, len(self._columns), self._observers),
        ):
            wanted = kept
            if partners.size and kept < len(everybody):
                bounds = self._least[everybody] * UNIT + self._cheapest(partners, prices)
                wanted = int(np.searchsorted(bounds, reach, side="left"))
            # A far reach may come from too small a matrix: grow at most fourfold, then look again.
            sizes.append(min(len(everybody), max(kept, min(wanted + wanted // 8, 4 * kept))))
        rows, columns = sizes
        if rows * columns > _MOST_CELLS or (rows, columns) == self._matrix.shape:
            return False
        self._resize(rows, columns)
        return True

    def _resize(self, rows: int, columns: int) -> None:
        self._rows, self._columns = self._observers[:rows], self._buddies[:columns]
        self._matrix = self._costs(self._rows, self._columns)

    def _costs(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.int32]:
        """Return what each pair costs in units, `NONE` where the rules, the limit or an avoid list keep two apart."""
        crowd = self._crowd
        if not (rows.size and columns.size):
            return np.empty((len(rows), len(columns)), dtype=np.int32)
        both, where = np.unique(np.concatenate([rows, columns]), return_inverse=True)
        seconds = self._seconds(both)
        there, here = seconds[where[: len(rows)]], seconds[where[len(rows) :]]
        meet = np.maximum(there[:, None, 0], here[None, :, 0])
        for point in range(1, seconds.shape[1]):
            np.minimum(meet, np.maximum(there[:, None, point], here[None, :, point]), out=meet)
        apart = meet > self._limit_s
        apart |= ~crowd.fit[crowd.kind_of[rows]][:, crowd.kind_of[columns]]
        apart |= rows[:, None] == columns[None, :]
        meet += (self._own[rows, None] + self._unfamiliar_s).astype(np.int32)
        meet += self._own[None, columns].astype(np.int32)
        if self._one_voice_s:
            meet += np.int32(self._one_voice_s) * (crowd.lineage[rows, None] == crowd.lineage[None, columns])
        if self._unfamiliar_s:
            meet[self._listed(crowd.acquainted, rows, columns)] -= self._unfamiliar_s
        apart[self._listed(crowd.avoiding, rows, columns)] = True
        np.minimum(meet, TAKEN // UNIT, out=meet)
        meet *= UNIT
        meet[apart] = NONE
        return meet

    def _seconds(self, people: NDArray[np.intp]) -> NDArray[np.int32]:
        crowd = self._crowd
        rows = people.tolist()
        points = [point.place for point in self._site.meeting_points]
        places = [place for row in rows if (place := crowd.places[row]) is not None]
        found = np.ceil(self._travel.seconds(places, [crowd.modes[row] for row in rows], points))
        return np.where(found < NEVER_S, found, NEVER_S).astype(np.int32)

    def _listed(
        self,
        edges: tuple[NDArray[np.intp], NDArray[np.intp]],
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the cells of the matrix whose two people stand on each other's list."""
        row_of = np.full(len(self._crowd.people), -1)
        row_of[rows] = np.arange(len(rows))
        column_of = np.full(len(self._crowd.people), -1)
        column_of[columns] = np.arange(len(columns))
        row, column = row_of[edges[0]], column_of[edges[1]]
        both = (row >= 0) & (column >= 0)
        return row[both], column[both]
