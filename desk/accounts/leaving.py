"""Somebody can be heard no more: suspended, or signed out on every device."""

from __future__ import annotations

from desk.events import ResponderGone
from desk.unit_of_work import UnitOfWork


def gone(uow: UnitOfWork, account_id: int) -> None:
    """Say that a responder, if the account is one, is gone: they are asked for nothing, and looked for if out there."""
    responder_id = uow.responders.id_of(account_id)
    if responder_id is not None:
        uow.responders.make_unavailable([responder_id], uow.now)
        uow.record(ResponderGone(subject=responder_id, responder_id=responder_id))


def gone_unless_signed_in(uow: UnitOfWork, account_id: int) -> None:
    """Say that a responder is gone where the session that ended was their last."""
    if not uow.accounts.has_session(account_id, uow.outside_now):
        gone(uow, account_id)
