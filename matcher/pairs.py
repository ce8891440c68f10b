"""The exact best pairs for one incident, with reasons, and everybody else under the rule that kept them out."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.buddy import Kind, PairRule, avoid_each_other, count_refusals, kind_of, refusal, seated
from matcher.company import Company
from matcher.cost import PairPrices, Reason, own_terms, pair_prices, pair_terms, reasons
from matcher.eligibility import NEVER_S, Rule, Screened, screen
from matcher.errors import NoMeetingPoint, PersonTwiceInRoster
from matcher.travel import CrowFlies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from matcher.candidates import Candidate, Scene
    from matcher.meeting import MeetingPoint
    from matcher.nearby import Nearby
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who could go together, where they would meet, and what it costs; seconds are whole.

    The reasons add up to the cost.
    """

    observer_id: int
    buddy_id: int
    observer_eta_s: int
    buddy_eta_s: int
    meeting_point: MeetingPoint
    cost_s: int
    reasons: tuple[Reason, ...]

    @property
    def cost_min(self) -> float:
        """The cost in minutes."""
        return self.cost_s / 60


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best pairs in order, and the rest of the roster under its rules.

    `candidates + ruled_out.total()` is the length of the roster; `possible_pairs + pairs_ruled_out.total()` is the
    number of unordered pairs of candidates. `why` says for each person ruled out by which rule.
    """

    pairs: tuple[Pair, ...]
    candidates: int
    ruled_out: Counter[Rule]
    why: Mapping[int, Rule]
    possible_pairs: int
    pairs_ruled_out: Counter[PairRule]
    note: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A candidate on the way: whole seconds to each meeting point, the soonest, own penalties, and their kind."""

    person: Candidate
    seconds: tuple[int, ...]
    soonest_s: int
    own_s: int
    kind: Kind

    @property
    def least_s(self) -> int:
        """What any pair with this person costs at least."""
        return self.soonest_s + self.own_s


_Key = tuple[int, int, int]
Found = tuple[_Key, Arrival, Arrival, int]


def crow_flies(policy: PairPolicy) -> CrowFlies:
    """Return the fallback travel times at the speeds of a policy."""
    return CrowFlies(policy.speeds_m_s, detour=policy.detour, get_going=policy.get_going)


def rank_pairs(
    people: Sequence[Candidate],
    scene: Scene,
    policy: PairPolicy,
    travel: TravelTimes,
    meeting_points: Sequence[MeetingPoint],
    *,
    n: int = 3,
) -> Ranking:
    """Rank the `n` cheapest pairs for a scene, equal to trying all pairs; ties go to the smaller ids.

    Parameters
    ----------
    people
        The whole roster, in any order; the answer does not depend on it.
    meeting_points
        Where a pair may meet; each pair gets the one where the later of the two is soonest.

    Raises
    ------
    NoMeetingPoint
        When there is no meeting point.
    PersonTwiceInRoster
        When an id stands twice in `people`.
    """
    if len({person.responder_id for person in people}) != len(people):
        raise PersonTwiceInRoster
    screened = screen(people, scene, policy, travel, [point.place for point in meeting_points])
    going = arrivals(screened, scene, policy)
    found = scan(_by_least_cost(going), scene, policy, n)
    refused = count_refusals([it.person for it in going], [it.kind for it in going])
    return Ranking(
        pairs=tuple(as_pair(it, scene, policy, meeting_points) for it in found),
        candidates=len(going),
        ruled_out=screened.ruled_out,
        why=screened.why,
        possible_pairs=len(going) * (len(going) - 1) // 2 - refused.total(),
        pairs_ruled_out=refused,
        note=travel.note,
    )


