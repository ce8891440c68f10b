"""Vector tiles, drawn by the database from what each layer may show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import shapely
from sqlalchemy import TextClause, text

from geo import cells
from records.repositories.repository import Repository
from records.sql import load
from records.values import TileAddress


class TileRepository(Repository):
    """Vector tiles (Mapbox Vector Tile 2.1, extent 4096)."""

    def base(self, tile: TileAddress) -> bytes:
        """Return the ground of a tile: one layer each for water, park, landuse, building, street, place."""
        return self._draw("tile_base", tile)

    def zones(self, tile: TileAddress) -> bytes:
        """Return the zones of a tile."""
        return self._draw("tile_zones", tile)

    def cells(self, tile: TileAddress, *, resolution: int, since: datetime) -> bytes:
        """Return the cells of a tile with how many sightings they hold since a time, resolution 5 to 9."""
        column = {5: "cell5", 6: "cell6", 7: "cell7", 8: "cell8", 9: "cell9"}[resolution]
        self._draw_shapes(
            text(
                f"SELECT DISTINCT {column} FROM sighting WHERE network_id = :network_id AND observed_at >= :since"  # noqa: S608 - the column comes from the table above
                f" AND retracted_at IS NULL AND {column} IS NOT NULL"
                f" AND NOT EXISTS (SELECT FROM cell_shape WHERE cell = {column})"
            ),
            since,
        )
        return self._draw("tile_cells", tile, column=column, since=since)

    def incidents(self, tile: TileAddress, *, since: datetime) -> bytes:
        """Return open incidents of a tile as the centres of their res-10 cells, never their exact place."""
        self._draw_shapes(
            text(
                "SELECT DISTINCT cell10 FROM incident WHERE network_id = :network_id AND last_seen_at >= :since"
                " AND NOT EXISTS (SELECT FROM cell_shape WHERE cell = cell10)"
            ),
            since,
        )
        return self._draw("tile_incidents", tile, since=since)

    def _draw(self, name: str, tile: TileAddress, **more: object) -> bytes:
        drawn = self._session.execute(
            load(name), {"network_id": self._network_id, "z": tile.z, "x": tile.x, "y": tile.y, **more}
        ).scalar()
        return bytes(drawn or b"")

    def _draw_shapes(self, missing: TextClause, since: datetime) -> None:
        rows = self._session.execute(missing, {"network_id": self._network_id, "since": since})
        self.add_shapes([cells.from_int(number) for (number,) in rows])

    def add_shapes(self, wanted: Sequence[str]) -> None:
        """Work out the shapes of cells and keep them."""
        if wanted:
            self._session.execute(
                load("cell_shape_add"),
                [
                    {
                        "cell": cells.to_int(cell),
                        "boundary": shapely.to_wkb(shapely.Polygon([at.lonlat for at in cells.boundary(cell)])),
                        "lon": cells.centre(cell).lon,
                        "lat": cells.centre(cell).lat,
                    }
                    for cell in sorted(wanted)
                ],
            )
