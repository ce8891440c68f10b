"""How many incidents there were whose rows are gone, by hour and coarse cell, later by week."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, CellColumn, NetworkId, Small


class PastCount(Base):
    """How many incidents there were whose rows are gone; it leads to none of them."""

    __tablename__ = "past_count"

    network_id: Mapped[NetworkId]
    day_on: Mapped[date] = mapped_column(primary_key=True)
    hour: Mapped[Small | None] = mapped_column(primary_key=True)
    cell10: Mapped[CellColumn] = mapped_column(primary_key=True)
    zone_id: Mapped[Big | None]
    activity: Mapped[str | None]
    agency: Mapped[str | None]
    status: Mapped[str]
    was_verified: Mapped[bool]
    groups: Mapped[int]
    incidents: Mapped[int]
