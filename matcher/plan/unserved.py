"""Why an incident gets no pair: nobody, one alone, two who may not go together, or everybody better used elsewhere."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from matcher.buddy import count_refusals, kind_of
from matcher.eligibility import Rule, arrival_seconds
from matcher.plan.costs import TAKEN
from matcher.plan.sites import Unserved, Why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from matcher.plan.columns import Column
    from matcher.plan.costs import SiteCosts
    from matcher.plan.crowd import Crowd
    from matcher.plan.sites import Site
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes


def explain(  # noqa: PLR0917 - all that a plan is made from
    crowd: Crowd,
    costs: Sequence[SiteCosts],
    sites: Sequence[Site],
    chosen: Sequence[Column],
    policy: PairPolicy,
    travel: TravelTimes,
) -> tuple[Unserved, ...]:
    """Return every incident that gets fewer pairs than it wants, with what stood in the way."""
    served = Counter(column[0] for column in chosen)
    used = np.zeros(len(crowd.people), dtype=bool)
    used[[row for column in chosen for row in column[1:3]]] = True
    return tuple(
        _one(crowd, costs[number], number, site, site.wanted - served[number], used, policy, travel)
        for number, site in enumerate(sites)
        if served[number] < site.wanted
    )


def _one(  # noqa: PLR0917 - all that a plan is made from
    crowd: Crowd,
    costs: SiteCosts,
    number: int,
    site: Site,
    missing: int,
    used: NDArray[np.bool_],
    policy: PairPolicy,
    travel: TravelTimes,
) -> Unserved:
    ruled_out = crowd.rules_at(number)
    may_go = _in_time(crowd, costs, site, policy, travel)
    ruled_out[Rule.TOO_FAR] = len(crowd.people) - ruled_out.total() - len(may_go)
    ruled_out = +ruled_out
    free = may_go[~used[may_go]]
    why, rule = _why(crowd, costs, site, may_go, free, used, policy)
    if why is Why.NOBODY and ruled_out:
        rule = max(ruled_out, key=lambda it: (ruled_out[it], -list(Rule).index(it))).value
    return Unserved(site.incident_id, missing, why, len(may_go), len(free), ruled_out, rule)


def _in_time(crowd: Crowd, costs: SiteCosts, site: Site, policy: PairPolicy, travel: TravelTimes) -> NDArray[np.intp]:
    """Return whoever passes every rule about them here, by row; the bound alone let some through who come too late."""
    rows = costs.may_go
    if not (rows.size and site.meeting_points):
        return rows[:0]
    limit_s = policy.eta_limit.total_seconds()
    places = [place for row in rows.tolist() if (place := crowd.places[row]) is not None]
    modes = [crowd.modes[row] for row in rows.tolist()]
    points = [point.place for point in site.meeting_points]
    seconds = arrival_seconds(places, modes, points, limit_s=limit_s, travel=travel)
    in_time: NDArray[np.intp] = rows[seconds.min(axis=1) <= limit_s]
    return in_time


def _why(  # noqa: PLR0917 - all that a plan is made from
    crowd: Crowd,
    costs: SiteCosts,
    site: Site,
    may_go: NDArray[np.intp],
    free: NDArray[np.intp],
    used: NDArray[np.bool_],
    policy: PairPolicy,
) -> tuple[Why, str | None]:
    if not site.meeting_points:
        return Why.NO_MEETING_POINT, None
    if len(may_go) < 2:
        return (Why.ONLY_ONE if len(may_go) else Why.NOBODY), None
    if not costs.has_pair():
        return Why.NO_PAIR, _apart(crowd, may_go, site, policy)
    prices = np.where(used, TAKEN, 0).astype(np.int32)
    if costs.price(prices, TAKEN).least < TAKEN:
        return Why.TOO_COSTLY, None
    return Why.NEEDED_ELSEWHERE, _apart(crowd, free, site, policy) if len(free) > 1 else None


def _apart(crowd: Crowd, rows: NDArray[np.intp], site: Site, policy: PairPolicy) -> str | None:
    """Return the rule that keeps most pairs of these people apart."""
    people = [crowd.people[row] for row in rows.tolist()]
    refused = count_refusals(people, [kind_of(person, site.scene.now, policy) for person in people])
    return max(refused, key=lambda it: (refused[it], it.value)).value if refused else None
