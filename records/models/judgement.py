"""What one person judged of one incident."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from records.base import Base, Big, Id, NetworkId


class Judgement(Base):
    """What one person judged of one incident."""

    __tablename__ = "judgement"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    incident_id: Mapped[Big]
    account_id: Mapped[Big]
    lineage: Mapped[Big]
    verdict: Mapped[str]
    agency: Mapped[str | None]
    basis: Mapped[str | None]
    note: Mapped[str | None]
    judged_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[Big | None]
