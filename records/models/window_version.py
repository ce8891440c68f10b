"""Who changed the clusters of a large cell last."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from records.base import Base, Big, NetworkId, Xid8


class WindowVersion(Base):
    """The last transaction that changed the clusters of a cell of resolution 6."""

    __tablename__ = "window_version"

    network_id: Mapped[NetworkId]
    cell: Mapped[Big] = mapped_column(primary_key=True)
    changed_by: Mapped[str] = mapped_column(Xid8)
