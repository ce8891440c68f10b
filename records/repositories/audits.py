"""Who looked at or did what, by class and day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, func, insert, select

from records.models import Audit
from records.repositories.repository import Repository


class AuditRepository(Repository):
    """Who looked at or did what, by class and day; never which one, never at what minute."""

    def note(self, account_id: int | None, act: str, object_class: str, day: date) -> None:
        """Write down that an account did something to a class of things; None is the console."""
        self._session.execute(
            insert(Audit).values(
                network_id=self._network_id, account_id=account_id, act=act, object_class=object_class, day=day
            )
        )

    def count(self, account_id: int | None, act: str, day: date) -> int:
        """Return how often an account did something on a day."""
        return self._session.scalars(
            select(func.count())
            .select_from(Audit)
            .where(
                Audit.network_id == self._network_id,
                Audit.account_id.is_not_distinct_from(account_id),
                Audit.act == act,
                Audit.day == day,
            )
        ).one()

    def forget_before(self, day: date) -> int:
        """Drop entries of days before `day`; return how many."""
        return len(
            self._session.execute(
                delete(Audit).where(Audit.network_id == self._network_id, Audit.day < day).returning(Audit.id)
            ).all()
        )
