"""A zone: whose ground a place is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Id, MultiPolygonColumn, NetworkId


class Zone(Base):
    """A zone: whose ground a place is."""

    __tablename__ = "zone"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    name: Mapped[str]
    boundary: Mapped[MultiPolygonColumn]
    source: Mapped[str] = mapped_column(server_default=FetchedValue())
    version: Mapped[int] = mapped_column(server_default=FetchedValue())
    changed_at: Mapped[datetime]
