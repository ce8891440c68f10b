"""What one decided incident was counted as."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Double
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Id, PlainNetworkId, Words


class ReliabilityCounted(Base):
    """What one decided incident was counted as."""

    __tablename__ = "reliability_counted"

    network_id: Mapped[PlainNetworkId]
    incident_id: Mapped[Id]
    real: Mapped[bool]
    abouts: Mapped[Words]
    keys: Mapped[Words]
    expecteds: Mapped[list[float]] = mapped_column(ARRAY(Double))
    counted_on: Mapped[date]
