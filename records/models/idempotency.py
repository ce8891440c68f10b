"""The answer kept for a key, so that a retry gets it again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, Json, NetworkId, Small


class KeptAnswer(Base):
    """The answer kept for a key, so that a retry gets it again."""

    __tablename__ = "idempotency"

    network_id: Mapped[NetworkId]
    account: Mapped[Big] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[Small | None]
    answer: Mapped[Json | None]
    at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
