"""How many people were ruled out by which rule: counted in the database in one pass, whatever the roster's size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from desk.dispatching import gathering
from desk.remembered import centre_of
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.points import LonLat
from matcher.buddy import Kind, PairRule, count_by_kind
from matcher.candidates import Scene
from matcher.eligibility import Rule, arrival_seconds, screen
from matcher.meeting import MeetingPoint
from matcher.nearby import cells_within
from matcher.pairs import arrivals
from records.crowds import Crowd, RuleNumbers
from records.values import SceneRow

_ANCESTORS = 7
"""Whoever is in no cell of this resolution that is near enough is too far; the others are looked at more closely."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Everybody counted once, and every two of those who could go counted once."""

    roster: int
    candidates: int
    ruled_out: Counter[Rule]
    pairs_ruled_out: Counter[PairRule]

    def by_rule(self) -> dict[str, int]:
        """Return the people ruled out as a dispatch keeps them."""
        return {rule.value: self.ruled_out[rule] for rule in Rule if self.ruled_out[rule]}


def count_everybody(uow: UnitOfWork, row: SceneRow, scene: Scene, points: Sequence[MeetingPoint]) -> Counts:
    """Count the roster under the rules of `matcher.eligibility` and `matcher.buddy`, as ranking all of it would."""
    places = [point.place for point in points]
    remembered = uow.count(scene, gathering.ways_to(uow, scene), places, row.reporters)
    if remembered is not None:
        return Counts(
            roster=remembered.candidates + remembered.ruled_out.total(),
            candidates=remembered.candidates,
            ruled_out=remembered.ruled_out,
            pairs_ruled_out=remembered.pairs_ruled_out,
        )
    return count_in_the_database(uow, row, scene, points)


def count_in_the_database(uow: UnitOfWork, row: SceneRow, scene: Scene, points: Sequence[MeetingPoint]) -> Counts:
    """Count the same in one pass over the rows, for a process that does not remember the roster."""
    places = [point.place for point in points]
    numbers = _numbers(uow, row, scene, points)
    found, crowds = uow.responders.people_by_rule(numbers)
    ruled_out = Counter({Rule(name): people for name, people in found.items()})
    limit_s = uow.policy.pairs.eta_limit.total_seconds()
    spots = sorted({(crowd.cell9, crowd.mode) for crowd in crowds})
    seconds = arrival_seconds(
        [centre_of(cells.from_int(cell9)) for cell9, _ in spots],
        [mode for _, mode in spots],
        places,
        limit_s=limit_s,
        travel=gathering.ways_to(uow, scene),
    )
    bits = (seconds <= limit_s) @ [1 << point for point in range(len(places))]
    reach = dict(zip(spots, bits.tolist(), strict=True))
    kinds: Counter[Kind] = Counter()
    for crowd in crowds:
        near = reach[crowd.cell9, crowd.mode]
        if near:
            kinds[_kind(crowd, near)] += crowd.people
        else:
            ruled_out[Rule.TOO_FAR] += crowd.people
    return Counts(
        roster=kinds.total() + ruled_out.total(),
        candidates=kinds.total(),
        ruled_out=ruled_out,
        pairs_ruled_out=count_by_kind(kinds, _avoiding(uow, row, scene, places, numbers)),
    )


def _numbers(uow: UnitOfWork, row: SceneRow, scene: Scene, points: Sequence[MeetingPoint]) -> RuleNumbers:
    policy = uow.policy.pairs
    limit_s = policy.eta_limit.total_seconds()
    places = [point.place for point in points]
    return RuleNumbers(
        now=uow.now,
        fresh=uow.now - policy.position_age,
        rested_since=uow.now - policy.rest,
        dispatches_a_shift=policy.dispatches_a_shift,
        offers_a_day=policy.offers_a_day,
        new_below=policy.new_below,
        task=scene.task,
        languages=sorted(scene.languages),
        zone_ids=sorted(scene.zone_ids),
        reporters=sorted(row.reporters),
        ancestor_resolution=_ANCESTORS,
        ancestors={mode: cells_within(places, uow.travel, mode, limit_s, _ANCESTORS) for mode in policy.speeds_m_s},
    )


def _kind(crowd: Crowd, reach: int) -> Kind:
    return Kind(crowd.observes, crowd.buddies, crowd.new, crowd.languages, reach)


def _avoiding(
    uow: UnitOfWork, row: SceneRow, scene: Scene, places: Sequence[LonLat], numbers: RuleNumbers
) -> list[tuple[Kind, Kind]]:
    """Return the kinds of each two candidates of whom one is not to be paired with the other."""
    pairs = uow.responders.avoiding_pairs(numbers)
    if not pairs:
        return []
    people = gathering.candidates(uow, row, {person for pair in pairs for person in pair})
    policy = uow.policy.pairs
    going = arrivals(screen(people, scene, policy, gathering.ways_to(uow, scene), places), scene, policy)
    kind_by_id = {it.person.responder_id: it.kind for it in going}
    return [(kind_by_id[low], kind_by_id[high]) for low, high in pairs if low in kind_by_id and high in kind_by_id]
