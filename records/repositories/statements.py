"""What was said of incidents, to whom, and who has read it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from records import ids
from records.errors import NoSuchRecord
from records.models import Account, Statement, StatementSeen
from records.repositories.repository import Repository
from records.sql import load
from records.told import StatementReach, StatementRead


class StatementRepository(Repository):
    """Statements, the answers that set them right, and who read them."""

    def get(self, statement_id: int) -> Statement:
        """Return a statement; raises NoSuchRecord."""
        found = self._session.get(Statement, (self._network_id, statement_id), populate_existing=True)
        if found is None:
            raise NoSuchRecord
        return found

    def many(self, statement_ids: Collection[int]) -> list[Statement]:
        """Return those of some statements that exist, by id."""
        if not statement_ids:
            return []
        return list(
            self._session.scalars(
                select(Statement)
                .where(Statement.network_id == self._network_id, Statement.id.in_(sorted(statement_ids)))
                .order_by(Statement.id)
                .execution_options(populate_existing=True)
            )
        )

    def of_incident(self, incident_id: int) -> list[Statement]:
        """Return everything that was proposed and said of an incident, oldest first."""
        return list(
            self._session.scalars(
                select(Statement)
                .where(Statement.network_id == self._network_id, Statement.incident_id == incident_id)
                .order_by(Statement.proposed_at, Statement.id)
                .execution_options(populate_existing=True)
            )
        )

    def add(self, incident_id: int, **values: Any) -> Statement:
        """Keep a statement."""
        statement = Statement(network_id=self._network_id, id=ids.new_id(), incident_id=incident_id, **values)
        self._session.add(statement)
        self._session.flush()
        self._session.refresh(statement)
        return statement

    def change(self, statement: Statement, **values: Any) -> None:
        """Write what is new about a statement whose incident was taken before."""
        self._session.execute(
            update(Statement)
            .where(Statement.network_id == self._network_id, Statement.id == statement.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        self._session.refresh(statement)

    def fallen(self, incident_ids: Collection[int]) -> list[int]:
        """Take the open and standing statements whose incidents may no longer be spoken of so, and return their ids."""
        rows = self._session.execute(
            load("statements_fallen"), {"network_id": self._network_id, "incidents": sorted(incident_ids)}
        )
        return [row.id for row in rows]

    # to whom

    def read_by(
        self, account_id: int, zone_ids: Collection[int], *, now: datetime, told_since: date
    ) -> list[StatementRead]:
        """Return what somebody is to be told now, newest first, and what of it they are owed.

        Parameters
        ----------
        account_id, zone_ids
            Who asks, and the zones they follow; none means all.
        now
            The moment for which statements have to be valid.
        told_since
            Whoever read a statement on or after this day is owed its answer until they read that too.
        """
        rows = self._session.execute(
            load("statements_read"),
            {
                "network_id": self._network_id,
                "account_id": account_id,
                "zones": sorted(zone_ids),
                "now": now,
                "told_since": told_since,
            },
        )
        found = [(row.id, row.seen, row.owed) for row in rows]
        statements = {each.id: each for each in self.many([number for number, _, _ in found])}
        return [StatementRead(statements[number], seen, owed) for number, seen, owed in found]

    def mark_seen(self, account_id: int, statement_ids: Collection[int], on: date) -> None:
        """Note that somebody was told some statements; once is enough."""
        if statement_ids:
            self._session.execute(
                insert(StatementSeen)
                .values(
                    [
                        {
                            "network_id": self._network_id,
                            "statement_id": number,
                            "account_id": account_id,
                            "seen_on": on,
                        }
                        for number in sorted(statement_ids)
                    ]
                )
                .on_conflict_do_nothing()
            )

    def owed(self, statement_id: int) -> set[int]:
        """Return the accounts that read what this one answers, and have not read the answer."""
        answer = self.get(statement_id)
        had = select(StatementSeen.account_id).where(
            StatementSeen.network_id == self._network_id, StatementSeen.statement_id == answer.answers
        )
        have = select(StatementSeen.account_id).where(
            StatementSeen.network_id == self._network_id, StatementSeen.statement_id == statement_id
        )
        return set(self._session.scalars(had.except_(have)))

    def reach(self, statement_ids: Collection[int]) -> dict[int, StatementReach]:
        """Return of each statement how many have read it, and how many are owed it as an answer."""
        if not statement_ids:
            return {}
        rows = self._session.execute(
            load("statements_reach"), {"network_id": self._network_id, "ids": sorted(statement_ids)}
        )
        return {row.id: StatementReach(row.seen, row.owed) for row in rows}

    def audience(self, zone_ids: Collection[int], roles: Collection[str]) -> int:
        """Return how many accounts of these roles follow any of these zones."""
        rows = self._session.execute(
            load("statement_audience"),
            {"network_id": self._network_id, "zones": sorted(zone_ids), "roles": sorted(roles)},
        )
        return int(rows.scalar_one())

    def forget_seen_before(self, day: date) -> int:
        """Cut the link between people and what they read before a day; return how many."""
        gone = self._session.execute(
            delete(StatementSeen)
            .where(StatementSeen.network_id == self._network_id, StatementSeen.seen_on < day)
            .returning(StatementSeen.account_id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())

    def follow_zones(self, account_id: int, zone_ids: Collection[int]) -> None:
        """Write whose alerts somebody gets; no zone means all of them."""
        self._session.execute(
            update(Account)
            .where(Account.network_id == self._network_id, Account.id == account_id)
            .values(zone_ids=sorted(zone_ids))
            .execution_options(synchronize_session=False)
        )
