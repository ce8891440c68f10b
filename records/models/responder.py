"""A responder: seats, languages, rest and limits; never where they were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import REAL, FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, CellColumn, Id, Ids, NetworkId, Words


class Responder(Base):
    """A responder: seats, languages, rest and limits; never where they were."""

    __tablename__ = "responder"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    account_id: Mapped[Big]
    claim_seq: Mapped[Big] = mapped_column(server_default=FetchedValue())
    languages: Mapped[Words] = mapped_column(server_default=FetchedValue())
    mode: Mapped[str] = mapped_column(server_default=FetchedValue())
    base_cell9: Mapped[CellColumn | None]
    zone_ids: Mapped[Ids] = mapped_column(server_default=FetchedValue())
    avoids: Mapped[Ids] = mapped_column(server_default=FetchedValue())
    no_tasks: Mapped[Words] = mapped_column(server_default=FetchedValue())
    no_zones: Mapped[Ids] = mapped_column(server_default=FetchedValue())
    yes_count: Mapped[float] = mapped_column(REAL, server_default=FetchedValue())
    no_count: Mapped[float] = mapped_column(REAL, server_default=FetchedValue())
    cleared_total: Mapped[int] = mapped_column(server_default=FetchedValue())
    resting_until: Mapped[datetime | None]
    available_until: Mapped[datetime | None]
    available_since: Mapped[datetime | None]
    rules_read_at: Mapped[datetime | None]
