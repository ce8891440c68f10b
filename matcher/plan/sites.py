"""What a plan is made from and what it says: sites that need pairs, who goes where, who is missing and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from matcher.errors import PlanNumbersOutOfRange

if TYPE_CHECKING:
    from matcher.candidates import Scene
    from matcher.eligibility import Rule
    from matcher.meeting import MeetingPoint
    from matcher.pairs import Pair

PRIORITY_RANGE: Final = (1, 9)
UNSERVED_RANGE: Final = (1, 480)

SecondsLeft = Callable[[], float]
"""Asked now and then how many seconds are left; whoever calls owns the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPolicy:
    """The prices of a plan, in whole minutes.

    Parameters
    ----------
    unserved_min
        An incident nobody goes to, times its priority.
    further_min
        Each further pair that an incident wants and does not get: far less, so that everybody gets a first pair.
    move_min
        Sending somebody elsewhere than the plan shown before: plans hold still unless moving is worth it.

    Raises
    ------
    PlanNumbersOutOfRange
        When a price makes no sense.
    """

    unserved_min: int = 240
    further_min: int = 60
    move_min: int = 2

    def __post_init__(self) -> None:
        """Check the prices."""
        least, most = UNSERVED_RANGE
        if not (least <= self.unserved_min <= most and 0 <= self.further_min <= self.unserved_min):
            raise PlanNumbersOutOfRange
        if not 0 <= self.move_min <= self.unserved_min:
            raise PlanNumbersOutOfRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One open incident that wants pairs.

    Parameters
    ----------
    incident_id
        Its number; ties are broken by it.
    meeting_points
        Where a pair may meet; with none nobody is sent.
    reporters
        Responders who reported it: they are not sent there.
    wanted
        How many pairs it wants.
    priority
        1 to 9: how many times the price of an unserved incident counts.
    """

    incident_id: int
    scene: Scene
    meeting_points: tuple[MeetingPoint, ...]
    reporters: frozenset[int] = frozenset()
    wanted: int = 1
    priority: int = 1

    def __post_init__(self) -> None:
        """Check the numbers."""
        least, most = PRIORITY_RANGE
        if not (least <= self.priority <= most and self.wanted >= 1):
            raise PlanNumbersOutOfRange


class Why(StrEnum):
    """Why an incident gets no pair, or fewer than it wants."""

    NO_MEETING_POINT = "no_meeting_point"
    NOBODY = "nobody"
    ONLY_ONE = "only_one"
    NO_PAIR = "no_pair"
    NEEDED_ELSEWHERE = "needed_elsewhere"
    TOO_COSTLY = "too_costly"


@dataclass(frozen=True, slots=True)
class Planned:
    """A pair and where it would go; the reasons of the pair add up to its cost, moving people included."""

    incident_id: int
    pair: Pair


@dataclass(frozen=True, slots=True)
class Unserved:
    """An incident with fewer pairs than it wants, and what stood in the way.

    `could_go` people pass every rule about them, `free` of them are in no pair of the plan. `ruled_out` counts all
    others under their rules. `rule` names the rule that emptied it, where one did.
    """

    incident_id: int
    missing: int
    why: Why
    could_go: int
    free: int
    ruled_out: Mapping[Rule, int]
    rule: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan for all, with a proof: no plan costs less than `bound_s`. Whole seconds.

    `dearest_s` says for each incident what a pair there costs at most in any plan that costs no more than this one;
    `rounds` and `columns` how much work it took; `note` how travel times were found.
    """

    pairs: tuple[Planned, ...]
    unserved: tuple[Unserved, ...]
    cost_s: int
    bound_s: int
    dearest_s: Mapping[int, int]
    rounds: int
    columns: int
    note: str

    @property
    def gap_s(self) -> int:
        """How much cheaper another plan could be at most."""
        return self.cost_s - self.bound_s

    @property
    def gap(self) -> float:
        """The same as a share of the cost."""
        return self.gap_s / self.cost_s if self.cost_s else 0.0
