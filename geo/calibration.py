"""Probabilities set right by what earlier ones turned out to mean: a monotone map, and none before there is enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geo.reliability import About, Record, Subject, faded

_STEP: Final = 0.5
_LOWEST, _HIGHEST = -10, 8
STEPS: Final = tuple(Subject(About.SCORE, str(step)) for step in range(_LOWEST, _HIGHEST + 1))
"""Scores are counted in steps of half a unit of log-odds; beyond the ends they are taken together."""
_DECIDED_FROM: Final = 200.0
"""Fewer decided incidents say too little: probabilities stay as the score gives them."""
_CASES: Final = 10.0
"""Imagined cases in each step that went just as expected."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What scores (log-odds) turned out to mean, at some of them, rising; `decided` incidents stand behind it."""

    said: tuple[float, ...] = ()
    meant: tuple[float, ...] = ()
    decided: float = 0.0

    def shift(self, queue: float) -> float:
        """Return by how many log-odds a score is to be set right; nothing where too little is known."""
        if not self.said:
            return 0.0
        if queue <= self.said[0]:
            return self.meant[0] - self.said[0]
        for left, right in zip(range(len(self.said)), range(1, len(self.said)), strict=False):
            if queue <= self.said[right]:
                share = (queue - self.said[left]) / (self.said[right] - self.said[left])
                return self.meant[left] + share * (self.meant[right] - self.meant[left]) - queue
        return self.meant[-1] - self.said[-1]


IDENTITY: Final = Calibration()


def step_of(queue: float) -> Subject:
    """Return the step in which a score is counted, before it is set right."""
    return STEPS[max(_LOWEST, min(_HIGHEST, math.floor(queue / _STEP))) - _LOWEST]


def calibrated(records: Mapping[Subject, Record], day: int) -> Calibration:
    """Return the map that counts of decided incidents by step make, pooling neighbours that are out of order.

    Isotonic regression over steps (pool adjacent violators), each with some imagined cases that went as expected.
    """
    counts = [faded(records[step], day) for step in STEPS if step in records]
    counts = [each for each in counts if each.real + each.unreal > 0.0]
    decided = math.fsum(each.real + each.unreal for each in counts)
    if decided < _DECIDED_FROM:
        return IDENTITY
    pools: list[tuple[float, float, list[float]]] = []
    said = []
    for each in counts:
        total = each.real + each.unreal
        expected = min(1.0 - 1e-4, max(1e-4, each.expected / total))
        said.append(_logit(expected))
        pools.append((each.real + _CASES * expected, total + _CASES, [said[-1]]))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            (real, total, some), (more, others, rest) = pools[-2:]
            pools[-2:] = [(real + more, total + others, some + rest)]
    meant = [_logit(min(1.0 - 1e-4, max(1e-4, real / total))) for real, total, some in pools for _ in some]
    return Calibration(*_rising(said, meant), decided=decided)


def _rising(said: Sequence[float], meant: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Leave out points whose score does not rise: faded counts can put two steps out of order."""
    kept: list[int] = []
    for number, each in enumerate(said):
        if not kept or each > said[kept[-1]]:
            kept.append(number)
    return tuple(said[number] for number in kept), tuple(meant[number] for number in kept)


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))
