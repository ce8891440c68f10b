"""Dispatchers who all reach for the same people while connections die: how long a COMMIT takes, what the rows say."""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from api.settings import Settings
from api.wiring import House
from bench._claims_ground import FIRST_INCIDENT, FIRST_PERSON, NEW_SHIFT, WATCHED, broken, settle_in
from bench._claims_peers import Peer, race_peers
from bench.rows import Row, percentiles_ms
from desk import checkins, dispatching
from desk.access import Actor
from desk.errors import DeskError
from records import engine
from records.cluster import DATABASE, PrivateCluster
from records.enums import OfferState, Role
from records.errors import RecordsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from desk.unit_of_work import UnitOfWork

STORM: Final = "storm"
_WATCH_S: Final = 0.1
_KILL_EVERY_S: Final = 0.5
_DIES: Final = 0.01
_CANCELS: Final = 0.1
_SAYS_YES: Final = 0.7
_STEPS: Final = ("en_route", "staged", "on_scene")


@dataclass
class Outcome:
    """What happened in a storm; an act's time runs from asking for it to its COMMIT, waiting for its turn included."""

    pairs: int = 0
    sent: int = 0
    killed: int = 0
    looked_in_vain: int = 0
    accept_ns: list[int] = field(default_factory=list)
    commit_ns: list[int] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        """Add what happened elsewhere."""
        self.pairs += other.pairs
        self.sent += other.sent
        self.killed += other.killed
        self.looked_in_vain += other.looked_in_vain
        self.accept_ns += other.accept_ns
        self.commit_ns += other.commit_ns
        self.refused += other.refused


class _Died(Exception):
    """The process of an actor ends in the middle of an act."""


