"""What people carry: how often they were asked, from what they were released."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from records.models import Offer
from records.repositories.repository import Repository


class LoadRepository(Repository):
    """What people carry."""

    def released(self, responder_id: int, after: datetime) -> Offer | None:
        """Return the offer from which somebody was released last, where that was after a moment and nothing came since.

        A person who sat down, or was asked, after it needs no thanks for it any more.
        """
        last = self._session.scalar(
            select(Offer)
            .where(
                Offer.network_id == self._network_id,
                Offer.responder_id == responder_id,
                Offer.offered_at > after - timedelta(hours=1),
            )
            .order_by(Offer.offered_at.desc(), Offer.id.desc())
            .limit(1)
            .execution_options(populate_existing=True)
        )
        if last is None or last.state != "released" or last.answered_at is None or last.answered_at <= after:
            return None
        return last

    def asked_at(self, responder_id: int, after: datetime) -> list[datetime]:
        """Return when somebody was asked after a moment, oldest first."""
        return list(
            self._session.scalars(
                select(Offer.offered_at)
                .where(
                    Offer.network_id == self._network_id,
                    Offer.responder_id == responder_id,
                    Offer.offered_at > after,
                )
                .order_by(Offer.offered_at)
            )
        )
