"""How long a step took on a day, in tenths of a minute; of which incident or pair is not known."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, NetworkId


class PastTime(Base):
    """How long a step took on a day, in tenths of a minute, and how often."""

    __tablename__ = "past_time"

    network_id: Mapped[NetworkId]
    step: Mapped[str] = mapped_column(primary_key=True)
    day_on: Mapped[date] = mapped_column(primary_key=True)
    tenths_min: Mapped[int] = mapped_column(primary_key=True)
    times: Mapped[int]
