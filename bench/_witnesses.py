"""Made networks of witnesses, echoes, mistakes and floods with known truth, for weights and benches; seeded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from geo.distance import moved
from geo.points import LonLat

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOME = LonLat(-93.265, 44.978)
_EPOCH = 1_700_000_000.0
_ACTIVITIES = ("stop", "arrest", "door_visit", "workplace", "staging")


@dataclass(frozen=True, slots=True)
class Told:
    """One report of a stream, whoever made the stream."""

    id: str
    place: LonLat
    t: float
    accuracy_m: float
    activity: str | None
    unit: str
    basis: str
    source: str
    vehicles: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a report really was: of which event, whether that was real, and `witness`, `echo`, `false` or `flood`."""

    event: str
    real: bool
    report: str


@dataclass(slots=True)
class Stream:
    """Reports in order of time, and the truth about each."""

    told: list[Told] = field(default_factory=list)
    truth: dict[str, Truth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rates:
    """How one made network behaves."""

    real: float
    more_witnesses: float
    more_mistaken: float
    vouched_real: float
    vouched_mistaken: float
    echo: float
    named_real: float
    named_mistaken: float
    police_mistaken: float
    police_real: float
    flood: float
    error: float


# Nothing here is measured: rates are drawn anew for each network from wide ranges, so that weights which do well on
# average over many networks owe nothing to any one of them.


def _drawn(rng: np.random.Generator) -> _Rates:
    named = rng.uniform(0.2, 0.6)
    return _Rates(
        real=rng.uniform(0.1, 0.6),
        more_witnesses=rng.uniform(0.6, 2.2),
        more_mistaken=rng.uniform(0.1, 0.5),
        vouched_real=rng.uniform(0.4, 0.7),
        vouched_mistaken=rng.uniform(0.15, 0.4),
        echo=rng.uniform(0.05, 0.3),
        named_real=rng.uniform(0.6, 0.95),
        named_mistaken=named,
        police_mistaken=rng.uniform(0.2, 0.6) * (1.0 - named),
        police_real=rng.uniform(0.01, 0.08),
        flood=rng.uniform(0.005, 0.03),
        error=rng.uniform(0.7, 1.5),
    )


def stream(seed: int, events: int = 600, hours: float = 192.0) -> Stream:
    """Return the reports of one made network."""
    rng = np.random.default_rng(seed)
    made = _Made(rng, _drawn(rng))
    for number in range(events):
        made.event(number, _EPOCH + rng.uniform(0.0, hours * 3_600.0))
    made.stream.told.sort(key=lambda each: (each.t, each.id))
    return made.stream


class _Made:
    def __init__(self, rng: np.random.Generator, rates: _Rates) -> None:
        self._rng = rng
        self._rates = rates
        self._trainers = int(rng.integers(6, 13))
        self._mistaken = rng.dirichlet(np.full(self._trainers, 3.0))
        self.stream = Stream()

    def event(self, number: int, t: float) -> None:
        """Add one event: real, mistaken, or a flood."""
        rng, rates = self._rng, self._rates
        place = moved(_HOME, rng.uniform(-7_000.0, 7_000.0), rng.uniform(-7_000.0, 7_000.0))
        activity = str(rng.choice(_ACTIVITIES))
        draw = rng.random()
        if draw < rates.flood:
            for source in self._strangers(int(min(120, 5 * math.exp(rng.exponential(1.0))))):
                self._tell(f"S{number}", (place, t), activity, "immigration", source, truth=(False, "flood"))
            return
        real = rng.random() < rates.real
        witnesses = 1 + int(rng.poisson(rates.more_witnesses if real else rates.more_mistaken))
        vouched = rates.vouched_real if real else rates.vouched_mistaken
        # Whoever is mistaken at one corner sees the same thing as the one beside them.
        seen = self._seen(real=real)
        for _ in range(witnesses):
            source = self._member(real=real) if rng.random() < vouched else next(self._strangers(1))
            unit = seen if rng.random() < 0.7 else self._seen(real=real)
            name = f"{'I' if real else 'F'}{number}"
            self._tell(name, (place, t), activity, unit, source, truth=(real, "witness" if real else "false"))
            if rng.random() < rates.echo:
                known = "/".join(source.split("/")[:2]) + f"/member{rng.integers(40)}"
                echo = known if not source.startswith("anon") else next(self._strangers(1))
                self._tell(name, (place, t + 300.0), activity, unit, echo, truth=(real, "echo"))

    def _seen(self, *, real: bool) -> str:
        draw = self._rng.random()
        if real and draw < self._rates.police_real:
            return "local_police"
        if real:
            return "immigration" if draw < self._rates.named_real else "unknown"
        if draw < self._rates.named_mistaken:
            return "immigration"
        return "local_police" if draw < self._rates.named_mistaken + self._rates.police_mistaken else "unknown"

    def _member(self, *, real: bool) -> str:
        """Return somebody vouched for; the people of some trainers are mistaken more often than others."""
        rng = self._rng
        trainer = rng.integers(self._trainers) if real else rng.choice(self._trainers, p=self._mistaken)
        return f"trainer{trainer:02d}/lead{rng.integers(5)}/member{rng.integers(40)}"

    def _strangers(self, count: int) -> Iterator[str]:
        return (f"anon/{self._rng.integers(1 << 40)}" for _ in range(count))

    def _tell(
        self,
        event: str,
        where: tuple[LonLat, float],
        activity: str,
        unit: str,
        source: str,
        *,
        truth: tuple[bool, str],
    ) -> None:
        rng = self._rng
        accuracy_m = float(rng.choice((30.0, 45.0, 100.0, 180.0), p=(0.45, 0.35, 0.12, 0.08)))
        east_m, north_m = rng.normal(0.0, accuracy_m * self._rates.error / 1.5, 2)
        told = Told(
            id=f"m{len(self.stream.told):06d}",
            place=moved(where[0], float(east_m), float(north_m)),
            t=where[1] + float(rng.exponential(420.0)),
            accuracy_m=accuracy_m,
            activity=activity if rng.random() < 0.85 else None,
            unit=unit,
            basis="vehicle marking" if unit == "immigration" else "",
            source=source,
        )
        self.stream.told.append(told)
        self.stream.truth[told.id] = Truth(event, *truth)
