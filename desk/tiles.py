"""Vector tiles by layer: which resolution at which zoom, and how far back."""

from __future__ import annotations

from datetime import timedelta

from desk.errors import NotFound
from desk.unit_of_work import UnitOfWork
from records.values import TileAddress

_SHOWN_FOR = timedelta(hours=24)
_MAX_ZOOM = 22


def resolution_at(zoom: int) -> int:
    """Return the resolution at which cells are drawn at a zoom: 5 from afar, 9 in the street."""
    return max(5, min(9, (zoom + 5) // 2))


def _require_possible(tile: TileAddress) -> None:
    if not (0 <= tile.z <= _MAX_ZOOM and 0 <= tile.x < 1 << tile.z and 0 <= tile.y < 1 << tile.z):
        raise NotFound


def base(uow: UnitOfWork, tile: TileAddress) -> bytes:
    """Return the ground of a tile; raises NotFound where there is no tile."""
    _require_possible(tile)
    return uow.tiles.base(tile)


def zones(uow: UnitOfWork, tile: TileAddress) -> bytes:
    """Return the zones of a tile; raises NotFound where there is no tile."""
    _require_possible(tile)
    return uow.tiles.zones(tile)


def cells(uow: UnitOfWork, tile: TileAddress) -> bytes:
    """Return the cells of a tile with how many sightings they held in the last day; raises NotFound."""
    _require_possible(tile)
    return uow.tiles.cells(tile, resolution=resolution_at(tile.z), since=uow.now - _SHOWN_FOR)


def incidents(uow: UnitOfWork, tile: TileAddress) -> bytes:
    """Return the incidents of the last day in a tile, at cell centres; raises NotFound."""
    _require_possible(tile)
    return uow.tiles.incidents(tile, since=uow.now - _SHOWN_FOR)
