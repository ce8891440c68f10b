"""One answer of one person on a dispatch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from records.base import Base, Big, Id, PlainNetworkId


class Checkin(Base):
    """One answer of one person on a dispatch."""

    __tablename__ = "checkin"

    network_id: Mapped[PlainNetworkId]
    id: Mapped[Id]
    dispatch_id: Mapped[Big]
    responder_id: Mapped[Big]
    state: Mapped[str]
    at: Mapped[datetime]
