"""Corroboration as log-odds with reasons: every term is one reason, and the terms add up to the number shown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from geo.distance import metres_between
from geo.points import LonLat


class Standing(StrEnum):
    """What is known about who stands behind a report."""

    TRAINED = "trained"
    VOUCHED = "vouched"
    HOTLINE = "hotline"
    UNVOUCHED = "unvouched"


class Negative(StrEnum):
    """What can speak against an incident."""

    LOOKED_CLEAR = "looked_clear"
    QUIET_OBSERVER = "quiet_observer"
    LOCAL_POLICE = "local_police"


@dataclass(frozen=True, slots=True)
class ScorePolicy:
    """The weights of one network, in log-odds, and the times after which they fade."""

    prior: float = -2.2
    trained: float = 1.8
    vouched: float = 1.1
    hotline: float = 0.9
    unvouched: float = 0.3
    unvouched_at_most: float = 1.0
    copied_discount: float = 0.75
    looked_clear: float = -2.2
    clear_half_life_s: float = 1_800.0
    quiet_observer: float = -0.1
    quiet_observers_at_most: float = -0.5
    local_police: float = -1.0
    vehicle_at_most: float = 1.5
    cap: float = 0.95
    """From sightings alone nothing is more probable than this."""
    corroborated_groups: int = 2
    corroborated_standing: float = 0.0


DEFAULT_SCORE_POLICY = ScorePolicy()
"""The weights a network starts with."""


@dataclass(frozen=True, slots=True)
class Report:
    """One sighting as the score sees it.

    Attributes
    ----------
    id
        The sighting's id.
    group
        Its source group; one group counts once, by its best report.
    standing
        What is known about who stands behind it.
    place
        Where, WGS84.
    t
        When it was observed, seconds since 1970-01-01 UTC.
    copied
        It differs from another group on paper only: similar text, sent just after a broadcast, or the same feed.
    label
        What to call it in a reason, such as "r-17"; never who sent it.
    """

    id: int
    group: int
    standing: Standing
    place: LonLat
    t: float
    copied: bool = False
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that speaks against an incident; `age_s` seconds ago, `trust` from 0 to 1 for whoever says so."""

    kind: Negative
    age_s: float = 0.0
    trust: float = 1.0


@dataclass(frozen=True, slots=True)
class VehicleTie:
    """A vehicle that speaks for the incident, as `geo.vehicles` found it: its weight, and the sentence to show."""

    weight: float
    text: str
    vouched: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a score: a sentence a dispatcher reads, and its log-odds."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Score:
    """How an incident stands.

    Attributes
    ----------
    standing
        Log-odds from vouched groups and judgements alone; drives the state.
    queue
        Log-odds from everything; drives the order. It is the sum of the weights of `reasons`, exactly.
    probability
        `queue` as a probability.
    reasons
        The terms of `queue`, in the order they were added.
    standing_reasons
        The terms of `standing`; their weights add up to it, exactly.
    vouched_groups
        Independent groups that somebody vouched for; copies do not count.
    """

    standing: float
    queue: float
    probability: float
    reasons: tuple[Reason, ...]
    standing_reasons: tuple[Reason, ...]
    vouched_groups: int


def score(
    reports: Iterable[Report],
    doubts: Iterable[Doubt] = (),
    vehicles: Iterable[VehicleTie] = (),
    policy: ScorePolicy = DEFAULT_SCORE_POLICY,
) -> Score:
    """Weigh what speaks for and against an incident; the order of arrival does not matter.

    Parameters
    ----------
    reports
        The sightings of the incident that were not retracted.
    doubts
        What speaks against it.
    vehicles
        Vehicle ties, found elsewhere; the largest of each kind of group counts.
    policy
        The weights in force.
    """
    best, echoes = _one_per_group(reports)
    vouched = [report for report in best if report.standing in {Standing.TRAINED, Standing.VOUCHED}]
    callers = [report for report in best if report.standing is Standing.HOTLINE]
    base = [Reason("what is usual here before anybody reported", policy.prior)]
    known = [*_witnesses(vouched, policy), *_doubted(doubts, policy)]
    ties = sorted(vehicles, key=lambda tie: (-tie.weight, tie.text))
    known += _tied([tie for tie in ties if tie.vouched], policy)
    guessed = _tied([tie for tie in ties if not tie.vouched], policy)
    # An operator who types in a call is no witness: callers order the queue and never reach the standing.
    guessed += _witnesses(callers, policy)
    guessed += _strangers(len(best) - len(vouched) - len(callers), policy)
    guessed += [Reason(_echo_text(echo, first), 0.0) for echo, first in echoes]

    standing_reasons = tuple(base + known)
    reasons = base + known + guessed
    total = math.fsum(reason.weight for reason in reasons)
    limit = math.log(policy.cap / (1.0 - policy.cap))
    if total > limit:
        reasons.append(Reason(f"from reports alone never more than {policy.cap:.0%}", limit - total))
    queue = math.fsum(reason.weight for reason in reasons)
    return Score(
        standing=math.fsum(reason.weight for reason in standing_reasons),
        queue=queue,
        probability=1.0 / (1.0 + math.exp(-queue)),
        reasons=tuple(reasons),
        standing_reasons=standing_reasons,
        vouched_groups=sum(not report.copied for report in vouched),
    )


