"""The restricted master: the linear program over the pairs known so far, solved again from where it stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from matcher.plan.costs import UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from matcher.plan.columns import Column


class _Quiet(highspy.Highs):
    """A solver nobody listens to while it works."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the library's own word
        """Enable none: enabling them prints a banner before any option could forbid it."""


def quiet_highs() -> Any:
    """Return a solver that says nothing and answers the same every time."""
    solver: Any = _Quiet()  # type: ignore[no-untyped-call]
    for name, value in (("output_flag", False), ("threads", 1), ("random_seed", 0), ("parallel", "off")):
        solver.setOptionValue(name, value)
    return solver


@dataclass(frozen=True, slots=True)
class Relaxed:
    """An optimum of the restricted master: its value, what a site pays for a pair, the price of each person; units.

    `shares` says how much of each pair is used.
    """

    value: float
    site_pays: NDArray[np.float64]
    prices: NDArray[np.float64]
    shares: NDArray[np.float64]


class Master:
    """Each site takes as many pairs as it wants or pays for the missing, each person is in at most one pair.

    Parameters
    ----------
    wanted
        Pairs each site wants.
    first_units, further_units
        The price of a site's first missing pair, and of each further one.
    people
        How many there are; a person gets a row once a pair with them is known.
    """

    def __init__(
        self, wanted: NDArray[np.int64], first_units: NDArray[np.int64], further_units: NDArray[np.int64], people: int
    ) -> None:
        sites = len(wanted)
        self._solver = quiet_highs()
        # Adding pairs keeps the basis feasible, so the primal simplex goes on from it.
        self._solver.setOptionValue("presolve", "off")
        self._solver.setOptionValue("solver", "simplex")
        self._solver.setOptionValue("simplex_strategy", 4)
        self._row_of = np.full(people, -1)
        self._rows = sites
        self._people = people
        self._sites = sites
        self._fixed = 2 * sites
        none = np.empty(0, dtype=np.int32)
        each = wanted.astype(np.float64)
        self._solver.addRows(sites, each, each, 0, none, none, np.empty(0))
        costs = np.concatenate([first_units, further_units]) / UNIT
        most = np.concatenate([np.ones(sites), each - 1])
        index = np.tile(np.arange(sites, dtype=np.int32), 2)
        starts = np.arange(2 * sites, dtype=np.int32)
        self._solver.addCols(2 * sites, costs, np.zeros(2 * sites), most, 2 * sites, starts, index, np.ones(2 * sites))

    def add(self, columns: Sequence[Column]) -> None:
        """Take new pairs in."""
        if not columns:
            return
        table = np.array(columns, dtype=np.int64)
        people = table[:, 1:3]
        new = np.unique(people[self._row_of[people] < 0])
        self._row_of[new] = self._rows + np.arange(len(new))
        self._rows += len(new)
        none = np.empty(0, dtype=np.int32)
        if new.size:
            self._solver.addRows(
                len(new), np.full(len(new), -highspy.kHighsInf), np.ones(len(new)), 0, none, none, np.empty(0)
            )
        index = np.column_stack([table[:, 0], self._row_of[people]]).astype(np.int32).ravel()
        count = len(columns)
        starts = np.arange(0, 3 * count, 3, dtype=np.int32)
        costs = table[:, 3] / UNIT
        self._solver.addCols(
            count,
            costs,
            np.zeros(count),
            np.full(count, highspy.kHighsInf),
            3 * count,
            starts,
            index,
            np.ones(3 * count),
        )

    def solve(self) -> Relaxed:
        """Return the optimum over the pairs known."""
        self._solver.run()
        solution = self._solver.getSolution()
        duals = np.asarray(solution.row_dual)
        prices = np.zeros(self._people)
        known = self._row_of >= 0
        # A row "at most one" of a minimum has a dual of at most 0: the price of a person is its opposite.
        prices[known] = np.maximum(0.0, -duals[self._row_of[known]])
        return Relaxed(
            value=self._solver.getInfo().objective_function_value * UNIT,
            site_pays=duals[: self._sites] * UNIT,
            prices=prices * UNIT,
            shares=np.asarray(solution.col_value)[self._fixed :],
        )
