"""One person asked for one dispatch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, Id, Json, PlainNetworkId, Small


class Offer(Base):
    """One person asked for one dispatch."""

    __tablename__ = "offer"

    network_id: Mapped[PlainNetworkId]
    id: Mapped[Id]
    dispatch_id: Mapped[Big]
    responder_id: Mapped[Big]
    wave: Mapped[Small]
    state: Mapped[str] = mapped_column(server_default=FetchedValue())
    eta_s: Mapped[int]
    reasons: Mapped[Json] = mapped_column(server_default=FetchedValue())
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    settled: Mapped[bool] = mapped_column(server_default=FetchedValue())
    accepted: Mapped[bool | None] = mapped_column(server_default=FetchedValue())
