"""Column generation for one component of sites: a plan, and a bound that no plan goes below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.plan.columns import Columns
from matcher.plan.costs import TAKEN, UNIT
from matcher.plan.master import Master
from matcher.plan.whole import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from matcher.plan.columns import Column
    from matcher.plan.costs import SiteCosts
    from matcher.plan.master import Relaxed
    from matcher.plan.sites import SecondsLeft

_A_ROUND: Final = 3
"""Pairs taken in for a site in one round; measured: more make the linear programs slow, fewer make more rounds."""
_AT_FIRST: Final = 8
_HOLD: Final = 0.3
"""Share of the best prices so far in the prices asked next (Wentges 1997): the linear program's own jump about."""
_FOR_THE_END: Final = 0.3
"""Share of the time that is kept for whole pairs."""
_FIRST_SLACK_S: Final = 4
_WIDER: Final = 4
_NEAR: Final = 15
"""Known pairs for each site that are listed in any case."""
_MOST_LISTED: Final = 60_000
"""Pairs in one integer program; beyond it the proof stays with the linear program's bound."""
_WASTED_S: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Prices:
    """What missing pairs cost: how many each site wants, its first missing one, each further one; units."""

    wanted: NDArray[np.int64]
    first: NDArray[np.int64]
    further: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """The pairs chosen, what the plan costs, what no plan goes below, and the work it took; whole seconds.

    `dearest_s` is, for each site, what a pair there costs at most in this plan or in any that costs no more.
    """

    pairs: list[Column]
    cost_s: int
    bound_s: int
    dearest_s: list[int]
    rounds: int
    columns: int