@dataclass(frozen=True)
class Storm:
    """Dispatchers of one process who send and cancel, and people who accept, decline, walk on, withdraw, fall silent.

    Every actor is a thread that does one act after the other and thinks for a moment between two; `at_once` acts of
    this process are in a transaction at a time, as a service admits only so many, and the others wait for their turn.
    """

    url: str
    network_id: int
    key_dir: str
    people: Sequence[int]
    incidents: Sequence[int]
    dispatchers: int
    responders: int
    seconds: float
    seed: int
    at_once: int
    think_s: float
    sweeps: bool = False
    """Whether this process does what the worker does; a service has one."""

    def blow(self) -> Outcome:
        """Run every actor until the time is over."""
        settings = Settings(database_url=self.url, data_dir=Path(self.key_dir), pool_size=self.at_once + 1)
        house, turn = House(settings, name=STORM), threading.BoundedSemaphore(self.at_once)
        until = time.monotonic() + self.seconds
        outcomes = [Outcome() for _ in range(self.dispatchers + self.responders)]
        threads = [
            threading.Thread(
                target=self._live,
                args=(house, turn, random.Random(self.seed + number), until, outcome),
                kwargs={"act": self._send if number < self.dispatchers else self._respond},
            )
            for number, outcome in enumerate(outcomes)
        ]
        if self.sweeps:
            threads.append(threading.Thread(target=self._sweep, args=(house, until)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        house.close()
        total = Outcome()
        for outcome in outcomes:
            total.add(outcome)
        return total

    def _live(
        self,
        house: House,
        turn: threading.BoundedSemaphore,
        chance: random.Random,
        until: float,
        outcome: Outcome,
        *,
        act: Callable[[UnitOfWork, random.Random], str],
    ) -> None:
        def one_act(uow: UnitOfWork) -> str:
            kind = act(uow, chance)
            if chance.random() < _DIES:
                raise _Died
            return kind

        time.sleep(chance.uniform(0.0, self.think_s))
        while time.monotonic() < until:
            began = time.perf_counter_ns()
            try:
                with turn:
                    kind = house.act_patiently(self.network_id, one_act)
            except _Died:
                outcome.killed += 1
            except (DeskError, RecordsError) as error:
                outcome.refused[type(error).__name__] += 1
            else:
                outcome_of(outcome, kind, time.perf_counter_ns() - began)
            time.sleep(chance.uniform(0.5, 1.5) * self.think_s)

    def _send(self, uow: UnitOfWork, chance: random.Random) -> str:
        if chance.random() < _CANCELS:
            found = uow.dispatches.page(open_only=True, limit=20)
            if not found:
                return "idle"
            dispatching.cancel(uow, Actor(), chance.choice(found).id)
            return "cancelled"
        dispatching.send(uow, Actor(), chance.choice(self.incidents), "look", wave=chance.randint(2, 6))
        return "sent"

    def _respond(self, uow: UnitOfWork, chance: random.Random) -> str:
        person = chance.choice(self.people)
        actor = Actor(account_id=person, roles=frozenset({Role.RESPONDER}), responder_id=person)
        asked = [each for each in uow.dispatches.offers_to(person, uow.now) if each.state == OfferState.OFFERED]
        if asked:
            return self._answer(uow, actor, asked[0].id, yes=chance.random() < _SAYS_YES)
        seated = [each for each in uow.dispatches.seats_of(person, uow.now) if each.active]
        if seated:
            return self._walk(uow, actor, seated[0].dispatch_id, seated[0].step, chance)
        return "idle"

    @staticmethod
    def _answer(uow: UnitOfWork, actor: Actor, offer_id: int, *, yes: bool) -> str:
        if not yes:
            dispatching.decline(uow, actor, offer_id)
            return "declined"
        offer = dispatching.accept(uow, actor, offer_id)
        return "paired" if offer.settled else "waiting"

    @staticmethod
    def _walk(uow: UnitOfWork, actor: Actor, dispatch_id: int, step: int, chance: random.Random) -> str:
        roll = chance.random()
        if roll < 0.2:
            dispatching.withdraw(uow, actor, dispatch_id)
        elif roll < 0.3:
            checkins.check_in(uow, actor, dispatch_id, chance.choice(["ok", "help", "duress"]))
        else:
            dispatching.progress(uow, actor, dispatch_id, _STEPS[step] if step < len(_STEPS) else "cleared")
        return "walked"

    def _sweep(self, house: House, until: float) -> None:
        while time.monotonic() < until:
            for timer in (dispatching.expire_due, dispatching.held_due, checkins.missed_due):
                try:
                    with house.act(self.network_id) as uow:
                        timer(uow)
                except (DeskError, RecordsError):
                    continue
            time.sleep(0.5)


def outcome_of(outcome: Outcome, kind: str, took_ns: int) -> None:
    """Note one act that was committed; looking and finding nothing to do is none."""
    if kind == "idle":
        outcome.looked_in_vain += 1
        return
    outcome.commit_ns.append(took_ns)
    outcome.pairs += kind == "paired"
    outcome.sent += kind == "sent"
    if kind in {"paired", "waiting"}:
        outcome.accept_ns.append(took_ns)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--dispatchers", type=int, default=100)
    parser.add_argument("--responders", type=int, default=200, help="actors who answer, each for whoever is asked")
    parser.add_argument("--people", type=int, default=200, help="people on the roster")
    parser.add_argument("--incidents", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--peer-seconds", type=float, default=10.0)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--at-once", type=int, default=2, help="acts a process has in a transaction at a time")
    parser.add_argument("--think", type=float, default=4.0, help="seconds between two acts of one actor, about")
    parser.add_argument("--seed", type=int, default=7)


def run(options: argparse.Namespace) -> list[Row]:
    """Let the storm blow over a private cluster with production settings, watching the rows all the time."""
    with tempfile.TemporaryDirectory() as folder, PrivateCluster(Path(folder) / "cluster") as cluster:
        engine.migrate(cluster.url())
        network_id = settle_in(cluster.url(), options.people, options.incidents)
        storms = [
            Storm(
                url=cluster.url(),
                network_id=network_id,
                key_dir=folder,
                people=range(FIRST_PERSON, FIRST_PERSON + options.people),
                incidents=range(FIRST_INCIDENT, FIRST_INCIDENT + options.incidents),
                dispatchers=options.dispatchers // options.processes,
                responders=options.responders // options.processes,
                seconds=options.seconds,
                seed=options.seed + 1000 * number,
                at_once=options.at_once,
                think_s=options.think,
                sweeps=number == 0,
            )
            for number in range(options.processes)
        ]
        with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
            blowing = pool.map_async(_blow, storms)
            watch = _watch(cluster, network_id, blowing.ready)
            outcomes = blowing.get()
        total = Outcome()
        for outcome in outcomes:
            total.add(outcome)
        peers = race_peers(cluster, options.peer_seconds, options.seed) if options.peer_seconds else []
        return [*_rows(cluster, network_id, options, total, watch), *_peer_rows(options, watch, peers)]


def _blow(storm: Storm) -> Outcome:
    return storm.blow()


@dataclass
class _Watch:
    """What the watch saw: looks at the rows, what was broken at any of them, and connections it killed."""

    looks: int = 0
    killed: int = 0
    found: list[tuple[str, int]] = field(default_factory=list)


def _watch(cluster: PrivateCluster, network_id: int, over: Callable[[], bool]) -> _Watch:
    """Ask the rows ten times a second what is broken, kill connections, and begin a new shift where one ended.

    Whoever rests goes on resting: a rest only grows, and the database holds that for a bench too.
    """
    owner = engine.owner_engine(cluster.url())
    watch = _Watch()
    kill_at = time.monotonic() + 2 * _KILL_EVERY_S
    with cluster.superuser(DATABASE) as superuser:
        while not over():
            with owner.begin() as connection:
                watch.found += broken(connection, network_id, WATCHED)
                watch.looks += 1
                if watch.looks % 10 == 0:
                    connection.execute(text(NEW_SHIFT), {"n": network_id})
            if time.monotonic() > kill_at:
                watch.killed += len(superuser.execute(_KILL, {"name": STORM}).fetchall())
                kill_at += _KILL_EVERY_S
            time.sleep(_WATCH_S)
    owner.dispose()
    return watch


_KILL: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = %(name)s AND xact_start IS NOT NULL ORDER BY random() LIMIT 1
"""
"""Ends one connection in the middle of its transaction, as the death of its process would."""


def _rows(
    cluster: PrivateCluster, network_id: int, options: argparse.Namespace, total: Outcome, watch: _Watch
) -> list[Row]:
    with cluster.superuser(DATABASE) as connection:
        (deadlocks,) = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone() or (None,)
    owner = engine.owner_engine(cluster.url())
    with owner.begin() as connection:
        afterwards = broken(connection, network_id)
    owner.dispose()
    print("claims: turned away with a sentence:", dict(total.refused.most_common()))
    print(
        f"claims: {watch.killed} connections killed and {total.killed} acts given up half way;"
        f" {total.looked_in_vain} looks found nothing to answer"
    )
    case = (
        f"{options.dispatchers} dispatchers, {options.responders} answering, {options.people} people,"
        f" {options.think:g} s between two acts, {options.processes * options.at_once} at once, {options.seconds:g} s"
    )
    row = partial(Row, "claims", seed=options.seed)
    commits, yeses, turned_away = len(total.commit_ns), len(total.accept_ns), total.refused.total()
    p50, p99 = percentiles_ms(total.commit_ns) if commits else (None, None)
    yes50, yes99 = percentiles_ms(total.accept_ns) if yeses else (None, None)
    return [
        row(
            f"{case}: any act, from asking for it to COMMIT",
            commits / options.seconds,
            unit="acts/s",
            p50_ms=p50,
            p99_ms=p99,
            n=commits,
        ),
        row("a yes, from asking for it to COMMIT", unit="ms", p50_ms=yes50, p99_ms=yes99, n=yeses),
        row("pairs formed", total.pairs / options.seconds, unit="pairs/s", n=total.pairs),
        row("turned away with a sentence", turned_away / options.seconds, unit="acts/s", n=turned_away),
        row("deadlocks", deadlocks, limit=0, unit="deadlocks", n=commits),
        row("broken, watched every 100 ms", len(watch.found), limit=0, unit="rows", n=watch.looks),
        row("broken afterwards, over the whole history", len(afterwards), limit=0, unit="rows", n=1),
    ]


def _peer_rows(options: argparse.Namespace, watch: _Watch, peers: list[Peer]) -> list[Row]:
    broke = len({*watch.found})
    return [
        Row(
            "claims",
            f"somebody {what}, {peer.acts:,} acts of 80 clients on 40 people, {peer.seated:,} seats,"
            f" in {options.peer_seconds:g} s",
            ours=broke,
            peer=times,
            peer_name=peer.name,
            limit=0,
            unit="times",
            p50_ms=peer.p50_ms,
            p99_ms=peer.p99_ms,
            n=peer.acts,
            seed=options.seed,
        )
        for peer in peers
        for what, times in (("left alone", peer.alone), ("booked twice", peer.twice))
    ]
