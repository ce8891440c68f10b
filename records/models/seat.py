"""One person in one seat of one dispatch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, PlainNetworkId, Small


class Seat(Base):
    """One person in one seat of one dispatch."""

    __tablename__ = "seat"

    network_id: Mapped[PlainNetworkId]
    dispatch_id: Mapped[Big] = mapped_column(primary_key=True)
    seat: Mapped[Small] = mapped_column(primary_key=True)
    turn: Mapped[Small] = mapped_column(primary_key=True, server_default=FetchedValue())
    responder_id: Mapped[Big]
    cert_until: Mapped[datetime]
    cert_kind: Mapped[str | None] = mapped_column(server_default=FetchedValue())
    step: Mapped[Small] = mapped_column(server_default=FetchedValue())
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    active: Mapped[bool] = mapped_column(server_default=FetchedValue())
    checkin_due_at: Mapped[datetime | None]
    checkin_missed_at: Mapped[datetime | None]
    expected_at: Mapped[datetime | None]
    brief_read_at: Mapped[datetime | None]
    rung: Mapped[Small] = mapped_column(server_default=FetchedValue())
    left_because: Mapped[str | None]
    found: Mapped[str | None]
    found_at: Mapped[datetime | None]
    yes: Mapped[bool] = mapped_column(server_default=FetchedValue())
    active_key: Mapped[bool | None] = mapped_column(server_default=FetchedValue())
    live_seat: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
    met_seat: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
    move_seen: Mapped[bool] = mapped_column(server_default=FetchedValue())
    seen_seat: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
