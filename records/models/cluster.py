"""A cluster: what the machine computes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from records.base import Base, Big, Id, NetworkId


class Cluster(Base):
    """A cluster: what the machine computes."""

    __tablename__ = "cluster"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    incident_id: Mapped[Big]
    home_id: Mapped[Big | None]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
