"""Only people judge, speak for a network or decide for it: a script does so in a demo or a rehearsal alone."""

from __future__ import annotations

from desk.access import Actor
from desk.errors import NotAllowed
from desk.unit_of_work import UnitOfWork
from records.enums import NetworkKind


def is_unattended(uow: UnitOfWork, actor: Actor) -> bool:
    """Tell whether a script acts where real people live by it."""
    return actor.script and uow.network.kind == NetworkKind.LIVE


def account_of(uow: UnitOfWork, actor: Actor, refusal: type[NotAllowed]) -> int:
    """Return the account of the person who acts; raises what a script is told, or NotAllowed for nobody known."""
    if is_unattended(uow, actor):
        raise refusal
    if actor.account_id is None:
        raise NotAllowed
    return actor.account_id


def person_of(uow: UnitOfWork, actor: Actor, refusal: type[NotAllowed]) -> tuple[int, int]:
    """Return account and lineage of the person who acts; raises as `account_of` does, or NotAllowed without lineage."""
    account = account_of(uow, actor, refusal)
    if actor.lineage is None:
        raise NotAllowed
    return account, actor.lineage
