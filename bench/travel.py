"""Times on streets: ours beside scipy's Dijkstra, pandana and pgRouting, every distance compared before it is timed."""

from __future__ import annotations

import importlib.util
import multiprocessing
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg
import scipy
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from bench.rows import AnswersDiffer, Row, less_is_better, median_seconds, percentiles_ms, same_answers
from fixtures.city import build_city
from fixtures.travel import sections_of
from geo.contracted import ContractedWays
from geo.hull import Hull
from geo.points import LonLat
from geo.region import read_region
from geo.travel import MODES, Roads
from records.cluster import PrivateCluster

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from geo.network import Network
    from geo.streets import Section

    Answer = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]

_SIZES: Final = ((1, 200), (100, 400), (400, 5))
_TOLERANCE_MS: Final = 1_000.0
"""Peers that keep weights as floats must agree to the second; scipy must agree to the millisecond."""
_CALLS: Final = 51
_READY_WITHIN_S: Final = 60.0
"""How long a peer may take to read the streets of one mode in; ours takes a few seconds at most."""
_STAND_OFF_M: Final = 50.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument(
        "--region", type=Path, metavar="FILE", help="an OpenStreetMap extract; the invented city without"
    )
    parser.add_argument("--seed", type=int, default=7)


def run(options: argparse.Namespace) -> list[Row]:
    """Compare every distance with the peers', then time them, for each mode of travel."""
    sections = list(read_region(options.region).sections) if options.region else sections_of(build_city(options.seed))
    rows: list[Row] = []
    for mode in reversed(MODES):
        began = time.perf_counter()
        roads = Roads(sections)
        network = roads.network(mode)
        if network is None:
            rows.append(Row("travel", f"{mode}: the map has no streets for it", seed=options.seed))
            continue
        assert isinstance(network.ways, ContractedWays)
        built_s = time.perf_counter() - began
        streets = _Streets(mode, network, options.seed)
        rows += streets.rows(with_postgis=mode == "car")
        rows += _upkeep(streets, sections, built_s)
        rows.append(_port(streets, roads))
    return rows


@dataclass(frozen=True, slots=True)
class _Peer:
    name: str
    answer: Answer
    runs: int


