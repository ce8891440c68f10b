"""Facts about a dispatch: one for the desk, and one for each person it concerns, with that person's id alone."""

from __future__ import annotations

from collections.abc import Iterable

from desk.events import DispatchMoved, Fact
from desk.unit_of_work import UnitOfWork
from records.models import Dispatch


def tell(uow: UnitOfWork, kind: type[Fact], dispatch: Dispatch, *people: int | None) -> None:
    """Record a fact about a dispatch, once for each person, or once for the desk."""
    for person in people or (None,):
        uow.record(kind(subject=dispatch.id, version=dispatch.version, responder_id=person))


def tell_all(uow: UnitOfWork, kind: type[Fact], dispatch: Dispatch, people: Iterable[int]) -> None:
    """Record a fact about a dispatch once, and tell each person that something changed for them."""
    tell(uow, kind, dispatch)
    for person in sorted(people):
        tell(uow, DispatchMoved, dispatch, person)
