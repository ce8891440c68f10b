"""A dispatch: one pair sent to one incident."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, Id, Json, NetworkId, PointColumn, Small


class Dispatch(Base):
    """A dispatch: one pair sent to one incident."""

    __tablename__ = "dispatch"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    incident_id: Mapped[Big]
    task: Mapped[str]
    prev: Mapped[str] = mapped_column(server_default=FetchedValue())
    state: Mapped[str] = mapped_column(server_default=FetchedValue())
    place: Mapped[Small]
    meeting_point: Mapped[PointColumn]
    meeting_name: Mapped[str]
    reasons: Mapped[Json] = mapped_column(server_default=FetchedValue())
    ruled_out: Mapped[Json] = mapped_column(server_default=FetchedValue())
    waves: Mapped[Small] = mapped_column(server_default=FetchedValue())
    seats_wanted: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=FetchedValue())
    by_hand: Mapped[bool] = mapped_column(server_default=FetchedValue())
    none_found_until: Mapped[datetime | None]
    offers_until: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    made_by: Mapped[Big | None]
    made_at: Mapped[datetime]
    state_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default=FetchedValue())
    live_place: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
    needs_verified: Mapped[bool | None] = mapped_column(server_default=FetchedValue())
    needs_was_verified: Mapped[bool | None] = mapped_column(server_default=FetchedValue())
    seated: Mapped[bool] = mapped_column(server_default=FetchedValue())
    need1: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
    need2: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
    meet1: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
    meet2: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
    meeting_moves: Mapped[Small] = mapped_column(server_default=FetchedValue())
    meeting_moved_at: Mapped[datetime | None]
    seen1: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
    seen2: Mapped[Small | None] = mapped_column(server_default=FetchedValue())
