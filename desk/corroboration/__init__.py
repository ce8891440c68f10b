"""Which reports belong together: what the machine computes and suggests, and what people decide."""

from __future__ import annotations

from collections.abc import Sequence

from desk.corroboration.regrouping import keep_apart, merge, recount_pinned, split, undo
from desk.corroboration.suggesting import forget, suggest
from desk.corroboration.window import DatabaseWindow
from desk.corroboration.writing import write
from desk.events import SightingReceived, SightingRetracted
from desk.unit_of_work import UnitOfWork
from geo.clustering import step
from geo.linking import INSERT_STEPS, RETRACT_STEPS

__all__ = [
    "consider",
    "forget",
    "keep_apart",
    "merge",
    "reconsider",
    "recount_pinned",
    "split",
    "suggest",
    "undo",
]


def consider(uow: UnitOfWork, facts: Sequence[SightingReceived]) -> None:
    """Give each new sighting its cluster, and the incidents that change their figures, scores and states."""
    arrived = uow.sightings.arrived({fact.subject for fact in facts})
    if arrived:
        points = [each.point for each in arrived]
        window = DatabaseWindow(uow)
        window.lock_round(points, INSERT_STEPS)
        write(uow, window, step(window, points, (), uow.policy.clustering), points)


def reconsider(uow: UnitOfWork, facts: Sequence[SightingRetracted]) -> None:
    """Take sightings out of their clusters again; what hung together by them alone falls apart."""
    gone = uow.sightings.retracted({fact.subject for fact in facts})
    if gone:
        points = [each.point for each in gone]
        window = DatabaseWindow(uow, gone)
        window.lock_round(points, RETRACT_STEPS)
        # Whoever held the locks before us may have moved them to another cluster meanwhile.
        window.remember(uow.sightings.retracted({point.id for point in points}))
        changes = step(window, (), points, uow.policy.clustering)
        uow.sightings.move({point.id: None for point in points})
        write(uow, window, changes, ())
