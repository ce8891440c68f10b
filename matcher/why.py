"""Why not this person? The rule that keeps them from a scene, or from whom they are kept apart, or their best pair."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.buddy import PairRule, avoid_each_other, refusal
from matcher.eligibility import Rule, screen
from matcher.pairs import Arrival, Found, Pair, arrivals, as_pair, pair_cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matcher.candidates import Candidate, Scene
    from matcher.meeting import MeetingPoint
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes


@dataclass(frozen=True, slots=True)
class Why:
    """What stands between a person and a scene.

    Parameters
    ----------
    rule
        The first rule that keeps the person themself from it; nothing else is looked at then.
    pair
        The cheapest pair they could be in, None where there is none.
    kept_apart
        People they may not go with, under the first rule of each, nearest first. Without a pair these are all who
        could go; with one, those who had to be looked at to be sure of it.
    looked_at
        How many others were looked at.
    """

    rule: Rule | None
    pair: Pair | None
    kept_apart: Mapping[PairRule, tuple[int, ...]]
    looked_at: int


def why_not(  # noqa: PLR0917  (the words of `rank_streamed`, and one person)
    person: Candidate,
    people: Iterable[tuple[int, Sequence[Candidate]]],
    scene: Scene,
    policy: PairPolicy,
    travel: TravelTimes,
    meeting_points: Sequence[MeetingPoint],
) -> Why:
    """Return what keeps a person from a scene, or whom they could go with best.

    Parameters
    ----------
    people
        Batches of others in the order of their bounds, as for `matcher.pairs.rank_streamed`; the person among them
        is passed over.

    Raises
    ------
    NoMeetingPoint
        When there is no meeting point.
    """
    places = [point.place for point in meeting_points]
    own = screen([person], scene, policy, travel, places)
    if not own.candidates:
        return Why(own.why[person.responder_id], None, {}, 0)
    (one,) = arrivals(own, scene, policy)
    limit_s = policy.eta_limit.total_seconds()
    apart: defaultdict[PairRule, list[Arrival]] = defaultdict(list)
    best: Found | None = None
    looked_at = 0
    for bound_s, batch in people:
        if bound_s > limit_s or (best is not None and bound_s > best[0][0]):
            break
        others = [other for other in batch if other.responder_id != person.responder_id]
        for other in arrivals(screen(others, scene, policy, travel, places), scene, policy):
            looked_at += 1
            rule = _rule_between(one, other)
            if rule is not None:
                apart[rule].append(other)
                continue
            cost_s, point = pair_cost(one, other, scene, policy)
            low, high = sorted((person.responder_id, other.person.responder_id))
            if best is None or (cost_s, low, high) < best[0]:
                best = ((cost_s, low, high), one, other, point)
    return Why(
        rule=None,
        pair=None if best is None else as_pair(best, scene, policy, meeting_points),
        kept_apart={rule: _nearest_first(apart[rule]) for rule in PairRule if rule in apart},
        looked_at=looked_at,
    )


def _rule_between(one: Arrival, other: Arrival) -> PairRule | None:
    if avoid_each_other(one.person, other.person):
        return PairRule.ON_AVOID_LIST
    return refusal(one.kind, other.kind)


def _nearest_first(people: Sequence[Arrival]) -> tuple[int, ...]:
    return tuple(it.person.responder_id for it in sorted(people, key=lambda it: (it.soonest_s, it.person.responder_id)))
