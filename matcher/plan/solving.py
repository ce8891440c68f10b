"""One plan for all open incidents: the roster read once, components solved apart, a bound proven for the sum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from matcher.cost import Reason
from matcher.eligibility import NEVER_S
from matcher.errors import IncidentTwiceInPlan, PersonTwiceInRoster
from matcher.pairs import rank_pairs
from matcher.plan.costs import UNIT, SiteCosts
from matcher.plan.crowd import Crowd
from matcher.plan.generating import Generation, Prices
from matcher.plan.sites import Plan, Planned, PlanPolicy
from matcher.plan.unserved import explain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from matcher.candidates import Candidate
    from matcher.pairs import Pair
    from matcher.plan.columns import Column
    from matcher.plan.generating import Found
    from matcher.plan.sites import SecondsLeft, Site
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes

MOST_ROUNDS = 400
_MOVED = "Would be sent elsewhere than in the plan shown before"


def solve(
    people: Sequence[Candidate],
    sites: Sequence[Site],
    policy: PairPolicy,
    travel: TravelTimes,
    *,
    prices: PlanPolicy | None = None,
    shown: Mapping[int, int] | None = None,
    seconds_left: SecondsLeft | None = None,
    most_rounds: int = MOST_ROUNDS,
) -> Plan:
    """Return the cheapest plan for all sites at once, and a bound that no plan goes below.

    Costs are those of `matcher.pairs.rank_pairs`, so with one site the plan is its best pair. Without `seconds_left`
    the answer depends on nothing but what is given.

    Parameters
    ----------
    people
        The whole roster, in any order. Whoever is busy or holds an offer is left where they are.
    sites
        The incidents that want pairs; all scenes are read at the same moment.
    shown
        In the plan shown before, to which incident (id) a responder (id) would go: elsewhere costs `move_min` more.
    seconds_left
        Asked between steps; when nothing is left, the best plan so far is returned with its bound.

    Raises
    ------
    PersonTwiceInRoster, IncidentTwiceInPlan
        When an id stands twice.
    """
    prices = prices or PlanPolicy()
    if len({person.responder_id for person in people}) != len(people):
        raise PersonTwiceInRoster
    sites = sorted(sites, key=lambda site: site.incident_id)
    if len({site.incident_id for site in sites}) != len(sites):
        raise IncidentTwiceInPlan
    if not sites:
        return Plan((), (), 0, 0, {}, 0, 0, travel.note)
    moves_s = _moves_s(people, sites, prices, shown or {})
    crowd = Crowd(people, sites, policy, travel, moves_s)
    costs = [SiteCosts(crowd, site, column, policy, travel) for column, site in enumerate(sites)]
    found: list[Found] = []
    chosen: list[Column] = []
    dearest_s: dict[int, int] = {}
    for numbers in _components(crowd):
        part = Generation(
            [costs[it] for it in numbers], _prices([sites[it] for it in numbers], prices), len(people), seconds_left
        ).run(most_rounds)
        found.append(part)
        dearest_s |= {sites[it].incident_id: most for it, most in zip(numbers, part.dearest_s, strict=True)}
        chosen += [(numbers[site], observer, buddy, cost) for site, observer, buddy, cost in part.pairs]
    pairs = [_planned(column, crowd, sites, policy, travel, moves_s) for column in sorted(chosen)]
    return Plan(
        pairs=tuple(pairs),
        unserved=explain(crowd, costs, sites, chosen, policy, travel),
        cost_s=sum(part.cost_s for part in found),
        bound_s=sum(part.bound_s for part in found),
        dearest_s=dearest_s,
        rounds=max(part.rounds for part in found),
        columns=sum(part.columns for part in found),
        note=travel.note,
    )


def _moves_s(
    people: Sequence[Candidate], sites: Sequence[Site], prices: PlanPolicy, shown: Mapping[int, int]
) -> dict[int, dict[int, int]]:
    """Return for each incident what it costs to send people there who were shown elsewhere."""
    known = {person.responder_id for person in people}
    return {
        site.incident_id: {
            responder_id: 60 * prices.move_min
            for responder_id, incident_id in shown.items()
            if responder_id in known and incident_id != site.incident_id
        }
        for site in sites
    }


def _prices(sites: Sequence[Site], prices: PlanPolicy) -> Prices:
    priority = np.array([site.priority for site in sites], dtype=np.int64)
    return Prices(
        wanted=np.array([site.wanted for site in sites], dtype=np.int64),
        first=priority * 60 * prices.unserved_min * UNIT,
        further=priority * 60 * prices.further_min * UNIT,
    )


def _components(crowd: Crowd) -> list[list[int]]:
    """Return the sites in groups that share nobody, by the first site of each."""
    may_go: NDArray[np.bool_] = crowd.least_s < NEVER_S
    shared = csr_array(may_go.astype(np.float32).T @ may_go.astype(np.float32))
    count, label = connected_components(shared, directed=False)
    groups = [np.flatnonzero(label == number).tolist() for number in range(count)]
    return sorted(groups)


def _planned(  # noqa: PLR0917 - what a pair is made of
    column: Column,
    crowd: Crowd,
    sites: Sequence[Site],
    policy: PairPolicy,
    travel: TravelTimes,
    moves_s: Mapping[int, Mapping[int, int]],
) -> Planned:
    """Return a chosen pair as one incident alone would rank it, with the price of moving its people on top."""
    number, observer, buddy, _ = column
    site, two = sites[number], [crowd.people[observer], crowd.people[buddy]]
    pair = rank_pairs(two, site.scene, policy, travel, site.meeting_points, n=1).pairs[0]
    extra_s = sum(moves_s[site.incident_id].get(person.responder_id, 0) for person in two)
    return Planned(site.incident_id, _moved(pair, extra_s) if extra_s else pair)


def _moved(pair: Pair, extra_s: int) -> Pair:
    return replace(pair, cost_s=pair.cost_s + extra_s, reasons=(*pair.reasons, Reason(_MOVED, extra_s)))
