"""Point to zones: our cells beside PostGIS and a tree of polygons one by one, and our bulk beside the tree's."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psycopg
import shapely

from bench.rows import Row, less_is_better, median_seconds, more_is_better, percentiles_ms, same_answers
from geo import cells
from geo.points import LonLat
from zones.loader import load
from zones.lookup import ZoneMap, build
from zones.model import Zone, ZoneSet

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from numpy.typing import NDArray

_ON_EDGES = 0.2
_PEER_SHARE = 20
_MOST_CALLS_TIMED = 50_000
_MOST_CALLS_TO_POSTGIS = 2_000
_MADE_ACROSS = 10
_MADE_SIDE_DEG = 0.02
_WOBBLES = 24


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--zones", type=Path, metavar="FILE", help="zones to measure on; made ones when left out")
    parser.add_argument("--places", type=int, default=1_000_000, help="how many places are asked")
    parser.add_argument("--leaf", type=int, default=10, help="leaf resolution of the cells")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--database", metavar="URL", help="a PostGIS to ask ST_Covers; left out gives rows with null")


def run(options: argparse.Namespace) -> list[Row]:
    """Compare all answers, then time them."""
    zones = _zones_of(options.zones) if options.zones else _made_zones(options.seed)
    began = time.perf_counter()
    zone_map = build(zones, options.leaf)
    built_s = time.perf_counter() - began
    lons, lats = _places(zones, options.places, options.seed)
    places = [LonLat(lon, lat) for lon, lat in zip(lons.tolist(), lats.tolist(), strict=True)]
    tree = shapely.STRtree([zone.boundary for zone in zones.zones])
    ids = np.array([zone.id for zone in zones.zones])
    ours = [zone_map.at(place) for place in places]
    same_answers("STRtree", ours, _by_tree(tree, ids, lons, lats))
    same_answers("bulk", ours, zone_map.at_many(places))
    # Corners and edges are there to find mismatches; what is timed lies anywhere.
    on_edges = _edge_count(len(places))
    places, lons, lats = places[on_edges:], lons[on_edges:], lats[on_edges:]
    what = f"{len(zones.zones)} zones, leaf {zone_map.leaf}"
    seed = options.seed
    return [
        Row("zones", f"build: {what}", ours=built_s * 1e3, unit="ms", n=len(zones.zones), seed=seed),
        *_one_by_one(zone_map, tree, places, what, seed),
        _bulk(zone_map, tree, lons, lats, what=what, seed=seed),
        *_beside_postgis(zone_map, places, what, seed, options.database),
        _beside_duckdb(zone_map, lons, lats, what, seed),
    ]


def _one_by_one(zone_map: ZoneMap, tree: shapely.STRtree, places: list[LonLat], what: str, seed: int) -> list[Row]:
    at, leaf, n = zone_map.at, zone_map.leaf, len(places)
    ours = n / median_seconds(lambda: [at(place) for place in places])
    limit = n / median_seconds(lambda: [cells.number_at(place, leaf) for place in places])
    timed = []
    for place in places[:_MOST_CALLS_TIMED]:
        began = time.perf_counter_ns()
        at(place)
        timed.append(time.perf_counter_ns() - began)
    p50_ms, p99_ms = percentiles_ms(timed)
    few = [shapely.Point(*place.lonlat) for place in places[: max(1, n // _PEER_SHARE)]]
    query = tree.query
    peer = len(few) / median_seconds(lambda: [query(point, predicate="intersects") for point in few])
    return [
        Row(
            "zones", f"one by one: {what}", ours, peer, f"shapely {shapely.__version__} STRtree, one by one", limit,
            more_is_better(ours, peer), "places/s", p50_ms, p99_ms, n, seed,
        )
    ]  # fmt: skip


def _bulk(
    zone_map: ZoneMap,
    tree: shapely.STRtree,
    lons: NDArray[np.float64],
    lats: NDArray[np.float64],
    *,
    what: str,
    seed: int,
) -> Row:
    n = len(lons)
    ours = n / median_seconds(lambda: zone_map.hits(lons, lats))
    peer = n / median_seconds(lambda: tree.query(shapely.points(lons, lats), predicate="intersects"))
    return Row(
        "zones", f"bulk: {what}", ours, peer, f"shapely {shapely.__version__} STRtree, bulk", None,
        more_is_better(ours, peer), "places/s", n=n, seed=seed,
    )  # fmt: skip


def _beside_postgis(zone_map: ZoneMap, places: list[LonLat], what: str, seed: int, database: str | None) -> list[Row]:
    case, few = f"one call: {what}", places[:_MOST_CALLS_TO_POSTGIS]
    ours = _microseconds_per_call(zone_map.at, few)
    if database is None:
        return [Row("zones", case, ours, peer_name="PostGIS ST_Covers (no database given)", unit="µs", seed=seed)]
    with psycopg.connect(database) as link:
        link.execute("CREATE TEMPORARY TABLE bench_zone (id bigint, boundary geometry(MultiPolygon, 4326))")
        with link.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO bench_zone VALUES (%s, ST_GeomFromWKB(%s, 4326))",
                [(zone.id, shapely.to_wkb(zone.boundary)) for zone in zone_map.zones.zones],
            )
        link.execute("CREATE INDEX ON bench_zone USING gist (boundary)")
        link.execute("ANALYZE bench_zone")
        version = link.execute("SELECT postgis_lib_version()").fetchone()
        asked = (
            "SELECT id FROM bench_zone WHERE ST_Covers(boundary, ST_SetSRID(ST_MakePoint(%s, %s), 4326)) ORDER BY id"
        )

        def covers(place: LonLat) -> tuple[int, ...]:
            return tuple(row[0] for row in link.execute(asked, place.lonlat, prepare=True))

        same_answers("ST_Covers", [zone_map.at(place) for place in few], [covers(place) for place in few])
        peer = _microseconds_per_call(covers, few)
        limit = _microseconds_per_call(lambda _: link.execute("SELECT 1", prepare=True).fetchone(), few)
        link.rollback()
    name = f"PostGIS {version[0] if version else ''} ST_Covers, GiST, prepared; limit: SELECT 1"
    return [Row("zones", case, ours, peer, name, limit, less_is_better(ours, peer), "µs", n=len(few), seed=seed)]


def _beside_duckdb(
    zone_map: ZoneMap, lons: NDArray[np.float64], lats: NDArray[np.float64], what: str, seed: int
) -> Row:
    ours = len(lons) / median_seconds(lambda: zone_map.hits(lons, lats))
    installed = importlib.util.find_spec("duckdb") is not None
    reason = "its spatial extension is fetched from the network" if installed else "not installed"
    return Row(
        "zones", f"bulk: {what}", ours, None, f"DuckDB spatial ({reason})", unit="places/s", n=len(lons), seed=seed
    )


def _microseconds_per_call(ask: Callable[[LonLat], object], places: list[LonLat]) -> float:
    return median_seconds(lambda: [ask(place) for place in places]) / len(places) * 1e6


def _by_tree(
    tree: shapely.STRtree, ids: NDArray[np.int64], lons: NDArray[np.float64], lats: NDArray[np.float64]
) -> list[tuple[int, ...]]:
    """Ask the peer for every place, as our look-up answers: ids, ascending."""
    found: list[list[int]] = [[] for _ in range(len(lons))]
    position, zone = tree.query(shapely.points(lons, lats), predicate="intersects")
    for place, zone_id in zip(position.tolist(), ids[zone].tolist(), strict=True):
        found[place].append(zone_id)
    return [tuple(sorted(zone_ids)) for zone_ids in found]


def _zones_of(path: Path) -> ZoneSet:
    """Read a zone file; a zone's id is its place in the file."""
    return ZoneSet.of(Zone(zone.index, zone.name, zone.boundary) for zone in load(path).kept)


