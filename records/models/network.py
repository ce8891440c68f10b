"""A network: who shares one map, one roster, one set of numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Json


class Network(Base):
    """A network: who shares one map, one roster, one set of numbers."""

    __tablename__ = "network"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slug: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    policy: Mapped[Json] = mapped_column(server_default=FetchedValue())
    zones_version: Mapped[int] = mapped_column(server_default=FetchedValue())
    streets_version: Mapped[int] = mapped_column(server_default=FetchedValue())
    rehearsal_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