class Generation:
    """One component, solved by pairs that are made when they are needed.

    A linear program over the known pairs prices people; the prices make each site name its cheapest pairs; the new
    ones go in, until none is worth it. At any prices of people the sum of what each site would pay at least, less
    the prices, is a bound that no plan goes below (Lagrange), so that there is a proof whenever the time is up.
    """

    def __init__(
        self, sites: Sequence[SiteCosts], prices: Prices, people: int, seconds_left: SecondsLeft | None
    ) -> None:
        self._sites = sites
        self._prices = prices
        self._people = people
        self._seconds_left = seconds_left
        self._seconds = seconds_left() if seconds_left else 0.0
        self._columns = Columns()
        self._master = Master(prices.wanted, prices.first, prices.further, people)
        self._at_best = np.zeros(people, dtype=np.int32)
        self._bound = 0
        self._pays = np.zeros(len(sites), dtype=np.int64)
        self._rounds = 0

    def run(self, most_rounds: int) -> Found:
        """Return the plan of this component."""
        pairs = self._greedy()
        cost_s = self._cost_s(pairs)
        relaxed = self._generate(most_rounds)
        if relaxed is not None:
            rounded = self._rounded(relaxed.shares)
            if self._cost_s(rounded) < cost_s:
                pairs, cost_s = rounded, self._cost_s(rounded)
        bound_s = _up(self._bound)
        if bound_s < cost_s and not self._late(0.0):
            pairs, cost_s, bound_s = self._make_whole(pairs, cost_s, bound_s)
        # A pair costs its site at least what the site pays at the best prices, or the bound is higher by the rest.
        dearest_s = [_up(pays) + cost_s - self._bound // UNIT for pays in self._pays.tolist()]
        return Found(pairs, cost_s, min(bound_s, cost_s), dearest_s, self._rounds, len(self._columns))

    def _late(self, share: float) -> bool:
        """Say whether no more than a share of the time is left."""
        return self._seconds_left is not None and self._seconds_left() <= share * self._seconds

    def _rounded(self, shares: NDArray[np.float64]) -> list[Column]:
        """Return a plan made from a linear program's: pairs by their share while their people are free."""
        known = self._columns.known()
        taken: set[int] = set()
        served = np.zeros(len(self._sites), dtype=np.int64)
        pairs = []
        used = np.flatnonzero(shares > _WASTED_S)
        for it in used[np.argsort(-shares[used], kind="stable")].tolist():
            site, observer, buddy, _ = known[it]
            if served[site] < self._prices.wanted[site] and taken.isdisjoint((observer, buddy)):
                pairs.append(known[it])
                taken |= {observer, buddy}
                served[site] += 1
        return pairs

    def _cost_s(self, pairs: Sequence[Column]) -> int:
        """Return what a choice of pairs costs, missing ones included."""
        served = np.bincount([pair[0] for pair in pairs], minlength=len(self._sites))
        missing = self._prices.wanted - served
        units = np.where(
            served == 0, self._prices.first + (missing - 1) * self._prices.further, missing * self._prices.further
        )
        return (int(units.sum()) + sum(pair[3] for pair in pairs)) // UNIT

    def _greedy(self) -> list[Column]:
        """Return a plan made one site after the other, cheapest first; its pairs and each site's best are known."""
        nothing = np.zeros(self._people, dtype=np.int32)
        firsts = []
        for number, site in enumerate(self._sites):
            offers = site.price(nothing, TAKEN)
            firsts.append((offers.least, number))
            self._columns.add(offers.best(number, _AT_FIRST, TAKEN))
        pairs: list[Column] = []
        taken = nothing
        for turn in range(int(self._prices.wanted.max(initial=0))):
            price = self._prices.further if turn else self._prices.first
            for _, number in sorted(firsts):
                if self._prices.wanted[number] > turn:
                    for pair in self._sites[number].price(taken, TAKEN).best(number, 1, int(price[number])):
                        taken[[pair[1], pair[2]]] = TAKEN
                        pairs.append(pair)
        self._columns.add(pairs)
        self._master.add(self._columns.known())
        return pairs

    def _generate(self, most_rounds: int) -> Relaxed | None:
        """Take pairs in until none is worth it; return the last linear program, None when there was no time for one."""
        relaxed: Relaxed | None = None
        hold = 0.0
        while self._rounds < most_rounds and not self._late(_FOR_THE_END):
            self._rounds += 1
            relaxed = self._master.solve()
            if self._proved(relaxed.value):
                break
            held = hold * self._at_best + (1 - hold) * relaxed.prices
            prices = np.rint(np.minimum(held, TAKEN)).astype(np.int32)
            new = self._columns.add(self._price(prices, relaxed))
            self._master.add(new)
            if not (new or hold):
                break
            # Nothing new at held prices proves nothing: ask once more at the linear program's own.
            hold = _HOLD if new else 0.0
        return relaxed

    def _proved(self, value: float) -> bool:
        # All costs are whole seconds: a bound that rounds up to the value of the linear program is all it can give.
        return _up(self._bound) >= math.ceil(value / UNIT - _WASTED_S)

    def _price(self, prices: NDArray[np.int32], relaxed: Relaxed) -> list[Column]:
        """Ask every site for its cheapest pairs at these prices; keep the bound if it is the best so far."""
        new: list[Column] = []
        pays = np.empty(len(self._sites), dtype=np.int64)
        for number, site in enumerate(self._sites):
            offers = site.price(prices, int(self._prices.first[number]))
            pays[number] = offers.least
            worth = offers.worth(relaxed.prices, float(relaxed.site_pays[number]) - 1.0)
            new += offers.best(number, _A_ROUND, TAKEN, worth)
        bound = int((pays + (self._prices.wanted - 1) * np.minimum(pays, self._prices.further)).sum())
        bound -= int(prices.sum(dtype=np.int64))
        if bound > self._bound or self._rounds == 1:
            self._bound, self._at_best, self._pays = max(bound, self._bound), prices, pays
        return new

    def _make_whole(self, pairs: list[Column], cost_s: int, bound_s: int) -> tuple[list[Column], int, int]:
        """Return the best plan of whole pairs, its cost and the bound.

        A plan that costs less than the bound and some slack holds only pairs that cost a site less than it pays and
        that slack. Those are listed, all of them; if the best choice among them lies within the slack, it is the
        best of all. If it does not, the slack is widened and the list made again. The known pairs that are nearest
        to being worth it are listed too: a good plan found early keeps the slack small.
        """
        least_s = _up(self._bound)
        slack_s = min(_FIRST_SLACK_S, cost_s - least_s)
        while True:
            complete, listed = self._listed(slack_s)
            left = None if self._seconds_left is None else self._seconds_left()
            whole = choose(listed, self._prices.wanted, self._prices.first, self._prices.further, left)
            if whole is not None and whole.cost_s < cost_s:
                pairs, cost_s = [listed[it] for it in whole.chosen], whole.cost_s
            if whole is not None and complete:
                proven = math.ceil(whole.bound_s - _WASTED_S)
                bound_s = max(bound_s, min(proven, cost_s, least_s + slack_s))
            if bound_s >= cost_s or slack_s >= cost_s - least_s or not complete or self._late(0.0):
                return pairs, cost_s, bound_s
            slack_s = min(cost_s - least_s, _WIDER * slack_s)

    def _listed(self, slack_s: int) -> tuple[bool, list[Column]]:
        """Return all pairs within the slack, and known ones near it; the first word says whether none is missing."""
        complete = True
        listed = Columns()
        for number, site in enumerate(self._sites):
            whole, found = site.below(self._at_best, int(self._pays[number]) + slack_s * UNIT)
            complete &= whole
            listed.add((number, *pair) for pair in found)
            if len(listed) > _MOST_LISTED:
                complete, listed = False, Columns()
                break
        listed.add(sorted(self._columns.known(), key=self._beyond)[: _NEAR * len(self._sites)])
        return complete, listed.known()

    def _beyond(self, column: Column) -> tuple[int, Column]:
        """Return how much more a pair costs its site than the site pays, at the best prices; ties by ids."""
        site, observer, buddy, cost = column
        return cost + int(self._at_best[observer]) + int(self._at_best[buddy]) - int(self._pays[site]), column


def _up(units: int) -> int:
    """Return whole seconds, rounded up: what costs whole seconds and at least this costs at least that."""
    return -(-units // UNIT)
