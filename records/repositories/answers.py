"""Answers kept for retries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from records.models import KeptAnswer
from records.repositories.repository import Repository
from records.sql import load
from records.values import KeptKey


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

    def claim_many(self, wanted: Mapping[tuple[int, str], KeptKey], status: int) -> set[tuple[int, str]]:
        """Take many keys with the answers that will stand under them; return those that are ours now.

        A key that another transaction is taking is waited for, in order, so that two batches never wait for each other.
        """
        rows = [
            {"account": account, "key": key, "body": kept.body_sha256.hex(), "answer": kept.answer}
            for (account, key), kept in wanted.items()
        ]
        taken = self._session.execute(
            load("answers_claim"),
            {"network_id": self._network_id, "status": status, "rows": orjson.dumps(rows).decode()},
        )
        return {(row.account, row.key) for row in taken}

    def kept(self, asked: Collection[tuple[int, str]]) -> dict[tuple[int, str], KeptKey]:
        """Return what stands under keys that somebody took before."""
        if not asked:
            return {}
        rows = self._session.execute(
            load("answers_kept"),
            {
                "network_id": self._network_id,
                "accounts": [account for account, _ in asked],
                "keys": [key for _, key in asked],
            },
        )
        return {(row.account, row.key): KeptKey(bytes(row.body_sha256), row.answer or {}) for row in rows}
