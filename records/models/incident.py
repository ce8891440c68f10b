"""An incident: what people work on; it gathers clusters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import REAL, FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, CellColumn, Id, Ids, Json, NetworkId, PointColumn


class Incident(Base):
    """An incident: what people work on; it gathers clusters."""

    __tablename__ = "incident"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    status: Mapped[str] = mapped_column(server_default=FetchedValue())
    merged_into: Mapped[Big | None]
    split_from: Mapped[Big | None]
    touched: Mapped[bool] = mapped_column(server_default=FetchedValue())
    standing: Mapped[float] = mapped_column(REAL, server_default=FetchedValue())
    queue: Mapped[float] = mapped_column(REAL, server_default=FetchedValue())
    probability: Mapped[float] = mapped_column(REAL, server_default=FetchedValue())
    reasons: Mapped[Json] = mapped_column(server_default=FetchedValue())
    location: Mapped[PointColumn]
    cell7: Mapped[CellColumn]
    cell10: Mapped[CellColumn]
    zone_ids: Mapped[Ids] = mapped_column(server_default=FetchedValue())
    activity: Mapped[str | None]
    unit: Mapped[str | None]
    agency: Mapped[str | None]
    sightings: Mapped[int] = mapped_column(server_default=FetchedValue())
    groups: Mapped[int] = mapped_column(server_default=FetchedValue())
    vouched_groups: Mapped[int] = mapped_column(server_default=FetchedValue())
    opened_at: Mapped[datetime]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    verifier1: Mapped[Big | None]
    verifier2: Mapped[Big | None]
    verifier1_lineage: Mapped[Big | None]
    verifier2_lineage: Mapped[Big | None]
    was_verified: Mapped[bool] = mapped_column(server_default=FetchedValue())
    verified: Mapped[bool] = mapped_column(server_default=FetchedValue())
    floor_met: Mapped[bool] = mapped_column(server_default=FetchedValue())
    broadcastable: Mapped[bool] = mapped_column(server_default=FetchedValue())
    clear_proposed_at: Mapped[datetime | None]
    weigh_again_at: Mapped[datetime | None]
    coarse_since: Mapped[datetime | None]
    people_forgotten: Mapped[bool] = mapped_column(server_default=FetchedValue())
    version: Mapped[int] = mapped_column(server_default=FetchedValue())
