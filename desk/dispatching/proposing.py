"""Rank the pairs for an incident; reads only, locks nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from desk import errors
from desk.access import Actor
from desk.dispatching import counting, gathering
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.points import LonLat
from matcher.buddy import PairRule
from matcher.eligibility import Rule
from matcher.meeting import MeetingPoint
from matcher.pairs import Pair, rank_streamed
from records import ids
from records.enums import Task


def propose(uow: UnitOfWork, actor: Actor, incident_id: int, task: str | None = None, limit: int = 3) -> dict[str, Any]:
    """Return the best pairs for an incident, with reasons, and how many people were ruled out by which rule.

    Arrivals are whole minutes, given in seconds, from the middle of res-9 cells; nobody's place is in the answer.

    Raises
    ------
    IncidentIsOver, NotVerified
        Nobody may be sent there for this task.
    NoMeetingPointYet
        There is no safe place to meet.
    """
    row = uow.dispatches.scene(incident_id)
    task = task or gathering.usual_task(row.standing)
    gathering.require_lawful(row.standing, task)
    scene = gathering.scene_of(uow, row, task)
    points = gathering.where_to_meet(uow, scene)
    ways = gathering.ways_to(uow, scene)
    around = gathering.PeopleAround(uow, row, [point.place for point in points])
    pairs = rank_streamed(around.in_order(), scene, uow.policy.pairs, ways, points, n=limit)
    counts = counting.count_everybody(uow, row, scene, points)
    uow.audits.note(actor.account_id, "propose", "incident", uow.now.date())
    aliases = uow.responders.aliases({seat for pair in pairs for seat in (pair.observer_id, pair.buddy_id)})
    return {
        "task": str(task),
        "pairs": [as_shown(pair, aliases) for pair in pairs],
        "ruled_out": by_rule(counts.ruled_out),
        "ruled_out_pairs": [
            {"rule": rule.value, "text": rule.sentence, "pairs": counts.pairs_ruled_out[rule]}
            for rule in PairRule
            if counts.pairs_ruled_out[rule]
        ],
        "candidates": counts.candidates,
        "roster": counts.roster,
        "places_free": len(free_places(uow, incident_id)),
        "note": ways.note,
        "caution": gathering.caution(row),
    }


def ruled_out(uow: UnitOfWork, dispatch_id: int) -> list[dict[str, Any]]:
    """Return how many people cannot be asked now for a dispatch, by the rule that keeps them."""
    dispatch = uow.dispatches.get(dispatch_id)
    row = uow.dispatches.scene(dispatch.incident_id)
    place = uow.dispatches.places([dispatch.id])[dispatch.id].meeting_point
    meet_at = MeetingPoint(place, dispatch.meeting_name, "", "vetted")
    counts = counting.count_everybody(uow, row, gathering.scene_of(uow, row, dispatch.task), [meet_at])
    return by_rule(counts.ruled_out)


def by_rule(people: Mapping[Rule, int]) -> list[dict[str, Any]]:
    """Return how many people each rule keeps, in the order of the rules, without those that keep nobody."""
    return [{"rule": rule.value, "text": rule.sentence, "people": people[rule]} for rule in Rule if people.get(rule)]


def nearest_pair(uow: UnitOfWork, incident_id: int) -> dict[str, Any] | None:
    """Return the two free people who could be near an incident soonest, for whoever called for help there; or None."""
    row = uow.dispatches.scene(incident_id)
    scene = gathering.scene_of(uow, row, Task.LOOK)
    try:
        points = gathering.where_to_meet(uow, scene)
    except errors.NoMeetingPointYet:
        return None
    around = gathering.PeopleAround(uow, row, [each.place for each in points])
    pairs = rank_streamed(around.in_order(), scene, uow.policy.pairs, gathering.ways_to(uow, scene), points, n=1)
    if not pairs:
        return None
    return as_shown(pairs[0], uow.responders.aliases({pairs[0].observer_id, pairs[0].buddy_id}))


def area_of(uow: UnitOfWork, incident_id: int) -> str:
    """Return the res-8 area of an incident."""
    return cells.parent(uow.dispatches.scene(incident_id).cell10, 8)


def free_places(uow: UnitOfWork, incident_id: int) -> list[int]:
    """Return the places at an incident that nobody is sent to yet, lowest first, within the scene's cap."""
    cap = uow.policy.pairs.scene_cap
    taken = uow.dispatches.places_taken(uow.decisions.family([incident_id]))
    own = {place for where, place in taken if where == incident_id}
    free = [place for place in range(1, cap + 1) if place not in own]
    # Whoever is on the way to what was merged into this one stands at the same scene.
    return free[: max(0, cap - len(taken))]


def point(place: LonLat) -> dict[str, Any]:
    """Return a place as a GeoJSON Point."""
    return {"type": "Point", "coordinates": [place.lon, place.lat]}


def as_shown(pair: Pair, aliases: Mapping[int, str]) -> dict[str, Any]:
    """Return a pair as the desk shows it: aliases and whole minutes, nobody's place."""
    return {
        "observer": _seat(pair.observer_id, pair.observer_eta_s, aliases),
        "buddy": _seat(pair.buddy_id, pair.buddy_eta_s, aliases),
        "meeting_point": {
            "name": pair.meeting_point.name,
            "geometry": point(pair.meeting_point.place),
            "reason": pair.meeting_point.reason,
        },
        "cost_min": round(pair.cost_min, 1),
        "reasons": gathering.in_words(pair.reasons),
    }


def _seat(responder_id: int, eta_s: int, aliases: Mapping[int, str]) -> dict[str, Any]:
    # Whole minutes: seconds would let somebody measure where a person is from several incidents.
    return {"alias": aliases[responder_id], "id": ids.shown(responder_id), "eta_s": 60 * math.ceil(eta_s / 60)}
