"""The numbers of a network for pairs, meeting points and waves; a floor may be made stricter, never looser."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from matcher.errors import (
    CostTermNegative,
    MeetingRingTooNear,
    NobodyMayBeAsked,
    PaceOutOfRange,
    PlaceKeptTooLong,
    RestTooShort,
    SceneCapOutOfRange,
    StandOffTooSmall,
    TimesOutOfRange,
    TooManyDispatchesInAShift,
    WaveNumbersOutOfRange,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

STAND_OFF_FLOOR_M: Final = 50.0
RING_FLOOR_M: Final = 150.0
RING_WIDTH_FLOOR_M: Final = 300.0
"""A narrower ring may hold no cell centre at all, and then nobody could meet."""
REST_FLOOR: Final = timedelta(hours=8)
DISTRESS_REST_FLOOR: Final = timedelta(hours=24)
DISPATCHES_A_SHIFT_CEILING: Final = 2
POSITION_AGE_CEILING: Final = timedelta(minutes=15)
SCENE_CAP_CEILING: Final = 9
WINDOW_RANGE: Final = (timedelta(seconds=10), timedelta(seconds=600))
TIME_RANGE: Final = (timedelta(minutes=1), timedelta(hours=2))
FASTEST_M_S: Final[Mapping[str, float]] = MappingProxyType({"foot": 1.8, "bicycle": 6.0, "car": 15.0})


def _honest_speeds() -> Mapping[str, float]:
    return MappingProxyType({"foot": 1.35, "bicycle": 4.2, "car": 7.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPolicy:
    """The numbers the matcher works with; the defaults are the ones the rules name.

    Parameters
    ----------
    stand_off_m
        No meeting point within this many metres of a pin; floor 50.
    meeting_ring_m
        Meeting points lie between these two distances in metres from the hull of the sightings.
    offers_a_day
        Nobody is asked more often than this within 24 hours, whatever they answer.
    load_target_7d
        Dispatches in seven days that count as a full load.
    load_min, short_rest_min, night_debt_min, away_from_zone_min, unfamiliar_min, same_lineage_min
        Terms of the cost in minutes; none may be negative, which is what makes the scan exact.
    new_below
        Somebody with fewer cleared dispatches counts as new; two new people are not paired.
    speeds_m_s, detour, get_going
        The crow-fly estimate: metres times `detour` at the speed of the mode, after `get_going`.
    target, urgent_target
        Chance of a pair that one wave aims at.
    acceptance_prior
        Yes and no counts that everybody starts with: 0.3, worth ten answers.

    Raises
    ------
    MatcherError
        One of its sentences, when a number is looser than its floor or makes no sense.
    """

    stand_off_m: float = 50.0
    meeting_ring_m: tuple[float, float] = (150.0, 600.0)
    max_meeting_points: int = 5
    eta_limit: timedelta = timedelta(minutes=30)
    position_age: timedelta = timedelta(minutes=15)
    dispatches_a_shift: int = 2
    offers_a_day: int = 6
    rest: timedelta = timedelta(hours=8)
    distress_rest: timedelta = timedelta(hours=24)
    short_rest: timedelta = timedelta(hours=16)
    load_target_7d: float = 3.0
    load_min: float = 3.0
    short_rest_min: float = 2.0
    night_debt_min: float = 2.0
    away_from_zone_min: float = 0.0
    unfamiliar_min: float = 1.0
    same_lineage_min: float = 3.0
    new_below: int = 3
    speeds_m_s: Mapping[str, float] = field(default_factory=_honest_speeds)
    detour: float = 1.3
    get_going: timedelta = timedelta(seconds=90)
    target: float = 0.90
    urgent_target: float = 0.99
    acceptance_prior: tuple[float, float] = (3.0, 7.0)
    wave_window: timedelta = timedelta(seconds=75)
    max_waves: int = 2
    max_asking: timedelta = timedelta(minutes=6)
    largest_wave: int = 40
    scene_cap: int = 2
    held: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        self._check_ground()
        self._check_people()
        self._check_cost()
        self._check_asking()

    def _check_ground(self) -> None:
        if not (math.isfinite(self.stand_off_m) and self.stand_off_m >= STAND_OFF_FLOOR_M):
            raise StandOffTooSmall
        inner, outer = self.meeting_ring_m
        near_enough = math.isfinite(outer) and outer - inner >= RING_WIDTH_FLOOR_M
        if not (inner >= max(RING_FLOOR_M, self.stand_off_m) and near_enough and self.max_meeting_points >= 1):
            raise MeetingRingTooNear
        if not 1 <= self.scene_cap <= SCENE_CAP_CEILING:
            raise SceneCapOutOfRange
        shortest, longest = TIME_RANGE
        if not (shortest <= self.eta_limit <= longest and shortest <= self.held <= longest):
            raise TimesOutOfRange

    def _check_people(self) -> None:
        if self.rest < REST_FLOOR or self.distress_rest < DISTRESS_REST_FLOOR:
            raise RestTooShort
        if not 1 <= self.dispatches_a_shift <= DISPATCHES_A_SHIFT_CEILING:
            raise TooManyDispatchesInAShift
        if self.offers_a_day < 1:
            raise NobodyMayBeAsked
        if not timedelta(0) < self.position_age <= POSITION_AGE_CEILING:
            raise PlaceKeptTooLong

    def _check_cost(self) -> None:
        terms = (
            self.load_min,
            self.short_rest_min,
            self.night_debt_min,
            self.away_from_zone_min,
            self.unfamiliar_min,
            self.same_lineage_min,
        )
        if not (all(math.isfinite(term) and term >= 0 for term in terms) and self.load_target_7d > 0):
            raise CostTermNegative
        honest = all(0 < self.speeds_m_s.get(mode, 0.0) <= fastest for mode, fastest in FASTEST_M_S.items())
        if not (honest and self.detour >= 1 and self.get_going >= timedelta(0)):
            raise PaceOutOfRange

    def _check_asking(self) -> None:
        shortest, longest = WINDOW_RANGE
        chances = 0 < self.target < 1 and 0 < self.urgent_target < 1 and min(self.acceptance_prior) > 0
        rounds = self.max_waves >= 1 and self.largest_wave >= 2
        if not (chances and rounds and shortest <= self.wave_window <= longest):
            raise WaveNumbersOutOfRange

    def pause_after_distress(self, cleared_at: datetime) -> datetime:
        """Return until when a person is left in peace after a distressing dispatch; only they may lengthen it."""
        return cleared_at + self.distress_rest
