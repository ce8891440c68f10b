"""Other ways to make a plan: greedy, and exact programs for HiGHS and OR-Tools CP-SAT on the same costs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np

from matcher.eligibility import NEVER_S
from matcher.pairs import rank_pairs
from matcher.plan.costs import UNIT, SiteCosts
from matcher.plan.crowd import Crowd

if TYPE_CHECKING:
    from bench._plan_cities import City
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes

UNSERVED_S: Final = 240 * 60
_MOST_PAIRS: Final = 250_000
"""A program with a variable for each pair is given to CP-SAT up to so many, a compact one beyond."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer found: cost and bound in seconds, time taken, and how it was asked."""

    name: str
    cost_s: float | None
    bound_s: float | None
    seconds: float
    how: str

    @property
    def gap(self) -> float | None:
        """The share of the cost that is not proven; None when nothing was found."""
        if self.cost_s is None or self.bound_s is None:
            return None
        return max(0.0, self.cost_s - self.bound_s) / self.cost_s


@dataclass(slots=True)
class Program:
    """A whole-number program: minimise costs, each row between its limits; all numbers are integers."""

    costs: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    rows: list[tuple[int | None, int | None, list[int], list[int]]] = field(default_factory=list)
    constant: int = 0

    def column(self, cost: int, most: int = 1) -> int:
        """Add a variable from 0 to `most`; return its number."""
        self.costs.append(cost)
        self.most.append(most)
        return len(self.costs) - 1

    def row(self, least: int | None, most: int | None, columns: list[int], values: list[int] | None = None) -> None:
        """Add a row."""
        self.rows.append((least, most, columns, values or [1] * len(columns)))


def greedy(city: City, policy: PairPolicy, travel: TravelTimes) -> Answer:
    """Give each incident in turn the best pair of those left."""
    left = {person.responder_id: person for person in city.people}
    began = time.perf_counter()
    cost_s = 0
    for site in city.sites:
        pairs = rank_pairs(list(left.values()), site.scene, policy, travel, site.meeting_points, n=1).pairs
        cost_s += pairs[0].cost_s if pairs else UNSERVED_S
        for pair in pairs:
            del left[pair.observer_id], left[pair.buddy_id]
    return Answer("greedy", cost_s, None, time.perf_counter() - began, "one incident after the other")


class Exact:
    """The instance for exact peers: only people whose nearest way and own penalties cost less than `reach_s` there.

    `reach_s` is what our proof allows a pair at each site to cost at most, so nobody who matters is missing: a help
    that the peers would not have by themselves. `built_s` is how long it took to work out costs.
    """

    def __init__(self, city: City, policy: PairPolicy, travel: TravelTimes, reach_s: list[int]) -> None:
        self._city = city
        began = time.perf_counter()
        self._crowd = Crowd(city.people, city.sites, policy, travel, {})
        self._costs = [SiteCosts(self._crowd, site, number, policy, travel) for number, site in enumerate(city.sites)]
        self.built_s = time.perf_counter() - began
        self._reach_s = reach_s
        self._policy = policy
        self._travel = travel

    def by_pairs(self) -> Program | None:
        """Return the program with a variable for each pair, None when there are too many."""
        program = Program()
        people: dict[int, list[int]] = {}
        nothing = np.zeros(len(self._city.people), dtype=np.int32)
        total = 0
        for costs, reach_s in zip(self._costs, self._reach_s, strict=True):
            found = {
                (min(one, other), max(one, other)): cost // UNIT
                for one, other, cost in costs.below(nothing, reach_s * UNIT)[1]
            }
            total += len(found)
            if total > _MOST_PAIRS:
                return None
            columns = [program.column(UNSERVED_S)]
            for (one, other), cost in found.items():
                columns.append(program.column(cost))
                people.setdefault(one, []).append(columns[-1])
                people.setdefault(other, []).append(columns[-1])
            program.row(1, 1, columns)
        for columns in people.values():
            program.row(None, 1, columns)
        return program

    def compact(self) -> Program:
        """Return the program with a variable for each person in each seat of each site, and one for the arrival."""
        program = Program()
        people: dict[int, list[int]] = {}
        for number in range(len(self._city.sites)):
            self._compact_site(program, number, people)
        for columns in people.values():
            program.row(None, 1, columns)
        return program

    def _compact_site(self, program: Program, number: int, people: dict[int, list[int]]) -> None:
        crowd, reach_s = self._crowd, self._reach_s[number]
        least_s = crowd.least_s[:, number] + crowd.own_s[:, number]
        near = [row for row in np.flatnonzero(crowd.least_s[:, number] < NEVER_S).tolist() if least_s[row] < reach_s]
        unserved = program.column(UNSERVED_S)
        seats: list[dict[int, int]] = []
        for may in (crowd.observes, crowd.buddies):
            seat = {row: program.column(int(crowd.own_s[row, number])) for row in near if may[row]}
            for row, column in seat.items():
                people.setdefault(row, []).append(column)
            program.row(1, 1, [unserved, *seat.values()])
            seats.append(seat)
        self._arrival(program, number, unserved, seats)
        self._together(program, unserved, seats)

    def _arrival(self, program: Program, number: int, unserved: int, seats: list[dict[int, int]]) -> None:
        """The arrival is no sooner than either's at the meeting point chosen."""
        crowd, points = self._crowd, [point.place for point in self._city.sites[number].meeting_points]
        limit_s = int(self._policy.eta_limit.total_seconds())
        arrival = program.column(1, limit_s)
        chosen = [program.column(0) for _ in points]
        program.row(1, 1, [unserved, *chosen])
        for seat in seats:
            rows = list(seat)
            seconds = np.ceil(
                self._travel.seconds(
                    [place for row in rows if (place := crowd.places[row])], [crowd.modes[row] for row in rows], points
                )
            ).astype(int)
            for point, choice in enumerate(chosen):
                if not rows:
                    continue
                times = seconds[:, point].tolist()
                far = max(times)
                # arrival >= the time of whoever sits there, unless another point was chosen
                program.row(-far, None, [arrival, choice, *seat.values()], [1, -far, *(-it for it in times)])

    def _together(self, program: Program, unserved: int, seats: list[dict[int, int]]) -> None:
        """Kinds that may not go together, avoid lists, two of one lineage, two who know each other."""
        crowd, (observers, buddies) = self._crowd, seats
        kinds: dict[int, list[int]] = {}
        for row, column in observers.items():
            kinds.setdefault(int(crowd.kind_of[row]), []).append(column)
        for kind, columns in kinds.items():
            barred = [column for row, column in buddies.items() if not crowd.fit[kind, crowd.kind_of[row]]]
            if barred:
                program.row(None, 1, columns + barred)
        for one, other in zip(*(side.tolist() for side in crowd.avoiding), strict=True):
            if one in observers and other in buddies:
                program.row(None, 1, [observers[one], buddies[other]])
        unfamiliar_s, one_voice_s = (
            round(60 * it) for it in (self._policy.unfamiliar_min, self._policy.same_lineage_min)
        )
        for lineage in np.unique(crowd.lineage).tolist():
            same = [[column for row, column in seat.items() if crowd.lineage[row] == lineage] for seat in seats]
            if all(same):
                both = program.column(one_voice_s)
                program.row(None, 1, [*same[0], *same[1], both], [1] * (len(same[0]) + len(same[1])) + [-1])
        strangers = program.column(unfamiliar_s)
        friends = []
        for one, other in {
            (min(pair), max(pair)) for pair in zip(*(side.tolist() for side in crowd.acquainted), strict=True)
        }:
            columns = [seat[row] for seat in seats for row in (one, other) if row in seat]
            if len(columns) > 1 and one != other:
                friends.append(program.column(0))
                program.row(0, None, [*columns, friends[-1]], [1] * len(columns) + [-2])
        program.row(1, None, [unserved, strangers, *friends])


