"""A note that somebody's place on the roster changed: who, and in which transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, NetworkId, Xid8


class RosterChange(Base):
    """A note that somebody's place on the roster changed: who, and in which transaction; triggers write it."""

    __tablename__ = "roster_change"

    network_id: Mapped[NetworkId]
    x: Mapped[str] = mapped_column(Xid8, primary_key=True, server_default=FetchedValue())
    id: Mapped[Big] = mapped_column(primary_key=True, server_default=FetchedValue())
    at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    responder_id: Mapped[Big]