def corroborated(held: Score, policy: ScorePolicy = DEFAULT_SCORE_POLICY) -> bool:
    """Tell whether an incident counts as corroborated: enough vouched groups, and a standing that is not negative."""
    return held.vouched_groups >= policy.corroborated_groups and held.standing >= policy.corroborated_standing


_TRUST = {Standing.TRAINED: 3, Standing.VOUCHED: 2, Standing.HOTLINE: 1, Standing.UNVOUCHED: 0}


def _one_per_group(reports: Iterable[Report]) -> tuple[list[Report], list[tuple[Report, Report]]]:
    """Return the best report of each group, earliest first, and every other report beside the one it echoes."""
    groups: dict[int, list[Report]] = defaultdict(list)
    for report in reports:
        groups[report.group].append(report)
    best: list[Report] = []
    echoes: list[tuple[Report, Report]] = []
    for members in groups.values():
        first, *others = sorted(members, key=lambda r: (-_TRUST[r.standing], r.copied, r.t, r.id))
        best.append(first)
        echoes += [(other, first) for other in others]
    return sorted(best, key=lambda r: (r.t, r.id)), sorted(echoes, key=lambda pair: (pair[0].t, pair[0].id))


def _witnesses(vouched: Collection[Report], policy: ScorePolicy) -> list[Reason]:
    """Return one term for all independent witnesses of a kind, and one for those who differ on paper only."""
    weights = {
        Standing.TRAINED: policy.trained,
        Standing.VOUCHED: policy.vouched,
        Standing.HOTLINE: policy.hotline,
    }
    reasons: list[Reason] = []
    for standing, weight in weights.items():
        own = [report for report in vouched if report.standing is standing and not report.copied]
        if own:
            reasons.append(Reason(_witness_text(own, standing), weight * len(own)))
        for report in vouched:
            if report.standing is standing and report.copied:
                text = f"{_called(report)} repeats what others said or were told: counted less"
                reasons.append(Reason(text, weight * (1.0 - policy.copied_discount)))
    return reasons


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _counted(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _called(report: Report) -> str:
    return report.label or "a report"


def _witness_text(own: Collection[Report], standing: Standing) -> str:
    number = _counted(len(own))
    if standing is Standing.HOTLINE:
        return "one caller, taken down by an operator" if len(own) == 1 else f"{number} independent hotline callers"
    word = "trained witness" if standing is Standing.TRAINED else "witness"
    if len(own) == 1:
        return f"one {word} somebody vouched for"
    return f"{number} {word}es vouched for by different organizers, {_spread_m(own)} m apart"


def _spread_m(reports: Collection[Report]) -> int:
    """Return the largest distance between reports, to ten metres: a reason should not give a place away."""
    places = [report.place for report in reports]
    largest = max(metres_between(here, there) for here in places for there in places)
    return round(largest / 10.0) * 10


def _echo_text(echo: Report, first: Report) -> str:
    if first.standing is Standing.UNVOUCHED:
        return f"{_called(echo)} comes from the same sender as {_called(first)}"
    return f"echo of {_called(first)} from the same lineage"


def _strangers(count: int, policy: ScorePolicy) -> list[Reason]:
    """Return the one term that all unvouched senders share; it never reaches the standing."""
    if not count:
        return []
    people = "one sender" if count == 1 else f"{_counted(count)} senders"
    weight = min(policy.unvouched_at_most, policy.unvouched * math.sqrt(count))
    return [Reason(f"{people} nobody vouched for: orders the queue only", weight)]


def _tied(ties: Collection[VehicleTie], policy: ScorePolicy) -> list[Reason]:
    """Return the strongest vehicle tie for, and every one against."""
    strongest = [tie for tie in ties if tie.weight > 0][:1]
    against = [tie for tie in ties if tie.weight < 0]
    return [Reason(tie.text, min(tie.weight, policy.vehicle_at_most)) for tie in (*strongest, *against)]


def _doubted(doubts: Iterable[Doubt], policy: ScorePolicy) -> list[Reason]:
    """Return what speaks against, oldest last."""
    ordered = sorted(doubts, key=lambda doubt: (doubt.kind, doubt.age_s, -doubt.trust))
    reasons: list[Reason] = []
    for doubt in ordered:
        if doubt.kind is Negative.LOOKED_CLEAR:
            weight = policy.looked_clear * 2.0 ** (-max(0.0, doubt.age_s) / policy.clear_half_life_s) * doubt.trust
            who = "a trained pair" if doubt.trust >= 1.0 else "somebody"
            reasons.append(Reason(f"{who} looked and saw nothing", weight))
        elif doubt.kind is Negative.LOCAL_POLICE:
            reasons.append(Reason("somebody vouched for says it is local police", policy.local_police * doubt.trust))
    quiet = sum(doubt.kind is Negative.QUIET_OBSERVER for doubt in ordered)
    if quiet:
        people = "one observer nearby has" if quiet == 1 else f"{_counted(quiet)} observers nearby have"
        weight = max(policy.quiet_observers_at_most, policy.quiet_observer * quiet)
        reasons.append(Reason(f"{people} reported nothing", weight))
    return reasons