def highs(program: Program, limit_s: float, how: str) -> Answer:
    """Let HiGHS solve a program within a limit."""
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (("output_flag", False), ("threads", 1), ("time_limit", limit_s), ("mip_rel_gap", 0.0)):
        solver.setOptionValue(name, value)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.costs), len(program.rows)
    model.col_cost_ = np.array(program.costs, dtype=float)
    model.col_lower_, model.col_upper_ = np.zeros(len(program.costs)), np.array(program.most, dtype=float)
    infinite = highspy.kHighsInf
    model.row_lower_ = np.array([-infinite if row[0] is None else row[0] for row in program.rows], dtype=float)
    model.row_upper_ = np.array([infinite if row[1] is None else row[1] for row in program.rows], dtype=float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0, *(len(row[2]) for row in program.rows)]).astype(np.int32)
    model.a_matrix_.index_ = np.concatenate([row[2] for row in program.rows]).astype(np.int32)
    model.a_matrix_.value_ = np.concatenate([row[3] for row in program.rows]).astype(float)
    model.integrality_ = [highspy.HighsVarType.kInteger] * len(program.costs)
    solver.passModel(model)
    began = time.perf_counter()
    solver.run()
    seconds = time.perf_counter() - began
    info = solver.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return Answer(
        f"HiGHS {metadata.version('highspy')}",
        info.objective_function_value if found else None,
        info.mip_dual_bound if np.isfinite(info.mip_dual_bound) else 0.0,
        seconds,
        how,
    )


def cp_sat(program: Program, limit_s: float, how: str, workers: int) -> Answer | None:
    """Let CP-SAT solve a program within a limit; None when it is not installed."""
    try:
        cp_model: Any = import_module("ortools.sat.python.cp_model")
    except ModuleNotFoundError:
        return None
    model = cp_model.CpModel()
    columns = [model.new_bool_var("") if most == 1 else model.new_int_var(0, most, "") for most in program.most]
    weighted = cp_model.LinearExpr.weighted_sum
    for least, most, numbers, values in program.rows:
        row = weighted([columns[number] for number in numbers], values)
        if least is not None and most is not None:
            model.add_linear_constraint(row, least, most)
        elif least is None:
            model.add(row <= most)
        else:
            model.add(row >= least)
    model.minimize(weighted(columns, program.costs))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit_s
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = 1
    began = time.perf_counter()
    status = solver.solve(model)
    seconds = time.perf_counter() - began
    found = status in {cp_model.OPTIMAL, cp_model.FEASIBLE}
    name = f"OR-Tools CP-SAT {metadata.version('ortools')}, {workers} workers"
    return Answer(name, solver.objective_value if found else None, solver.best_objective_bound, seconds, how)
