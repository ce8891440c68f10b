"""Corroboration as log-odds with reasons: every term is one reason, and the terms add up to the number shown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations

from geo.calibration import IDENTITY, Calibration
from geo.distance import metres_between
from geo.evidence import (
    DEFAULT_SCORE_POLICY,
    Claim,
    Doubt,
    Negative,
    OnScene,
    Report,
    ScorePolicy,
    Standing,
    VehicleTie,
)
from geo.hull import Hull

__all__ = [
    "DEFAULT_SCORE_POLICY",
    "Claim",
    "Doubt",
    "Negative",
    "OnScene",
    "Reason",
    "Report",
    "Score",
    "ScorePolicy",
    "Standing",
    "VehicleTie",
    "corroborated",
    "kind_of",
    "score",
    "still_there",
]


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
    plain
        Log-odds by the weights alone, without what earlier decisions taught: what a decision is compared with.
    raw
        Log-odds before the calibration and the limit: what a decision calibrates.
    vouched_groups
        Independent groups that somebody vouched for; copies do not count.
    """

    standing: float
    queue: float
    probability: float
    reasons: tuple[Reason, ...]
    standing_reasons: tuple[Reason, ...]
    plain: float
    raw: float
    vouched_groups: int


def score(
    reports: Iterable[Report],
    doubts: Iterable[Doubt] = (),
    vehicles: Iterable[VehicleTie] = (),
    policy: ScorePolicy = DEFAULT_SCORE_POLICY,
    *,
    seen: Iterable[OnScene] = (),
    usual: float = 0.0,
    calibration: Calibration = IDENTITY,
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
    seen
        Pairs that saw it on scene.
    usual
        What earlier incidents of the network, place and hour add to the prior (`geo.reliability`); orders the queue.
    calibration
        What scores like this turned out to mean (`geo.calibration`); orders the queue.
    """
    best, echoes = _one_per_group(reports)
    vouched = [report for report in best if report.standing in _VOUCHED]
    callers = [report for report in best if report.standing is Standing.HOTLINE]
    strangers = [report for report in best if report.standing is Standing.UNVOUCHED]
    base = [Reason("what is usual here before anybody reported", policy.prior)]
    known = _witnesses(vouched, policy) if vouched else []
    leaning = _leaning(vouched)
    known += leaning
    known += [Reason(_seen_text(each), policy.seen * 2.0 * each.trust) for each in sorted(seen, key=_by_trust)]
    known += _doubted(doubts, policy)
    ties = sorted(vehicles, key=lambda tie: (-tie.weight, tie.text))
    known += _tied([tie for tie in ties if tie.vouched], policy)
    guessed = _tied([tie for tie in ties if not tie.vouched], policy)
    if usual:
        guessed.append(Reason("what earlier reports like these, in this network and place, turned out to be", usual))
    # An operator who types in a call is no witness: callers order the queue and never reach the standing.
    if callers:
        guessed += _witnesses(callers, policy)
    guessed += _said_by_vouched(vouched, policy) if vouched else _said_by_strangers(strangers, policy)
    room = policy.unvouched_at_most - math.fsum(each.weight for each in guessed if each.text == _STRANGERS_NAME)
    guessed += _strangers(len(strangers), room, policy)
    guessed += [Reason(_echo_text(echo, first), 0.0) for echo, first in echoes]

    standing_reasons = tuple(base + known)
    reasons = base + known + guessed
    total = math.fsum(reason.weight for reason in reasons)
    learned = usual + math.fsum(reason.weight for reason in leaning)
    shift = calibration.shift(total)
    if shift:
        reasons.append(Reason(_calibrated_text(calibration), shift))
    uncapped = total + shift
    limit = math.log(policy.cap / (1.0 - policy.cap))
    if uncapped > limit:
        reasons.append(Reason(f"from reports alone never more than {policy.cap:.0%}", limit - uncapped))
    queue = math.fsum(reason.weight for reason in reasons)
    return Score(
        standing=math.fsum(reason.weight for reason in standing_reasons),
        queue=queue,
        probability=1.0 / (1.0 + math.exp(-queue)),
        reasons=tuple(reasons),
        standing_reasons=standing_reasons,
        plain=total - learned,
        raw=total,
        vouched_groups=sum(not report.copied for report in vouched),
    )


def corroborated(held: Score, policy: ScorePolicy = DEFAULT_SCORE_POLICY) -> bool:
    """Tell whether an incident counts as corroborated: enough vouched groups, and a standing that is not negative."""
    return held.vouched_groups >= policy.corroborated_groups and held.standing >= policy.corroborated_standing


def still_there(silent_s: float, policy: ScorePolicy = DEFAULT_SCORE_POLICY) -> float:
    """Return how likely what was real is still there, `silent_s` seconds after it was last reported."""
    return math.exp(-math.log(2.0) * max(0.0, silent_s) / policy.still_half_life_s)


def kind_of(reports: Collection[Report]) -> str:
    """Return what kind of evidence this is, for counting what came of its like: how many sources, and what they say.

    Strangers make no difference where somebody vouched for reports too.
    """
    vouched = [report for report in reports if report.standing in _VOUCHED]
    counting = vouched or [report for report in reports if report.standing is not Standing.HOTLINE]
    claims = {report.claim for report in counting}
    claim = next((each for each in (Claim.NAMED, Claim.OTHER) if each in claims), Claim.UNSAID)
    number = min(_KINDS_TO, len({report.group for report in counting}))
    return f"{'vouched' if vouched else 'strangers'} {number} {claim}"


_KINDS_TO = 3
_VOUCHED = frozenset({Standing.TRAINED, Standing.VOUCHED})
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


_FEW = 8
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
    places = sorted({report.place for report in reports})
    if len(places) > _FEW:
        # Of a crowd only the corners can be farthest apart.
        largest = Hull(places).across_m
    else:
        largest = max((metres_between(here, there) for here, there in combinations(places, 2)), default=0.0)
    return round(largest / 10.0) * 10


def _echo_text(echo: Report, first: Report) -> str:
    if first.standing is Standing.UNVOUCHED:
        return f"{_called(echo)} comes from the same sender as {_called(first)}"
    return f"echo of {_called(first)} from the same lineage"


_STRANGERS_NAME = "those nobody vouched for say whose they are, and by what"


def _leaning(vouched: Collection[Report]) -> list[Reason]:
    """Return one term for what earlier reports of all these sources turned out to be: it judges records, not people."""
    leans = [report.lean for report in vouched if report.lean and not report.copied]
    lean = math.fsum(leans)
    if not lean:
        return []
    whose = "this source were" if len(leans) == 1 else "these sources, taken together, were"
    return [Reason(f"earlier reports of {whose} confirmed {'more' if lean > 0 else 'less'} often than usual", lean)]


def _said_by_vouched(vouched: Collection[Report], policy: ScorePolicy) -> list[Reason]:
    """Return what it adds whose people the vouched ones saw; local police among them is a doubt of its own."""
    claims = {report.claim for report in vouched}
    if Claim.NAMED in claims:
        return [Reason("somebody vouched for says whose they are, and by what", policy.named)]
    return [] if Claim.OTHER in claims else [Reason("nobody says whose they are", policy.unsaid)]


def _said_by_strangers(strangers: Collection[Report], policy: ScorePolicy) -> list[Reason]:
    """Return what it adds whose people strangers saw, where nobody vouched for reports at all."""
    claims = {report.claim for report in strangers}
    if Claim.NAMED in claims:
        return [Reason(_STRANGERS_NAME, policy.unvouched_named)]
    if Claim.OTHER in claims:
        return [Reason("those nobody vouched for say it is local police", policy.unvouched_other)]
    return [Reason("nobody says whose they are", policy.unvouched_unsaid)] if claims else []


def _strangers(count: int, room: float, policy: ScorePolicy) -> list[Reason]:
    """Return the one term that all unvouched senders share; it never reaches the standing."""
    if not count:
        return []
    people = "one sender" if count == 1 else f"{_counted(count)} senders"
    weight = min(room, policy.unvouched * math.sqrt(count))
    return [Reason(f"{people} nobody vouched for: orders the queue only", weight)]


def _by_trust(each: OnScene) -> float:
    return -each.trust


def _pair(trust: float) -> str:
    return "a trained pair" if trust >= 1.0 else "one of a trained pair"


def _calibrated_text(calibration: Calibration) -> str:
    return f"what scores like this turned out to be, over {calibration.decided:.0f} decided incidents"


def _seen_text(each: OnScene) -> str:
    return f"{_pair(each.trust)} saw it on scene"


def _looked_clear(doubt: Doubt, policy: ScorePolicy) -> Reason:
    """Return what it weighs that nothing was found: less as that was long ago, and where it may simply have gone."""
    missed = 1.0 - still_there(doubt.late_s, policy) * (1.0 - math.exp(policy.looked_clear))
    weight = math.log(missed) * 2.0 ** (-max(0.0, doubt.age_s) / policy.clear_half_life_s) * doubt.trust
    late = f", {doubt.late_s / 60.0:.0f} minutes after the last report" if doubt.late_s >= _LATE_S else ""
    return Reason(f"{_pair(doubt.trust)} looked and saw nothing{late}", weight)


_LATE_S = 900.0


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
            reasons.append(_looked_clear(doubt, policy))
        elif doubt.kind is Negative.LOCAL_POLICE:
            reasons.append(Reason("somebody vouched for says it is local police", policy.local_police * doubt.trust))
        elif doubt.kind is Negative.FOUND_POLICE:
            text = f"{_pair(doubt.trust)} found local police on scene"
            reasons.append(Reason(text, policy.local_police * doubt.trust))
    quiet = sum(doubt.kind is Negative.QUIET_OBSERVER for doubt in ordered)
    if quiet:
        people = "one observer nearby has" if quiet == 1 else f"{_counted(quiet)} observers nearby have"
        weight = max(policy.quiet_observers_at_most, policy.quiet_observer * quiet)
        reasons.append(Reason(f"{people} reported nothing", weight))
    return reasons
