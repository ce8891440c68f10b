"""A sighting that a split took along."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from records.base import Base, Big, Id, PlainNetworkId


class SightingOverride(Base):
    """A sighting that a split took along, and the cluster it was pinned to."""

    __tablename__ = "sighting_override"

    network_id: Mapped[PlainNetworkId]
    decision_id: Mapped[Id]
    sighting_id: Mapped[Id]
    cluster_id: Mapped[Big]
