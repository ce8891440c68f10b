"""When two sightings are about the same thing: one policy and one symmetric, bounded answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import log

from geo.cells import CLUSTER_RESOLUTION, DISK_REACH_M, cell_at
from geo.distance import Spot, metres_apart, spot_of
from geo.errors import PolicyUnsound
from geo.points import LonLat
from geo.vehicles import REACHABLE_SLACK_M, Likeness, Vehicle, best_likeness, reachable

NEIGHBOUR_STEPS = 2
"""Steps of a disk round a sighting's cell that holds everything it can be linked to (one reach)."""

INSERT_STEPS = 4
"""Steps that hold everything an arriving sighting can change (two reaches)."""

RETRACT_STEPS = 5
"""Steps that hold everything a retracted sighting can change (three reaches)."""

_NO_UNIT = frozenset({None, "unknown"})
_SIZES_APART = 6
"""Counts that differ by more say no more: nobody counts a crowd."""


TAKEN_FOR: Mapping[str, frozenset[str]] = {
    "stop": frozenset({"arrest", "checkpoint", "patrol", "surveillance"}),
    "arrest": frozenset({"stop", "checkpoint", "door_visit", "workplace"}),
    "door_visit": frozenset({"arrest", "workplace", "staging", "surveillance"}),
    "workplace": frozenset({"arrest", "door_visit", "staging", "surveillance"}),
    "checkpoint": frozenset({"stop", "arrest"}),
    "staging": frozenset({"door_visit", "workplace", "patrol", "surveillance"}),
    "patrol": frozenset({"stop", "staging", "surveillance"}),
    "surveillance": frozenset({"stop", "door_visit", "workplace", "staging", "patrol"}),
}
"""What one activity is taken for by somebody who saw another moment of it, or from another corner; symmetric.

A judgement, not a count: people gather (staging), knock (door visit), and lead somebody away (arrest) in one event.
"""


