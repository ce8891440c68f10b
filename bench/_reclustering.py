"""The peer of intake: insert one pin, then cluster the whole window again, pin by pin."""

from __future__ import annotations

import math
import random
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bench._posting import CITY

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from psycopg import Connection

REACH_M: Final = 250.0
REACH_S: Final = 3600.0
_LEAST: Final = 2
_TABLE: Final = """
DROP TABLE IF EXISTS peer_pin;
CREATE TABLE peer_pin (id bigint PRIMARY KEY, t float8 NOT NULL, place geometry(Point) NOT NULL);
CREATE INDEX ON peer_pin USING gist (place);
CREATE INDEX ON peer_pin (t);
"""
_INSERT: Final = "INSERT INTO peer_pin VALUES (%s, %s, ST_MakePoint(%s, %s))"
_AGAIN: Final = """
SELECT id, ST_ClusterDBSCAN(place, %s, %s) OVER () FROM peer_pin WHERE t BETWEEN %s AND %s
"""


def _pins(count: int, seed: int) -> NDArray[np.float64]:
    """Return pins as metres east and north and seconds, over the city and one hour."""
    chance = random.Random(seed)
    west, south, east, north = CITY
    metres = 111_195.0
    shrink = math.cos(math.radians((south + north) / 2))
    rows = [
        (chance.uniform(0, (east - west) * metres * shrink), chance.uniform(0, (north - south) * metres),
         chance.uniform(0, REACH_S))
        for _ in range(count)
    ]  # fmt: skip
    return np.array(rows)


def by_postgis(connection: Connection[Any], live: int, more: int, seed: int) -> list[float]:
    """Return the seconds of each of `more` pins on top of `live`: a durable INSERT, then ST_ClusterDBSCAN."""
    pins = _pins(live + more, seed)
    connection.execute(_TABLE)
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, [(n, t, x, y) for n, (x, y, t) in enumerate(pins[:live].tolist())])
    connection.execute("ANALYZE peer_pin")
    taken = []
    for number, (x, y, t) in enumerate(pins[live:].tolist(), live):
        began = time.perf_counter()
        connection.execute(_INSERT, (number, t, x, y))
        connection.execute(_AGAIN, (REACH_M, _LEAST, t - REACH_S, t + REACH_S)).fetchall()
        taken.append(time.perf_counter() - began)
    return taken


def by_sklearn(connection: Connection[Any], live: int, more: int, seed: int) -> list[float] | None:
    """Return the same with scikit-learn over the window in memory, time as a third axis; None where it is not there."""
    try:
        from sklearn.cluster import DBSCAN  # noqa: PLC0415
    except ImportError:
        return None
    pins = _pins(live + more, seed)
    scaled = pins / np.array([REACH_M, REACH_M, REACH_S])
    connection.execute(_TABLE)
    taken = []
    for number, (x, y, t) in enumerate(pins[live:].tolist(), live):
        began = time.perf_counter()
        connection.execute(_INSERT, (number, t, x, y))
        DBSCAN(eps=1.0, min_samples=_LEAST).fit(scaled[: number + 1])
        taken.append(time.perf_counter() - began)
    return taken
