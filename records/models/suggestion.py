"""What the machine thinks might be one and the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from records.base import Base, Id, NetworkId


class Suggestion(Base):
    """Two open incidents that might be one, why, and until when this is worth a look; never anything of a vehicle."""

    __tablename__ = "suggestion"

    network_id: Mapped[NetworkId]
    one_id: Mapped[Id]
    two_id: Mapped[Id]
    kind: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
