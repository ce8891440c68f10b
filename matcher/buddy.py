"""Seats, and who may go with whom; nobody goes alone."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from matcher.candidates import Candidate
    from matcher.policy import PairPolicy

EVERY_POINT: Final = -1
"""The reach of somebody whose way has not been worked out: every bit is set."""


class PairRule(StrEnum):
    """Why two people are not paired, in the order in which the rules are read."""

    ON_AVOID_LIST = "on_avoid_list"
    NO_OBSERVER = "no_observer"
    NO_BUDDY = "no_buddy"
    BOTH_NEW = "both_new"
    NO_COMMON_LANGUAGE = "no_common_language"
    NO_SHARED_MEETING_POINT = "no_shared_meeting_point"

    @property
    def sentence(self) -> str:
        """The rule as a dispatcher reads it."""
        return _SENTENCES[self]


_SENTENCES: Final[Mapping[PairRule, str]] = {
    PairRule.ON_AVOID_LIST: "One of them is not to be paired with the other.",
    PairRule.NO_OBSERVER: "Neither holds the observer certificate.",
    PairRule.NO_BUDDY: "Neither can take the buddy's seat beside the other.",
    PairRule.BOTH_NEW: "Both are new.",
    PairRule.NO_COMMON_LANGUAGE: "They share no language.",
    PairRule.NO_SHARED_MEETING_POINT: "No meeting point is near enough for both.",
}


class Kind(NamedTuple):
    """What matters about a person for whom they may go with; people of one kind are alike but for avoid lists.

    `reach` has bit i set when meeting point i is within the arrival limit.
    """

    observes: bool
    buddies: bool
    new: bool
    languages: frozenset[str]
    reach: int


def kind_of(person: Candidate, now: datetime, policy: PairPolicy, reach: int = EVERY_POINT) -> Kind:
    """Return a person's kind at a moment."""
    return Kind(
        observes=person.observer_until is not None and person.observer_until > now,
        buddies=person.trained_until is not None and person.trained_until > now,
        new=person.cleared_total < policy.new_below,
        languages=person.languages,
        reach=reach,
    )


def refusal(one: Kind, other: Kind) -> PairRule | None:
    """Return the first rule but the avoid list that keeps two kinds apart, or None."""
    if not (one.observes or other.observes):
        return PairRule.NO_OBSERVER
    if not ((one.observes and other.buddies) or (other.observes and one.buddies)):
        return PairRule.NO_BUDDY
    if one.new and other.new:
        return PairRule.BOTH_NEW
    if one.languages.isdisjoint(other.languages):
        return PairRule.NO_COMMON_LANGUAGE
    if not one.reach & other.reach:
        return PairRule.NO_SHARED_MEETING_POINT
    return None


def avoid_each_other(one: Candidate, other: Candidate) -> bool:
    """Say whether either stands on the other's avoid list."""
    return other.responder_id in one.avoids or one.responder_id in other.avoids


def may_go_together(one: Candidate, other: Candidate, now: datetime, policy: PairPolicy) -> bool:
    """Say whether two people could be a pair, wherever they are."""
    if one.responder_id == other.responder_id or avoid_each_other(one, other):
        return False
    return refusal(kind_of(one, now, policy), kind_of(other, now, policy)) is None


def seated(one: Candidate, other: Candidate, now: datetime, policy: PairPolicy) -> tuple[Candidate, Candidate]:
    """Return two compatible people as (observer, buddy).

    Where both could take either seat, the one with more cleared dispatches observes; ties go to the smaller id.
    """
    first, second = sorted((one, other), key=lambda person: (-person.cleared_total, person.responder_id))
    leads, follows = kind_of(first, now, policy), kind_of(second, now, policy)
    return (first, second) if leads.observes and follows.buddies else (second, first)


def count_refusals(people: Sequence[Candidate], kinds: Sequence[Kind]) -> Counter[PairRule]:
    """Count all unordered pairs of people under the first rule that keeps them apart.

    Kinds are counted against kinds, then the few pairs on an avoid list are moved; no pair is looked at twice,
    so ten thousand people cost no fifty million looks.
    """
    kind_by_id = {person.responder_id: kind for person, kind in zip(people, kinds, strict=True)}
    avoiding = {
        (min(person.responder_id, avoided), max(person.responder_id, avoided))
        for person in people
        for avoided in person.avoids
        if avoided in kind_by_id and avoided != person.responder_id
    }
    return count_by_kind(Counter(kinds), [(kind_by_id[low], kind_by_id[high]) for low, high in avoiding])


def count_by_kind(people: Mapping[Kind, int], avoiding: Iterable[tuple[Kind, Kind]]) -> Counter[PairRule]:
    """Count all unordered pairs of so many people of each kind under the first rule that keeps them apart.

    Parameters
    ----------
    avoiding
        The kinds of each two people of whom one stands on the other's avoid list.
    """
    counts: Counter[PairRule] = Counter()
    # Reach is counted apart from the rest: there are few sorts of people, but each may reach any set of points.
    reaches = sorted({kind.reach for kind in people})
    column = {reach: position for position, reach in enumerate(reaches)}
    far_apart = np.array([[not one & other for other in reaches] for one in reaches], dtype=np.int64)
    sorts: dict[Kind, NDArray[np.int64]] = {}
    for kind, size in people.items():
        row = sorts.setdefault(kind._replace(reach=EVERY_POINT), np.zeros(len(reaches), dtype=np.int64))
        row[column[kind.reach]] += size
    listed = list(sorts.items())
    for position, (kind, sizes) in enumerate(listed):
        for other, other_sizes in listed[position:]:
            rule = refusal(kind, other)
            if rule is not None:
                pairs = int(sizes.sum()) * int(other_sizes.sum() - (kind == other))
            else:
                # Everybody reaches some point, so nobody is far apart from themself.
                rule, pairs = PairRule.NO_SHARED_MEETING_POINT, int(sizes @ far_apart @ other_sizes)
            counts[rule] += pairs // 2 if kind == other else pairs
    for one, another in avoiding:
        counts[PairRule.ON_AVOID_LIST] += 1
        rule = refusal(one, another)
        if rule is not None:
            counts[rule] -= 1
    return +counts
