"""A call of one person on a dispatch: silence, help or duress."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from records.base import Base, Big, Id, PlainNetworkId


class Alarm(Base):
    """A call of one person on a dispatch: silence, help or duress."""

    __tablename__ = "alarm"

    network_id: Mapped[PlainNetworkId]
    id: Mapped[Id]
    dispatch_id: Mapped[Big]
    responder_id: Mapped[Big]
    kind: Mapped[str]
    begun_at: Mapped[datetime]
    taken_by: Mapped[Big | None]
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[Big | None]
    ended_because: Mapped[str | None]
