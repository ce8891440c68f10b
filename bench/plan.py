"""One plan for all open incidents: seconds to a proven plan, beside CP-SAT, a compact integer program and greedy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from bench import _plan_peers as peers
from bench._plan_cities import City, city
from bench.rows import AnswersDiffer, Row, less_is_better
from matcher.pairs import crow_flies
from matcher.plan import Plan, solve
from matcher.policy import PairPolicy

if TYPE_CHECKING:
    import argparse

    from matcher.travel import TravelTimes

_CASES: Final = (
    ("spread", 100, 5_000, 1),
    ("hotspot", 100, 5_000, 1),
    ("hotspot", 100, 5_000, 2),
    ("scarce hotspot", 100, 400, 1),
    ("small hotspot", 20, 5_000, 1),
)
_NAMES: Final = ("spread", "hotspot", "scarce", "small")
_PERCENT: Final = 100.0
_PROVEN: Final = 1e-9
_ROUNDING_S: Final = 0.5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--cases", nargs="+", choices=_NAMES, default=list(_NAMES))
    parser.add_argument("--peer-limit", type=float, default=15.0, help="seconds for each exact peer and case; 0 = none")
    parser.add_argument("--workers", type=int, default=2, help="threads for CP-SAT; ours uses one")
    parser.add_argument("--runs", type=int, default=5)


def run(options: argparse.Namespace) -> list[Row]:
    """Measure every case: ours first, then the peers on the same people, incidents and costs."""
    policy = PairPolicy()
    travel = crow_flies(policy)
    rows: list[Row] = []
    for name, sites, people, seed in _CASES:
        if any(word in options.cases for word in name.split()[:1]):
            rows += _case(city(name, sites, people, policy, seed), policy, travel, options)
    return rows


def _case(of: City, policy: PairPolicy, travel: TravelTimes, options: argparse.Namespace) -> list[Row]:
    plan, seconds = _ours(of, policy, travel, options.runs)
    n, seed = len(of.sites), of.seed
    median, slowest = np.percentile(seconds, (50, 99)).tolist()
    greedy = peers.greedy(of, policy, travel)
    _check(plan, greedy)
    rows = [
        Row(
            "plan",
            f"{of.case}: the whole plan, {plan.rounds} rounds, {plan.columns:,} pairs made,"
            f" {len(plan.pairs)} incidents served",
            ours=median,
            unit="s",
            p50_ms=1e3 * median,
            p99_ms=1e3 * slowest,
            n=n,
            seed=seed,
        ),
        Row(
            "plan",
            f"{of.case}: not proven of the cost ({plan.cost_s:,} s, bound {plan.bound_s:,} s)",
            ours=_PERCENT * plan.gap,
            limit=0.0,
            unit="%",
            n=n,
            seed=seed,
        ),
        Row(
            "plan",
            f"{of.case}: cost beside greedy's",
            ours=plan.cost_s / 60,
            peer=greedy.cost_s and greedy.cost_s / 60,
            peer_name="greedy, one incident after the other",
            limit=plan.bound_s / 60,
            ratio=less_is_better(plan.cost_s, greedy.cost_s),
            unit="min",
            n=n,
            seed=seed,
        ),
    ]
    if options.peer_limit > 0:
        rows += _exact(of, plan, median, policy, options)
    return rows


def _ours(of: City, policy: PairPolicy, travel: TravelTimes, runs: int) -> tuple[Plan, list[float]]:
    plan = solve(of.people, of.sites, policy, travel)
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        again = solve(of.people, of.sites, policy, travel)
        seconds.append(time.perf_counter() - began)
        if again != plan:
            raise AnswersDiffer(f"{of.case}: two runs gave two plans")
    return plan, seconds


def _exact(of: City, plan: Plan, seconds: float, policy: PairPolicy, options: argparse.Namespace) -> list[Row]:
    """Let exact peers try, given only the people and pairs that our proof leaves; working out costs counts for all."""
    reach_s = [plan.dearest_s[site.incident_id] + 1 for site in of.sites]
    instance = peers.Exact(of, policy, crow_flies(policy), reach_s)
    compact = instance.compact()
    began = time.perf_counter()
    by_pairs = instance.by_pairs()
    listing_s = time.perf_counter() - began
    given = f"compact, {len(compact.costs):,} variables of those our proof leaves"
    if by_pairs is None:
        sat = peers.cp_sat(compact, options.peer_limit, given, options.workers)
    else:
        told = f"all {len(by_pairs.costs):,} pairs our proof leaves"
        sat = peers.cp_sat(by_pairs, options.peer_limit, told, options.workers)
    rows = []
    for answer, name, before_s in (
        (sat, "OR-Tools CP-SAT (not installed)", instance.built_s + (listing_s if by_pairs else 0.0)),
        (peers.highs(compact, options.peer_limit, given), "HiGHS", instance.built_s),
    ):
        if answer is None:
            rows.append(Row("plan", f"{of.case}: seconds", ours=seconds, peer_name=name, unit="s", seed=of.seed))
            continue
        _check(plan, answer)
        rows += _beside(of, plan, seconds, answer, before_s)
    return rows


def _beside(of: City, plan: Plan, seconds: float, answer: peers.Answer, before_s: float) -> list[Row]:
    done = answer.gap is not None and answer.gap < _PROVEN
    end = "proved the same cost" if done else "found no plan" if answer.cost_s is None else "was stopped unfinished"
    told = f"{answer.name}, {answer.how}"
    peer_s = before_s + answer.seconds
    return [
        Row(
            "plan",
            f"{of.case}: seconds, the peer {end}",
            ours=seconds,
            peer=peer_s,
            peer_name=told,
            ratio=less_is_better(seconds, peer_s),
            unit="s",
            n=len(of.sites),
            seed=of.seed,
        ),
        Row(
            "plan",
            f"{of.case}: not proven of the cost, the peer after {answer.seconds:.1f} s",
            ours=_PERCENT * plan.gap,
            peer=None if answer.gap is None else _PERCENT * answer.gap,
            peer_name=told,
            unit="%",
            n=len(of.sites),
            seed=of.seed,
        ),
    ]


def _check(plan: Plan, answer: peers.Answer) -> None:
    """Refuse to time a mismatch: nobody may be better than our bound, and we not better than anybody's."""
    if answer.cost_s is not None and answer.cost_s < plan.bound_s - _ROUNDING_S:
        raise AnswersDiffer(f"{answer.name} found a plan that is cheaper than our bound")
    if answer.bound_s is not None and answer.bound_s > plan.cost_s + _ROUNDING_S:
        raise AnswersDiffer(f"{answer.name} proved a bound above the cost of our plan")
