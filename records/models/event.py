"""One fact in the log that streams resume from: identifiers only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, CellColumn, NetworkId, Xid8


class Event(Base):
    """One fact in the log that streams resume from: identifiers only."""

    __tablename__ = "event"

    network_id: Mapped[NetworkId]
    x: Mapped[str] = mapped_column(Xid8, primary_key=True, server_default=FetchedValue())
    id: Mapped[Big] = mapped_column(primary_key=True, server_default=FetchedValue())
    at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    kind: Mapped[str]
    subject: Mapped[Big]
    version: Mapped[int] = mapped_column(server_default=FetchedValue())
    responder_id: Mapped[Big | None]
    cell5: Mapped[CellColumn | None]
