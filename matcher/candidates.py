"""All that the matcher is told: people as candidates, and the scene somebody may go to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from geo.points import LonLat

Mode = Literal["foot", "bicycle", "car"]
Task = Literal["look", "observe", "accompany"]

TASKS: frozenset[Task] = frozenset(("look", "observe", "accompany"))
"""The closed list of tasks; there is no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One person as the matcher knows them; no name, and no place finer than a cell.

    Parameters
    ----------
    responder_id
        Their number; ties are broken by it.
    place
        Centre of the res-9 cell they were last in (WGS84), never a point of their own.
    position_at
        When that cell was told (aware UTC).
    base_place
        Where they usually start from (centre of their base zone, WGS84): the fallback for an old position.
    observer_until, trained_until
        Until when the observer certificate and the basic training hold; None = never had it.
    languages
        Language tags they speak; an empty set shares no language with anybody.
    tasks
        The tasks they are trained for.
    available_until
        Until when they said they can go; None = not available.
    busy
        Seated in a dispatch, or waiting on a partner's yes.
    calls
        Has an open call: silent, or called for help, openly or not.
    offered
        Holds a live offer.
    last_cleared_at
        When their last dispatch was cleared.
    distressed_until
        End of the pause after a distressing dispatch; the person may lengthen it.
    offers_today
        How often they were asked in the last 24 hours.
    load_7d
        Confirmed dispatches in the last seven days; offers and refusals never count.
    night_debt
        Nights of work not yet rested.
    coverage_lost_min
        What their own zone loses while they are away, in minutes of cost.
    cleared_total
        Cleared dispatches ever.
    avoids
        People they are not to be paired with; nobody is asked why.
    worked_with
        People they have been out with.
    lineage
        Who vouched for them, as a random number.
    is_reporter
        They reported this incident.
    acceptance
        How often they answered yes and how often not, beside the prior.
    """

    responder_id: int
    place: LonLat | None = None
    position_at: datetime | None = None
    base_place: LonLat | None = None
    mode: Mode = "foot"
    observer_until: datetime | None = None
    trained_until: datetime | None = None
    languages: frozenset[str] = frozenset()
    tasks: frozenset[Task] = TASKS
    available_until: datetime | None = None
    busy: bool = False
    calls: bool = False
    offered: bool = False
    dispatches_this_shift: int = 0
    offers_today: int = 0
    last_cleared_at: datetime | None = None
    distressed_until: datetime | None = None
    load_7d: float = 0.0
    night_debt: float = 0.0
    coverage_lost_min: float = 0.0
    cleared_total: int = 0
    avoids: frozenset[int] = frozenset()
    worked_with: frozenset[int] = frozenset()
    opted_out_tasks: frozenset[Task] = frozenset()
    opted_out_zones: frozenset[int] = frozenset()
    zone_ids: frozenset[int] = frozenset()
    lineage: int = 0
    is_reporter: bool = False
    acceptance: tuple[float, float] = (0.0, 0.0)

    def where(self, now: datetime, position_age: timedelta) -> LonLat | None:
        """Return the cell they were last in while that is fresh, else their base place, else None (WGS84)."""
        if self.place is not None and self.position_at is not None and now - self.position_at <= position_age:
            return self.place
        return self.base_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The incident somebody may go to, at one moment.

    Parameters
    ----------
    place
        Where the incident is drawn, WGS84.
    pins
        Where its sightings are (or the corners of their hull), WGS84.
    now
        The moment all rules are read at (aware UTC).
    languages
        Languages wanted there; a person needs one of them. Empty = any.
    only_patrol
        Every sighting says patrol: nobody is sent after a moving vehicle, points are for watching from.
    """

    place: LonLat
    now: datetime
    task: Task = "look"
    pins: tuple[LonLat, ...] = ()
    zone_ids: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    only_patrol: bool = False
    urgent: bool = False

    @property
    def spots(self) -> tuple[LonLat, ...]:
        """Every place to stay away from: the incident's own and each pin's, without repeats, in order."""
        return tuple(sorted({self.place, *self.pins}))
