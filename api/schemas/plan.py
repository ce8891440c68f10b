"""One plan for all open incidents as it crosses the wire: shown first, then sent whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.dispatches import CandidateOut, DispatchOut, MeetingPointOut, ReasonOut, RuledOutOut
from api.schemas.responders import ShownId
from desk.dispatching import PlannedPair
from records import ids
from records.enums import Task

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)
MOST_PAIRS = 400
PairsEach = Annotated[int, Field(ge=1, le=9)]


class ShownIn(BaseModel):
    """A pair of the plan shown before: a new plan holds still where it can."""

    model_config = _STRICT

    incident: ShownId
    observer: ShownId
    buddy: ShownId


def before(pairs: Iterable[ShownIn]) -> dict[int, int]:
    """Return to which incident each person would go in the plan shown before."""
    return {ids.read(who): ids.read(pair.incident) for pair in pairs for who in (pair.observer, pair.buddy)}


class PlanIn(BaseModel):
    """What the plan is for: pairs each incident should have, and the plan shown before."""

    model_config = _STRICT

    pairs_each: PairsEach = 1
    shown: list[ShownIn] = Field(default_factory=list, max_length=MOST_PAIRS)


class PlannedPairIn(ShownIn):
    """A pair of the plan, to be sent; the version is the plan's own word for what it relied on."""

    task: Task
    version: Annotated[str, Field(max_length=32)]

    def read(self) -> PlannedPair:
        """Return it as the desk knows it."""
        return PlannedPair(
            incident_id=ids.read(self.incident),
            task=self.task,
            version=self.version,
            observer_id=ids.read(self.observer),
            buddy_id=ids.read(self.buddy),
        )


class PlanCommitIn(BaseModel):
    """The pairs to send, all or none."""

    model_config = _STRICT

    pairs: list[PlannedPairIn] = Field(min_length=1, max_length=MOST_PAIRS)


class PlannedPairOut(BaseModel):
    """A pair and where it would go; `version` goes back as it is when the plan is sent."""

    incident: str
    status: str
    first_seen_at: str
    zone: str | None
    task: Task
    version: str
    observer: CandidateOut
    buddy: CandidateOut
    meeting_point: MeetingPointOut
    cost_min: float
    reasons: list[ReasonOut]
    caution: str | None


class UnservedOut(BaseModel):
    """An incident with fewer pairs than it should have, and what stood in the way."""

    incident: str
    status: str
    first_seen_at: str
    zone: str | None
    task: Task
    missing: int
    why: str
    rule: str | None
    text: str
    could_go: int
    free: int
    ruled_out: list[RuledOutOut]


class LeftOutOut(BaseModel):
    """An incident that takes no part in the plan: enough pairs are on their way, or a person must call back first."""

    incident: str
    status: str
    first_seen_at: str
    zone: str | None
    task: Task
    pairs_out: int
    text: str


class PlanOut(BaseModel):
    """One plan for all, with a proof: no plan costs less than `bound_min`. Reasons of a pair add up to its cost."""

    pairs: list[PlannedPairOut]
    unserved: list[UnservedOut]
    left_out: list[LeftOutOut]
    cost_min: float
    bound_min: float
    gap_min: float
    gap: float
    incidents: int
    roster: int
    note: str

    @classmethod
    def of(cls, shown: dict[str, Any]) -> Self:
        """Show a plan."""
        return cls(**shown)


class PlanSentOut(BaseModel):
    """What a plan became: one dispatch for each of its pairs."""

    dispatches: list[DispatchOut]
