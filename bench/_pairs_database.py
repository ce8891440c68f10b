"""The best pairs out of a large roster in the database: as the product asks for them, and by PostGIS KNN and Python."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from bench._city import BEST, CITY, CITY_HALF_M, NOW, Columns, a_roster, brute_force, growth_row, short
from bench._people_rows import fill
from bench.rows import Row, less_is_better, percentiles_ms, same_answers
from desk import dispatching
from desk.access import Actor
from desk.dispatching import gathering
from geo import cells
from geo.distance import moved
from matcher.pairs import rank_streamed
from records import engine
from records.cluster import DATABASE, PrivateCluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from bench._city import Answers
    from desk.unit_of_work import UnitOfWork
    from matcher.candidates import Candidate, Scene
    from matcher.meeting import MeetingPoint
    from matcher.policy import PairPolicy
    from records.values import SceneRow

_OBSERVERS: Final = 0.3
_NEAREST: Final = 200
_PROPOSED: Final = 10
_ROUNDS: Final = 3
_FIRST_INCIDENT: Final = 1_000_000_000

_Asked = tuple["SceneRow", "Scene", "tuple[MeetingPoint, ...]"]
_Way = Callable[["UnitOfWork", _Asked], "Answers"]


def rows_by_database(sizes: Sequence[int], scenes: int, seed: int) -> list[Row]:
    """Compare and time the product's own call for every size, beside KNN; all on one private cluster."""
    rows: list[Row] = []
    medians: list[float] = []
    with tempfile.TemporaryDirectory() as folder, PrivateCluster(Path(folder) / "cluster") as cluster:
        engine.migrate(cluster.url())
        for size in sizes:
            one = _Network(cluster, Path(folder), size, scenes, seed)
            try:
                found, median_ms = one.measure()
            finally:
                one.close()
            rows += found
            medians.append(median_ms)
    return [*rows, growth_row("by the database", sizes, medians, seed)]


class _Network:
    """A network of so many people, some incidents, and the ways to ask for its best pairs."""

    def __init__(self, cluster: PrivateCluster, folder: Path, size: int, scenes: int, seed: int) -> None:
        self._size, self._seed = size, seed
        self._id = engine.ensure_network(cluster.url(), slug=f"of-{size}", name="A large network", kind="demo")
        self._house = House(Settings(database_url=cluster.url(), data_dir=folder, pool_size=1), name="pairs")
        with self._house.act(self._id) as uow:
            # Reading a hundred thousand people into Python in one go takes longer than an act ever may.
            uow._session.execute(text("SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0"))  # noqa: SLF001
        people = a_roster(size, _OBSERVERS, seed)
        with cluster.superuser(DATABASE) as connection:
            fill(connection, self._id, people, NOW, seed)
            self._incidents = _incidents(connection, self._id, scenes, seed)
            self._policy = self._read()
            connection.execute(_PEER)
            _fill_peer(connection, self._roster, self._policy)
        self._columns = Columns.of(self._roster, self._policy)
        self._remember()

    def close(self) -> None:
        """Let go of the database."""
        self._house.close()

    def _remember(self) -> None:
        """Wait until the process remembers the roster, as a service does from its first minute on."""
        began = time.perf_counter()
        while True:
            with self._house.act(self._id, now=NOW) as uow:
                if uow.ground() is not None:
                    break
            time.sleep(0.05)
        print(f"pairs: {self._size:,} people read into memory in {time.perf_counter() - began:.1f} s")

    def _read(self) -> PairPolicy:
        with self._house.act(self._id, now=NOW) as uow:
            self._asked: list[_Asked] = []
            for incident_id in self._incidents:
                row = uow.dispatches.scene(incident_id)
                scene = gathering.scene_of(uow, row, "look")
                self._asked.append((row, scene, gathering.where_to_meet(uow, scene)))
            self._roster = gathering.candidates(uow, self._asked[0][0])
            return uow.policy.pairs

    def measure(self) -> tuple[list[Row], float]:
        """Check that the answers agree, then time every way; return the rows and our median in milliseconds."""
        truths = [brute_force(self._columns, self._policy, list(points)) for _, _, points in self._asked]
        ours = self._each(_ours)
        same_answers(f"{self._size:,} people by the database", [answer for answer, _ in ours], _ROUNDS * truths)
        # In rounds, so that whatever else the computer does meets all of them alike.
        ours, knn, bulk, bare = self._in_rounds(
            _ours,
            lambda uow, asked: _knn(uow, asked, self._policy, _pair_in_python),
            lambda uow, asked: _knn(uow, asked, self._policy, _pair_with_numpy),
            _select_one,
        )
        missed = sum(answer != truth for (answer, _), truth in zip(knn, truths, strict=False))
        proposed = self._each(_propose, _PROPOSED)
        p50_ms, p99_ms = percentiles_ms([took for _, took in ours])
        limit_ms, _ = percentiles_ms([took for _, took in bare])
        shared: dict[str, Any] = {"unit": "ms", "n": self._size, "seed": self._seed}
        rows = []
        for pairing, answers in (("pairing in Python", knn), ("pairing with numpy", bulk)):
            peer_ms, _ = percentiles_ms([took for _, took in answers])
            rows.append(
                Row(
                    "pairs",
                    f"best {BEST} by the database, {len(truths)} scenes; KNN misses the best of {missed}",
                    ours=p50_ms,
                    peer=peer_ms,
                    peer_name=f"PostGIS <-> LIMIT {_NEAREST}, {pairing}",
                    limit=limit_ms,
                    ratio=less_is_better(p50_ms, peer_ms),
                    p50_ms=p50_ms,
                    p99_ms=p99_ms,
                    **shared,
                )
            )
        whole_ms, whole_p99_ms = percentiles_ms([took for _, took in proposed])
        rows.append(
            Row(
                "pairs",
                "what GET …/pairs does: best pairs, everybody counted by rule",
                ours=whole_ms,
                p50_ms=whole_ms,
                p99_ms=whole_p99_ms,
                **shared,
            )
        )
        return rows, p50_ms

    def _each(self, way: _Way, most: int | None = None) -> list[tuple[Answers, int]]:
        (found,) = self._in_rounds(way, most=most)
        return found

    def _in_rounds(self, *ways: _Way, most: int | None = None) -> list[list[tuple[Answers, int]]]:
        found: list[list[tuple[Answers, int]]] = [[] for _ in ways]
        with self._house.act(self._id, now=NOW) as uow:
            for way, answers in _ROUNDS * list(zip(ways, found, strict=True)):
                way(uow, self._asked[0])
                for asked in self._asked[:most]:
                    began = time.perf_counter_ns()
                    answers.append((way(uow, asked), time.perf_counter_ns() - began))
        return found


