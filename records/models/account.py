"""An account: an alias, its roles, its lineage; no name, no address, no telephone."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, Id, Ids, NetworkId, Words


class Account(Base):
    """An account: an alias, its roles, its lineage; no name, no address, no telephone."""

    __tablename__ = "account"

    network_id: Mapped[NetworkId]
    id: Mapped[Id]
    alias: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default=FetchedValue())
    lineage: Mapped[Big]
    roles: Mapped[Words]
    zone_ids: Mapped[Ids] = mapped_column(server_default=FetchedValue())
    passphrase_hash: Mapped[str | None]
    lang: Mapped[str] = mapped_column(server_default=FetchedValue())
    created_on: Mapped[date]
    last_seen_on: Mapped[date | None]
    suspended_at: Mapped[datetime | None]
