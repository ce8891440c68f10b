"""What a pair costs, in whole seconds so that reasons add up: later arrival, load, rest, nights, zones, familiarity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from matcher.candidates import Candidate, Scene
    from matcher.policy import PairPolicy

_OWN_TEXTS: Final = (
    "load of the last seven days",
    "short rest since the last dispatch",
    "nights not yet rested",
    "cover their zone loses",
    "away from their own zones",
)
_PAIR_TEXTS: Final = ("Not out together before", "Vouched for by the same organizer")


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a cost, in words and whole seconds."""

    text: str
    seconds: int

    @property
    def minutes(self) -> float:
        """The term in minutes."""
        return self.seconds / 60


def _whole_seconds(minutes: float) -> int:
    # Negative input would break the proof of the scan, so it counts as nothing.
    return max(0, round(minutes * 60))


def own_terms(person: Candidate, scene: Scene, policy: PairPolicy) -> tuple[int, ...]:
    """Return the terms one person brings to any pair, in whole seconds, in the order of their texts."""
    rested = person.last_cleared_at is None or scene.now - person.last_cleared_at >= policy.short_rest
    at_home = not (scene.zone_ids and person.zone_ids) or not scene.zone_ids.isdisjoint(person.zone_ids)
    return (
        _whole_seconds(policy.load_min * person.load_7d / policy.load_target_7d) if person.load_7d else 0,
        0 if rested else _whole_seconds(policy.short_rest_min),
        _whole_seconds(policy.night_debt_min * person.night_debt) if person.night_debt else 0,
        _whole_seconds(person.coverage_lost_min) if person.coverage_lost_min else 0,
        0 if at_home else _whole_seconds(policy.away_from_zone_min),
    )


class PairPrices(NamedTuple):
    """What two people cost together where it applies, in whole seconds."""

    unfamiliar_s: int
    one_voice_s: int


def pair_prices(scene: Scene, policy: PairPolicy) -> PairPrices:
    """Return what it costs at a scene that two were not out together before, and that one lineage vouched for both.

    Two lineages make a stronger witness when a pair goes to look: a price, not a rule.
    """
    one_voice_s = _whole_seconds(policy.same_lineage_min) if scene.task == "look" else 0
    return PairPrices(_whole_seconds(policy.unfamiliar_min), one_voice_s)


def pair_terms(one: Candidate, other: Candidate, scene: Scene, policy: PairPolicy) -> tuple[int, ...]:
    """Return the terms that two people bring together, in whole seconds, in the order of their texts."""
    familiar = other.responder_id in one.worked_with or one.responder_id in other.worked_with
    prices = pair_prices(scene, policy)
    return (
        0 if familiar else prices.unfamiliar_s,
        prices.one_voice_s if one.lineage == other.lineage else 0,
    )


def reasons(
    arrival_s: int, observer: Candidate, buddy: Candidate, scene: Scene, policy: PairPolicy
) -> tuple[Reason, ...]:
    """Return the terms of a pair's cost in words, the arrival always, the others where they are not zero."""
    lines = [Reason("Later arrival of the two at the meeting point", arrival_s)]
    for seat, person in (("Observer", observer), ("Buddy", buddy)):
        terms = own_terms(person, scene, policy)
        lines += [Reason(f"{seat}: {text}", term) for text, term in zip(_OWN_TEXTS, terms, strict=True) if term]
    shared = pair_terms(observer, buddy, scene, policy)
    lines += [Reason(text, term) for text, term in zip(_PAIR_TEXTS, shared, strict=True) if term]
    return tuple(lines)
