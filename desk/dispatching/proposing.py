"""Rank the pairs for an incident; reads only, locks nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from desk.access import Actor
from desk.dispatching import gathering
from desk.unit_of_work import UnitOfWork
from geo.points import LonLat
from matcher.buddy import PairRule
from matcher.eligibility import Rule
from matcher.pairs import Pair, rank_pairs
from records import ids

_CAUTION = "Nobody vouched for has reported this yet: call back first; a pair may look from the meeting point."


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
    people = gathering.candidates(uow, row)
    points = gathering.where_to_meet(uow, scene)
    found = rank_pairs(people, scene, uow.policy.pairs, gathering.ways_to(uow, scene), points, n=limit)
    uow.audits.note(actor.account_id, "propose", "incident", uow.now.date())
    aliases = uow.responders.aliases({seat for pair in found.pairs for seat in (pair.observer_id, pair.buddy_id)})
    return {
        "task": str(task),
        "pairs": [_pair(pair, aliases) for pair in found.pairs],
        "ruled_out": [
            {"rule": rule.value, "text": rule.sentence, "people": found.ruled_out[rule]}
            for rule in Rule
            if found.ruled_out[rule]
        ],
        "ruled_out_pairs": [
            {"rule": rule.value, "text": rule.sentence, "pairs": found.pairs_ruled_out[rule]}
            for rule in PairRule
            if found.pairs_ruled_out[rule]
        ],
        "candidates": found.candidates,
        "roster": len(people),
        "places_free": len(free_places(uow, incident_id)),
        "note": found.note,
        "caution": None if row.vouched_groups or row.standing.was_verified else _CAUTION,
    }


def free_places(uow: UnitOfWork, incident_id: int) -> list[int]:
    """Return the places at an incident that nobody is sent to yet, lowest first, within the scene's cap."""
    taken = uow.dispatches.places_taken(incident_id)
    return [place for place in range(1, uow.policy.pairs.scene_cap + 1) if place not in taken]


def point(place: LonLat) -> dict[str, Any]:
    """Return a place as a GeoJSON Point."""
    return {"type": "Point", "coordinates": [place.lon, place.lat]}


def _pair(pair: Pair, aliases: Mapping[int, str]) -> dict[str, Any]:
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
