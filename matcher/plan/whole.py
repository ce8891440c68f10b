"""The integer program over a set of pairs: whole pairs, no halves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np

from matcher.plan.costs import UNIT
from matcher.plan.master import quiet_highs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from matcher.plan.columns import Column


@dataclass(frozen=True, slots=True)
class Whole:
    """The best choice of pairs found, its cost in whole seconds, and what no choice from this set goes below."""

    chosen: list[int]
    cost_s: int
    bound_s: float


def choose(
    columns: Sequence[Column],
    wanted: NDArray[np.int64],
    first_units: NDArray[np.int64],
    further_units: NDArray[np.int64],
    seconds: float | None,
) -> Whole | None:
    """Return the cheapest choice of these pairs, or the best found in so many seconds; None when none was found."""
    sites, count = len(wanted), len(columns)
    table = np.array(columns, dtype=np.int64).reshape(-1, 4)
    people, rows = np.unique(table[:, 1:3], return_inverse=True)
    fixed = 2 * sites
    starts = np.concatenate([np.arange(fixed), fixed + 3 * np.arange(count + 1)]).astype(np.int32)
    pairs = np.column_stack([table[:, 0], sites + rows.reshape(-1, 2)])
    model = highspy.HighsLp()
    model.num_col_ = fixed + count
    model.num_row_ = sites + len(people)
    model.col_cost_ = np.concatenate([first_units, further_units, table[:, 3]]) / UNIT
    model.col_lower_ = np.zeros(fixed + count)
    model.col_upper_ = np.concatenate([np.ones(sites), wanted - 1.0, np.ones(count)])
    model.row_lower_ = np.concatenate([wanted.astype(np.float64), np.full(len(people), -highspy.kHighsInf)])
    model.row_upper_ = np.concatenate([wanted.astype(np.float64), np.ones(len(people))])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = starts
    model.a_matrix_.index_ = np.concatenate([np.tile(np.arange(sites), 2), pairs.ravel()]).astype(np.int32)
    model.a_matrix_.value_ = np.ones(fixed + 3 * count)
    model.integrality_ = [highspy.HighsVarType.kInteger] * (fixed + count)
    solver = quiet_highs()
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.5)
    if seconds is not None:
        solver.setOptionValue("time_limit", max(0.0, seconds))
    solver.passModel(model)
    solver.run()
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    values = np.asarray(solver.getSolution().col_value)
    return Whole(
        chosen=np.flatnonzero(values[fixed:] > 0.5).tolist(),
        cost_s=round(info.objective_function_value),
        bound_s=info.mip_dual_bound,
    )
