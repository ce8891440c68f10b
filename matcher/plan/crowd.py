"""The roster as columns, once for all sites: who may go to which, least seconds to get there, own penalties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from geo.distance import EARTH_RADIUS_M
from geo.points import LonLat
from matcher.buddy import Kind, kind_of, refusal
from matcher.candidates import Candidate, Scene
from matcher.cost import own_terms
from matcher.eligibility import NEVER_S, Rule, first_rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from matcher.plan.sites import Site
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes

_Key = TypeVar("_Key", bound=Hashable)
_SLACK_M: Final = 1.0
"""Far more than the rounding of a distance, far less than a second's walk."""
_OF_THE_SCENE: Final = frozenset({Rule.TASK_SKILL, Rule.LANGUAGE, Rule.OPTED_OUT, Rule.IS_REPORTER})
"""Rules that depend on where somebody would go; all earlier ones are about the person alone."""
_NO_WAY: Final = np.int64(NEVER_S)


class Crowd:
    """Everybody on a roster as arrays, by id, and what each site may expect of them.

    Rules and prices come from `matcher.eligibility`, `matcher.cost` and `matcher.buddy`: each is asked once for all
    people who are alike in what it reads, so that a hundred sites cost little more than one.

    Attributes
    ----------
    people
        By id.
    least_s
        For each person (row) and site (column) whole seconds that no arrival beats, `NEVER_S` for whoever may not go.
    own_s
        For each person and site their own penalties in whole seconds, moving them included.
    """

    def __init__(
        self,
        people: Sequence[Candidate],
        sites: Sequence[Site],
        policy: PairPolicy,
        travel: TravelTimes,
        moves_s: Mapping[int, Mapping[int, int]],
    ) -> None:
        """Read everybody once; `moves_s` prices a person (id) at a site (id) beyond the pair's own terms."""
        self.people = sorted(people, key=lambda person: person.responder_id)
        self._sites = sites
        self._policy = policy
        self._travel = travel
        now = sites[0].scene.now
        self.index_of = {person.responder_id: index for index, person in enumerate(self.people)}
        self.places = [person.where(now, policy.position_age) for person in self.people]
        self.modes = [person.mode for person in self.people]
        kinds, self.kind_of = _grouped([kind_of(person, now, policy) for person in self.people])
        self.fit = _together(kinds)
        self.observes = np.array([kind.observes for kind in kinds], dtype=bool)[self.kind_of]
        self.buddies = np.array([kind.buddies for kind in kinds], dtype=bool)[self.kind_of]
        self.lineage = np.array([person.lineage for person in self.people], dtype=np.int64)
        self.avoiding = _edges([person.avoids for person in self.people], self.index_of)
        self.acquainted = _edges([person.worked_with for person in self.people], self.index_of)
        self._rules()
        self.own_s = self._own(moves_s)
        self.least_s = self._least()

    def rules_at(self, site: int) -> Counter[Rule]:
        """Count everybody whom a rule but distance keeps from a site."""
        codes = self._code[self._group_of, site].copy()
        for row in self._reporters(site):
            codes[row] = _CODES[Rule.IS_REPORTER] if codes[row] < 0 else codes[row]
        found, counts = np.unique(codes[codes >= 0], return_counts=True)
        return Counter({_RULES[code]: count for code, count in zip(found.tolist(), counts.tolist(), strict=True)})

    def _reporters(self, site: int) -> list[int]:
        return [self.index_of[it] for it in self._sites[site].reporters if it in self.index_of]

    def _rules(self) -> None:
        """Ask each rule once for all who are alike: by person what is about them, by group what is about a scene."""
        bare = Scene(place=LonLat(0.0, 0.0), now=self._sites[0].scene.now)
        alone = [first_rule(person, bare, self._policy) for person in self.people]
        signatures: list[Hashable] = [
            rule
            if rule is not None and rule not in _OF_THE_SCENE
            else (person.tasks, person.languages, person.opted_out_tasks, person.opted_out_zones, person.is_reporter)
            for person, rule in zip(self.people, alone, strict=True)
        ]
        groups, self._group_of = _grouped(signatures)
        first = np.full(len(groups), -1)
        first[self._group_of[::-1]] = np.arange(len(self.people))[::-1]
        self._code = np.empty((len(groups), len(self._sites)), dtype=np.int8)
        for group, index in enumerate(first.tolist()):
            person = self.people[index]
            for column, site in enumerate(self._sites):
                self._code[group, column] = _code_of(first_rule(person, site.scene, self._policy))

    def _own(self, moves_s: Mapping[int, Mapping[int, int]]) -> NDArray[np.int32]:
        scenes = [site.scene for site in self._sites]
        home = [replace(scene, zone_ids=frozenset()) for scene in scenes[:1]]
        own = np.array([sum(own_terms(person, home[0], self._policy)) for person in self.people], dtype=np.int32)
        answer = np.repeat(own[:, None], len(scenes), axis=1)
        groups, group_of = _grouped([person.zone_ids for person in self.people])
        if self._policy.away_from_zone_min:
            away = np.array(
                [
                    [sum(own_terms(Candidate(responder_id=0, zone_ids=zones), scene, self._policy)) for scene in scenes]
                    for zones in groups
                ],
                dtype=np.int32,
            ).reshape(len(groups), len(scenes))
            answer += away[group_of]
        for column, site in enumerate(self._sites):
            for responder_id, extra_s in moves_s.get(site.incident_id, {}).items():
                if responder_id in self.index_of:
                    answer[self.index_of[responder_id], column] += extra_s
        return answer

    def _least(self) -> NDArray[np.int64]:
        """Return whole seconds that nobody's arrival at the soonest meeting point beats, for all sites at once."""
        answer = np.full((len(self.people), len(self._sites)), _NO_WAY)
        placed = np.array([row for row, place in enumerate(self.places) if place is not None], dtype=np.intp)
        with_points = [column for column, site in enumerate(self._sites) if site.meeting_points]
        if not (placed.size and with_points):
            return answer
        metres = _metres_to_sites(
            [place for place in self.places if place is not None],
            [[point.place for point in self._sites[column].meeting_points] for column in with_points],
        )
        spoken = np.array(self.modes)[placed]
        limit_s = self._policy.eta_limit.total_seconds()
        for mode in sorted(set(spoken.tolist())):
            those = np.flatnonzero(spoken == mode)
            bound = np.floor(self._travel.lower_bound(metres[those].ravel(), mode)).reshape(len(those), -1)
            answer[placed[those][:, None], np.array(with_points)] = np.where(bound <= limit_s, bound, NEVER_S).astype(
                np.int64
            )
        answer[self._code[self._group_of] >= 0] = _NO_WAY
        for column in with_points:
            answer[self._reporters(column), column] = _NO_WAY
        return answer