def _made_zones(seed: int) -> ZoneSet:
    """Make a hundred wobbly quarters that share their edges, 0.02 degrees wide, nowhere in particular."""
    chance = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(_MADE_ACROSS + 1), np.arange(_MADE_ACROSS + 1), indexing="ij"), axis=-1)
    corners = (grid + chance.uniform(-0.3, 0.3, grid.shape)) * _MADE_SIDE_DEG + np.array([-93.3, 44.9])
    steps = np.linspace(0, 1, _WOBBLES, endpoint=False)[:, None]
    wobble = chance.normal(0, _MADE_SIDE_DEG / 60, (2, *grid.shape[:2], _WOBBLES, 2)) * (steps > 0)

    def side(axis: int, column: int, row: int) -> NDArray[np.float64]:
        here, there = corners[column, row], corners[column + (axis == 0), row + (axis == 1)]
        points: NDArray[np.float64] = here + (there - here) * steps + wobble[axis, column, row]
        return np.vstack((points, there))

    zones = []
    for number in range(_MADE_ACROSS**2):
        column, row = divmod(number, _MADE_ACROSS)
        ring = np.vstack(
            (
                side(0, column, row)[:-1],
                side(1, column + 1, row)[:-1],
                side(0, column, row + 1)[:0:-1],
                side(1, column, row)[:0:-1],
            )
        )
        area = shapely.make_valid(shapely.Polygon(ring))
        parts = [part for part in shapely.get_parts(area) if isinstance(part, shapely.Polygon)]
        zones.append(Zone(number + 1, f"Quarter {number + 1}", shapely.MultiPolygon(parts)))
    return ZoneSet.of(zones)


def _edge_count(count: int) -> int:
    return int(count * _ON_EDGES)


def _places(zones: ZoneSet, count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw places over the box of all zones; the first fifth lies on corners and edges."""
    chance = np.random.default_rng(seed)
    boundaries = [zone.boundary for zone in zones.zones]
    west, south, east, north = shapely.total_bounds(boundaries)
    anywhere = chance.uniform((west, south), (east, north), (count, 2))
    corners = shapely.get_coordinates(boundaries)
    first = chance.integers(0, len(corners) - 1, _edge_count(count))
    along = chance.choice([0.0, 0.25, 0.5], (len(first), 1))
    anywhere[: len(first)] = corners[first] * (1 - along) + corners[first + 1] * along
    return anywhere[:, 0].copy(), anywhere[:, 1].copy()
