"""Zones, and the ground of the base map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

import orjson
import shapely
from geoalchemy2.functions import ST_AsBinary
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from records import ids
from records.errors import NoSuchRecord
from records.models import Ground
from records.models import Zone as ZoneRecord
from records.repositories.repository import Repository
from records.sql import load
from records.values import GroundPiece
from zones import lookup
from zones.lookup import ZoneMap
from zones.model import Zone, ZoneSet

_AT_ONCE = 2_000


class ZoneRepository(Repository):
    """Zones, and the ground of the base map."""

    def all(self) -> list[Zone]:
        """Return every zone, by name."""
        return self._zones(select(ZoneRecord.id, ZoneRecord.name, ST_AsBinary(ZoneRecord.boundary)))

    def get(self, zone_id: int) -> Zone:
        """Return one zone; raises NoSuchRecord."""
        found = self._zones(
            select(ZoneRecord.id, ZoneRecord.name, ST_AsBinary(ZoneRecord.boundary)).where(ZoneRecord.id == zone_id)
        )
        if not found:
            raise NoSuchRecord
        return found[0]

    def names(self) -> dict[int, str]:
        """Return every zone's name by its id."""
        rows = self._session.execute(
            select(ZoneRecord.id, ZoneRecord.name).where(ZoneRecord.network_id == self._network_id)
        )
        return {row.id: row.name for row in rows}

    def put(self, zones: Iterable[tuple[str, shapely.MultiPolygon]], *, source: str, changed_at: datetime) -> list[int]:
        """Add zones, or redraw those whose name is taken already; return their ids in the order given."""
        found = []
        for name, boundary in zones:
            statement = upsert(ZoneRecord).values(
                network_id=self._network_id,
                id=ids.new_id(),
                name=name,
                boundary=func.ST_GeomFromWKB(shapely.to_wkb(boundary), 4326),
                source=source,
                changed_at=changed_at,
            )
            statement = statement.on_conflict_do_update(
                index_elements=["network_id", "name"],
                set_={
                    "boundary": statement.excluded.boundary,
                    "source": statement.excluded.source,
                    "changed_at": statement.excluded.changed_at,
                    "version": ZoneRecord.version + 1,
                },
            )
            found.append(self._session.execute(statement.returning(ZoneRecord.id)).scalar_one())
        return found

    def redraw(self, zone_id: int, name: str, boundary: shapely.MultiPolygon, *, changed_at: datetime) -> None:
        """Give a zone another name and boundary; raises NoSuchRecord."""
        changed = self._session.execute(
            update(ZoneRecord)
            .where(ZoneRecord.network_id == self._network_id, ZoneRecord.id == zone_id)
            .values(
                name=name,
                boundary=func.ST_GeomFromWKB(shapely.to_wkb(boundary), 4326),
                version=ZoneRecord.version + 1,
                changed_at=changed_at,
            )
            .returning(ZoneRecord.id)
        ).scalar()
        if changed is None:
            raise NoSuchRecord

    def remove(self, zone_id: int) -> None:
        """Remove a zone; raises NoSuchRecord."""
        gone = self._session.execute(
            delete(ZoneRecord)
            .where(ZoneRecord.network_id == self._network_id, ZoneRecord.id == zone_id)
            .returning(ZoneRecord.id)
        ).scalar()
        if gone is None:
            raise NoSuchRecord

    def build_map(self, version: int) -> ZoneMap:
        """Return all zones as cells, for looking places up."""
        return lookup.build(ZoneSet.of(self.all(), version))

    def replace_ground(self, pieces: Sequence[GroundPiece]) -> int:
        """Put this ground in place of what was there; return how many pieces it has."""
        self._session.execute(delete(Ground).where(Ground.network_id == self._network_id))
        for start in range(0, len(pieces), _AT_ONCE):
            rows = [
                {
                    "id": ids.new_id(),
                    "layer": piece.layer,
                    "kind": piece.kind,
                    "name": piece.name,
                    "min_zoom": piece.min_zoom,
                    "shape": shapely.to_wkb(piece.shape, hex=True),
                }
                for piece in pieces[start : start + _AT_ONCE]
            ]
            self._session.execute(
                load("ground_add"), {"network_id": self._network_id, "rows": orjson.dumps(rows).decode()}
            )
        return len(pieces)

    def ground_size(self) -> int:
        """Return how many pieces the base map has."""
        return self._session.execute(
            select(func.count()).select_from(Ground).where(Ground.network_id == self._network_id)
        ).scalar_one()

    def _zones(self, statement: Select[int, str, bytes]) -> list[Zone]:
        rows = self._session.execute(
            statement.where(ZoneRecord.network_id == self._network_id).order_by(ZoneRecord.name)
        )
        return [
            Zone(zone_id, name, cast("shapely.MultiPolygon", shapely.from_wkb(bytes(boundary))))
            for zone_id, name, boundary in rows
        ]
