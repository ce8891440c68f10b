"""Who may go, who not, and by which rule: reasons are data, and everybody is counted once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from geo.distance import metres_from_each
from matcher.errors import NoMeetingPoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.points import LonLat
    from matcher.candidates import Candidate, Scene
    from matcher.policy import PairPolicy
    from matcher.travel import TravelTimes

NEVER_S: Final = 10**9
"""Whole seconds that stand for "there is no way"; longer than any limit."""


class Rule(StrEnum):
    """Why a person is not asked, in the order in which the rules are read."""

    NOT_AVAILABLE = "not_available"
    PLACE_UNKNOWN = "place_unknown"
    BUSY = "busy"
    OPEN_CALL = "open_call"
    HOLDS_OFFER = "holds_offer"
    RESTING = "resting"
    ENOUGH_OFFERS = "enough_offers"
    NO_CERTIFICATE = "no_certificate"
    TASK_SKILL = "task_skill"
    LANGUAGE = "language"
    OPTED_OUT = "opted_out"
    IS_REPORTER = "is_reporter"
    TOO_FAR = "too_far"

    @property
    def sentence(self) -> str:
        """The rule as a dispatcher reads it."""
        return _SENTENCES[self]


_SENTENCES: Final[Mapping[Rule, str]] = {
    Rule.NOT_AVAILABLE: "Not available now.",
    Rule.PLACE_UNKNOWN: "No recent place, and no base zone to start from.",
    Rule.BUSY: "Already out with a partner, or waiting for one.",
    Rule.OPEN_CALL: "Has an open call: is to be found first.",
    Rule.HOLDS_OFFER: "Has an open offer to answer first.",
    Rule.RESTING: "Resting.",
    Rule.ENOUGH_OFFERS: "Was asked as often as anybody may be in a day.",
    Rule.NO_CERTIFICATE: "Training is missing or has expired.",
    Rule.TASK_SKILL: "Not trained for this task.",
    Rule.LANGUAGE: "Speaks none of the languages wanted there.",
    Rule.OPTED_OUT: "Chose not to go to this task or zone.",
    Rule.IS_REPORTER: "Reported this incident.",
    Rule.TOO_FAR: "Too far to be there in time.",
}


def _holds(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def is_resting(person: Candidate, now: datetime, policy: PairPolicy) -> bool:
    """Say whether a person rests: after the last dispatch a shift allows, or after a distressing one.

    Somebody with a full shift whose last end is not known rests too.
    """
    if _holds(person.distressed_until, now):
        return True
    if person.dispatches_this_shift < policy.dispatches_a_shift:
        return False
    return person.last_cleared_at is None or now - person.last_cleared_at < policy.rest


def first_rule(person: Candidate, scene: Scene, policy: PairPolicy) -> Rule | None:  # noqa: C901, PLR0911 - one line per rule, in the order people read
    """Return the first rule but distance that keeps a person from this scene, or None."""
    now = scene.now
    if not _holds(person.available_until, now):
        return Rule.NOT_AVAILABLE
    if person.where(now, policy.position_age) is None:
        return Rule.PLACE_UNKNOWN
    if person.busy:
        return Rule.BUSY
    if person.calls:
        return Rule.OPEN_CALL
    if person.offered:
        return Rule.HOLDS_OFFER
    if is_resting(person, now, policy):
        return Rule.RESTING
    if person.offers_today >= policy.offers_a_day:
        return Rule.ENOUGH_OFFERS
    if not (_holds(person.trained_until, now) or _holds(person.observer_until, now)):
        return Rule.NO_CERTIFICATE
    if scene.task not in person.tasks:
        return Rule.TASK_SKILL
    if scene.languages and scene.languages.isdisjoint(person.languages):
        return Rule.LANGUAGE
    if scene.task in person.opted_out_tasks or not scene.zone_ids.isdisjoint(person.opted_out_zones):
        return Rule.OPTED_OUT
    if person.is_reporter:
        return Rule.IS_REPORTER
    return None


@dataclass(frozen=True, slots=True)
class Screened:
    """The people who may go, with whole seconds to each meeting point, and everybody else under one rule.

    `len(candidates) + ruled_out.total()` is the length of the roster.
    """

    candidates: tuple[Candidate, ...]
    seconds: tuple[tuple[int, ...], ...]
    ruled_out: Counter[Rule]
    why: Mapping[int, Rule]


def arrival_seconds(
    places: Sequence[LonLat],
    modes: Sequence[str],
    destinations: Sequence[LonLat],
    *,
    limit_s: float,
    travel: TravelTimes,
) -> NDArray[np.int64]:
    """Return whole seconds, rounded up, from each place (row, WGS84) to each destination (column).

    `NEVER_S` stands where the lower bound already passes `limit_s`, so that far people cost no routing, and
    where there is no way.
    """
    answer = np.full((len(places), len(destinations)), NEVER_S, dtype=np.int64)
    if not places:
        return answer
    lons = np.fromiter((place.lon for place in places), np.float64, len(places))
    lats = np.fromiter((place.lat for place in places), np.float64, len(places))
    metres = metres_from_each(destinations, lons, lats).min(axis=0)
    bound = np.empty(len(places))
    spoken = np.array(modes)
    for mode in sorted(set(modes)):
        those = spoken == mode
        bound[those] = travel.lower_bound(metres[those], mode)
    # The bound is rounded down and the times up, so no rounding error can drop somebody who just makes it.
    near = np.flatnonzero(np.floor(bound) <= limit_s)
    if near.size:
        found = np.ceil(
            travel.seconds(
                [places[row] for row in near.tolist()], [modes[row] for row in near.tolist()], list(destinations)
            )
        )
        answer[near] = np.where(found < NEVER_S, found, NEVER_S).astype(np.int64)
    return answer


def screen(
    people: Sequence[Candidate],
    scene: Scene,
    policy: PairPolicy,
    travel: TravelTimes,
    meeting_points: Sequence[LonLat],
) -> Screened:
    """Split a roster into those who may go to a scene and those who may not, each under the first rule that failed.

    Parameters
    ----------
    meeting_points
        Where a pair may meet, WGS84; a person's arrival is the soonest over them.

    Raises
    ------
    NoMeetingPoint
        When the list of meeting points is empty.
    """
    if not meeting_points:
        raise NoMeetingPoint
    why: dict[int, Rule] = {}
    ruled_out: Counter[Rule] = Counter()
    standing: list[Candidate] = []
    places: list[LonLat] = []
    for person in people:
        rule = first_rule(person, scene, policy)
        place = None if rule is not None else person.where(scene.now, policy.position_age)
        if place is not None:
            standing.append(person)
            places.append(place)
        else:
            why[person.responder_id] = rule or Rule.PLACE_UNKNOWN
            ruled_out[why[person.responder_id]] += 1
    limit_s = policy.eta_limit.total_seconds()
    modes = [person.mode for person in standing]
    seconds = arrival_seconds(places, modes, meeting_points, limit_s=limit_s, travel=travel)
    candidates: list[Candidate] = []
    kept: list[tuple[int, ...]] = []
    for person, row in zip(standing, seconds.tolist(), strict=True):
        if min(row) <= limit_s:
            candidates.append(person)
            kept.append(tuple(row))
        else:
            why[person.responder_id] = Rule.TOO_FAR
            ruled_out[Rule.TOO_FAR] += 1
    return Screened(tuple(candidates), tuple(kept), ruled_out, why)
