"""What an incident has to show before it is called verified and before anything is said of it, point by point."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from desk.policy import VerificationPolicy
from records.enums import Basis, IncidentStatus, Unit, Verdict
from records.models import Incident, Judgement
from records.told import Evidence
from records.values import SourceOf

ANNOUNCED: Final = frozenset({Unit.IMMIGRATION, Unit.OTHER_FEDERAL})
"""Whose work is announced at all; the database knows the same two."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing an incident has to show: what for, whether it does, and what there is or is missing, in words."""

    code: str
    needed_for: str
    met: bool
    text: str


def floor_met(evidence: Evidence, votes: Collection[Judgement]) -> bool:
    """Tell whether there is evidence enough to speak of an incident: a floor, the same for every network."""
    seen = any(each.basis == Basis.SEEN_IN_PERSON for each in votes)
    return evidence.lineages >= 2 or evidence.both_of_a_pair or seen


def enough_people(votes: Collection[Judgement], policy: VerificationPolicy) -> bool:
    """Tell whether as many people of different lineages said verified as this network asks for: two or more."""
    return _apart(votes) >= policy.people_needed


def _apart(votes: Collection[Judgement]) -> int:
    """Return how many of these are of a lineage of their own."""
    return min(len({each.account_id for each in votes}), len({each.lineage for each in votes}))


def listed(
    incident: Incident,
    votes: Sequence[Judgement],
    agency: str | None,
    evidence: Evidence,
    policy: VerificationPolicy,
) -> list[Criterion]:
    """Return every criterion with whether it is met; `agency` is what two people agreed on, None where none did yet."""
    state, said = "verified", "statement"
    met = floor_met(evidence, votes)
    agreed = agency not in {None, Unit.UNKNOWN}
    whose = [
        Criterion(
            "agency_agreed",
            state if policy.require_agreed_agency else said,
            agreed,
            f"both say whose it is: {str(agency).replace('_', ' ')}" if agreed else "no agency agreed",
        )
    ]
    if agreed and agency not in ANNOUNCED:
        text = "local police is never announced as immigration enforcement"
        whose.append(Criterion("announceable", said, met=False, text=text))
    return [
        _people(votes, policy),
        *whose,
        Criterion("evidence", state if policy.require_evidence_floor else said, met, _evidence(evidence, votes)),
        Criterion(
            "activity",
            said,
            incident.activity is not None,
            "what they do is known" if incident.activity else "nobody said what they are doing",
        ),
        Criterion(
            "verified",
            said,
            incident.status == IncidentStatus.VERIFIED,
            "it stands as verified" if incident.status == IncidentStatus.VERIFIED else "it does not stand as verified",
        ),
    ]


def _people(votes: Collection[Judgement], policy: VerificationPolicy) -> Criterion:
    missing = policy.people_needed - _apart(votes)
    if missing <= 0:
        text = f"{_NUMBERS[policy.people_needed]} people of different lineages said verified"
    elif missing == 1:
        text = "one more person of another lineage"
    else:
        text = f"{_NUMBERS[missing]} people of different lineages have to say verified"
    return Criterion("people", "verified", missing <= 0, text)


_NUMBERS: Final = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


def _evidence(evidence: Evidence, votes: Collection[Judgement]) -> str:
    if evidence.lineages >= 2:
        return "two independent sources that somebody vouched for"
    if evidence.both_of_a_pair:
        return "both people of a pair on scene reported it"
    if floor_met(evidence, votes):
        return "one of those who judged saw it in person"
    return "a second independent source, a pair on scene, or a judge who saw it in person"


# who counts


def is_involved(account: int, lineage: int, sources: Sequence[SourceOf]) -> bool:
    """Tell whether somebody has a pin in an incident, or shares the lineage of its only source."""
    if any(source.account_id == account for source in sources):
        return True
    return len({source.source_group for source in sources}) == 1 and any(each.lineage == lineage for each in sources)


def votes(judgements: Sequence[Judgement], sources: Sequence[SourceOf]) -> list[Judgement]:
    """Return the verdicts `verified` that count: not undone, and of nobody who is involved."""
    return [
        each
        for each in judgements
        if each.verdict == Verdict.VERIFIED
        and (each.undone_at is None or _made_room(each, judgements))
        and not is_involved(each.account_id, each.lineage, sources)
    ]


def agreeing(votes: Sequence[Judgement]) -> tuple[Judgement, Judgement] | None:
    """Return the two who make an incident verified: those who name the same agency first, then the earliest."""
    same = (pair_of([each for each in votes if each.agency == agency]) for agency in Unit)
    return next((pair for pair in same if pair is not None), None) or pair_of(votes)


def pair_of(votes: Sequence[Judgement]) -> tuple[Judgement, Judgement] | None:
    """Return the earliest two of different people and lineages, None where there are none."""
    for number, second in enumerate(votes):
        for first in votes[:number]:
            if first.account_id != second.account_id and first.lineage != second.lineage:
                return first, second
    return None


def _made_room(earlier: Judgement, judgements: Sequence[Judgement]) -> bool:
    """Tell whether a judgement was set aside only because the same person then said that it is over."""
    return any(
        each.undone_at is None and earlier in gave_way(each, judgements)
        for each in judgements
        if each.verdict == Verdict.CLEAR
    )


def gave_way(clear: Judgement, judgements: Sequence[Judgement]) -> Iterator[Judgement]:
    """Yield what the same person judged before and set aside at the moment of this `clear`."""
    if clear.verdict == Verdict.CLEAR:
        for each in judgements:
            if each.account_id == clear.account_id and each.undone_at == clear.judged_at and each.id != clear.id:
                yield each
