"""A part of a street between two junctions."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from records.base import Base, Big, Id, LineColumn, NetworkId, Small


class Street(Base):
    """A part of a street between two junctions."""

    __tablename__ = "street"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    name: Mapped[str | None]
    kind: Mapped[str]
    foot: Mapped[Small]
    bicycle: Mapped[Small]
    car: Mapped[Small]
    public: Mapped[bool]
    start_junction: Mapped[Big]
    end_junction: Mapped[Big]
    line: Mapped[LineColumn]
