"""The event log: appended inside the transaction of the fact, read below the snapshot fence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, text

from records.models import Event
from records.repositories.repository import Repository
from records.sql import load
from records.values import Cursor


class EventRepository(Repository):
    """The event log: appended inside the transaction of the fact, read below the snapshot fence."""

    def append(self, rows: Sequence[dict[str, object]]) -> None:
        """Write facts down; each row has kind, subject and, where they apply, version, responder_id, cell5."""
        if rows:
            self._session.execute(insert(Event), [{"network_id": self._network_id, **row} for row in rows])

    def after(self, cursor: Cursor, limit: int = 1000) -> list[Event]:
        """Return what became certain after `cursor`, oldest first; nothing that could still be overtaken."""
        rows = self._session.execute(
            load("events_after"),
            {"network_id": self._network_id, "x": str(cursor.x), "id": cursor.id, "limit": limit},
        )
        return [Event(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name for it)

    def fence(self) -> Cursor:
        """Return the place in the log behind which everything is certain: where a fresh stream begins."""
        x = self._session.execute(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")).scalar_one()
        return Cursor(int(x) - 1, (1 << 63) - 1)

    def epoch(self) -> str:
        """Return the name of this log; a restored database has another."""
        return str(self._session.execute(text("SELECT epoch FROM stream_epoch")).scalar_one())

    def forget_before(self, moment: datetime) -> int:
        """Drop facts older than `moment`; return how many."""
        result = self._session.execute(
            text("DELETE FROM event WHERE network_id = :network_id AND at < :moment RETURNING 1"),
            {"network_id": self._network_id, "moment": moment},
        )
        return len(result.all())
