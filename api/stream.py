"""What happened, as each view may be told it: facts become frames of server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any, Final

import orjson
import structlog

from desk import access, alerts, board, dispatching
from desk.access import Act, Actor
from desk.unit_of_work import UnitOfWork
from records import ids
from records.values import Cursor

_BATCH: Final = 1000

_TOLD = {"statement.said", "statement.corrected", "statement.over"}

RESET: Final = b"event: reset\ndata: {}\n\n"
"""The log no longer reaches back as far as the viewer needs: everything must be read afresh."""

Seal = Callable[[Cursor], str]
"""Makes an opaque id of a place in the log."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class View:
    """What one viewer may be told; viewers with equal views get the same bytes."""

    incidents: bool
    dispatches: bool
    zones: bool
    responder_id: int | None
    alerts: frozenset[int] | None = None
    """The zones whose alerts this viewer gets, empty for all of them; None for no alerts."""

    @classmethod
    def of(cls, actor: Actor) -> View:
        """Return what the table of acts lets this actor follow."""
        return cls(
            incidents=access.may(actor, Act.READ_INCIDENTS),
            dispatches=access.may(actor, Act.READ_DISPATCHES),
            zones=access.may(actor, Act.READ_ZONES),
            responder_id=actor.responder_id if access.may(actor, Act.RESPOND) else None,
            alerts=actor.zone_ids if access.may(actor, Act.SEE_ALERTS) else None,
        )

    @property
    def shared(self) -> View:
        """What this view has in common with others: all but what concerns one person."""
        return replace(self, responder_id=None)


@dataclass(frozen=True, slots=True)
class Change:
    """One fact with everything that some view may be told about it."""

    cursor: Cursor
    kind: str
    at: str
    subject: int
    version: int
    responder_id: int | None
    feature: dict[str, Any] | None
    dispatch: dict[str, Any] | None
    audience: alerts.Audience | None = None
    """Whom a statement concerns; None for what is no statement."""

    def frame(self, view: View, seal: Seal) -> bytes | None:
        """Return the bytes this view gets, None where it is told nothing."""
        body: dict[str, Any] = {
            "kind": self.kind,
            "subject": ids.shown(self.subject) if self.subject > 1 << 32 else self.subject,
            "version": self.version,
            "at": self.at,
        }
        family = self.kind.partition(".")[0]
        mine = self.responder_id is not None and self.responder_id == view.responder_id
        if family == "incident" and view.incidents:
            body["feature"] = self.feature
        elif family in {"dispatch", "offer", "checkin"} and view.dispatches:
            body["dispatch"] = self.dispatch
            if view.incidents and self.feature is not None:
                body["feature"] = self.feature
        elif family == "statement" and view.incidents and self.audience is not None:
            body["incident"] = ids.shown(self.audience.incident_id)
        elif not (mine or (family == "zones" and view.zones) or (family == "statement" and self._is_told(view))):
            return None
        if self.kind == "checkin.help" and not view.dispatches:
            return None
        return f"id: {seal(self.cursor)}\nevent: {self.kind}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"

    def _is_told(self, view: View) -> bool:
        """Tell whether a viewer may hear of a statement: the desk of each, members of what their zones are told."""
        if view.incidents:
            return True
        if self.audience is None or self.audience.zone_ids is None or self.kind not in _TOLD:
            return False
        return view.alerts is not None and alerts.is_told(view.alerts, self.audience.zone_ids)


def changes_after(uow: UnitOfWork, cursor: Cursor) -> list[Change]:
    """Return what became certain after a cursor, each fact with the present state of what it is about."""
    events = uow.events.after(cursor, _BATCH)
    wanted = {each.subject for each in events if each.kind.startswith(("dispatch.", "offer.", "checkin."))}
    dispatches = uow.dispatches.many(wanted)
    by_dispatch = {view["id"]: view for view in dispatching.dispatch_views(uow, dispatches)}
    # An incident says how many are on their way to it: that changes where a dispatch is opened or ends.
    sent_to = {each.id: each.incident_id for each in dispatches}
    about = {
        each.id: each.subject if each.kind.startswith("incident.") else sent_to.get(each.subject, 0)
        for each in events
        if each.kind.startswith(("incident.", "dispatch."))
    }
    features = board.incident_features(uow, uow.incidents.many(set(about.values()) - {0}))
    by_incident = {feature["id"]: feature for feature in features}
    audiences = alerts.audiences(uow, [each.subject for each in events if each.kind.startswith("statement.")])
    return [
        Change(
            cursor=Cursor(int(each.x), each.id),
            kind=each.kind,
            at=each.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            subject=each.subject,
            version=each.version,
            responder_id=each.responder_id,
            feature=by_incident.get(ids.shown(about.get(each.id, 0))),
            dispatch=by_dispatch.get(ids.shown(each.subject)),
            audience=audiences.get(each.subject),
        )
        for each in events
    ]


def frames(changes: Iterable[Change], view: View, seal: Seal) -> bytes:
    """Return all frames a view gets; for a change that cannot be told it is asked to read everything afresh."""
    told = []
    for change in changes:
        try:
            frame = change.frame(view, seal)
        except Exception as error:  # noqa: BLE001  (one fact that cannot be told must not silence all others)
            _log.error("stream.untold", kind=change.kind, error=type(error).__name__)
            frame = RESET
        if frame is not None:
            told.append(frame)
    return b"".join(told)


def moved_to(cursor: Cursor, kind: str, seal: Seal) -> bytes:
    """Return a frame that says nothing but from where to resume: the first one (`here`) and each `pulse`."""
    return f"id: {seal(cursor)}\nevent: {kind}\ndata: {{}}\n\n".encode()
