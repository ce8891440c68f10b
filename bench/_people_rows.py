"""A large roster as rows: who people are, where they are, and who was out with whom before."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from geo import cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import psycopg

    from matcher.candidates import Candidate

_PAST: Final = 900_000_000


def fill(
    connection: psycopg.Connection, network_id: int, people: Sequence[Candidate], now: datetime, seed: int
) -> None:
    """Write people into a network, with a past: about a third of them were out with a partner these last days.

    Their load, who they worked with and whether they had a short rest follow from that past. The connection must be a
    superuser's: the past is written as it would have become, without being walked through step by step.
    """
    dice = random.Random(seed)
    connection.execute("SET session_replication_role = replica")
    _copy(
        connection,
        "account (network_id, id, alias, lineage, roles, created_on)",
        (
            (network_id, it.responder_id, f"person-{it.responder_id}", it.lineage, ["responder"], now.date())
            for it in people
        ),
    )
    _copy(
        connection,
        "responder (network_id, id, account_id, languages, mode, base_cell9, avoids, no_tasks, cleared_total,"
        " resting_until, available_until, available_since)",
        (_responder(network_id, it, now) for it in people),
    )
    held = (("trained", "trained_until"), ("observer", "observer_until"))
    _copy(
        connection,
        "certificate (network_id, responder_id, kind, valid_until)",
        (
            (network_id, it.responder_id, kind, getattr(it, until))
            for it in people
            for kind, until in held
            if getattr(it, until) is not None
        ),
    )
    _copy(
        connection,
        "position (network_id, responder_id, cell9, seen_at)",
        (
            (network_id, it.responder_id, cells.number_at(it.place, 9), it.position_at)
            for it in people
            if it.place is not None
        ),
    )
    shuffled = dice.sample(people, len(people) // 3 // 2 * 2)
    _past(connection, network_id, list(zip(shuffled[::2], shuffled[1::2], strict=True)), now, dice)
    connection.execute("SET session_replication_role = origin")
    connection.execute("ANALYZE")


def _responder(network_id: int, it: Candidate, now: datetime) -> tuple[object, ...]:
    return (
        network_id,
        it.responder_id,
        it.responder_id,
        sorted(it.languages),
        it.mode,
        None if it.base_place is None else cells.number_at(it.base_place, 9),
        sorted(it.avoids),
        sorted(it.opted_out_tasks),
        it.cleared_total,
        it.distressed_until,
        it.available_until,
        now - timedelta(hours=1),
    )


def _past(
    connection: psycopg.Connection,
    network_id: int,
    pairs: Sequence[tuple[Candidate, Candidate]],
    now: datetime,
    dice: random.Random,
) -> None:
    ended = [now - timedelta(hours=dice.choice([2, 12, 30, 100, 200])) for _ in pairs]
    _copy(
        connection,
        "dispatch (network_id, id, incident_id, task, prev, state, place, meeting_point, meeting_name, made_at,"
        " state_at)",
        (
            (network_id, _PAST + number, 1, "look", "on_scene", "cleared", 1, "POINT(0 0)", "Corner", end, end)
            for number, end in enumerate(ended)
        ),
    )
    _copy(
        connection,
        "seat (network_id, dispatch_id, seat, responder_id, cert_until, step, during, active, left_because)",
        (
            (
                network_id,
                _PAST + number,
                seat,
                person.responder_id,
                now + timedelta(days=90),
                4,
                f"[{end - timedelta(hours=1)},{end})",
                False,
                "cleared",
            )
            for number, (pair, end) in enumerate(zip(pairs, ended, strict=True))
            for seat, person in enumerate(pair, start=1)
        ),
    )


def _copy(connection: psycopg.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