def rank_nearby(
    nearby: Nearby,
    scene: Scene,
    policy: PairPolicy,
    travel: TravelTimes,
    meeting_points: Sequence[MeetingPoint],
    *,
    n: int = 3,
) -> tuple[Pair, ...]:
    """Rank the same pairs as `rank_pairs` from people already on the ground by cell, without counting the rest.

    Only as many people are looked at as the best pairs need, so the time does not grow with the roster.

    Raises
    ------
    NoMeetingPoint
        When there is no meeting point.
    SnapshotOutOfDate
        When the snapshot does not hold at `scene.now`.
    """
    if not meeting_points:
        raise NoMeetingPoint
    nearby.check(scene.now, policy.position_age)
    batches = nearby.in_order([point.place for point in meeting_points], travel)
    return rank_streamed(batches, scene, policy, travel, meeting_points, n=n)


def rank_streamed(
    people: Iterable[tuple[int, Sequence[Candidate]]],
    scene: Scene,
    policy: PairPolicy,
    travel: TravelTimes,
    meeting_points: Sequence[MeetingPoint],
    *,
    n: int = 3,
) -> tuple[Pair, ...]:
    """Rank the same pairs as `rank_pairs` from people who come in batches, and stop asking for more when sure.

    Parameters
    ----------
    people
        Batches in the order of their bounds: whole seconds that none of a batch, nor of any later one, can beat to
        the soonest meeting point. Nobody comes twice.

    Raises
    ------
    NoMeetingPoint
        When there is no meeting point.
    """
    if not meeting_points:
        raise NoMeetingPoint
    places = [point.place for point in meeting_points]
    limit_s = policy.eta_limit.total_seconds()
    search, company = _Search(scene, policy, n), Company()
    for bound_s, batch in people:
        if bound_s > limit_s or bound_s > search.most_s:
            break
        called = batch
        if bound_s + search.prices.unfamiliar_s > search.most_s:
            # Whoever comes from here on is too late for a stranger, by the price of being strangers alone.
            called = company.called(batch)
        else:
            company.meet(batch)
        if called:
            search.take(arrivals(screen(called, scene, policy, travel, places), scene, policy))
    return tuple(as_pair(it, scene, policy, meeting_points) for it in search.best)


def arrivals(screened: Screened, scene: Scene, policy: PairPolicy) -> list[Arrival]:
    """Return the screened candidates with what the scan needs to know of each."""
    limit_s = policy.eta_limit.total_seconds()
    everywhere = (1 << len(screened.seconds[0])) - 1 if screened.seconds else 0
    going: list[Arrival] = []
    for person, seconds in zip(screened.candidates, screened.seconds, strict=True):
        if max(seconds) <= limit_s:
            reach = everywhere
        else:
            reach = sum(1 << point for point, needed_s in enumerate(seconds) if needed_s <= limit_s)
        own_s = sum(own_terms(person, scene, policy))
        going.append(Arrival(person, seconds, min(seconds), own_s, kind_of(person, scene.now, policy, reach)))
    return going


def _by_least_cost(going: Sequence[Arrival]) -> Iterator[tuple[int, Sequence[Arrival]]]:
    for one in sorted(going, key=lambda it: (it.least_s, it.person.responder_id)):
        yield one.least_s, (one,)


def scan(batches: Iterable[tuple[int, Sequence[Arrival]]], scene: Scene, policy: PairPolicy, n: int) -> list[Found]:
    """Return the `n` cheapest pairs as (key, one, other, index of the meeting point), exactly (threshold scan).

    Each batch comes with a lower bound, in whole seconds, on the cost of any pair that has a member in it or in a
    later batch; bounds never fall. People seen are kept by kind, in order of their own penalty p. A newcomer c walks
    the kinds that may go with theirs: a pair with k costs at least t_c + p_c + p_k, and p_k never falls, so the walk
    may stop at the first that is above the n-th cost, and the scan at the first bound that is. All terms are whole
    and not negative, which makes both stops exact, ties included (Fagin, Lotem and Naor 2003, threshold algorithm).
    """
    search = _Search(scene, policy, n)
    for bound_s, batch in batches:
        if bound_s > search.most_s:
            break
        search.take(batch)
    return search.best


