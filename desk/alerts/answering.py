"""What was said and does not hold any more is set right, to the same people and at once."""

from __future__ import annotations

from collections.abc import Sequence

from desk.alerts import saying
from desk.events import Fact, StatementCorrected, StatementOver
from desk.unit_of_work import UnitOfWork
from records.enums import IncidentStatus, StatementState, Template
from records.models import Statement


def set_right(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Answer what was said of incidents that may not be spoken of so any more, to the same people, at once.

    Where the incident lives on in another that may be spoken of alike, the statement follows it there.
    """
    for statement_id in uow.statements.fallen({fact.subject for fact in facts}):
        statement = uow.statements.get(statement_id)
        incident = uow.incidents.get(uow.decisions.root(statement.incident_id))
        if incident.broadcastable and incident.agency == statement.agency:
            uow.statements.change(statement, incident_id=incident.id)
        elif statement.state == StatementState.PROPOSED:
            saying.let_go(uow, statement)
        else:
            over = incident.status == IncidentStatus.CLOSED
            _answer(uow, statement, Template.CLEAR if over else Template.CORRECTION)


def _answer(uow: UnitOfWork, statement: Statement, template: Template) -> None:
    answer = uow.statements.add(
        statement.incident_id,
        template=template,
        agency=statement.agency,
        cell=statement.cell,
        seen_at=statement.seen_at,
        zone_ids=statement.zone_ids,
        state=StatementState.STANDING,
        answers=statement.id,
        proposed_at=uow.now,
        said_at=uow.now,
        valid_until=uow.now + uow.policy.verification.statement_lasts,
    )
    over = template is Template.CLEAR
    uow.statements.change(statement, state=StatementState.OVER if over else StatementState.CORRECTED, ended_at=uow.now)
    uow.record((StatementOver if over else StatementCorrected)(subject=answer.id))


def forget_readers(uow: UnitOfWork) -> int:
    """Cut the link between people and what they read once no correction follows any more; return how many."""
    return uow.statements.forget_seen_before((uow.now - uow.policy.verification.corrected_within).date())
