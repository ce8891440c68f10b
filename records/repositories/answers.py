"""Answers kept for retries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from records.models import KeptAnswer
from records.repositories.repository import Repository


class AnswerRepository(Repository):
    """Answers kept for retries: one per account and key; account 0 is everybody anonymous."""

    def claim(self, account: int, key: str, body_sha256: bytes) -> KeptAnswer | None:
        """Take a key for this transaction; return what was kept under it before, or None when it is ours.

        A second request with the same key waits here until the first one's transaction has ended.
        """
        taken = self._session.execute(
            insert(KeptAnswer)
            .values(network_id=self._network_id, account=account, key=key, body_sha256=body_sha256)
            .on_conflict_do_nothing()
            .returning(KeptAnswer.key)
        ).scalar()
        if taken is not None:
            return None
        return self._session.scalars(
            select(KeptAnswer).where(
                KeptAnswer.network_id == self._network_id, KeptAnswer.account == account, KeptAnswer.key == key
            )
        ).one()

    def keep(self, account: int, key: str, status: int, answer: Any) -> None:
        """Keep the answer given under a key that this transaction claimed."""
        self._session.execute(
            update(KeptAnswer)
            .where(KeptAnswer.network_id == self._network_id, KeptAnswer.account == account, KeptAnswer.key == key)
            .values(status=status, answer=answer)
        )

    def forget_before(self, moment: datetime) -> int:
        """Drop answers older than `moment`; return how many."""
        return len(
            self._session.execute(
                delete(KeptAnswer)
                .where(KeptAnswer.network_id == self._network_id, KeptAnswer.at < moment)
                .returning(KeptAnswer.key)
            ).all()
        )