class _Search:
    """The cheapest pairs among the people taken so far."""

    def __init__(self, scene: Scene, policy: PairPolicy, n: int) -> None:
        self.best: list[Found] = []
        self.prices = pair_prices(scene, policy)
        self._n = n
        self._seen: dict[Kind, list[tuple[int, int, Arrival]]] = {}
        self._open_to: dict[Kind, list[list[tuple[int, int, Arrival]]]] = {}

    @property
    def most_s(self) -> int:
        """What a pair may cost at most to be among the best."""
        if self._n < 1:
            return -1
        return self.best[-1][0][0] if len(self.best) == self._n else NEVER_S

    def take(self, newcomers: Sequence[Arrival]) -> None:
        """Try people with everybody taken before them."""
        for newcomer in newcomers:
            if newcomer.kind not in self._seen:
                _open(newcomer.kind, self._seen, self._open_to)
            for partners in self._open_to[newcomer.kind]:
                _walk(newcomer, partners, self.best, self.prices, self._n)
            insort(self._seen[newcomer.kind], (newcomer.own_s, newcomer.person.responder_id, newcomer))


def _open(
    kind: Kind,
    seen: dict[Kind, list[tuple[int, int, Arrival]]],
    open_to: dict[Kind, list[list[tuple[int, int, Arrival]]]],
) -> None:
    """Make room for a kind seen for the first time and note whom it may go with."""
    seen[kind] = []
    open_to[kind] = []
    for other, partners in seen.items():
        if refusal(kind, other) is None:
            open_to[kind].append(partners)
            if other != kind:
                open_to[other].append(seen[kind])


def _walk(
    newcomer: Arrival,
    partners: list[tuple[int, int, Arrival]],
    best: list[Found],
    prices: PairPrices,
    n: int,
) -> None:
    """Try a newcomer with the people of one kind; times are compared only where all other terms leave room for them."""
    person, seconds, least_s = newcomer.person, newcomer.seconds, newcomer.least_s
    own_id, worked_with, lineage = person.responder_id, person.worked_with, person.lineage
    unfamiliar_s, one_voice_s = prices
    most_s = best[-1][0][0] if len(best) == n else NEVER_S
    for penalty_s, partner_id, partner in partners:
        least_together_s = least_s + penalty_s
        if least_together_s > most_s:
            return
        other = partner.person
        if partner_id not in worked_with and own_id not in other.worked_with:
            least_together_s += unfamiliar_s
        if lineage == other.lineage:
            least_together_s += one_voice_s
        if least_together_s > most_s or avoid_each_other(person, other):
            continue
        meet_s = min(map(max, seconds, partner.seconds))
        cost_s = least_together_s - newcomer.soonest_s + meet_s
        if cost_s > most_s:
            continue
        key = (cost_s, own_id, partner_id) if own_id < partner_id else (cost_s, partner_id, own_id)
        if len(best) < n or key < best[-1][0]:
            insort(best, (key, newcomer, partner, list(map(max, seconds, partner.seconds)).index(meet_s)))
            del best[n:]
            most_s = best[-1][0][0] if len(best) == n else NEVER_S


def pair_cost(one: Arrival, other: Arrival, scene: Scene, policy: PairPolicy) -> tuple[int, int]:
    """Return what two people cost together in whole seconds, and the index of the meeting point they would use."""
    later = list(map(max, one.seconds, other.seconds))
    meet_s = min(later)
    shared_s = sum(pair_terms(one.person, other.person, scene, policy))
    return meet_s + one.own_s + other.own_s + shared_s, later.index(meet_s)


def as_pair(found: Found, scene: Scene, policy: PairPolicy, meeting_points: Sequence[MeetingPoint]) -> Pair:
    """Return a pair that was found, with seats and reasons."""
    (cost_s, _, _), one, other, point = found
    observer, buddy = seated(one.person, other.person, scene.now, policy)
    first, second = (one, other) if observer is one.person else (other, one)
    later_s = max(first.seconds[point], second.seconds[point])
    return Pair(
        observer_id=observer.responder_id,
        buddy_id=buddy.responder_id,
        observer_eta_s=first.seconds[point],
        buddy_eta_s=second.seconds[point],
        meeting_point=meeting_points[point],
        cost_s=cost_s,
        reasons=reasons(later_s, observer, buddy, scene, policy),
    )
