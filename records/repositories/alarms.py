"""Calls of people out there, open until they are heard or a dispatcher says why not."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from records import ids
from records.errors import NoSuchRecord
from records.models import Alarm
from records.repositories.repository import Repository


class AlarmRepository(Repository):
    """Calls of people out there."""

    def open(self, dispatch_id: int, responder_id: int, kind: str, begun_at: datetime) -> None:
        """Open a call; one that is open already stays as it is."""
        self._session.execute(
            insert(Alarm)
            .values(
                network_id=self._network_id,
                id=ids.new_id(),
                dispatch_id=dispatch_id,
                responder_id=responder_id,
                kind=kind,
                begun_at=begun_at,
            )
            .on_conflict_do_nothing()
        )

    def heard(self, responder_id: int, kinds: Collection[str], at: datetime) -> None:
        """End a person's open calls of some kinds because they were heard."""
        self._session.execute(
            update(Alarm)
            .where(
                Alarm.network_id == self._network_id,
                Alarm.responder_id == responder_id,
                Alarm.kind.in_(sorted(kinds)),
                Alarm.ended_at.is_(None),
            )
            .values(ended_at=at, ended_because="heard")
            .execution_options(synchronize_session=False)
        )

    def get(self, alarm_id: int) -> Alarm:
        """Return one call; raises NoSuchRecord."""
        found = self._session.get(Alarm, (self._network_id, alarm_id), populate_existing=True)
        if found is None:
            raise NoSuchRecord
        return found

    def lock(self, alarm_id: int) -> Alarm:
        """Return one call as it is now, taken until the end of this transaction; raises NoSuchRecord."""
        found = self._session.scalar(
            select(Alarm)
            .where(Alarm.network_id == self._network_id, Alarm.id == alarm_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if found is None:
            raise NoSuchRecord
        return found

    def change(self, alarm: Alarm, **values: Any) -> None:
        """Write what is new about a call taken before; the record shows it."""
        self._session.scalars(
            update(Alarm)
            .where(Alarm.network_id == self._network_id, Alarm.id == alarm.id)
            .values(**values)
            .returning(Alarm)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).one()

    def open_calls(self, dispatch_ids: Collection[int] | None = None) -> list[Alarm]:
        """Return the open calls of some dispatches, or all, oldest first."""
        query = select(Alarm).where(Alarm.network_id == self._network_id, Alarm.ended_at.is_(None))
        if dispatch_ids is not None:
            query = query.where(Alarm.dispatch_id.in_(sorted(dispatch_ids)))
        fresh = query.order_by(Alarm.begun_at, Alarm.id).execution_options(populate_existing=True)
        return list(self._session.scalars(fresh))

    def calling(self, responder_ids: Collection[int]) -> set[int]:
        """Return which of some people have an open call."""
        return set(
            self._session.scalars(
                select(Alarm.responder_id).where(
                    Alarm.network_id == self._network_id,
                    Alarm.responder_id.in_(sorted(responder_ids)),
                    Alarm.ended_at.is_(None),
                )
            )
        )
