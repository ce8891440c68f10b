"""A piece of the base map."""

from __future__ import annotations

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Id, NetworkId, ShapeColumn, Small


class Ground(Base):
    """A piece of the base map."""

    __tablename__ = "ground"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    layer: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str | None]
    min_zoom: Mapped[Small] = mapped_column(server_default=FetchedValue())
    shape: Mapped[ShapeColumn]