def _ours(uow: UnitOfWork, asked: _Asked) -> Answers:
    row, scene, points = asked
    around = gathering.PeopleAround(uow, row, [point.place for point in points])
    return short(rank_streamed(around.in_order(), scene, uow.policy.pairs, uow.travel, points, n=BEST))


def _propose(uow: UnitOfWork, asked: _Asked) -> Answers:
    dispatching.propose(uow, Actor(account_id=0), asked[0].incident_id, "look", BEST)
    return []


def _select_one(uow: UnitOfWork, asked: _Asked) -> Answers:
    del asked
    uow.dispatches.standing(_FIRST_INCIDENT)
    return []


# the peer: all that matters about a person in one row, indexed the way the manual says

_PEER: Final = """
DROP TABLE IF EXISTS knn_person;
CREATE TABLE knn_person (
  id bigint PRIMARY KEY, place geography(Point, 4326) NOT NULL, pace float8 NOT NULL, own int NOT NULL,
  observes boolean NOT NULL, new boolean NOT NULL, speaks int NOT NULL, lineage bigint NOT NULL,
  avoids bigint[] NOT NULL, knows bigint[] NOT NULL, lon float8 NOT NULL, lat float8 NOT NULL);
GRANT SELECT ON knn_person TO tandem_app;
"""
_INDEX: Final = "CREATE INDEX ON knn_person USING gist (place); ANALYZE knn_person"
_KNN: Final = """
SELECT id, lon, lat, pace, own, observes, new, speaks, lineage, avoids, knows FROM knn_person
ORDER BY place <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography LIMIT :most
"""


def _fill_peer(connection: psycopg.Connection, people: Sequence[Candidate], policy: PairPolicy) -> None:
    columns = Columns.of(list(people), policy)
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY knn_person (id, place, pace, own, observes, new, speaks, lineage, avoids, knows, lon, lat) FROM STDIN"
        ) as copy,
    ):
        for row in range(len(columns.ids)):
            lon, lat = float(columns.lons[row]), float(columns.lats[row])
            copy.write_row(
                (
                    int(columns.ids[row]),
                    f"SRID=4326;POINT({lon!r} {lat!r})",
                    float(columns.pace[row]),
                    int(columns.own[row]),
                    bool(columns.observes[row]),
                    bool(columns.new[row]),
                    int(columns.speaks[row]),
                    int(columns.lineage[row]),
                    columns.avoids[row].tolist(),
                    columns.knows[row].tolist(),
                    lon,
                    lat,
                )
            )
    connection.execute(_INDEX)


