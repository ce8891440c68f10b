"""What happens in a stream and who tells of it: witnesses, those who repeat them, mistakes, and floods."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Final

from bench.streams.ground import Ground
from bench.streams.reports import Report, Said
from geo.distance import moved

if TYPE_CHECKING:
    from bench.streams.knobs import Knobs
    from geo.points import LonLat

DAY_S: Final = 86_400.0
START_S: Final = 1_767_225_600.0
"""2026-01-01, when every stream begins."""

TAKEN_FOR: Final = {
    "stop": ("arrest", "checkpoint", "patrol"),
    "arrest": ("stop", "door_visit", "workplace"),
    "door_visit": ("arrest", "surveillance", "staging"),
    "workplace": ("arrest", "staging", "door_visit"),
    "staging": ("surveillance", "workplace", "door_visit"),
}
"""What each activity is taken for by somebody who saw another moment of it."""

_CARS: Final = (
    ("suv", "Ford", "Explorer", "white"),
    ("suv", "Chevrolet", "Tahoe", "black"),
    ("suv", "Jeep", "Wagoneer", "green"),
    ("van", "Ford", "Transit", "white"),
    ("sedan", "Dodge", "Charger", "gray"),
    ("pickup", "Ford", "F-150", "blue"),
    ("suv", "Dodge", "Durango", "black"),
    ("van", "Ram", "ProMaster", "white"),
)
_WASHED_OUT: Final = "gray"
_TRAINERS, _LEADS, _MEMBERS = 12, 6, 40
_IMMIGRATION: Final = 0.7
_FALSE_UNITS: Final = ("immigration", "local_police", "unknown")
_COPY_OFF_M: Final = 60.0
_ECHO_ACCURACY_M: Final = 100
_FALSE_ACCURACY_M, _FALSE_OFF_M = 30, 55.0
_FALSE_AGAIN, _FALSE_AGAIN_S = 0.25, 1_200.0
_FLOOD_S, _FLOOD_OFF_M = 1_500.0, 50.0
_FAR_OFF_TIMES: Final = 3.0
_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
_MARKED: Final = "vehicle marking"


@dataclass(frozen=True, slots=True)
class _Scene:
    key: str
    place: LonLat
    began: float
    activity: str
    size: int
    car: Said
    heading: float | None

    def where(self, t: float, mps: float) -> LonLat:
        if self.heading is None:
            return self.place
        metres = mps * max(0.0, t - self.began)
        return moved(self.place, metres * math.sin(self.heading), metres * math.cos(self.heading))


def stream(knobs: Knobs) -> list[Report]:
    """Return one labelled stream in the order of observation; the same knobs give the same stream."""
    told = _Teller(knobs)
    told.everything()
    reports = sorted(told.reports, key=lambda report: (report.t, report.id))
    return [replace(report, t=float(round(report.t))) for report in reports]


class _Teller:
    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs
        self.rng = Random(f"stream {knobs.seed}")
        self.ground = Ground(self.rng, knobs.crowding)
        self.reports: list[Report] = []
        self.scenes: list[_Scene] = []

    def everything(self) -> None:
        knobs = self.knobs
        for number in range(round(knobs.real_a_day * knobs.days)):
            self.real(f"I{number:04d}")
        for number in range(round(knobs.false_a_day * knobs.days)):
            self.false(f"F{number:04d}")
        for number in range(knobs.floods):
            self.flood(f"S{number:04d}")

    def real(self, key: str) -> None:
        """Tell of something that happened, by everybody who saw it and by those who repeat them."""
        rng, knobs = self.rng, self.knobs
        scene = _Scene(
            key,
            self.ground.address(),
            START_S + rng.uniform(0.0, knobs.days * DAY_S),
            rng.choice(tuple(TAKEN_FOR)),
            rng.randint(1, 12),
            Said(*rng.choice(_CARS), plate=self.plate()),
            rng.uniform(0.0, math.tau) if rng.random() < knobs.moving else None,
        )
        self.scenes.append(scene)
        t = scene.began
        seen = [self.witness(scene, t)]
        while rng.random() < knobs.more_witnesses:
            t = scene.began + rng.expovariate(1.0 / knobs.spread_s)
            seen.append(self.witness(scene, t))
        wanted = 0
        while rng.random() < knobs.echoes / (1.0 + knobs.echoes):
            wanted += 1
        for number in range(wanted):
            self.echo(rng.choice(seen), number)

    def witness(self, scene: _Scene, t: float) -> Report:
        rng, knobs = self.rng, self.knobs
        stated_m = rng.choices(knobs.stated_m, knobs.stated_shares)[0]
        off_m = stated_m * knobs.error_scale * (_FAR_OFF_TIMES if rng.random() < knobs.far_off else 1.0)
        known = rng.random() < _IMMIGRATION
        return self.tell(
            place=self.ground.off(scene.where(t, knobs.moving_mps), off_m),
            t=t,
            accuracy_m=stated_m,
            activity=self.activity(scene.activity),
            size=max(1, scene.size + round(rng.gauss(0.0, 1.2))),
            unit="immigration" if known else "unknown",
            basis=_MARKED if known else None,
            source=self.source(),
            vehicles=(self.described(scene.car),) if rng.random() < knobs.describe else (),
            incident=scene.key,
            real=True,
            part="witness",
        )

    def echo(self, of: Report, number: int) -> None:
        lineage = of.source.rsplit("/", 1)[0]
        self.tell(
            place=self.ground.off(of.place, _COPY_OFF_M),
            t=of.t + self.rng.uniform(480.0, 2_400.0),
            accuracy_m=_ECHO_ACCURACY_M,
            activity=of.activity,
            size=None,
            unit="immigration",
            basis=_MARKED,
            source=f"{lineage}/echo{self.rng.randrange(10 * number, 10 * number + 90)}",
            vehicles=(),
            incident=of.incident,
            real=True,
            part="echo",
        )

    def false(self, key: str) -> None:
        """Tell of something that was no such thing, now and then twice from one lineage."""
        rng = self.rng
        place, t = self.ground.address(), START_S + rng.uniform(0.0, self.knobs.days * DAY_S)
        activity, unit, source = self.activity(rng.choice(tuple(TAKEN_FOR))), rng.choice(_FALSE_UNITS), self.source()
        times = [t]
        if rng.random() < _FALSE_AGAIN:
            times.append(t + rng.uniform(60.0, _FALSE_AGAIN_S))
        for number, moment in enumerate(times):
            self.tell(
                place=self.ground.off(place, _FALSE_OFF_M * self.knobs.error_scale),
                t=moment,
                accuracy_m=_FALSE_ACCURACY_M,
                activity=activity,
                size=None,
                unit=unit,
                basis=_MARKED if unit == "immigration" else None,
                source=source if number == 0 else f"{source.rsplit('/', 1)[0]}/m{rng.randrange(100)}",
                vehicles=(),
                incident=key,
                real=False,
                part="false",
            )

    def flood(self, key: str) -> None:
        """Lay many pins on one place within minutes, all from accounts that nobody vouched for."""
        rng, knobs = self.rng, self.knobs
        place, began = self.ground.address(), START_S + rng.uniform(0.0, knobs.days * DAY_S)
        if self.scenes and rng.random() < knobs.flood_on_real:
            beside = rng.choice(self.scenes)
            place, began = self.ground.off(beside.place, 3 * _FLOOD_OFF_M), beside.began - rng.uniform(0.0, _FLOOD_S)
        accounts = [f"anon/{rng.randrange(10**9):09d}" for _ in range(max(2, knobs.flood_pins * 2 // 3))]
        activity = rng.choice(tuple(TAKEN_FOR))
        for _ in range(rng.randint(min(5, knobs.flood_pins), knobs.flood_pins)):
            self.tell(
                place=self.ground.off(place, _FLOOD_OFF_M),
                t=began + rng.uniform(0.0, _FLOOD_S),
                accuracy_m=_FALSE_ACCURACY_M,
                activity=activity,
                size=None,
                unit="immigration",
                basis=_MARKED,
                source=rng.choice(accounts),
                vehicles=(),
                incident=key,
                real=False,
                part="flood",
            )

    def activity(self, happened: str) -> str | None:
        if self.rng.random() < self.knobs.unsaid:
            return None
        if self.rng.random() < self.knobs.disagree:
            anything = self.rng.random() < self.knobs.anything
            others = tuple(said for said in TAKEN_FOR if said != happened)
            return self.rng.choice(others if anything else TAKEN_FOR[happened])
        return happened

    def source(self) -> str:
        rng = self.rng
        if rng.random() >= self.knobs.vouched:
            return f"anon/{rng.randrange(10**9):09d}"
        return f"trainer{rng.randrange(_TRAINERS):02d}/lead{rng.randrange(_LEADS)}/member{rng.randrange(_MEMBERS):02d}"

    def plate(self) -> str:
        letters = "".join(self.rng.choice(_LETTERS) for _ in range(3))
        return f"{letters}{self.rng.randrange(10_000):04d}"

    def described(self, car: Said) -> Said:
        rng, knobs = self.rng, self.knobs
        plate = car.plate if car.plate and rng.random() < knobs.plate else None
        if plate and rng.random() < knobs.misread:
            at = rng.randrange(3)
            plate = plate[:at] + rng.choice(_LETTERS.replace(plate[at], "")) + plate[at + 1 :]
        return replace(car, plate=plate, color=_WASHED_OUT if rng.random() < knobs.other_color else car.color)

    def tell(self, **words: object) -> Report:
        report = Report(
            id=f"s{self.knobs.seed}-{len(self.reports):06d}",
            kind=self.rng.choice(("activity", "vehicle")),
            **words,  # type: ignore[arg-type]
        )
        self.reports.append(report)
        return report
