"""Incidents and judgements as they cross the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.dispatches import DispatchOut
from api.schemas.sightings import SightingsOut
from api.schemas.statements import CriterionOut, StatementOut
from records.enums import Basis, Unit, Verdict

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


class JudgementIn(BaseModel):
    """What one person judges; `verified` needs an agency and how one knows."""

    model_config = _STRICT

    verdict: Verdict
    agency: Unit | None = None
    basis: Basis | None = None
    note: Annotated[str, Field(max_length=500)] | None = None


class JudgementOut(BaseModel):
    """What one person judged."""

    id: str
    by: str | None
    verdict: str
    agency: str | None
    basis: str | None
    note: str | None
    judged_at: str
    undone_at: str | None


class ReasonOut(BaseModel):
    """One term of a score: a sentence, and its log-odds."""

    text: str
    weight: float


class MergeIn(BaseModel):
    """Which incident another one is to live on in."""

    model_config = _STRICT

    into: Annotated[str, Field(max_length=13)]


class SplitIn(BaseModel):
    """Which reports are split off."""

    model_config = _STRICT

    sightings: Annotated[list[Annotated[str, Field(max_length=13)]], Field(min_length=1, max_length=1000)]


class ApartIn(BaseModel):
    """Which other incident this one is not."""

    model_config = _STRICT

    other: Annotated[str, Field(max_length=13)]


class DecisionOut(BaseModel):
    """What one person decided: `incident` merged into `other`, `other` split off it, or both not the same."""

    id: str
    kind: Literal["merge", "split", "apart"]
    incident: str
    other: str
    sightings: list[str]
    by: str | None
    decided_at: str
    undone_by: str | None
    undone_at: str | None


class SuggestionOut(BaseModel):
    """An open incident that might be the same one, why, and until when this is worth a look."""

    incident: str
    kind: Literal["plate", "vehicle", "near"]
    text: str
    expires_at: str


class MergedOut(BaseModel):
    """An incident that lives on in the one that is shown."""

    id: str
    status: str
    activity: str | None
    merged_into: str | None


class RetractedOut(BaseModel):
    """A report that was taken back; nothing of what it said is shown."""

    id: str
    observed_at: str
    retracted_at: str


class IncidentProperties(BaseModel):
    """An incident in a list."""

    id: str
    status: str
    activity: str | None
    unit: str | None
    agency: str | None
    sightings: int
    groups: int
    vouched_groups: int
    standing: float
    queue: float
    probability: float
    opened_at: str
    first_seen_at: str
    last_seen_at: str
    zones: list[str]
    cell: str
    version: int
    dispatches: int
    merged_into: str | None


class IncidentOut(BaseModel):
    """An incident as a GeoJSON Feature, at the centre of its cell."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any]
    properties: IncidentProperties


class IncidentsOut(BaseModel):
    """Incidents as a FeatureCollection; `cursor` leads to the next page."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[IncidentOut]
    cursor: str | None = None

    @classmethod
    def of(cls, features: list[dict[str, Any]], cursor: str | None) -> Self:
        """Show what the board projected."""
        return cls(features=[IncidentOut(**feature) for feature in features], cursor=cursor)


class OpenedProperties(IncidentProperties):
    """One opened incident, exact."""

    reasons: list[ReasonOut]
    split_from: str | None
    sightings_found: SightingsOut
    judgements: list[JudgementOut]
    decisions: list[DecisionOut]
    merged_here: list[MergedOut]
    retracted: int
    retracted_found: list[RetractedOut]
    suggestions: list[SuggestionOut]
    sprawl: str | None
    dispatches_found: list[DispatchOut]
    criteria: list[CriterionOut]
    statements: list[StatementOut]


class OpenedOut(BaseModel):
    """One opened incident as a GeoJSON Feature, exact."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: dict[str, Any]
    properties: OpenedProperties

    @classmethod
    def of(cls, feature: dict[str, Any], **beside: list[Any]) -> Self:
        """Show what the board projected, with what the other duties say of the same incident."""
        return cls(**feature | {"properties": feature["properties"] | beside})


class JudgedOut(BaseModel):
    """A judgement and how its incident stands now."""

    judgement: JudgementOut
    incident: IncidentOut

    @classmethod
    def of(cls, judgement: dict[str, Any], incident: dict[str, Any]) -> Self:
        """Show what was judged, and what became of it."""
        return cls(judgement=JudgementOut(**judgement), incident=IncidentOut(**incident))


class DecidedOut(BaseModel):
    """A decision and its two incidents as they stand now, first the one that lives on."""

    decision: DecisionOut
    incidents: list[IncidentOut]

    @classmethod
    def of(cls, decision: dict[str, Any], incidents: list[dict[str, Any]]) -> Self:
        """Show what was decided, and what became of both."""
        return cls(decision=DecisionOut(**decision), incidents=[IncidentOut(**each) for each in incidents])
