"""When two sightings are about the same thing: one policy and one symmetric, bounded answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from geo.cells import CLUSTER_RESOLUTION, DISK_REACH_M, cell_at
from geo.distance import metres_between
from geo.errors import PolicyUnsound
from geo.points import LonLat
from geo.vehicles import Vehicle, best_agreement

NEIGHBOUR_STEPS = 2
"""Steps of a disk round a sighting's cell that holds everything it can be linked to (one reach)."""

INSERT_STEPS = 3
"""Steps that hold everything an arriving sighting can change (two reaches)."""

RETRACT_STEPS = 4
"""Steps that hold everything a retracted sighting can change (three reaches)."""


@dataclass(frozen=True, slots=True)
class ClusterPolicy:
    """The numbers of one network that say when sightings belong together.

    Inside `reach_m` and `reach_s` the weight of a link is
    ``1 - (metres / scale_m)**2 - (seconds / scale_s)**2`` plus what activity and vehicle say for or against it;
    two sightings are linked if it is not negative.

    Raises
    ------
    PolicyUnsound
        When a number is not positive or the reach goes beyond the cells that are searched.
    """

    reach_m: float = 250.0
    reach_s: float = 3_600.0
    scale_m: float = 250.0
    scale_s: float = 2_100.0
    patrol_scale_s: float = 600.0
    """Used when either sighting is a patrol, so that a moving vehicle does not chain across town."""
    same_activity: float = 0.3
    other_activity: float = -0.3
    same_token: float = 0.8
    same_description: float = 0.4
    other_vehicle: float = -0.4
    min_groups: int = 2
    """Independent source groups, at least one vouched, that make a sighting a core."""
    coarse_above_m: float = 250.0
    coarse_reach_accuracies: float = 2.0
    coarse_reach_cap_m: float = 1_500.0
    """A coarse sighting looks this far at most, however vague it says it is."""
    coarse_reach_s: float = 1_800.0
    lateness_s: float = 21_600.0
    cap_unvouched: int = 200
    """Unvouched sightings of one res-9 cell in one hour that are indexed; further ones are stored and counted."""

    def __post_init__(self) -> None:
        positive = (
            self.reach_m,
            self.reach_s,
            self.scale_m,
            self.scale_s,
            self.patrol_scale_s,
            self.coarse_reach_accuracies,
            self.coarse_reach_cap_m,
            self.coarse_reach_s,
        )
        if not all(math.isfinite(number) and number > 0 for number in positive) or self.min_groups < 1:
            raise PolicyUnsound
        reaches = ((1, NEIGHBOUR_STEPS), (2, INSERT_STEPS), (3, RETRACT_STEPS))
        if any(times * self.reach_m > DISK_REACH_M[steps] for times, steps in reaches):
            raise PolicyUnsound
        if self.coarse_reach_cap_m > DISK_REACH_M[-1]:
            raise PolicyUnsound


DEFAULT_POLICY = ClusterPolicy()
"""The numbers a network starts with."""


@dataclass(frozen=True, slots=True)
class Point:
    """A sighting as clustering sees it.

    Attributes
    ----------
    id
        The sighting's id.
    place
        Where, WGS84.
    t
        When it was observed, in seconds since 1970-01-01 UTC: plain numbers sort and subtract exactly.
    source_group
        Whom it came from, cut below the trainer; an unvouched sender is a group of its own.
    vouched
        Whether somebody vouched for that group.
    activity, vehicles, token
        What was seen; None or empty if nothing was said. The token stands for a plate of the present epoch.
    coarse
        Too vague to link; it is attached to the nearest sighting that is not.
    accuracy_m
        Stated radius of the pin in metres.
    """

    id: int
    place: LonLat
    t: float
    source_group: int
    vouched: bool = False
    activity: str | None = None
    vehicles: tuple[Vehicle, ...] = ()
    token: int | None = None
    coarse: bool = False
    accuracy_m: float = 0.0
    cell: str = field(init=False, repr=False, compare=False)
    """The cell it stands in at `CLUSTER_RESOLUTION`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cell", cell_at(self.place, CLUSTER_RESOLUTION))

    @property
    def rank(self) -> tuple[float, int]:
        """The order that breaks every tie: observed first, then by id."""
        return (self.t, self.id)


def linked(one: Point, other: Point, policy: ClusterPolicy = DEFAULT_POLICY) -> bool:
    """Tell whether two sightings are about the same thing; symmetric, and False beyond the reach of the policy.

    Coarse sightings never link.
    """
    seconds = abs(one.t - other.t)
    if seconds > policy.reach_s or one.coarse or other.coarse:
        return False
    metres = metres_between(one.place, other.place)
    if metres > policy.reach_m:
        return False
    patrol = "patrol" in (one.activity, other.activity)
    scale_s = policy.patrol_scale_s if patrol else policy.scale_s
    weight = 1.0 - (metres / policy.scale_m) ** 2 - (seconds / scale_s) ** 2
    return weight + activity_weight(one, other, policy) + vehicle_weight(one, other, policy) >= 0.0


def activity_weight(one: Point, other: Point, policy: ClusterPolicy) -> float:
    """Return what the two activities say for or against a link; 0 if one is missing or `other`."""
    said = {one.activity, other.activity}
    if None in said or "other" in said:
        return 0.0
    return policy.same_activity if len(said) == 1 else policy.other_activity


def vehicle_weight(one: Point, other: Point, policy: ClusterPolicy) -> float:
    """Return what the two vehicles say for or against a link; plates go before descriptions, unknown is 0."""
    if one.token is not None and other.token is not None:
        return policy.same_token if one.token == other.token else policy.other_vehicle
    answer = best_agreement(one.vehicles, other.vehicles)
    if answer > 0:
        return policy.same_description
    return policy.other_vehicle if answer < 0 else 0.0


def attachable(coarse: Point, anchor: Point, policy: ClusterPolicy) -> float | None:
    """Return the metres from a coarse sighting to a possible anchor, None if it cannot be attached there."""
    if abs(coarse.t - anchor.t) > policy.coarse_reach_s or activity_weight(coarse, anchor, policy) < 0:
        return None
    metres = metres_between(coarse.place, anchor.place)
    return metres if metres <= coarse_reach_m(coarse, policy) else None


def coarse_reach_m(coarse: Point, policy: ClusterPolicy) -> float:
    """Return how far a coarse sighting looks for its anchor, in metres."""
    return min(policy.coarse_reach_accuracies * coarse.accuracy_m, policy.coarse_reach_cap_m)
