"""The network of this transaction, which row-level security reads."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_ENTER = text("SELECT set_config('tandem.network_id', :network_id, true)")


def enter(session: Session, network_id: int) -> None:
    """Name the network for the rest of this transaction; it is forgotten at COMMIT or ROLLBACK."""
    session.execute(_ENTER, {"network_id": str(network_id)})