_RULES: Final = tuple(Rule)
_CODES: Final = {rule: code for code, rule in enumerate(_RULES)}


def _code_of(rule: Rule | None) -> int:
    return -1 if rule is None else _CODES[rule]


def _grouped(keys: Sequence[_Key]) -> tuple[list[_Key], NDArray[np.intp]]:
    """Return the different keys in order of first sight, and for each key which of them it is."""
    seen: dict[_Key, int] = {}
    which = np.fromiter((seen.setdefault(key, len(seen)) for key in keys), np.intp, len(keys))
    return list(seen), which


def _together(kinds: Sequence[Kind]) -> NDArray[np.bool_]:
    """Return for each kind (row) as observer and kind (column) as buddy whether the rules let them go together."""
    fit = np.zeros((len(kinds), len(kinds)), dtype=bool)
    for row, one in enumerate(kinds):
        for column, other in enumerate(kinds):
            fit[row, column] = one.observes and other.buddies and refusal(one, other) is None
    return fit


def _edges(known: Sequence[frozenset[int]], index_of: Mapping[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return who stands on whose list as two arrays of rows, both ways, whoever wrote it down."""
    pairs = [(row, index_of[other]) for row, others in enumerate(known) for other in others if other in index_of]
    both = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return np.concatenate([both[:, 0], both[:, 1]]), np.concatenate([both[:, 1], both[:, 0]])


def _metres_to_sites(places: Sequence[LonLat], points: Sequence[Sequence[LonLat]]) -> NDArray[np.float64]:
    """Return metres through the earth from each place to the nearest point of each site: never more than the way.

    Differences from the middle are squared, so nothing cancels.
    """
    here, there = _on_sphere(places), _on_sphere([point for some in points for point in some])
    middle = here.mean(axis=0)
    here, there = here - middle, there - middle
    squares = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1)[None, :] - 2.0 * (here @ there.T)
    starts = np.cumsum([0, *(len(some) for some in points[:-1])])
    nearest = np.sqrt(np.maximum(np.minimum.reduceat(squares, starts, axis=1), 0.0))
    metres: NDArray[np.float64] = np.maximum(nearest * EARTH_RADIUS_M - _SLACK_M, 0.0)
    return metres


def _on_sphere(places: Sequence[LonLat]) -> NDArray[np.float64]:
    lons = np.radians([place.lon for place in places])
    lats = np.radians([place.lat for place in places])
    return np.stack([np.cos(lats) * np.cos(lons), np.cos(lats) * np.sin(lons), np.sin(lats)], axis=1)