@dataclass(frozen=True, slots=True)
class ClusterPolicy:
    """The numbers of one network that say when sightings belong together.

    Inside `reach_m` and `reach_s`, two sightings are linked if the log-odds that they tell of one event are not
    negative. Each number says how much one thing counts, in natural logarithms of a likelihood ratio. They were fitted
    to generated streams (`bench/streams`) and rounded; decision 8 says how.

    Raises
    ------
    PolicyUnsound
        When a number is not finite or not positive where it has to be, when being farther away would speak for a link,
        or when the reach goes beyond the cells that are searched.
    """

    reach_m: float = 320.0
    reach_s: float = 3_600.0
    at_once: float = 2.5
    """Two ordinary pins at one place and one moment, of which nothing else is known."""
    ordinary_m: float = 100.0
    """What two ordinary pins are off together, each way; vaguer ones are that much weaker evidence when they meet."""
    vagueness: float = 0.4
    """How fast: 1 would be right for events strewn evenly, but where one thing happens another does too."""
    scene_m: float = 40.0
    """How far a witness stands from what is happening; comes on top of the accuracy a device states for itself."""
    tail: float = 2.5
    """How soon distance stops counting further; small, because some pins are far worse than they say."""
    scale_s: float = 1_000.0
    """So many seconds between two sightings take 1 away."""
    patrol_scale_s: float = 300.0
    """Used when either sighting is a patrol, so that a moving vehicle does not chain across town."""
    same_activity: float = 0.7
    like_activity: float = -0.8
    """Activities that are taken for each other: witnesses of one event disagree."""
    other_activity: float = -1.2
    other_unit: float = -1.0
    """Equal units say nothing: most reports name the same one, rightly or not."""
    same_size: float = 0.6
    size_step: float = 0.3
    """Taken off for each person by which two counts differ, at most six."""
    same_lineage: float = 0.4
    """People who know each other tell of the same thing; a group still counts once as evidence that it is true."""
    same_token: float = 3.5
    other_token: float = -1.2
    """Not more, because plates are misread and events have several vehicles."""
    same_looks: float = 2.0
    other_color: float = 1.2
    partly_alike: float = 0.4
    other_vehicle: float = -2.0
    min_groups: int = 2
    """Independent source groups, at least one vouched, that make a sighting a core."""
    coarse_start: float = 0.6
    """Added before a coarse sighting chooses: it must go somewhere, and cannot join what it is attached to."""
    coarse_reach_accuracies: float = 4.0
    coarse_reach_cap_m: float = 1_500.0
    """A coarse sighting looks this far at most, however vague it says it is."""
    coarse_reach_s: float = 3_600.0
    lateness_s: float = 21_600.0
    cap_unvouched: int = 200
    """Unvouched sightings of one res-9 cell in one hour that are indexed; further ones are stored and counted."""

    def __post_init__(self) -> None:
        positive = (
            self.reach_m,
            self.reach_s,
            self.ordinary_m,
            self.scene_m,
            self.tail,
            self.scale_s,
            self.patrol_scale_s,
            self.coarse_reach_accuracies,
            self.coarse_reach_cap_m,
            self.coarse_reach_s,
        )
        if not all(number > 0 for number in positive) or self.min_groups < 1 or min(self.vagueness, self.size_step) < 0:
            raise PolicyUnsound
        if not all(math.isfinite(getattr(self, each.name)) for each in fields(self)):
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
    activity, unit, size, vehicles, token
        What was seen; None or empty if nothing was said. The token stands for a plate of the present epoch.
    coarse
        Too vague to link; it is attached to the likeliest sighting that is not.
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
    unit: str | None = None
    size: int | None = None
    cell: str = field(init=False, repr=False, compare=False)
    """The cell it stands in at `CLUSTER_RESOLUTION`."""
    spot: Spot = field(init=False, repr=False, compare=False)
    """The place once more, in the numbers that distances are made of."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cell", cell_at(self.place, CLUSTER_RESOLUTION))
        object.__setattr__(self, "spot", spot_of(self.place))

    @property
    def rank(self) -> tuple[float, int]:
        """The order that breaks every tie: observed first, then by id."""
        return (self.t, self.id)


def linked(one: Point, other: Point, policy: ClusterPolicy = DEFAULT_POLICY) -> bool:
    """Tell whether two sightings are about the same thing; symmetric, and False beyond the reach of the policy.

    Coarse sightings never link. Nearer, or closer in time, never unlinks.
    """
    seconds = abs(one.t - other.t)
    if seconds > policy.reach_s or one.coarse or other.coarse:
        return False
    metres = metres_apart(one.spot, other.spot)
    return metres <= policy.reach_m and log_odds(one, other, metres, seconds, policy) >= 0.0


def attachment(coarse: Point, anchor: Point, policy: ClusterPolicy) -> float | None:
    """Return how likely it is that a coarse sighting tells of what its anchor does (log-odds), None if it is not."""
    seconds = abs(coarse.t - anchor.t)
    if seconds > policy.coarse_reach_s:
        return None
    metres = metres_apart(coarse.spot, anchor.spot)
    if metres > coarse_reach_m(coarse, policy):
        return None
    weight = policy.coarse_start + log_odds(coarse, anchor, metres, seconds, policy)
    return weight if weight >= 0.0 else None


def coarse_reach_m(coarse: Point, policy: ClusterPolicy) -> float:
    """Return how far a coarse sighting looks for its anchor, in metres."""
    return min(policy.coarse_reach_accuracies * coarse.accuracy_m, policy.coarse_reach_cap_m)


def log_odds(one: Point, other: Point, metres: float, seconds: float, policy: ClusterPolicy) -> float:
    """Return the log-odds that two sightings, so far apart in place and time, tell of one event; symmetric.

    Parameters
    ----------
    one, other
        The sightings.
    metres, seconds
        Distance and time between them, not negative.
    policy
        The numbers in force.
    """
    said, heard = one.activity, other.activity
    scale_s = policy.patrol_scale_s if said == "patrol" or heard == "patrol" else policy.scale_s
    weight = place_evidence(metres, one.accuracy_m, other.accuracy_m, policy) - seconds / scale_s
    if said is not None and heard is not None:
        weight += activity_evidence(said, heard, policy)
    if one.token is not None or (one.vehicles and other.vehicles):
        weight += vehicle_evidence(one, other, metres, seconds, policy)
    if one.unit is not None or one.size is not None or one.source_group == other.source_group:
        weight += circumstances(one, other, policy)
    return weight


def place_evidence(metres: float, accuracy_m: float, other_accuracy_m: float, policy: ClusterPolicy) -> float:
    """Return what the distance says, both accuracies considered; falls with the distance.

    A normal error with a heavy tail (Student's, but for its constant): its variance is what both devices state and
    what both witnesses stand off, and the wider it is, the less it means that two pins are close.
    """
    scene_m, ordinary_m, tail = policy.scene_m, policy.ordinary_m, policy.tail
    variance_m2 = accuracy_m * accuracy_m + other_accuracy_m * other_accuracy_m + 2.0 * scene_m * scene_m
    return (
        policy.at_once
        - policy.vagueness * log(variance_m2 / (ordinary_m * ordinary_m))
        - tail * log(1.0 + metres * metres / (2.0 * tail * variance_m2))
    )


def activity_evidence(said: str, heard: str, policy: ClusterPolicy) -> float:
    """Return what the two activities say; 0 if one is `other`."""
    if said == "other" or heard == "other":
        return 0.0
    if said == heard:
        return policy.same_activity
    return policy.like_activity if heard in TAKEN_FOR.get(said, ()) else policy.other_activity


def vehicle_evidence(one: Point, other: Point, metres: float, seconds: float, policy: ClusterPolicy) -> float:
    """Return what the two vehicles say; plates go before descriptions, unknown is 0."""
    if one.token is not None and other.token is not None:
        return plate_evidence(one, other, metres, seconds, policy)
    answer = best_likeness(one.vehicles, other.vehicles)
    if answer is Likeness.ALIKE:
        return policy.same_looks
    if answer is Likeness.CONTRADICT:
        return policy.other_vehicle
    if answer is Likeness.OTHER_COLOR:
        return policy.other_color
    return policy.partly_alike if answer is Likeness.PARTLY else 0.0


def plate_evidence(one: Point, other: Point, metres: float, seconds: float, policy: ClusterPolicy) -> float:
    """Return what two plates say; one that cannot have been at both places says nothing: it was misread or copied."""
    if one.token != other.token:
        return policy.other_token
    near = metres <= REACHABLE_SLACK_M or reachable(metres, seconds, (one.accuracy_m, other.accuracy_m))
    return policy.same_token if near else 0.0


def circumstances(one: Point, other: Point, policy: ClusterPolicy) -> float:
    """Return what the unit, the number of people and the lineage of the senders say."""
    weight = 0.0
    if one.unit != other.unit and one.unit not in _NO_UNIT and other.unit not in _NO_UNIT:
        weight += policy.other_unit
    if one.size is not None and other.size is not None:
        weight += policy.same_size - policy.size_step * min(abs(one.size - other.size), _SIZES_APART)
    if one.vouched and other.vouched and one.source_group == other.source_group:
        weight += policy.same_lineage
    return weight
