"""The usual ways to book two people, under the same fire: check-then-insert, and triggers that count what they see."""

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
# A trigger counts what its own snapshot shows: two transactions that are both under way do not see each other. Counting
# at COMMIT leaves only the moment between the count and the end of the COMMIT, which is short, and not none.
_COUNTS: Final = """
CREATE FUNCTION counts_pairs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE touched int;
BEGIN
  IF tg_table_name = 'dispatch' THEN touched := new.id; ELSE touched := new.dispatch_id; END IF;
  IF (SELECT state FROM dispatch WHERE id = touched) = 'paired'
     AND (SELECT count(*) FROM seat WHERE dispatch_id = touched AND active) <> 2 THEN
    RAISE EXCEPTION 'nobody goes alone' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION counts_bookings() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT count(*) FROM seat WHERE person = new.person AND active) > 1 THEN
    RAISE EXCEPTION 'booked already' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER counts_pairs AFTER INSERT OR UPDATE ON seat DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION counts_pairs();
CREATE CONSTRAINT TRIGGER counts_pairs AFTER UPDATE ON dispatch DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION counts_pairs();
"""
_AT_ONCE: Final = """
CREATE TRIGGER counts_bookings AFTER INSERT OR UPDATE ON seat FOR EACH ROW EXECUTE FUNCTION counts_bookings();
"""
_AT_COMMIT: Final = """
CREATE CONSTRAINT TRIGGER counts_bookings AFTER INSERT OR UPDATE ON seat DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION counts_bookings();
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
    seated: int = 0
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
    """Let 80 clients seat and withdraw 40 people the usual ways; return how often somebody was wronged."""
    ways = (
        ("check, then insert (READ COMMITTED)", _TABLES),
        ("bookings counted by a trigger at each statement, pairs at COMMIT", _TABLES + _COUNTS + _AT_ONCE),
        ("all counted by triggers at COMMIT", _TABLES + _COUNTS + _AT_COMMIT),
    )
    return [
        _race(cluster, Peer(name), f"peer_{number}", tables, seconds, seed)
        for number, (name, tables) in enumerate(ways)
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
        peer.seated = _count(watcher, "SELECT count(*) FROM seat WHERE dispatch_id > %s", 0)
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
