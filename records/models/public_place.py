"""A place on public ground where two people can meet."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from records.base import Base, Id, NetworkId, PointColumn


class PublicPlace(Base):
    """A place on public ground where two people can meet."""

    __tablename__ = "public_place"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    kind: Mapped[str]
    name: Mapped[str]
    location: Mapped[PointColumn]
