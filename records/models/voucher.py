"""A one-time code handed over in person; only its hash is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, PlainNetworkId, Words


class Voucher(Base):
    """A one-time code handed over in person; only its hash is kept."""

    __tablename__ = "voucher"

    network_id: Mapped[PlainNetworkId]
    code_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    roles: Mapped[Words]
    lineage: Mapped[Big | None]
    made_by: Mapped[Big | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
