"""Whom to ask first: people by the cheapest pair that each could be in."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from matcher.buddy import Kind, avoid_each_other, refusal
from matcher.eligibility import screen
from matcher.pairs import Arrival, arrivals, pair_cost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from geo.points import LonLat
    from matcher.candidates import Candidate, Scene
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes

_Key = tuple[int, int, int]
_Asked = tuple[_Key, int, "Candidate"]


def order_to_ask(going: Sequence[Arrival], scene: Scene, policy: PairPolicy, most: int) -> list[Candidate]:
    """Return up to `most` people by the cheapest pair each could be in, exactly; ties by ids.

    The two of the best pair come first; people who fit nobody are left out. People are taken in order of the least
    their pairs can cost, and their partners in the same order, so only about as many are looked at as are wanted.
    """
    if most < 1:
        return []
    return [person for _, _, person in _ranked(going, scene, policy, most)]


def order_streamed(
    people: Iterable[tuple[int, Sequence[Candidate]]],
    scene: Scene,
    policy: PairPolicy,
    travel: TravelTimes,
    *,
    meet_at: LonLat,
    most: int,
    at_least_s: int = 0,
) -> tuple[list[Candidate], dict[int, int]]:
    """Return the same people as `order_to_ask` from people who come in batches, and stop asking for more when sure.

    Parameters
    ----------
    people
        As for `rank_streamed`; the bounds hold for the way to `meet_at`.
    meet_at
        The one meeting point, WGS84.
    at_least_s
        What the best pair costs there, where that is known: nobody is sure before the bounds pass it.

    Returns
    -------
    The people in order, and the whole seconds that each person looked at needs to the meeting point.
    """
    limit_s = policy.eta_limit.total_seconds()
    going: list[Arrival] = []
    ranked: list[_Asked] = []
    ranked_of = 0
    for bound_s, batch in people:
        # What is known is ranked anew only when it grew by half, so that the work stays in proportion.
        if bound_s > at_least_s and len(going) >= max(most, ranked_of + ranked_of // 2):
            ranked, ranked_of = _ranked(going, scene, policy, most), len(going)
        if bound_s > limit_s or (len(ranked) == most and bound_s > ranked[-1][0][0]):
            break
        going += arrivals(screen(batch, scene, policy, travel, [meet_at]), scene, policy)
    if ranked_of < len(going):
        ranked = _ranked(going, scene, policy, most)
    return [person for _, _, person in ranked], {it.person.responder_id: it.seconds[0] for it in going}


def nearest_streamed(
    people: Iterable[tuple[int, Sequence[Candidate]]],
    scene: Scene,
    policy: PairPolicy,
    travel: TravelTimes,
    *,
    meet_at: LonLat,
    most: int,
    fits: Callable[[Candidate], bool],
) -> tuple[list[Candidate], dict[int, int]]:
    """Return up to `most` people who fit, by what any pair with them costs at least, and stop asking when sure.

    For those who wait for a partner: who joins them matters, not whom else they could have gone with. Arguments and
    answer as for `order_streamed`.
    """
    limit_s = policy.eta_limit.total_seconds()
    going: list[Arrival] = []
    for bound_s, batch in people:
        if bound_s > limit_s or (len(going) >= most and bound_s > going[most - 1].least_s):
            break
        fitting = [person for person in batch if fits(person)]
        going += arrivals(screen(fitting, scene, policy, travel, [meet_at]), scene, policy)
        going.sort(key=lambda it: (it.least_s, it.person.responder_id))
    return [it.person for it in going[:most]], {it.person.responder_id: it.seconds[0] for it in going}


def _ranked(going: Sequence[Arrival], scene: Scene, policy: PairPolicy, most: int) -> list[_Asked]:
    ordered = sorted(going, key=lambda it: (it.least_s, it.person.responder_id))
    kinds = {it.kind for it in going}
    open_to: dict[Kind, frozenset[Kind]] = {}
    ranked: list[_Asked] = []
    for one in ordered:
        if len(ranked) >= most and one.least_s > ranked[most - 1][0][0]:
            break
        if one.kind not in open_to:
            open_to[one.kind] = frozenset(other for other in kinds if refusal(one.kind, other) is None)
        if not open_to[one.kind]:
            continue
        cheapest = _cheapest(one, ordered, open_to[one.kind], scene, policy)
        if cheapest is not None:
            insort(ranked, (cheapest, one.person.responder_id, one.person), key=lambda it: it[:2])
    return ranked[:most]


def _cheapest(
    one: Arrival, ordered: Sequence[Arrival], kinds: frozenset[Kind], scene: Scene, policy: PairPolicy
) -> _Key | None:
    """Return the key of the cheapest pair that one person could be in, or None."""
    cheapest: _Key | None = None
    own_s, soonest_s = one.own_s, one.soonest_s
    for other in ordered:
        if cheapest is not None:
            if other.least_s + own_s > cheapest[0]:
                break
            if soonest_s + own_s + other.own_s > cheapest[0]:
                continue
        if other is one or other.kind not in kinds or avoid_each_other(one.person, other.person):
            continue
        low, high = sorted((one.person.responder_id, other.person.responder_id))
        key = (pair_cost(one, other, scene, policy)[0], low, high)
        cheapest = key if cheapest is None else min(cheapest, key)
    return cheapest
