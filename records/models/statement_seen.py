"""That somebody read a statement, kept by day until no correction can follow."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from records.base import Base, Id, NetworkId


class StatementSeen(Base):
    """That somebody read a statement, kept by day until no correction can follow."""

    __tablename__ = "statement_seen"

    network_id: Mapped[NetworkId]
    statement_id: Mapped[Id]
    account_id: Mapped[Id]
    seen_on: Mapped[date]
