"""The event log: appended inside the transaction of the fact, read below the snapshot fence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson
from sqlalchemy import text

from geo import cells
from records.models import Event
from records.repositories.repository import Repository
from records.sql import load
from records.values import Cursor, Log


class EventRepository(Repository):
    """The event log: appended inside the transaction of the fact, read below the snapshot fence."""

    def append(self, rows: Sequence[dict[str, object]]) -> None:
        """Write facts down; each row has kind, subject and, where they apply, version, responder_id, cell5."""
        if not rows:
            return
        told = [
            {"version": 1, **row, "turn": turn, "cell5": cells.to_int(str(row["cell5"])) if row.get("cell5") else None}
            for turn, row in enumerate(rows)
        ]
        self._session.execute(
            load("events_append"), {"network_id": self._network_id, "rows": orjson.dumps(told).decode()}
        )

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

    def log(self) -> Log:
        """Return which log this is and up to where it was forgotten; a restored database has another epoch."""
        row = self._session.execute(text("SELECT epoch, forgotten::text FROM stream_epoch")).one()
        return Log(str(row.epoch), int(row.forgotten))

    def forget_before(self, moment: datetime) -> int:
        """Drop facts older than `moment`, mark how far, and return how many."""
        return int(
            self._session.execute(
                load("events_forget"), {"network_id": self._network_id, "moment": moment}
            ).scalar_one()
        )
