"""THE table: fact -> what happens next; then everything goes to the event log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from desk import alerts, checkins, corroboration, dispatching, verification
from desk.events import (
    AvailabilityChanged,
    CheckinMissed,
    EvidenceMoved,
    Fact,
    IncidentChanged,
    IncidentClosed,
    IncidentMerged,
    IncidentSplit,
    IncidentUnfounded,
    IncidentVerified,
    IncidentWithdrawn,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OutcomeMoved,
    PartnerLost,
    ResponderGone,
    SceneFound,
    SightingReceived,
    SightingRetracted,
)
from desk.unit_of_work import UnitOfWork
from geo import cells

Reaction = Callable[[UnitOfWork, Sequence[Any]], None]

REACTIONS: Final[tuple[tuple[type[Fact], Reaction], ...]] = (
    (SightingReceived, corroboration.consider),
    (SightingReceived, corroboration.suggest),
    (SightingRetracted, corroboration.reconsider),
    (SightingRetracted, corroboration.recount_pinned),
    (IncidentChanged, dispatching.step_back),
    (EvidenceMoved, verification.weigh),
    (EvidenceMoved, alerts.set_right),
    (IncidentWithdrawn, alerts.set_right),
    (IncidentMerged, alerts.set_right),
    (IncidentSplit, alerts.set_right),
    (IncidentUnfounded, alerts.set_right),
    (IncidentClosed, alerts.set_right),
    (IncidentUnfounded, dispatching.call_back),
    (IncidentUnfounded, corroboration.forget),
    (IncidentClosed, dispatching.stop_asking),
    (IncidentClosed, corroboration.forget),
    (IncidentMerged, corroboration.forget),
    (SceneFound, corroboration.weigh_found),
    (SceneFound, corroboration.learn),
    (IncidentVerified, corroboration.learn),
    (IncidentUnfounded, corroboration.learn),
    (IncidentClosed, corroboration.learn),
    (OutcomeMoved, corroboration.learn),
    (IncidentMerged, corroboration.learn),
    (IncidentSplit, corroboration.learn),
    (AvailabilityChanged, dispatching.step_aside),
    (ResponderGone, dispatching.lose_gone),
    (CheckinMissed, dispatching.hold_for_silence),
    (PartnerLost, dispatching.seek_partner),
    (OfferDeclined, dispatching.top_up),
    (OfferExpired, dispatching.top_up),
    (OfferAccepted, dispatching.top_up),
)
"""Each reaction is handed all facts of its kind at once, because the hot ones are set-based."""

DUE: Final[tuple[Callable[[UnitOfWork], int], ...]] = (
    dispatching.held_due,
    dispatching.expire_due,
    dispatching.expected_due,
    checkins.far_due,
    checkins.late_due,
    checkins.missed_due,
    checkins.lines_due,
    verification.close_quiet,
    verification.propose_clear,
    corroboration.weigh_again,
)
"""What falls due by itself, each answering with how much it found to do; the worker asks for them every second."""

SEARCHES: Final[frozenset[Reaction]] = frozenset({dispatching.top_up, dispatching.seek_partner, dispatching.step_back})
"""Reactions that look for something more: where one fails it is undone alone, and the act that it follows stands.

What they would have done is done by what falls due later, or by a person who looks.
"""

_ROUNDS: Final = 25


def fall_due(uow: UnitOfWork) -> int:
    """Do all that is due at this act's moment, as the worker does; return how much that was.

    For a rehearsal's clock that jumps: what falls due between two requests must not wait for the next sweep.
    """
    found = 0
    for verb in DUE:
        for _ in range(_ROUNDS):
            more = verb(uow)
            found += more
            if not more:
                break
    return found


def settle(uow: UnitOfWork) -> None:
    """React to every fact of this transaction, and to the facts that causes, then write all to the event log."""
    done = 0
    while done < len(uow.facts):
        fresh, done = uow.facts[done:], len(uow.facts)
        for kind, reaction in REACTIONS:
            of_kind = [fact for fact in fresh if type(fact) is kind]
            if of_kind and reaction in SEARCHES:
                # Whoever said yes, or stepped out, has done so, whatever looking for others meets.
                with uow.attempt():
                    reaction(uow, of_kind)
            elif of_kind:
                reaction(uow, of_kind)
    uow.events.append([_row(fact) for fact in uow.facts])


def _row(fact: Fact) -> dict[str, object]:
    return {
        "kind": fact.kind,
        "subject": fact.subject,
        "version": fact.version,
        "responder_id": fact.responder_id,
        "cell5": fact.cell5 and cells.parent(fact.cell5, 5),
    }
