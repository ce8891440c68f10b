"""What rows lead to one person: what is told to whoever asks what is held of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, column, func, literal_column, or_, select, table, text

from records.models import Account, Certificate, Reporter, Responder
from records.repositories.repository import Repository
from records.values import Leading, LeadingTo


class HoldingRepository(Repository):
    """What rows lead to one person."""

    def responder_of(self, account_id: int) -> Responder | None:
        """Return somebody's place on the roster, None where they have none."""
        return self._session.scalar(
            select(Responder).where(Responder.network_id == self._network_id, Responder.account_id == account_id)
        )

    def certificates_of(self, responder_id: int) -> Sequence[Certificate]:
        """Return what somebody was trained for and until when."""
        return self._session.scalars(
            select(Certificate)
            .where(Certificate.network_id == self._network_id, Certificate.responder_id == responder_id)
            .order_by(Certificate.kind, Certificate.valid_until)
        ).all()

    def leading_to(self, account: Account, responder_id: int | None, ways: Sequence[LeadingTo]) -> list[Leading]:
        """Return of each of some tables how many rows lead to a person, and when the youngest of them began."""
        found = []
        for way in ways:
            rows: Any = table(way.table).alias("t")
            ours = [literal_column(f"t.{name}") == account.id for name in way.accounts]
            ours += [literal_column(f"t.{name}::text").contains(f'"{account.alias}"') for name in way.words]
            if responder_id is not None:
                ours += [literal_column(f"t.{name}") == responder_id for name in way.responders]
                ours += [literal_column(f"t.{name}").any_() == responder_id for name in way.lists]
            if way.by_reporter:
                theirs = select(Reporter.id).where(
                    Reporter.network_id == self._network_id, Reporter.account_id == account.id
                )
                ours.append(column("reporter_id").in_(theirs))
            if not ours:
                continue
            since: Any = func.max(literal_column(f"({way.since})::timestamptz")) if way.since else text("NULL")
            count, youngest = self._session.execute(
                select(func.count(), since)
                .select_from(rows)
                .where(and_(literal_column("t.network_id") == self._network_id, or_(*ours)))
            ).one()
            if count:
                found.append(Leading(way.table, count, _moment(youngest)))
        return found


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None
