"""The two usual ways to book two people, run under the same fire: check-then-insert, and a trigger that counts."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import psycopg

from bench.rows import percentiles_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from records.cluster import PrivateCluster

_CLIENTS: Final = 80
_PEOPLE: Final = 40
_DISPATCHES: Final = 30
_WATCH_S: Final = 0.01

_TABLES: Final = """
CREATE TABLE dispatch (id int PRIMARY KEY, state text NOT NULL DEFAULT 'offering');
CREATE TABLE seat (
  dispatch_id int NOT NULL REFERENCES dispatch, person int NOT NULL, active bool NOT NULL DEFAULT true);
CREATE INDEX ON seat (dispatch_id) WHERE active;
CREATE INDEX ON seat (person) WHERE active;
INSERT INTO dispatch SELECT number FROM generate_series(1, 30) AS number;
"""
_COUNTING_TRIGGER: Final = """
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE touched int := CASE WHEN tg_table_name = 'dispatch' THEN new.id ELSE NULL END;
BEGIN
  IF touched IS NULL THEN touched := new.dispatch_id; END IF;
  IF (SELECT state FROM dispatch WHERE id = touched) = 'paired'
     AND (SELECT count(*) FROM seat WHERE dispatch_id = touched AND active) <> 2 THEN
    RAISE EXCEPTION 'nobody goes alone' USING ERRCODE = 'check_violation';
  END IF;
  IF tg_table_name = 'seat' THEN
    IF (SELECT count(*) FROM seat WHERE person = new.person AND active) > 1 THEN
      RAISE EXCEPTION 'booked already' USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER counts AFTER INSERT OR UPDATE ON seat DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION counts();
CREATE CONSTRAINT TRIGGER counts AFTER UPDATE ON dispatch DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION counts();
"""
_ALONE: Final = """
SELECT d.id FROM dispatch d
WHERE d.state = 'paired' AND (SELECT count(DISTINCT person) FROM seat WHERE dispatch_id = d.id AND active) < 2
"""
_TWICE: Final = "SELECT person FROM seat WHERE active GROUP BY person HAVING count(*) > 1"


@dataclass
class Peer:
    """What became of people under a peer; each case is counted once while it lasts."""

    name: str
    alone: int = 0
    twice: int = 0
    commit_ns: list[int] = field(default_factory=list)

    @property
    def acts(self) -> int:
        """How many acts were committed."""
        return len(self.commit_ns)

    @property
    def p50_ms(self) -> float | None:
        """The median of a commit."""
        return percentiles_ms(self.commit_ns)[0] if self.commit_ns else None

    @property
    def p99_ms(self) -> float | None:
        """The 99th percentile of a commit."""
        return percentiles_ms(self.commit_ns)[1] if self.commit_ns else None


def race_peers(cluster: PrivateCluster, seconds: float, seed: int) -> list[Peer]:
    """Let 80 clients seat and withdraw 40 people the two usual ways; return how often somebody was wronged."""
    return [
        _race(cluster, Peer("check, then insert (READ COMMITTED)"), "peer_checks", _TABLES, seconds, seed),
        _race(cluster, Peer("counting trigger, deferred"), "peer_counts", _TABLES + _COUNTING_TRIGGER, seconds, seed),
    ]


def _race(  # noqa: PLR0917  (one race, spelled out)
    cluster: PrivateCluster, peer: Peer, database: str, tables: str, seconds: float, seed: int
) -> Peer:
    cluster.create_database(database)
    url = cluster.url(database).replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(url, autocommit=True) as watcher:
        watcher.execute(tables)
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=_client, args=(url, random.Random(seed + number), until, peer.commit_ns))
            for number in range(_CLIENTS)
        ]
        for thread in threads:
            thread.start()
        known: set[tuple[str, int]] = set()
        while any(thread.is_alive() for thread in threads):
            alone = {("alone", row[0]) for row in watcher.execute(_ALONE)}
            twice = {("twice", row[0]) for row in watcher.execute(_TWICE)}
            peer.alone += len(alone - known)
            peer.twice += len(twice - known)
            known = alone | twice
            time.sleep(_WATCH_S)
    cluster.drop_database(database)
    return peer


def _client(url: str, chance: random.Random, until: float, commit_ns: list[int]) -> None:
    with psycopg.connect(url) as connection:
        while time.monotonic() < until:
            act: Callable[[psycopg.Connection, random.Random], None] = _accept if chance.random() < 0.6 else _withdraw
            began = time.perf_counter_ns()
            try:
                act(connection, chance)
                connection.commit()
            except psycopg.Error:
                connection.rollback()
                continue
            commit_ns.append(time.perf_counter_ns() - began)


def _accept(connection: psycopg.Connection, chance: random.Random) -> None:
    """Seat a person who is free where fewer than two sit; with the second the dispatch is paired."""
    person, dispatch = chance.randint(1, _PEOPLE), chance.randint(1, _DISPATCHES)
    if _count(connection, "SELECT count(*) FROM seat WHERE person = %s AND active", person):
        return
    seated = _count(connection, "SELECT count(*) FROM seat WHERE dispatch_id = %s AND active", dispatch)
    if seated >= 2:
        return
    connection.execute("INSERT INTO seat (dispatch_id, person) VALUES (%s, %s)", (dispatch, person))
    if seated == 1:
        connection.execute("UPDATE dispatch SET state = 'paired' WHERE id = %s", (dispatch,))


def _withdraw(connection: psycopg.Connection, chance: random.Random) -> None:
    """End a person's seat; a pair that lost one is no pair any more."""
    person = chance.randint(1, _PEOPLE)
    ended = connection.execute(
        "UPDATE seat SET active = false WHERE person = %s AND active RETURNING dispatch_id", (person,)
    ).fetchall()
    for (dispatch,) in ended:
        connection.execute("UPDATE dispatch SET state = 'held' WHERE id = %s AND state = 'paired'", (dispatch,))


def _count(connection: psycopg.Connection, statement: str, value: int) -> int:
    row = connection.execute(statement, (value,)).fetchone()
    return int(row[0]) if row else 0
