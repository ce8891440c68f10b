"""Where a responder roughly is now: a res-9 cell, forgotten after fifteen minutes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, CellColumn, PlainNetworkId


class Position(Base):
    """Where a responder roughly is now: a res-9 cell, forgotten after fifteen minutes."""

    __tablename__ = "position"

    network_id: Mapped[PlainNetworkId]
    responder_id: Mapped[Big] = mapped_column(primary_key=True)
    cell9: Mapped[CellColumn]
    seen_at: Mapped[datetime]
