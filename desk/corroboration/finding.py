"""What pairs found on scene is weighed when they say it, and again as it fades; it never sets a state by itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from desk.corroboration import writing
from desk.events import SceneFound
from desk.unit_of_work import UnitOfWork
from records.enums import Found

_AT_ONCE: Final = 50
_WEIGHED_EVERY: Final = timedelta(minutes=5)
_WEIGHS_FOR: Final = timedelta(hours=3)
"""After six half-lives nothing is left of "looked and saw nothing" that anybody would notice."""


def weigh_found(uow: UnitOfWork, facts: Sequence[SceneFound]) -> None:
    """Score incidents again at which somebody found something, or nothing."""
    _weigh(uow, {fact.subject for fact in facts})


def weigh_again(uow: UnitOfWork) -> int:
    """Score incidents again of which something weighs less by now; return how many."""
    due = uow.incidents.take_to_weigh(uow.now, limit=uow.portion.limit(_AT_ONCE), after=uow.portion.after)
    uow.portion.note(due)
    _weigh(uow, due)
    return len(due)


def _weigh(uow: UnitOfWork, incident_ids: Collection[int]) -> None:
    if not incident_ids:
        return
    writing.recount(uow, incident_ids)
    fading = {
        each.incident_id
        for each in uow.dispatches.found(incident_ids)
        if each.found == Found.NOTHING_FOUND and each.found_at > uow.now - _WEIGHS_FOR
    }
    again = uow.now + _WEIGHED_EVERY
    uow.incidents.weigh_again_at({each.id: again for each in uow.incidents.many(fading) if each.ended_at is None})
