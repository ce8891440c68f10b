"""Decided incidents, counted by source, place, hour and kind of evidence."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Double
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, NetworkId


class Reliability(Base):
    """Decided incidents, counted by source, place, hour and kind of evidence."""

    __tablename__ = "reliability"

    network_id: Mapped[NetworkId]
    about: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    real: Mapped[float] = mapped_column(Double)
    unreal: Mapped[float] = mapped_column(Double)
    expected: Mapped[float] = mapped_column(Double)
    counted_on: Mapped[date]