def _knn(
    uow: UnitOfWork,
    asked: _Asked,
    policy: PairPolicy,
    pairing: Callable[[Columns, PairPolicy, list[MeetingPoint]], Answers],
) -> Answers:
    """Return the best pairs among the nearest, of twice as many until there are three."""
    _, scene, points = asked
    most = _NEAREST
    while True:
        found = uow._session.execute(  # noqa: SLF001  (the peer speaks SQL where the product may not)
            text(_KNN), {"lon": scene.place.lon, "lat": scene.place.lat, "most": most}
        ).all()
        columns = _columns(found)
        answer = pairing(columns, policy, list(points))
        if len(answer) == BEST or len(found) < most:
            return answer
        most *= 2


def _columns(found: Sequence[Any]) -> Columns:
    return Columns(
        ids=np.array([row.id for row in found]),
        lons=np.array([row.lon for row in found]),
        lats=np.array([row.lat for row in found]),
        pace=np.array([row.pace for row in found]),
        own=np.array([row.own for row in found]),
        observes=np.array([row.observes for row in found]),
        new=np.array([row.new for row in found]),
        speaks=np.array([row.speaks for row in found]),
        lineage=np.array([row.lineage for row in found]),
        avoids=np.array([row.avoids for row in found]),
        knows=np.array([row.knows for row in found]),
    )


def _pair_with_numpy(columns: Columns, policy: PairPolicy, points: list[MeetingPoint]) -> Answers:
    return brute_force(columns, policy, points)


def _pair_in_python(columns: Columns, policy: PairPolicy, points: list[MeetingPoint]) -> Answers:
    """Try all pairs, each at its best meeting point, in the order of the rules, as one would write it down."""
    limit_s = policy.eta_limit.total_seconds()
    unfamiliar_s, lineage_s = round(60 * policy.unfamiliar_min), round(60 * policy.same_lineage_min)
    seconds = columns.seconds(policy, points).tolist()
    people = list(
        zip(
            columns.ids.tolist(),
            seconds,
            columns.own.tolist(),
            columns.observes.tolist(),
            columns.new.tolist(),
            columns.speaks.tolist(),
            columns.lineage.tolist(),
            columns.avoids.tolist(),
            columns.knows.tolist(),
            strict=True,
        )
    )
    found: Answers = []
    for one, other in combinations(people, 2):
        id_1, seconds_1, own_1, observes_1, new_1, speaks_1, lineage_1, avoids_1, knows_1 = one
        id_2, seconds_2, own_2, observes_2, new_2, speaks_2, lineage_2, avoids_2, knows_2 = other
        if not (observes_1 or observes_2) or (new_1 and new_2) or not speaks_1 & speaks_2:
            continue
        if id_2 in avoids_1 or id_1 in avoids_2:
            continue
        meet_s = min(map(max, seconds_1, seconds_2))
        if meet_s > limit_s:
            continue
        cost_s = meet_s + own_1 + own_2
        if id_2 not in knows_1 and id_1 not in knows_2:
            cost_s += unfamiliar_s
        if lineage_1 == lineage_2:
            cost_s += lineage_s
        found.append((cost_s, min(id_1, id_2), max(id_1, id_2)))
    return sorted(found)[:BEST]


def _incidents(connection: psycopg.Connection, network_id: int, scenes: int, seed: int) -> list[int]:
    dice = np.random.default_rng([seed, 1])
    spread = dice.uniform(-0.8 * CITY_HALF_M, 0.8 * CITY_HALF_M, (scenes, 2)).tolist()
    for number, (east, north) in enumerate(spread):
        place = moved(CITY, east, north)
        connection.execute(
            "INSERT INTO incident (network_id, id, location, cell7, cell10, opened_at, first_seen_at, last_seen_at,"
            " sightings, vouched_groups)"
            " VALUES (%s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s, %s, %s, %s, %s, 1, 1)",
            (
                network_id,
                _FIRST_INCIDENT + number,
                place.lon,
                place.lat,
                cells.number_at(place, 7),
                cells.number_at(place, 10),
                NOW,
                NOW,
                NOW,
            ),
        )
    return [_FIRST_INCIDENT + number for number in range(scenes)]
