"""What was said of an incident, to which zones, by which two people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, CellColumn, Id, Ids, NetworkId


class Statement(Base):
    """What was said of an incident, to which zones, by which two people; or the answer that sets it right."""

    __tablename__ = "statement"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    incident_id: Mapped[Big]
    template: Mapped[str]
    agency: Mapped[str]
    cell: Mapped[CellColumn]
    seen_at: Mapped[datetime]
    zone_ids: Mapped[Ids]
    state: Mapped[str] = mapped_column(server_default=FetchedValue())
    answers: Mapped[Big | None]
    approver1: Mapped[Big | None]
    approver1_lineage: Mapped[Big | None]
    approver2: Mapped[Big | None]
    approver2_lineage: Mapped[Big | None]
    judged1: Mapped[bool] = mapped_column(server_default=FetchedValue())
    judged2: Mapped[bool] = mapped_column(server_default=FetchedValue())
    proposed_at: Mapped[datetime]
    said_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    live_key: Mapped[bool | None] = mapped_column(server_default=FetchedValue())
    live_agency: Mapped[str | None] = mapped_column(server_default=FetchedValue())
    needs_answer: Mapped[Big | None] = mapped_column(server_default=FetchedValue())
