"""A sighting: a fact that somebody reported."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import REAL, FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, CellColumn, Id, Ids, Json, NetworkId, Words


class Sighting(Base):
    """A sighting: a fact that somebody reported."""

    __tablename__ = "sighting"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    reporter_id: Mapped[Big | None]
    source_group: Mapped[Big]
    lineage: Mapped[Big | None]
    vouched: Mapped[bool]
    kind: Mapped[str]
    activity: Mapped[str | None]
    unit: Mapped[str] = mapped_column(server_default=FetchedValue())
    basis: Mapped[str | None]
    size: Mapped[int | None]
    accuracy_m: Mapped[float] = mapped_column(REAL)
    observed_at: Mapped[datetime]
    received_at: Mapped[datetime]
    clamped: Mapped[bool] = mapped_column(server_default=FetchedValue())
    use: Mapped[str]
    location: Mapped[Any | None] = mapped_column(Geography("POINT", srid=4326, spatial_index=False), nullable=True)
    cell5: Mapped[CellColumn]
    cell6: Mapped[CellColumn]
    cell7: Mapped[CellColumn]
    cell8: Mapped[CellColumn | None]
    cell9: Mapped[CellColumn | None]
    cell10: Mapped[CellColumn | None]
    zone_ids: Mapped[Ids] = mapped_column(server_default=FetchedValue())
    vehicles: Mapped[Json] = mapped_column(server_default=FetchedValue())
    plate_token: Mapped[Big | None]
    plate_tail: Mapped[str | None]
    note: Mapped[str | None]
    lang: Mapped[str | None]
    flags: Mapped[Words] = mapped_column(server_default=FetchedValue())
    note_token: Mapped[Big | None]
    photo_token: Mapped[Big | None]
    cluster_id: Mapped[Big | None]
    retracted_at: Mapped[datetime | None]
    pinned_id: Mapped[Big | None]
    retracted_from: Mapped[Big | None]
    looks: Mapped[str | None] = mapped_column(server_default=FetchedValue())