class _Streets:
    """The streets of one mode, the places asked about, and the peers that are installed."""

    def __init__(self, mode: str, network: Network, seed: int) -> None:
        self.mode, self.network, self.seed = mode, network, seed
        self.chance = np.random.default_rng(seed)
        self.tail, self.head, self.ms = _cheapest(network)
        self.pandana_built_ms: float | None = None

    def rows(self, *, with_postgis: bool) -> list[Row]:
        asked = [
            (self.chance.integers(0, self.network.size, count), self.chance.integers(0, self.network.size, wanted))
            for count, wanted in _SIZES
        ]
        found: list[Row] = []
        for peer in self._peers(with_postgis=with_postgis):
            for sources, targets in asked:
                found.append(self._beside(peer, sources, targets))
        return found

    def _peers(self, *, with_postgis: bool) -> Iterator[_Peer | str]:
        yield _Peer(f"scipy {scipy.__version__} Dijkstra", self._by_scipy(), 5)
        yield self._pandana()
        if with_postgis:
            with (
                tempfile.TemporaryDirectory() as folder,
                PrivateCluster(Path(folder) / "cluster") as cluster,
                cluster.superuser("postgres") as connection,
            ):
                yield _by_pgrouting(connection, self.tail, self.head, self.ms) or "pgRouting (not installed)"

    def _beside(self, peer: _Peer | str, sources: NDArray[np.int64], targets: NDArray[np.int64]) -> Row:
        case = (
            f"{self.mode}, {len(sources)} x {len(targets)}; {self.network.size:,} places, "
            f"{self.network.arcs.tail.size:,} arcs"
        )
        n = len(sources) * len(targets)
        if isinstance(peer, str):
            return Row("travel", case, peer_name=peer, unit="ms", n=n, seed=self.seed)
        _same_distances(peer.name, self.network.matrix_ms(sources, targets), peer.answer(sources, targets))
        taken = _timed(lambda: self.network.matrix_ms(sources, targets))
        p50_ms, p99_ms = percentiles_ms(taken)
        peer_ms = 1e3 * median_seconds(lambda: peer.answer(sources, targets), peer.runs)
        return Row(
            "travel",
            case,
            ours=p50_ms,
            peer=peer_ms,
            peer_name=peer.name,
            ratio=less_is_better(p50_ms, peer_ms),
            unit="ms",
            p50_ms=p50_ms,
            p99_ms=p99_ms,
            n=n,
            seed=self.seed,
        )

    def _pandana(self) -> _Peer | str:
        if not _installed("pandana"):
            return "pandana (not installed)"
        name = f"pandana {metadata.version('pandana')}"
        streets = (self.network.lonlat, self.tail, self.head, self.ms)
        # Tried in a process of its own: it cannot be stopped once it has begun, and of some footways it makes no end.
        trial = multiprocessing.get_context("spawn").Process(target=pandana_network, args=streets, daemon=True)
        trial.start()
        trial.join(_READY_WITHIN_S)
        if trial.is_alive():
            trial.kill()
            return f"{name} (not ready after {_READY_WITHIN_S:.0f} s)"
        return _Peer(name, self._by_pandana(), 5)

    def _by_scipy(self) -> Answer:
        size = self.network.size
        graph = csr_array((self.ms.astype(np.float64), (self.tail, self.head)), shape=(size, size))

        backward = graph.T.tocsr()

        def answer(sources: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
            # A tree grows from the side with fewer places.
            fewer = len(targets) < len(sources)
            found: NDArray[np.float64] = (
                dijkstra(backward, indices=targets)[:, sources].T
                if fewer
                else dijkstra(graph, indices=sources)[:, targets]
            )
            return found

        return answer

    def _by_pandana(self) -> Answer:
        began = time.perf_counter()
        other = pandana_network(self.network.lonlat, self.tail, self.head, self.ms)
        self.pandana_built_ms = 1e3 * (time.perf_counter() - began)

        def answer(sources: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
            one, to = np.repeat(sources, len(targets)), np.tile(targets, len(sources))
            lengths = other.shortest_path_lengths(one, to)
            return np.asarray(lengths, dtype=np.float64).reshape(len(sources), len(targets))

        return answer


def pandana_network(
    lonlat: NDArray[np.float64], tail: NDArray[np.int64], head: NDArray[np.int64], ms: NDArray[np.float64]
) -> Any:
    """Return pandana's network of the same streets."""
    import pandana  # noqa: PLC0415 - a peer that need not be installed
    import pandas as pd  # noqa: PLC0415

    nodes = pd.DataFrame({"x": lonlat[:, 0], "y": lonlat[:, 1]})
    edges = pd.DataFrame({"a": tail, "b": head, "ms": ms.astype(np.float64)})
    return pandana.Network(nodes["x"], nodes["y"], edges["a"], edges["b"], edges[["ms"]], twoway=False)


def _by_pgrouting(
    connection: psycopg.Connection, tail: NDArray[np.int64], head: NDArray[np.int64], ms: NDArray[np.float64]
) -> _Peer | None:
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgrouting CASCADE")
    except psycopg.errors.Error:
        return None
    connection.execute("CREATE TABLE arc (id serial PRIMARY KEY, source bigint, target bigint, cost float8)")
    with connection.cursor().copy("COPY arc (source, target, cost) FROM STDIN") as copy:
        for row in zip(tail.tolist(), head.tolist(), ms.tolist(), strict=True):
            copy.write_row(row)
    connection.execute("ANALYZE arc")
    version = connection.execute("SELECT pgr_version()").fetchone()

    def answer(sources: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
        # A tree grows from the side with fewer places, here too.
        fewer = len(targets) < len(sources)
        ends = "target AS source, source AS target" if fewer else "source, target"
        one, other = (targets, sources) if fewer else (sources, targets)
        rows = connection.execute(
            "SELECT start_vid, end_vid, agg_cost FROM pgr_dijkstraCost(%s, %s::bigint[], %s::bigint[], true)",
            (f"SELECT id, {ends}, cost FROM arc", one.tolist(), other.tolist()),
        ).fetchall()
        costs = {(start, end): cost for start, end, cost in rows}
        # It leaves out the way from a place to itself.
        found = np.array([
            [0.0 if start == end else costs.get((start, end), np.inf) for end in other.tolist()]
            for start in one.tolist()
        ])  # fmt: skip
        return found.T if fewer else found

    return _Peer(f"pgRouting {version[0] if version else ''} pgr_dijkstraCost", answer, 3)


def _upkeep(streets: _Streets, sections: Sequence[Section], built_s: float) -> list[Row]:
    """Time what happens when a map is read, and when streets are closed."""
    network, seed = streets.network, streets.seed
    case = f"{streets.mode}, {network.size:,} places, {network.arcs.tail.size:,} arcs"
    rebuilt_ms = streets.pandana_built_ms
    name = (
        f"pandana {metadata.version('pandana')}, built anew" if rebuilt_ms else "pandana (neither installed nor ready)"
    )
    whole = _timed(lambda: ContractedWays(network.lonlat, network.arcs))
    closed = network.arcs_near(Hull([LonLat(*network.lonlat[network.size // 2].tolist())]), _STAND_OFF_M)
    here = np.zeros(1, dtype=np.int64)
    some = _timed(lambda: network.matrix_ms(here, here, closed))
    rows = [
        Row(
            "travel",
            f"{case}: built from {len(sections):,} sections",
            ours=1e3 * built_s,
            peer=rebuilt_ms,
            peer_name=name,
            ratio=less_is_better(1e3 * built_s, rebuilt_ms),
            unit="ms",
            seed=seed,
        )
    ]
    for what, taken in (("all streets re-weighted", whole), (f"{closed.size} arcs closed and opened again", some)):
        p50_ms, p99_ms = percentiles_ms(taken)
        rows.append(
            Row(
                "travel",
                f"{case}: {what}",
                ours=p50_ms,
                peer=rebuilt_ms,
                peer_name=name,
                ratio=less_is_better(p50_ms, rebuilt_ms),
                unit="ms",
                p50_ms=p50_ms,
                p99_ms=p99_ms,
                n=len(taken),
                seed=seed,
            )
        )
    return rows


def _port(streets: _Streets, roads: Roads) -> Row:
    """Time the whole answer as the matcher gets it: 400 people anywhere, five meeting points, a scene kept clear of."""
    network = streets.network
    where = network.lonlat[streets.chance.integers(0, network.size, 405)]
    places = [LonLat(*at) for at in (where + streets.chance.normal(0, 0.0003, where.shape)).tolist()]
    scene = Hull([places[0]])
    modes = [streets.mode] * 400
    taken = _timed(lambda: roads.clear_of(scene, _STAND_OFF_M).seconds(places[:400], modes, places[400:]))
    p50_ms, p99_ms = percentiles_ms(taken)
    return Row(
        "travel",
        f"{streets.mode}: 400 people to 5 meeting points through the port, clear of a scene, walks included",
        ours=p50_ms,
        unit="ms",
        p50_ms=p50_ms,
        p99_ms=p99_ms,
        n=2_000,
        seed=streets.seed,
    )


def _cheapest(network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the arcs with only the cheapest of parallel ones, and no loops, as matrices have room for."""
    arcs = network.arcs
    order = np.lexsort((arcs.ms, arcs.head, arcs.tail))
    tail, head = arcs.tail[order].astype(np.int64), arcs.head[order].astype(np.int64)
    first = np.r_[True, (np.diff(tail) != 0) | (np.diff(head) != 0)] & (tail != head)
    return tail[first], head[first], arcs.ms[order][first].astype(np.float64)


def _same_distances(name: str, ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> None:
    if name.startswith("scipy"):
        same_answers(name, ours.tolist(), theirs.tolist())
    elif not np.allclose(ours, theirs, rtol=0.0, atol=_TOLERANCE_MS):
        raise AnswersDiffer(f"{name}: our distances differ from the peer's by more than a second")


def _timed(work: Callable[[], object]) -> list[int]:
    work()
    taken = []
    for _ in range(_CALLS):
        began = time.perf_counter_ns()
        work()
        taken.append(time.perf_counter_ns() - began)
    return taken


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
