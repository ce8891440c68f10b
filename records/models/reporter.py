"""Who sightings came from, apart from them, so that the link can be cut on time."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from records.base import Base, Big, Id, NetworkId


class Reporter(Base):
    """Who sightings came from, apart from them, so that the link can be cut on time."""

    __tablename__ = "reporter"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    account_id: Mapped[Big | None]
    source_group: Mapped[Big]
    lineage: Mapped[Big | None]
    vouched: Mapped[bool]
    since_on: Mapped[date]
