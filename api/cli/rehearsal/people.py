"""Simulated responders: seeded, at home where the reports come from, on call when they come; nobody is real."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal

import numpy as np

from geo.points import LonLat

Mode = Literal["foot", "bicycle", "car"]

OBSERVERS: Final = 0.45
"""Share of people with the observer certificate."""
EXPERIENCED: Final = 0.6
"""Share of people who were out often enough not to count as new."""
SILENT: Final = 0.6
"""Share of refusals that are silence until the offer expires."""
WITHDRAWS: Final = 0.01
"""Chance that somebody steps out on the way."""
SHIFT_HOURS: Final = (6, 12)
MEDIAN_ANSWER_S: Final = 25.0
MEDIAN_SERVICE_S: Final = 900.0
_METRES_PER_DEGREE: Final = 111_195.0
_NEAR_M: Final = 500.0
_MODES: Final[tuple[tuple[Mode, float], ...]] = (("car", 0.55), ("bicycle", 0.2), ("foot", 0.25))
_LANGUAGES: Final = (("es", 0.42), ("zh", 0.15), ("tl", 0.08), ("vi", 0.05), ("ar", 0.05))
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody does with an offer: yes, no, or nothing at all, after a while."""

    says: Literal["accept", "decline", "nothing"]
    after: timedelta


@dataclass(slots=True)
class Person:
    """A simulated responder; their chances come from a stream of their own, so one person's luck moves no other's.

    `home` is WGS84, `shift_start` the time of day (UTC) at which they are on call every day for `shift_hours`.
    """

    alias: str
    home: LonLat
    mode: Mode
    languages: tuple[str, ...]
    observer: bool
    experienced: bool
    shift_start: timedelta
    shift_hours: int
    answer_median_s: float
    pace: float
    chance: np.random.Generator = field(repr=False)

    def answer(self, accept: float) -> Answer:
        """Decide about an offer, yes with probability `accept`."""
        after = timedelta(seconds=min(600.0, float(self.chance.lognormal(math.log(self.answer_median_s), 0.6))))
        if self.chance.random() < accept:
            return Answer("accept", after)
        return Answer("nothing" if self.chance.random() < SILENT else "decline", after)

    def service(self) -> timedelta:
        """Return how long they stay on scene."""
        seconds = float(self.chance.lognormal(math.log(MEDIAN_SERVICE_S), 0.5))
        return timedelta(seconds=min(3_600.0, max(180.0, seconds)))

    def withdraws(self) -> bool:
        """Decide whether they step out on the way."""
        return bool(self.chance.random() < WITHDRAWS)

    def shift_at(self, moment: datetime) -> tuple[datetime, datetime]:
        """Return the shift (aware UTC) they are on, or else the next one."""
        midnight = datetime.combine(moment.date(), time(), tzinfo=UTC)
        for day in (-1, 0, 1):
            begin = midnight + day * _DAY + self.shift_start
            end = begin + timedelta(hours=self.shift_hours)
            if end > moment:
                return begin, end
        raise AssertionError("a shift begins every day")


def gather(
    reports: Sequence[tuple[LonLat, datetime]], *, responders: int, seed: int, prefix: str = "replay"
) -> list[Person]:
    """Return simulated responders, the same ones for the same reports, number and seed.

    Parameters
    ----------
    reports
        Where (WGS84) and when (aware UTC) things were seen: people live near a drawn one, and are on call around
        the time of day of another, so both densities are the reports' own.
    responders
        How many people.
    seed
        What all chance grows from.
    prefix
        What their aliases begin with.
    """
    return [_person(reports, number, np.random.default_rng((seed, number)), prefix) for number in range(responders)]


def _person(
    reports: Sequence[tuple[LonLat, datetime]], number: int, chance: np.random.Generator, prefix: str
) -> Person:
    near, _ = reports[int(chance.integers(len(reports)))]
    _, around = reports[int(chance.integers(len(reports)))]
    hours = int(chance.integers(SHIFT_HOURS[0], SHIFT_HOURS[1] + 1))
    begin = timedelta(hours=around.hour, minutes=around.minute) - timedelta(hours=hours) * float(chance.random())
    # Every share is dealt in turn and not drawn, so that a small roster has its observers too.
    observer = math.floor((number + 1) * OBSERVERS) > math.floor(number * OBSERVERS)
    experienced = math.floor((number + 1) * EXPERIENCED) > math.floor(number * EXPERIENCED)
    return Person(
        alias=f"{prefix}-{number + 1:03d}",
        home=_moved(near, float(chance.normal(0, _NEAR_M)), float(chance.normal(0, _NEAR_M))),
        mode=_drawn_mode(float(chance.random())),
        languages=("en", *(tag for tag, share in _LANGUAGES if chance.random() < share)),
        observer=observer,
        experienced=experienced,
        shift_start=begin % _DAY,
        shift_hours=hours,
        answer_median_s=float(chance.lognormal(math.log(MEDIAN_ANSWER_S), 0.3)),
        pace=float(chance.uniform(0.85, 1.25)),
        chance=chance,
    )


def _moved(place: LonLat, east_m: float, north_m: float) -> LonLat:
    lat = max(-89.0, min(89.0, place.lat + north_m / _METRES_PER_DEGREE))
    lon = place.lon + east_m / (_METRES_PER_DEGREE * math.cos(math.radians(lat)))
    return LonLat((lon + 180.0) % 360.0 - 180.0, lat)


def _drawn_mode(drawn: float) -> Mode:
    for mode, share in _MODES:
        drawn -= share
        if drawn < 0:
            return mode
    return _MODES[-1][0]
