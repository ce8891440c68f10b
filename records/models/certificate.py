"""A training that a responder holds until a date."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, PlainNetworkId


class Certificate(Base):
    """A training that a responder holds until a date."""

    __tablename__ = "certificate"

    network_id: Mapped[PlainNetworkId]
    responder_id: Mapped[Big] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    valid_until: Mapped[datetime] = mapped_column(primary_key=True)
