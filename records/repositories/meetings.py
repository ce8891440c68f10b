"""Where the people of dispatches meet, and the one step back from a scene that grew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update

from geo.points import LonLat
from records.models import Dispatch
from records.repositories.repository import Repository
from records.sql import load


class MeetingRepository(Repository):
    """Where the people of dispatches meet, and the one step back from a scene that grew."""

    def live(self, incident_ids: Collection[int]) -> list[tuple[int, int]]:
        """Return (incident, dispatch) for what is under way to incidents, or to those merged into them."""
        rows = self._session.execute(
            load("meetings_live"), {"network_id": self._network_id, "ids": sorted(incident_ids)}
        )
        return [(row.incident_id, row.id) for row in rows]

    def move(self, dispatch: Dispatch, place: LonLat, name: str, at: datetime, *, state: str) -> None:
        """Write where a dispatch taken before meets from now on (WGS84), and count its version up.

        The database allows it once, and outward only.
        """
        self._session.scalars(
            update(Dispatch)
            .where(Dispatch.network_id == self._network_id, Dispatch.id == dispatch.id)
            .values(
                meeting_point=f"SRID=4326;POINT({place.lon!r} {place.lat!r})",
                meeting_name=name,
                meeting_moves=Dispatch.meeting_moves + 1,
                meeting_moved_at=at,
                state=state,
                state_at=at if state != dispatch.state else dispatch.state_at,
                version=Dispatch.version + 1,
            )
            .returning(Dispatch)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).one()
