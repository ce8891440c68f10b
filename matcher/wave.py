"""Whom to ask at once: the smallest wave that brings a pair with the chance wanted, observers by their scarcity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matcher.buddy import EVERY_POINT, Kind, kind_of, may_go_together, refusal, seated

if TYPE_CHECKING:
    from matcher.candidates import Candidate, Scene
    from matcher.policy import PairPolicy

_ANY_LANGUAGE: Final = frozenset(("*",))


@dataclass(frozen=True, slots=True)
class Seats:
    """Two yeses that make a pair, each with a seat."""

    observer_id: int
    buddy_id: int


def chance_of_yes(person: Candidate, policy: PairPolicy) -> float:
    """Return how likely a person is to accept: their own answers beside the prior (mean of a Beta)."""
    yes, other = person.acceptance
    prior_yes, prior_other = policy.acceptance_prior
    return (prior_yes + yes) / (prior_yes + yes + prior_other + other)


def first_compatible(yeses: Sequence[Candidate], scene: Scene, policy: PairPolicy) -> Seats | None:
    """Return the first two people who fit, in the order in which they said yes, and who takes which seat.

    The pair that was complete first wins; of two partners waiting for the same newcomer, the one who waited longer.
    """
    for position, newcomer in enumerate(yeses):
        for waiting in yeses[:position]:
            if may_go_together(waiting, newcomer, scene.now, policy):
                observer, buddy = seated(waiting, newcomer, scene.now, policy)
                return Seats(observer.responder_id, buddy.responder_id)
    return None


def chance_of_pair(asked: Sequence[Candidate], yeses: Sequence[Candidate], scene: Scene, policy: PairPolicy) -> float:
    """Return the chance that a pair comes together from those asked and the yeses in hand.

    Answers count as independent. Seats and newness are exact; avoid lists and languages are not in it (they are
    looked at person by person when the wave is chosen, and again when two have said yes).
    """
    if first_compatible(yeses, scene, policy) is not None:
        return 1.0
    return 1.0 - sum(_steps(_in_hand(yeses, scene, policy), asked, scene, policy)[-1].values())


def next_wave(
    ranked: Sequence[Candidate],
    yeses: Sequence[Candidate],
    scene: Scene,
    policy: PairPolicy,
    *,
    asked: Sequence[Candidate] = (),
    target: float | None = None,
    size: int | None = None,
) -> list[int]:
    """Return the ids to ask now: the smallest set whose chance of a pair, with those asked already, reaches the target.

    Within observers and within the others the order of `ranked` holds, so the set is the smallest of all that take
    the best-ranked of each; of two sets of one size the one with fewer observers is taken, since they are scarce.
    Observers come first in the answer. If not even everybody together reaches the target, the best chance that
    the largest wave gives is taken.

    Parameters
    ----------
    ranked
        People who may be asked, best first (`matcher.order.order_to_ask`), without those who hold an offer here.
    yeses
        People who said yes and wait for a partner. With any, only people who fit one of them are asked, so that
        nobody is left waiting; if nobody fits, the wave is chosen as if there were none.
    asked
        People who hold an offer here and have not answered yet: what they may still say counts, so that a no is made up
        for at once and nobody is asked in vain.
    target
        Chance wanted; the policy's, or its urgent one for an urgent scene, when left out.
    size
        A dispatcher's own number of people; the target is then not looked at.
    """
    if first_compatible(yeses, scene, policy) is not None:
        return []
    known = {person.responder_id for person in (*yeses, *asked)}
    people = [person for person in ranked if person.responder_id not in known]
    fitting = [one for one in people if any(may_go_together(one, yes, scene.now, policy) for yes in yeses)]
    in_hand = yeses if fitting else ()
    people = fitting or people
    wanted = target if target is not None else (policy.urgent_target if scene.urgent else policy.target)
    most = min(len(people), policy.largest_wave if size is None else size)
    observers = [person for person in people if kind_of(person, scene.now, policy).observes][:most]
    others = [person for person in people if not kind_of(person, scene.now, policy).observes][:most]
    start = _steps(_in_hand(in_hand, scene, policy), asked, scene, policy)[-1]
    so_far = 1.0 - sum(start.values())
    if size is None and so_far >= wanted:
        return []
    led = _steps(start, observers, scene, policy)
    joined = _steps({0: 1.0}, others, scene, policy)
    sizes = range(1, most + 1) if size is None else range(most, most + 1)
    best: tuple[float, int, int] = (so_far, 0, 0)
    for count in sizes:
        for leading in range(max(0, count - len(others)), min(count, len(observers)) + 1):
            chance = 1.0 - _still_alone(led[leading], joined[count - leading])
            if chance > best[0] + 1e-12:
                best = (chance, leading, count - leading)
            if size is None and chance >= wanted:
                return _ids(observers[:leading], others[: count - leading])
    _, leading, following = best
    return _ids(observers[:leading], others[:following])


def _ids(*groups: Iterable[Candidate]) -> list[int]:
    return [person.responder_id for group in groups for person in group]


# The state of a wave is who has said yes so far: one bit for each of the eight sorts of people (observes, may be buddy,
# new). States in which two of them make a pair are dropped, so what is left is the chance that nobody can go yet.
_SORTS: Final = tuple(
    Kind(
        observes=bool(sort & 4), buddies=bool(sort & 2), new=bool(sort & 1), languages=_ANY_LANGUAGE, reach=EVERY_POINT
    )
    for sort in range(8)
)
_PARTNERS: Final = tuple(
    sum(1 << other for other in range(8) if refusal(_SORTS[sort], _SORTS[other]) is None) for sort in range(8)
)


def _sort_of(person: Candidate, scene: Scene, policy: PairPolicy) -> int:
    kind = kind_of(person, scene.now, policy)
    return 4 * kind.observes + 2 * kind.buddies + kind.new


def _in_hand(yeses: Iterable[Candidate], scene: Scene, policy: PairPolicy) -> dict[int, float]:
    said = 0
    for person in yeses:
        said |= 1 << _sort_of(person, scene, policy)
    return {said: 1.0}


def _steps(
    start: dict[int, float], asked: Iterable[Candidate], scene: Scene, policy: PairPolicy
) -> list[dict[int, float]]:
    """Return the chances of every state without a pair before anybody, and after each of those asked in turn."""
    steps = [start]
    for person in asked:
        sort, chance = _sort_of(person, scene, policy), chance_of_yes(person, policy)
        after: dict[int, float] = {}
        for said, before in steps[-1].items():
            after[said] = after.get(said, 0.0) + before * (1.0 - chance)
            if not said & _PARTNERS[sort]:
                joined = said | 1 << sort
                after[joined] = after.get(joined, 0.0) + before * chance
        steps.append(after)
    return steps


def _still_alone(led: dict[int, float], joined: dict[int, float]) -> float:
    """Return the chance that neither of two groups has a pair, alone or across."""
    alone = 0.0
    for said, chance in led.items():
        fits = 0
        for sort in range(8):
            if said >> sort & 1:
                fits |= _PARTNERS[sort]
        alone += chance * sum(other for others_said, other in joined.items() if not others_said & fits)
    return alone
