"""Everybody in columns: how many may not go to a scene by which rule, and how many pairs, counted all at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geo import cells
from matcher.buddy import Kind, PairRule, count_by_kind
from matcher.eligibility import Rule, arrival_seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from geo.points import LonLat
    from matcher.candidates import Scene
    from matcher.ground import Known
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NEVER: Final = np.iinfo(np.int64).min
_ASKED_KEPT: Final = 24
"""So many of the latest offers are remembered of each person; nobody may be asked more often in a day."""
_DAY: Final = timedelta(days=1)
_MODES: Final = ("foot", "bicycle", "car")
_COLUMN: Final = np.dtype(
    [
        ("known", "?"),
        ("available_until", "i8"),
        ("rests_until", "i8"),
        ("seen_at", "i8"),
        ("last_cleared_at", "i8"),
        ("trained_until", "i8"),
        ("observer_until", "i8"),
        ("account_id", "i8"),
        ("here", "i4"),
        ("base", "i4"),
        ("shift", "i4"),
        ("cleared", "i4"),
        ("languages", "i4"),
        ("choices", "i4"),
        ("mode", "i1"),
        ("busy", "?"),
        ("calls", "?"),
        ("offered", "?"),
        ("asked", "i8", (_ASKED_KEPT,)),
    ]
)


def _at(moment: datetime | None) -> int:
    return _NEVER if moment is None else (moment - _EPOCH) // _MICROSECOND


class _Numbered:
    """Values that many share, each with a number."""

    def __init__(self, *first: object) -> None:
        self.values: list[Any] = list(first)
        self._numbers = {value: number for number, value in enumerate(first)}

    def number(self, value: object) -> int:
        found = self._numbers.get(value)
        if found is None:
            found = self._numbers[value] = len(self.values)
            self.values.append(value)
        return found


class Everybody:
    """Everybody in columns, kept up to date person by person; one thread at a time."""

    def __init__(self) -> None:
        self._columns: dict[str, NDArray[Any]] = {name: np.zeros(64, _COLUMN[name]) for name in _COLUMN.names or ()}
        self._row_of: dict[int, int] = {}
        self._free: list[int] = []
        self._cells, self._languages, self._choices = _Numbered(0), _Numbered(), _Numbered()
        self._centres: list[LonLat | None] = [None]
        self._avoids: dict[int, frozenset[int]] = {}
        self._avoiding: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        """Return how many people there are."""
        return len(self._row_of)

    def put(self, person: Known) -> None:
        """Take a person in, or take in what changed about them."""
        one = person.candidate
        row = self._row_of.get(one.responder_id)
        if row is None:
            row = self._free.pop() if self._free else len(self._row_of)
            self._row_of[one.responder_id] = row
            self._avoiding = None
            self._grow(row)
        values = {
            "known": True,
            "available_until": _at(one.available_until),
            "rests_until": _at(one.distressed_until),
            "seen_at": _at(one.position_at),
            "last_cleared_at": _at(one.last_cleared_at),
            "trained_until": _at(one.trained_until),
            "observer_until": _at(one.observer_until),
            "account_id": person.account_id,
            "here": self._cell(person.here),
            "base": self._cell(person.base),
            "shift": one.dispatches_this_shift,
            "cleared": one.cleared_total,
            "languages": self._languages.number(one.languages),
            "choices": self._choices.number((one.tasks, one.opted_out_tasks, one.opted_out_zones)),
            "mode": _MODES.index(one.mode),
            "busy": one.busy,
            "calls": one.calls,
            "offered": one.offered,
            "asked": [*map(_at, person.asked[:_ASKED_KEPT]), *[_NEVER] * (_ASKED_KEPT - len(person.asked))],
        }
        for name, value in values.items():
            self._columns[name][row] = value
        if self._avoids.get(one.responder_id, frozenset()) != one.avoids:
            self._avoids[one.responder_id] = one.avoids
            self._avoiding = None

    def drop(self, responder_id: int) -> None:
        """Forget a person."""
        row = self._row_of.pop(responder_id, None)
        if row is not None:
            self._columns["known"][row] = False
            self._free.append(row)
            self._avoids.pop(responder_id, None)
            self._avoiding = None

    def seen_before(self, moment: datetime) -> list[int]:
        """Return the ids of those whose place was told before a moment."""
        own = self._columns
        rows = set(np.flatnonzero(own["known"] & (own["here"] != 0) & (own["seen_at"] < _at(moment))).tolist())
        return [number for number, row in self._row_of.items() if row in rows] if rows else []

    def count(
        self,
        scene: Scene,
        policy: PairPolicy,
        travel: TravelTimes,
        places: Sequence[LonLat],
        reporters: Collection[int],
    ) -> tuple[int, Counter[Rule], Counter[PairRule]]:
        """Count everybody once: how many could go, the others by their first rule, and the pairs kept apart.

        The rules and their order are those of `matcher.eligibility`; `reporters` are accounts, `places` meeting points
        (WGS84).
        """
        spot = self._standing(scene.now, policy)
        rule = self._first_rule(scene, policy, spot, reporters)
        ruled_out: Counter[Rule] = Counter()
        rules = list(Rule)
        for number, people in enumerate(np.bincount(rule[self._columns["known"]], minlength=len(rules) + 1).tolist()):
            if people and number < len(rules):
                ruled_out[rules[number]] = people
        rows = np.flatnonzero((rule == len(rules)) & self._columns["known"])
        reach = self._reach(spot[rows], self._columns["mode"][rows], places, policy, travel)
        too_far = int((reach == 0).sum())
        if too_far:
            ruled_out[Rule.TOO_FAR] = too_far
        rows, reach = rows[reach != 0], reach[reach != 0]
        kinds, kind_of_row = self._kinds(scene.now, policy, rows, reach)
        apart = count_by_kind(Counter(dict(kinds)), self._kinds_avoiding([kind for kind, _ in kinds], kind_of_row))
        return len(rows), ruled_out, apart

    def _grow(self, row: int) -> None:
        size = len(self._columns["known"])
        if row >= size:
            for name, column in self._columns.items():
                self._columns[name] = np.concatenate([column, np.zeros((size, *column.shape[1:]), column.dtype)])

    def _cell(self, number: int) -> int:
        found = self._cells.number(number)
        if found == len(self._centres):
            self._centres.append(cells.centre(cells.from_int(number)))
        return found

    def _standing(self, now: datetime, policy: PairPolicy) -> NDArray[Any]:
        own = self._columns
        fresh = (own["here"] != 0) & (own["seen_at"] >= _at(now) - policy.position_age // _MICROSECOND)
        return np.where(fresh, own["here"], own["base"])

    def _first_rule(
        self, scene: Scene, policy: PairPolicy, spot: NDArray[Any], reporters: Collection[int]
    ) -> NDArray[np.int64]:
        own, now = self._columns, _at(scene.now)
        full = own["shift"] >= policy.dispatches_a_shift
        unrested = (own["last_cleared_at"] == _NEVER) | (own["last_cleared_at"] > now - policy.rest // _MICROSECOND)
        silent = np.array(
            [bool(scene.languages) and scene.languages.isdisjoint(each) for each in self._languages.values], np.bool_
        )
        unskilled = np.array([scene.task not in tasks for tasks, _, _ in self._choices.values], np.bool_)
        unwilling = np.array(
            [
                scene.task in no_tasks or not scene.zone_ids.isdisjoint(no_zones)
                for _, no_tasks, no_zones in self._choices.values
            ],
            np.bool_,
        )
        failed = {
            Rule.NOT_AVAILABLE: own["available_until"] <= now,
            Rule.PLACE_UNKNOWN: spot == 0,
            Rule.BUSY: own["busy"],
            Rule.OPEN_CALL: own["calls"],
            Rule.HOLDS_OFFER: own["offered"],
            Rule.RESTING: (own["rests_until"] > now) | (full & unrested),
            Rule.ENOUGH_OFFERS: own["asked"][:, min(policy.offers_a_day, _ASKED_KEPT) - 1] > now - _DAY // _MICROSECOND,
            Rule.NO_CERTIFICATE: (own["trained_until"] <= now) & (own["observer_until"] <= now),
            Rule.TASK_SKILL: _looked_up(unskilled, own["choices"]),
            Rule.LANGUAGE: _looked_up(silent, own["languages"]),
            Rule.OPTED_OUT: _looked_up(unwilling, own["choices"]),
            Rule.IS_REPORTER: np.isin(own["account_id"], list(reporters)) if reporters else np.zeros(len(spot), bool),
        }
        rules = list(Rule)
        answer: NDArray[np.int64] = np.select(list(failed.values()), [rules.index(each) for each in failed], len(rules))
        return answer

    def _reach(
        self,
        spot: NDArray[Any],
        mode: NDArray[Any],
        places: Sequence[LonLat],
        policy: PairPolicy,
        travel: TravelTimes,
    ) -> NDArray[np.int64]:
        """Return for each row which meeting points are near enough, as bits; many people share few places."""
        both, row_of = np.unique(spot.astype(np.int64) * len(_MODES) + mode, return_inverse=True)
        limit_s = policy.eta_limit.total_seconds()
        seconds = arrival_seconds(
            [self._centres[number] for number in (both // len(_MODES)).tolist()],
            [_MODES[number] for number in (both % len(_MODES)).tolist()],
            places,
            limit_s=limit_s,
            travel=travel,
        )
        bits: NDArray[np.int64] = (seconds <= limit_s) @ np.array([1 << point for point in range(len(places))])
        return bits[row_of]

    def _kinds(
        self, now: datetime, policy: PairPolicy, rows: NDArray[np.int64], reach: NDArray[np.int64]
    ) -> tuple[list[tuple[Kind, int]], NDArray[np.int64]]:
        """Return the kinds of some rows with their people, and for every row of all the number of its kind, or -1."""
        own, moment = self._columns, _at(now)
        observes = own["observer_until"][rows] > moment
        buddies = own["trained_until"][rows] > moment
        new = own["cleared"][rows] < policy.new_below
        sort = (own["languages"][rows].astype(np.int64) << 3) | (observes << 2) | (buddies << 1) | new
        width = int(reach.max(initial=0)) + 1
        found, number, people = np.unique(sort * width + reach, return_inverse=True, return_counts=True)
        kinds = [
            (
                Kind(
                    bool(code // width & 4),
                    bool(code // width & 2),
                    bool(code // width & 1),
                    self._languages.values[code // width >> 3],
                    code % width,
                ),
                size,
            )
            for code, size in zip(found.tolist(), people.tolist(), strict=True)
        ]
        kind_of_row = np.full(len(own["known"]), -1, dtype=np.int64)
        kind_of_row[rows] = number
        return kinds, kind_of_row

    def _kinds_avoiding(self, kinds: Sequence[Kind], kind_of_row: NDArray[np.int64]) -> list[tuple[Kind, Kind]]:
        if self._avoiding is None:
            pairs = {
                (min(one, other), max(one, other))
                for one, others in self._avoids.items()
                for other in others
                if other != one and other in self._row_of
            }
            rows = np.array([(self._row_of[low], self._row_of[high]) for low, high in pairs], dtype=np.int64)
            low, high = rows.reshape(-1, 2).T
            self._avoiding = (low, high)
        low, high = (kind_of_row[rows] for rows in self._avoiding)
        both = (low >= 0) & (high >= 0)
        return [(kinds[one], kinds[other]) for one, other in zip(low[both].tolist(), high[both].tolist(), strict=True)]


def _looked_up(answers: NDArray[np.bool_], numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the answer of each number; rows never used have number 0, which may have no answer yet."""
    found: NDArray[np.bool_] = np.append(answers, False)[numbers] if not answers.size else answers[numbers]
    return found
