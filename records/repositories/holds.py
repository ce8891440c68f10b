"""What is kept for counsel, by whom and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from records import ids
from records.errors import NoSuchRecord
from records.models import Hold
from records.repositories.repository import Repository


class HoldRepository(Repository):
    """What is kept for counsel, by whom and until when."""

    def add(
        self, incident_id: int, *, reason: str, asked_by: int, lineage: int, asked_at: datetime, lapses_at: datetime
    ) -> Hold:
        """Write down that somebody asked; one at a time for each incident."""
        hold = Hold(
            network_id=self._network_id,
            id=ids.new_id(),
            incident_id=incident_id,
            reason=reason,
            asked_by=asked_by,
            asked_lineage=lineage,
            asked_at=asked_at,
            lapses_at=lapses_at,
        )
        self._session.add(hold)
        self._session.flush()
        return hold

    def take(self, hold_id: int) -> Hold:
        """Return one hold as it is now, taken until the end of this transaction; raises NoSuchRecord."""
        found = self._session.scalar(
            select(Hold)
            .where(Hold.network_id == self._network_id, Hold.id == hold_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if found is None:
            raise NoSuchRecord
        return found

    def change(self, hold: Hold, **changes: object) -> None:
        """Write what became of a hold taken before."""
        for name, value in changes.items():
            setattr(hold, name, value)
        self._session.flush()
        self._session.refresh(hold)

    def every(self) -> Sequence[Hold]:
        """Return all holds, those that ended too while they are kept, the newest first."""
        return self._session.scalars(
            select(Hold).where(Hold.network_id == self._network_id).order_by(Hold.asked_at.desc(), Hold.id)
        ).all()
