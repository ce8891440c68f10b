"""A hold by counsel: one incident and all that belongs to it is not forgotten while it stands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, Id, NetworkId


class Hold(Base):
    """A hold by counsel, asked for by one person and confirmed by another of another lineage."""

    __tablename__ = "hold"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    incident_id: Mapped[Big]
    reason: Mapped[str]
    asked_by: Mapped[Big]
    asked_lineage: Mapped[Big]
    asked_at: Mapped[datetime]
    confirmed_by: Mapped[Big | None]
    confirmed_lineage: Mapped[Big | None]
    confirmed_at: Mapped[datetime | None]
    renewed_at: Mapped[datetime | None]
    lapses_at: Mapped[datetime]
    lifted_by: Mapped[Big | None]
    lifted_at: Mapped[datetime | None]
    holding: Mapped[Big | None] = mapped_column(server_default=FetchedValue())
