"""A signed-in session; only the hash of its token is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, PlainNetworkId, Words


class SignedIn(Base):
    """A signed-in session; only the hash of its token is kept."""

    __tablename__ = "session"

    network_id: Mapped[PlainNetworkId]
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[Big]
    kind: Mapped[str]
    roles: Mapped[Words | None]
    """What a script may be; a person is what the account is."""
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    expires_at: Mapped[datetime]
