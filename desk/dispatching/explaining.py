"""Why not this person? Answered for one person and one incident; reads only, locks nothing."""

from __future__ import annotations

from typing import Any

from desk import errors
from desk.access import Actor
from desk.dispatching import gathering
from desk.dispatching.proposing import as_shown
from desk.unit_of_work import UnitOfWork
from matcher.buddy import PairRule
from matcher.why import Why, why_not
from records import ids
from records.errors import NotAnId
from records.values import RosterEntry

_NAMED = 3
"""How many people are named for each rule that keeps two apart."""


def explain(uow: UnitOfWork, actor: Actor, incident_id: int, about: str, task: str | None = None) -> dict[str, Any]:
    """Return why somebody would not be asked for an incident, or their best pair; `about` is an alias or an id.

    Who stands on whose avoid list is not named: either side's word is enough, and nobody is asked for it.

    Raises
    ------
    NotFound
        Nobody on the roster is called so.
    IncidentIsOver, NotVerified
        Nobody may be sent there for this task.
    NoMeetingPointYet
        There is no safe place to meet.
    """
    row = uow.dispatches.scene(incident_id)
    task = task or gathering.usual_task(row.standing)
    gathering.require_lawful(row.standing, task)
    entry = _called(uow, about)
    scene = gathering.scene_of(uow, row, task)
    points = gathering.where_to_meet(uow, scene)
    around = gathering.PeopleAround(uow, row, [point.place for point in points], {entry.id})
    person = gathering.candidate(entry, row.reporters)
    why = why_not(person, around.in_order(), scene, uow.policy.pairs, gathering.ways_to(uow, scene), points)
    uow.audits.note(actor.account_id, "propose", "incident", uow.now.date())
    return _shown(uow, entry, why)


def _called(uow: UnitOfWork, about: str) -> RosterEntry:
    account = uow.responders.account_called(about)
    responder_id = uow.responders.id_of(account.id) if account else None
    if responder_id is None:
        try:
            responder_id = ids.read(about.upper())
        except NotAnId as error:
            raise errors.NotFound from error
    found = uow.responders.roster(uow.now, [responder_id])
    if not found:
        raise errors.NotFound
    return found[0]


def _shown(uow: UnitOfWork, entry: RosterEntry, why: Why) -> dict[str, Any]:
    named = {person for people in why.kept_apart.values() for person in people[:_NAMED]}
    if why.pair is not None:
        named |= {why.pair.observer_id, why.pair.buddy_id}
    aliases = uow.responders.aliases(named)
    return {
        "alias": entry.alias,
        "id": ids.shown(entry.id),
        "eligible": why.rule is None,
        "rule": None if why.rule is None else why.rule.value,
        "text": _sentence(why),
        "best_pair": None if why.pair is None else as_shown(why.pair, aliases),
        "kept_apart": [
            {
                "rule": rule.value,
                "text": rule.sentence,
                "people": len(people),
                "with": [] if rule is PairRule.ON_AVOID_LIST else [aliases[person] for person in people[:_NAMED]],
            }
            for rule, people in why.kept_apart.items()
        ],
        "looked_at": why.looked_at,
    }


def _sentence(why: Why) -> str:
    if why.rule is not None:
        return why.rule.sentence
    if why.pair is None:
        return "Could go, but nobody who could go may go with them."
    return "Could go: the best pair with them is below."
