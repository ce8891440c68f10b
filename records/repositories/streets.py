"""The streets of a region, and the public places on them."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import shapely
from geoalchemy2.functions import ST_AsBinary
from sqlalchemy import delete, func, select

from geo.gatherings import PublicSpot
from geo.points import LonLat
from geo.streets import Access, Section, Way
from records import ids
from records.models import PublicPlace, Street
from records.repositories.repository import Repository
from records.sql import load
from records.values import NamedPlace

_AT_ONCE = 2_000


class StreetRepository(Repository):
    """The streets of a region, and the public places on them."""

    def replace_sections(self, sections: Sequence[Section]) -> None:
        """Put these streets in place of those before."""
        self._session.execute(delete(Street).where(Street.network_id == self._network_id))
        for start in range(0, len(sections), _AT_ONCE):
            rows = [
                {
                    "id": number,
                    "name": section.name,
                    "kind": section.kind,
                    "foot": int(section.access.foot),
                    "bicycle": int(section.access.bicycle),
                    "car": int(section.access.car),
                    "public": section.access.public,
                    "start_junction": section.start,
                    "end_junction": section.end,
                    "line": shapely.to_wkb(shapely.LineString(section.line), hex=True),
                }
                for number, section in enumerate(sections[start : start + _AT_ONCE], start + 1)
            ]
            self._session.execute(
                load("streets_add"), {"network_id": self._network_id, "rows": orjson.dumps(rows).decode()}
            )

    def replace_public_places(self, spots: Sequence[PublicSpot]) -> None:
        """Put these public places in place of those before."""
        self._session.execute(delete(PublicPlace).where(PublicPlace.network_id == self._network_id))
        rows = [
            {
                "id": ids.new_id(),
                "kind": spot.kind,
                "name": spot.name,
                "lon": spot.place.lon,
                "lat": spot.place.lat,
            }
            for spot in spots
        ]
        for start in range(0, len(rows), _AT_ONCE):
            told = orjson.dumps(rows[start : start + _AT_ONCE]).decode()
            self._session.execute(load("public_places_add"), {"network_id": self._network_id, "rows": told})

    def sections(self) -> list[Section]:
        """Return all streets, in the order they were taken in."""
        rows = self._session.execute(
            select(
                Street.name,
                Street.kind,
                Street.foot,
                Street.bicycle,
                Street.car,
                Street.public,
                Street.start_junction,
                Street.end_junction,
                ST_AsBinary(Street.line),
            )
            .where(Street.network_id == self._network_id)
            .order_by(Street.id)
        ).all()
        lines = shapely.from_wkb([bytes(row[-1]) for row in rows])
        return [
            Section(
                name,
                kind,
                Access(Way(foot), Way(bicycle), Way(car), public),
                start,
                end,
                shapely.get_coordinates(line),
            )
            for (name, kind, foot, bicycle, car, public, start, end, _), line in zip(rows, lines, strict=True)
        ]

    def size(self) -> int:
        """Return how many sections there are."""
        return self._session.execute(
            select(func.count()).select_from(Street).where(Street.network_id == self._network_id)
        ).scalar_one()

    def public_places(self, around: LonLat, within_m: float, limit: int = 400) -> list[NamedPlace]:
        """Return public places two people can meet at, nearest first."""
        return self._named("public_places", around, within_m=within_m, limit=limit)

    def nearest_corner(self, around: LonLat, within_m: float) -> NamedPlace | None:
        """Return the nearest corner of two named streets, None where none is so near."""
        found = self._named("nearest_corner", around, within_m=within_m)
        return found[0] if found else None

    def _named(self, statement: str, around: LonLat, **asked: float) -> list[NamedPlace]:
        rows = self._session.execute(
            load(statement), {"network_id": self._network_id, "lon": around.lon, "lat": around.lat, **asked}
        )
        return [NamedPlace(row.name, LonLat(row.lon, row.lat), row.away_m) for row in rows]
