"""Who looked at or did what, by class and day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, NetworkId


class Audit(Base):
    """Who looked at or did what, by class and day."""

    __tablename__ = "audit"

    network_id: Mapped[NetworkId]
    id: Mapped[Big] = mapped_column(primary_key=True, server_default=FetchedValue())
    account_id: Mapped[Big | None]
    act: Mapped[str]
    object_class: Mapped[str]
    day: Mapped[date]
