"""THE table: which role may do which act."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desk.errors import NotAllowed, NotSignedIn
from records.enums import Role


class Act(StrEnum):
    """Everything somebody can ask the desk to do."""

    LOOK_AROUND = "see what is public"
    SIGN_IN = "sign in"
    SEE_ONESELF = "see one's own account"
    REPORT = "report a sighting"
    RETRACT = "retract a sighting"
    SEE_ALERTS = "see verified alerts"
    RESPOND = "be available, answer offers, move on, check in"
    READ_INCIDENTS = "read sightings and incidents"
    JUDGE = "judge, merge, split, undo"
    SPEAK = "propose and approve what members are told"
    DISPATCH = "rank pairs, dispatch, cancel"
    READ_DISPATCHES = "read dispatches"
    READ_ZONES = "read zones"
    WRITE_ZONES = "draw and import zones"
    READ_ROSTER = "read the roster"
    WRITE_ROSTER = "change the roster"
    READ_COVERAGE = "read coverage"
    READ_PATTERNS = "read patterns"
    MAKE_VOUCHER = "vouch for somebody"
    SUSPEND = "suspend an account"
    ASK_HOLD = "ask that an incident be kept, renew that, end it"
    CONFIRM_HOLD = "confirm that an incident is kept"
    READ_HOLDS = "read what is kept for counsel"
    FOLLOW = "follow the event stream"
    REHEARSE = "move a rehearsal's clock"


EVERYONE: Final = frozenset(Role)

ALLOWED: Final[dict[Act, frozenset[Role]]] = {
    Act.LOOK_AROUND: EVERYONE,
    Act.SIGN_IN: EVERYONE,
    Act.SEE_ONESELF: EVERYONE,
    Act.REPORT: EVERYONE,
    Act.RETRACT: EVERYONE,
    Act.SEE_ALERTS: frozenset(
        {Role.SPOTTER, Role.RESPONDER, Role.OPERATOR, Role.DISPATCHER, Role.VERIFIER, Role.ORGANIZER}
    ),
    Act.RESPOND: frozenset({Role.RESPONDER}),
    Act.READ_INCIDENTS: frozenset({Role.DISPATCHER, Role.VERIFIER}),
    Act.JUDGE: frozenset({Role.DISPATCHER, Role.VERIFIER}),
    Act.SPEAK: frozenset({Role.DISPATCHER, Role.VERIFIER}),
    Act.DISPATCH: frozenset({Role.DISPATCHER}),
    Act.READ_DISPATCHES: frozenset({Role.DISPATCHER}),
    Act.READ_ZONES: frozenset({Role.DISPATCHER, Role.ORGANIZER}),
    Act.WRITE_ZONES: frozenset({Role.ORGANIZER}),
    Act.READ_ROSTER: frozenset({Role.ORGANIZER}),
    Act.WRITE_ROSTER: frozenset({Role.ORGANIZER}),
    Act.READ_COVERAGE: frozenset({Role.DISPATCHER, Role.ORGANIZER}),
    Act.READ_PATTERNS: frozenset({Role.ANALYST}),
    Act.MAKE_VOUCHER: frozenset({Role.ORGANIZER}),
    Act.SUSPEND: frozenset({Role.ORGANIZER, Role.ADMIN}),
    Act.ASK_HOLD: frozenset({Role.LEGAL}),
    Act.CONFIRM_HOLD: frozenset({Role.ORGANIZER}),
    Act.READ_HOLDS: frozenset({Role.LEGAL, Role.ORGANIZER}),
    Act.FOLLOW: EVERYONE,
    Act.REHEARSE: frozenset({Role.ADMIN}),
}

OPEN_TO_ANYONE: Final = frozenset({Act.LOOK_AROUND, Act.SIGN_IN, Act.RETRACT})
"""Acts that need no account; reporting may join them where a network allows anonymous reports."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: an account, or nobody (anonymous)."""

    account_id: int | None = None
    alias: str | None = None
    lineage: int | None = None
    roles: frozenset[Role] = frozenset()
    script: bool = False
    responder_id: int | None = None
    zone_ids: frozenset[int] = frozenset()
    """The zones whose alerts somebody gets; none means all of the network's."""

    @property
    def known(self) -> bool:
        """Whether an account stands behind this."""
        return self.account_id is not None


ANONYMOUS: Final = Actor()


def may(actor: Actor, act: Act, *, anonymous_reports: bool = False, scripts_judge: bool = True) -> bool:
    """Return whether this actor may do this act; outside demo and rehearsal only people judge, no scripts."""
    if act in OPEN_TO_ANYONE:
        return True
    if not actor.known:
        return act is Act.REPORT and anonymous_reports
    if act in {Act.JUDGE, Act.SPEAK} and actor.script and not scripts_judge:
        return False
    return bool(actor.roles & ALLOWED[act])


def require(actor: Actor, act: Act, *, anonymous_reports: bool = False, scripts_judge: bool = True) -> None:
    """Raise NotSignedIn or NotAllowed unless this actor may do this act."""
    if not may(actor, act, anonymous_reports=anonymous_reports, scripts_judge=scripts_judge):
        raise NotAllowed if actor.known else NotSignedIn
