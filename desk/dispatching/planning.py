"""One plan for all open incidents: looked at first, then sent whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from desk import errors
from desk.access import Actor
from desk.dispatching import gathering
from desk.dispatching.proposing import as_shown, by_rule, free_places
from desk.dispatching.sending import needs_a_callback, send
from desk.lifecycle import OPEN_INCIDENT
from desk.unit_of_work import UnitOfWork
from matcher.buddy import PairRule
from matcher.eligibility import Rule
from matcher.plan import Plan, Planned, SecondsLeft, Site, Unserved, Why, solve
from records import ids
from records.enums import IncidentStatus
from records.models import Dispatch, Incident
from records.values import SceneRow

_MOST: Final = 200
"""Incidents in one plan, newest first."""
_PRIORITY: Final = {IncidentStatus.VERIFIED: 3, IncidentStatus.CORROBORATED: 2, IncidentStatus.UNVERIFIED: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPair:
    """Two people for one incident, as a plan showed them; `version` is what the plan relied on."""

    incident_id: int
    task: str
    version: str
    observer_id: int
    buddy_id: int


@dataclass(frozen=True, slots=True)
class _Open:
    """An open incident as the plan found it: its site, or the sentence that says why it takes no part."""

    row: SceneRow
    first_seen_at: datetime
    task: str
    version: str
    live: int
    site: Site | None
    sentence: str


def plan(
    uow: UnitOfWork,
    actor: Actor,
    *,
    pairs_each: int = 1,
    shown: Mapping[int, int] | None = None,
    seconds_left: SecondsLeft | None = None,
) -> dict[str, Any]:
    """Return one plan for all open incidents: pairs, the unserved with reasons, the cost and a proven bound.

    Reads only, locks nothing. Whoever is out or asked stays where they are. Nobody's place is in the answer.

    Parameters
    ----------
    pairs_each
        Pairs each incident should have, those on their way counted; never more than the scene's cap.
    shown
        In the plan shown before, to which incident each responder would go: moving somebody has its price.
    seconds_left
        Asked while planning; the best plan so far is returned when nothing is left.
    """
    incidents = uow.incidents.page(statuses=OPEN_INCIDENT, limit=_MOST)
    live = uow.dispatches.live_counts([incident.id for incident in incidents])
    entries = uow.responders.roster(uow.now)
    people = [gathering.candidate(entry) for entry in entries]
    responder_of = {entry.account_id: entry.id for entry in entries}
    found = [
        _look_at(uow, actor, incident, live.get(incident.id, 0), pairs_each, responder_of) for incident in incidents
    ]
    sites = [each.site for each in found if each.site is not None]
    made = solve(people, sites, uow.policy.pairs, uow.travel, shown=shown, seconds_left=seconds_left)
    uow.audits.note(actor.account_id, "plan", "incident", uow.now.date())
    return _shown(uow, made, {each.row.incident_id: each for each in found}, len(people))


def send_all(uow: UnitOfWork, actor: Actor, pairs: Sequence[PlannedPair]) -> list[Dispatch]:
    """Send every pair of a plan by the verb of a single one, or none: what changed meanwhile is named.

    Incidents are taken in the order of their ids and looked at before anybody is asked.

    Raises
    ------
    PlanHasChanged
        An incident stands differently than the plan said, or a pair cannot go any more.
    """
    incidents = sorted({pair.incident_id for pair in pairs})
    for incident_id in incidents:
        uow.dispatches.standing(incident_id, locked=True)
    rows = [uow.dispatches.scene(incident_id) for incident_id in incidents]
    version = {row.incident_id: _version(uow, row) for row in rows}
    wrong: dict[int, errors.DeskError] = {
        pair.incident_id: errors.IncidentStandsDifferently()
        for pair in pairs
        if pair.version != version[pair.incident_id]
    }
    sent = []
    for pair in sorted(pairs, key=lambda it: (it.incident_id, it.observer_id)):
        if pair.incident_id not in wrong:
            try:
                sent.append(send(uow, actor, pair.incident_id, pair.task, pair=(pair.observer_id, pair.buddy_id)))
            except errors.DeskError as error:
                wrong[pair.incident_id] = error
    if wrong:
        names = uow.zones.names()
        changes = [
            _where(row, names) | {"detail": wrong[row.incident_id].sentence} for row in rows if row.incident_id in wrong
        ]
        raise errors.PlanHasChanged(changes)
    return sent


def _look_at(  # noqa: PLR0917 - what an incident's part in a plan depends on
    uow: UnitOfWork, actor: Actor, incident: Incident, live: int, pairs_each: int, responder_of: Mapping[int, int]
) -> _Open:
    row = uow.dispatches.scene(incident.id)
    task = gathering.usual_task(row.standing)
    version = _version(uow, row)
    if row.standing.merged or row.standing.status not in OPEN_INCIDENT:
        # It ended between the two reads.
        return _Open(row, incident.first_seen_at, task, version, live, None, errors.IncidentIsOver().sentence)
    wanted = min(pairs_each - live, len(free_places(uow, incident.id)))
    if wanted < 1:
        return _Open(row, incident.first_seen_at, task, version, live, None, errors.OneDispatchPerPlace().sentence)
    if needs_a_callback(uow, actor, row):
        return _Open(row, incident.first_seen_at, task, version, live, None, errors.CallBackFirst().sentence)
    scene = gathering.scene_of(uow, row, task)
    try:
        points = gathering.where_to_meet(uow, scene)
    except errors.NoMeetingPointYet:
        points = ()
    site = Site(
        incident_id=incident.id,
        scene=scene,
        meeting_points=points,
        reporters=frozenset(responder_of[it] for it in row.reporters if it in responder_of),
        wanted=wanted,
        priority=_PRIORITY[IncidentStatus(row.standing.status)],
    )
    return _Open(row, incident.first_seen_at, task, version, live, site, "")


def _version(uow: UnitOfWork, row: SceneRow) -> str:
    """Return what a plan relies on about an incident, as one word: how it stands, and which places are taken.

    More reports alone change nothing here: a busy incident gets one every few seconds.
    """
    taken = sorted(uow.dispatches.places_taken(uow.decisions.family([row.incident_id])))
    words = f"{row.standing.status} {row.standing.merged} {row.standing.was_verified} {taken}"
    return hashlib.blake2b(words.encode(), digest_size=6).hexdigest()


def _shown(uow: UnitOfWork, made: Plan, found: Mapping[int, _Open], roster: int) -> dict[str, Any]:
    names = uow.zones.names() if found else {}
    people = {seat for each in made.pairs for seat in (each.pair.observer_id, each.pair.buddy_id)}
    aliases = uow.responders.aliases(people)
    return {
        "pairs": [_pair(found[each.incident_id], each, names, aliases) for each in made.pairs],
        "unserved": [_unserved(found[each.incident_id], each, names) for each in made.unserved],
        "left_out": [
            _what(each, names) | {"pairs_out": each.live, "text": each.sentence}
            for each in found.values()
            if each.site is None
        ],
        "cost_min": round(made.cost_s / 60, 2),
        "bound_min": round(made.bound_s / 60, 2),
        "gap_min": round(made.gap_s / 60, 2),
        "gap": made.gap,
        "incidents": len(found),
        "roster": roster,
        "note": made.note,
    }


def _where(row: SceneRow, names: Mapping[int, str]) -> dict[str, str | None]:
    zones = sorted(names[zone] for zone in row.zone_ids if zone in names)
    return {"incident": ids.shown(row.incident_id), "zone": zones[0] if zones else None}


def _what(found: _Open, names: Mapping[int, str]) -> dict[str, Any]:
    first_seen = found.first_seen_at.astimezone(UTC).replace(second=0, microsecond=0)
    return _where(found.row, names) | {
        "status": found.row.standing.status,
        "first_seen_at": first_seen.isoformat().replace("+00:00", "Z"),
        "task": str(found.task),
    }


def _pair(found: _Open, planned: Planned, names: Mapping[int, str], aliases: Mapping[int, str]) -> dict[str, Any]:
    caution = gathering.caution(found.row)
    return _what(found, names) | as_shown(planned.pair, aliases) | {"version": found.version, "caution": caution}


def _unserved(found: _Open, missed: Unserved, names: Mapping[int, str]) -> dict[str, Any]:
    return _what(found, names) | {
        "missing": missed.missing,
        "why": missed.why.value,
        "rule": missed.rule,
        "text": _in_words(missed),
        "could_go": missed.could_go,
        "free": missed.free,
        "ruled_out": by_rule(missed.ruled_out),
    }


def _in_words(missed: Unserved) -> str:
    """Return one sentence for the dispatcher, with the rule that emptied the incident where one did."""
    sentence = _SENTENCES[missed.why]
    if missed.why is Why.NEEDED_ELSEWHERE and missed.free == 1:
        sentence += " One person is left, and nobody goes alone."
    rules: dict[str, str] = {rule.value: rule.sentence for rule in (*Rule, *PairRule)}
    if missed.rule is not None:
        sentence += f" {_LEAD[missed.why]} {rules[missed.rule]}"
    return sentence


_SENTENCES: Final = {
    Why.NO_MEETING_POINT: "There is no safe meeting point around it yet.",
    Why.NOBODY: "Nobody can go.",
    Why.ONLY_ONE: "Only one person could go, and nobody goes alone.",
    Why.NO_PAIR: "Those who could go cannot go together.",
    Why.NEEDED_ELSEWHERE: "Everybody who could go with somebody is needed elsewhere.",
    Why.TOO_COSTLY: "The only pairs left would cost more than leaving it for now.",
}
_LEAD: Final = {
    Why.NOBODY: "Most of them:",
    Why.NO_PAIR: "Most pairs:",
    Why.NEEDED_ELSEWHERE: "Those left:",
}
