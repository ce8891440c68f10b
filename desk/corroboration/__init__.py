"""Which reports belong together: what the machine computes and suggests, and what people decide."""

from __future__ import annotations

from collections.abc import Sequence

from desk.corroboration.finding import weigh_again, weigh_found
from desk.corroboration.learning import learn
from desk.corroboration.regrouping import keep_apart, merge, recount_pinned, split, undo
from desk.corroboration.remembering import BeyondMemory, RememberedWindow
from desk.corroboration.suggesting import forget, suggest
from desk.corroboration.window import DatabaseWindow
from desk.corroboration.writing import write
from desk.events import SightingReceived, SightingRetracted
from desk.unit_of_work import UnitOfWork
from geo.clustering import step
from geo.linking import INSERT_STEPS, RETRACT_STEPS
from records.live import LiveSighting

__all__ = [
    "consider",
    "forget",
    "keep_apart",
    "learn",
    "merge",
    "reconsider",
    "recount_pinned",
    "split",
    "suggest",
    "undo",
    "weigh_again",
    "weigh_found",
]


def consider(uow: UnitOfWork, facts: Sequence[SightingReceived]) -> None:
    """Give each new sighting its cluster, and the incidents that change their figures, scores and states."""
    arrived = uow.sightings.arrived({fact.subject for fact in facts})
    if not arrived:
        uow.sightings.store({})
    elif not _remembered(uow, arrived):
        points = [each.point for each in arrived]
        window = DatabaseWindow(uow)
        window.lock_round(points, INSERT_STEPS)
        write(uow, window, step(window, points, (), uow.policy.clustering), points)


def _remembered(uow: UnitOfWork, arrived: Sequence[LiveSighting]) -> bool:
    """Do the same from memory where it reaches and nobody else leans on it; say whether it was done."""
    if uow.memory is None or not uow.memory.take():
        return False
    points = [each.point for each in arrived]
    window = RememberedWindow(uow, uow.memory, arrived)
    try:
        changes = window.step(points)
    except BeyondMemory:
        return False
    write(uow, window, changes, points)
    return True


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
