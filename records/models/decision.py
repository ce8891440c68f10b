"""What one person decided about two incidents: merged, split, or not the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from records.base import Base, Big, Id, NetworkId


class Decision(Base):
    """What one person decided: `incident_id` merged into `other_id`, `other_id` split off it, or not the same."""

    __tablename__ = "decision"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    kind: Mapped[str]
    incident_id: Mapped[Big]
    other_id: Mapped[Big]
    account_id: Mapped[Big]
    decided_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[Big | None]
