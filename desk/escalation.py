"""THE table: who is told when somebody falls silent or calls for help, and after how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from desk.policy import CheckinPolicy
from records.models import Alarm, Seat


class Call(StrEnum):
    """What is wrong with one person on a dispatch."""

    SILENCE = "silence"
    HELP = "help"
    DURESS = "duress"


class Told(StrEnum):
    """Who is told."""

    PARTNER = "partner"
    DESK = "desk"
    PAIR = "nearest_pair"
    LINE = "legal_line"


AT_ONCE: Final = "at_once"

LADDERS: Final[dict[Call, tuple[tuple[Told, str], ...]]] = {
    Call.SILENCE: (
        (Told.PARTNER, AT_ONCE),
        (Told.DESK, "grace"),
        (Told.PAIR, "grace"),
        (Told.LINE, "line_after"),
    ),
    Call.HELP: ((Told.PARTNER, AT_ONCE), (Told.DESK, AT_ONCE), (Told.PAIR, AT_ONCE), (Told.LINE, AT_ONCE)),
    Call.DURESS: ((Told.DESK, AT_ONCE), (Told.PAIR, AT_ONCE), (Told.LINE, AT_ONCE)),
}
"""Each rung with the number of the network's check-in policy that says how long after the call's beginning it comes.

Silence begins when a check-in was due, or a move towards the meeting point. A partner is never told of duress:
somebody may look over a shoulder.
"""


def told_after(call: Call, who: Told, policy: CheckinPolicy) -> timedelta | None:
    """Return how long after a call began somebody is told of it; None where they never are."""
    number = dict(LADDERS[call]).get(who)
    if number is None:
        return None
    after: timedelta = timedelta(0) if number == AT_ONCE else getattr(policy, number)
    return after


def told_by(call: Call, begun_at: datetime, now: datetime, policy: CheckinPolicy) -> list[Told]:
    """Return who has been told by now, in the order of the ladder."""
    waits = [(who, told_after(call, who, policy)) for who, _ in LADDERS[call]]
    return [who for who, after in waits if after is not None and begun_at + after <= now]


def call_of(seat: Seat, alarms: Sequence[Alarm]) -> tuple[Call, datetime] | None:
    """Return the gravest open call of a person on a dispatch and when it began."""
    own = {Call(each.kind): each.begun_at for each in alarms if each.responder_id == seat.responder_id}
    return next(((call, own[call]) for call in (Call.DURESS, Call.HELP, Call.SILENCE) if call in own), None)
