"""An invented city of people and the plain way to find the best pairs in it: look at everybody, with numpy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.rows import Row
from geo import cells
from geo.distance import metres_from, moved
from geo.points import LonLat
from matcher.candidates import Candidate, Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from matcher.meeting import MeetingPoint
    from matcher.pairs import Pair
    from matcher.policy import PairPolicy

CITY: Final = LonLat(-93.26, 44.97)
CITY_HALF_M: Final = 12_000.0
NOW: Final = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BEST: Final = 3
_LANGUAGES: Final = ("en", "es", "so", "hmn")
_SHORTLIST: Final = 96

Answers = list[tuple[int, int, int]]


def growth_row(how: str, sizes: Sequence[int], medians: Sequence[float], seed: int) -> Row:
    """Return how much longer the largest roster takes than the smallest."""
    case = f"growth of the median {how}, t({sizes[-1]:,}) / t({sizes[0]:,})"
    return Row("pairs", case, ours=medians[-1] / medians[0], limit=1, unit="times", seed=seed)


def a_roster(size: int, observers: float, seed: int) -> list[Candidate]:
    """Make people spread over an invented city, with everything that can keep two apart."""
    dice = np.random.default_rng([seed, size, round(observers * 100)])
    east, north = dice.uniform(-CITY_HALF_M, CITY_HALF_M, (2, size))
    later = NOW + timedelta(days=90)
    modes: tuple[Mode, ...] = ("foot", "bicycle", "car")
    ways = dice.choice(3, size, p=(0.4, 0.2, 0.4)).tolist()
    observing = (dice.random(size) < observers).tolist()
    loads = dice.choice(4, size, p=(0.5, 0.3, 0.15, 0.05)).tolist()
    cleared = dice.integers(0, 12, size).tolist()
    lineages = dice.integers(0, 12, size).tolist()
    second = dice.integers(0, len(_LANGUAGES), size).tolist()
    only = (dice.random(size) < 0.1).tolist()
    resting = (dice.random(size) < 0.1).tolist()
    avoiding = (dice.random(size) < 0.03).tolist()
    avoided, known = dice.integers(0, size, (2, size, 2)).tolist()
    people = []
    for number in range(size):
        spoken = _LANGUAGES[second[number]]
        cell = cells.cell_at(moved(CITY, float(east[number]), float(north[number])), 9)
        people.append(
            Candidate(
                responder_id=number,
                place=cells.centre(cell),
                position_at=NOW,
                mode=modes[ways[number]],
                observer_until=later if observing[number] else None,
                trained_until=later,
                languages=frozenset((spoken,)) if only[number] else frozenset(("en", spoken)),
                available_until=later,
                distressed_until=later if resting[number] else None,
                load_7d=loads[number],
                cleared_total=cleared[number],
                avoids=frozenset(avoided[number]) if avoiding[number] else frozenset(),
                worked_with=frozenset(known[number]),
                lineage=lineages[number],
            )
        )
    return people


@dataclass(frozen=True, slots=True)
class Columns:
    """The roster as columns, the way numpy wants it; people who rest are left out beforehand."""

    ids: NDArray[np.int64]
    lons: NDArray[np.float64]
    lats: NDArray[np.float64]
    pace: NDArray[np.float64]
    own: NDArray[np.int64]
    observes: NDArray[np.bool_]
    new: NDArray[np.bool_]
    speaks: NDArray[np.int64]
    lineage: NDArray[np.int64]
    avoids: NDArray[np.int64]
    knows: NDArray[np.int64]

    @classmethod
    def of(cls, people: list[Candidate], policy: PairPolicy) -> Columns:
        fit = [it for it in people if it.distressed_until is None]
        tired = [it.last_cleared_at is not None and NOW - it.last_cleared_at < policy.short_rest for it in fit]
        places = [it.place or CITY for it in fit]
        return cls(
            ids=np.array([it.responder_id for it in fit]),
            lons=np.array([place.lon for place in places]),
            lats=np.array([place.lat for place in places]),
            pace=np.array([policy.detour / policy.speeds_m_s[it.mode] for it in fit]),
            own=np.array(
                [
                    round(60 * policy.load_min * it.load_7d / policy.load_target_7d)
                    + (round(60 * policy.short_rest_min) if short_rest else 0)
                    for it, short_rest in zip(fit, tired, strict=True)
                ]
            ),
            observes=np.array([it.observer_until is not None for it in fit]),
            new=np.array([it.cleared_total < policy.new_below for it in fit]),
            speaks=np.array([sum(1 << _LANGUAGES.index(word) for word in it.languages) for it in fit]),
            lineage=np.array([it.lineage for it in fit]),
            avoids=np.array([[*sorted(it.avoids), -1, -1][:2] for it in fit]),
            knows=np.array([[*sorted(it.worked_with), -1, -1][:2] for it in fit]),
        )

    def seconds(self, policy: PairPolicy, points: list[MeetingPoint]) -> NDArray[np.int64]:
        """Return whole seconds from everybody (rows) to each meeting point (columns)."""
        seconds = np.empty((len(self.ids), len(points)), dtype=np.int64)
        for column, point in enumerate(points):
            metres = metres_from(point.place, self.lons, self.lats)
            seconds[:, column] = np.ceil(metres * self.pace + policy.get_going.total_seconds())
        return seconds


def brute_force(columns: Columns, policy: PairPolicy, points: list[MeetingPoint]) -> Answers:
    """Return (cost in seconds, smaller id, larger id) of the best pairs by looking at everybody with numpy.

    Everybody's times are worked out, then all pairs among all people who alone cost no more than the third best pair
    of a shortlist.
    """
    seconds = columns.seconds(policy, points)
    least = seconds.min(axis=1) + columns.own
    shortlist = min(_SHORTLIST, len(least))
    while True:
        rows = np.argpartition(least, shortlist - 1)[:shortlist]
        found = _all_pairs(columns, policy, seconds, rows)
        if len(found) == BEST:
            rows = np.flatnonzero(least <= found[-1][0])
            return found if len(rows) <= shortlist else _all_pairs(columns, policy, seconds, rows)
        if shortlist == len(least):
            return found
        shortlist = min(4 * shortlist, len(least))


def _all_pairs(columns: Columns, policy: PairPolicy, seconds: NDArray[np.int64], rows: NDArray[np.intp]) -> Answers:
    rows = rows[np.argsort(columns.ids[rows])]
    low, high = np.triu_indices(len(rows), 1)
    a, b = rows[low], rows[high]
    meet = np.maximum(seconds[a], seconds[b]).min(axis=1)
    allowed = (columns.observes[a] | columns.observes[b]) & ~(columns.new[a] & columns.new[b])
    allowed &= (columns.speaks[a] & columns.speaks[b]) != 0
    allowed &= meet <= policy.eta_limit.total_seconds()
    ids_a, ids_b = columns.ids[a, None], columns.ids[b, None]
    allowed &= ~((columns.avoids[a] == ids_b).any(axis=1) | (columns.avoids[b] == ids_a).any(axis=1))
    known = (columns.knows[a] == ids_b).any(axis=1) | (columns.knows[b] == ids_a).any(axis=1)
    cost = meet + columns.own[a] + columns.own[b]
    cost += np.where(known, 0, round(60 * policy.unfamiliar_min))
    cost += np.where(columns.lineage[a] == columns.lineage[b], round(60 * policy.same_lineage_min), 0)
    cost, a, b = cost[allowed], a[allowed], b[allowed]
    best = np.lexsort((columns.ids[b], columns.ids[a], cost))[:BEST]
    return [(int(cost[it]), int(columns.ids[a[it]]), int(columns.ids[b[it]])) for it in best]


def short(pairs: tuple[Pair, ...]) -> Answers:
    return [(it.cost_s, *_ordered(it.observer_id, it.buddy_id)) for it in pairs]


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)
