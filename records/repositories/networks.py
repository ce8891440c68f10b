"""The networks themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from records.errors import NoSuchNetwork
from records.models import Network
from records.repositories.repository import Repository


def every(session: Session) -> Sequence[Network]:
    """Return all networks on this server, by id; which there are is no secret here."""
    return session.scalars(select(Network).order_by(Network.id)).all()


class NetworkRepository(Repository):
    """The network of this transaction."""

    def get(self) -> Network:
        """Return the network's row; raises NoSuchNetwork."""
        row = self._session.scalar(select(Network).where(Network.id == self._network_id))
        if row is None:
            raise NoSuchNetwork
        return row

    def set_policy(self, numbers: Mapping[str, object]) -> None:
        """Keep the network's own numbers."""
        self._session.execute(update(Network).where(Network.id == self._network_id).values(policy=dict(numbers)))

    def next_zones_version(self) -> int:
        """Count the zones' version up and return it; other transactions that change zones wait here."""
        return self._session.execute(
            update(Network)
            .where(Network.id == self._network_id)
            .values(zones_version=Network.zones_version + 1)
            .returning(Network.zones_version)
        ).scalar_one()

    def next_streets_version(self) -> int:
        """Count the streets' version up and return it; other imports of a region wait here."""
        return self._session.execute(
            update(Network)
            .where(Network.id == self._network_id)
            .values(streets_version=Network.streets_version + 1)
            .returning(Network.streets_version)
        ).scalar_one()

    def move_rehearsal_clock(self, moment: datetime) -> bool:
        """Move a rehearsal's own clock on; return False where it stands later already.

        The database refuses a clock for any other kind of network.
        """
        moved = self._session.execute(
            update(Network)
            .where(
                Network.id == self._network_id,
                (Network.rehearsal_at.is_(None)) | (Network.rehearsal_at <= moment),
            )
            .values(rehearsal_at=moment)
            .returning(Network.id)
        ).scalar()
        return moved is not None
