"""Calls of people out there: they outlive their dispatch, until the person is heard or the desk says why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from desk import errors
from desk.access import Actor
from desk.escalation import Call, Told, told_after, told_by
from desk.events import AlarmChanged, CheckinMissed
from desk.lifecycle import SEAT_STEP
from desk.persons import account_of
from desk.unit_of_work import UnitOfWork
from records.enums import CallEnd
from records.enums import DispatchState as D
from records.errors import NoSuchRecord
from records.models import Alarm, Dispatch, Seat

_HEARD: Final = {
    Call.HELP: (Call.SILENCE,),
    # A silent call must look like an ok, so it ends what an ok ends; only a person at the desk ends the silent call.
    Call.DURESS: (Call.SILENCE, Call.HELP),
}
_DESK_TOLD: Final = 2
_STARTED: Final = SEAT_STEP[D.EN_ROUTE]


class OnlyPeopleEndCalls(errors.NotAllowed):
    """Only people take or end a call, never a script."""


class OnlyTheProgramHears(errors.DeskError):
    """That somebody was heard is noted by the program; please say how they were reached."""

    field = "reason"


@dataclass(frozen=True, slots=True)
class OpenCall:
    """One open call as the desk sees it."""

    id: int
    kind: Call
    alias: str
    dispatch_id: int
    incident_id: int
    task: str
    state: str
    meeting_name: str
    partners: tuple[str, ...]
    begun_at: datetime
    told: tuple[Told, ...]
    lines_at: datetime | None
    taken_by: str | None
    taken_at: datetime | None


def raise_call(uow: UnitOfWork, seat: Seat, call: Call) -> None:
    """Open a call of a person on a dispatch; what they were heard to say by it ends other calls of theirs."""
    if call in _HEARD:
        uow.alarms.heard(seat.responder_id, _HEARD[call], uow.now)
    begun_at = uow.now - uow.policy.checkins.grace if call is Call.SILENCE else uow.now
    uow.alarms.open(seat.dispatch_id, seat.responder_id, call, begun_at)


def miss(uow: UnitOfWork, dispatch: Dispatch, seat: Seat) -> None:
    """Note that nobody hears of a person on a dispatch taken before; what follows stands in the table of reactions."""
    uow.dispatches.change_seat(seat, checkin_missed_at=uow.now, rung=_DESK_TOLD)
    uow.dispatches.change(dispatch)
    raise_call(uow, seat, Call.SILENCE)
    uow.record(CheckinMissed(subject=dispatch.id, version=dispatch.version, responder_id=seat.responder_id))


def heard(uow: UnitOfWork, seat: Seat) -> None:
    """Note that a person said that they are well: all but a silent call of theirs ends."""
    uow.alarms.heard(seat.responder_id, _HEARD[Call.DURESS], uow.now)


def listed(uow: UnitOfWork) -> list[OpenCall]:
    """Return all open calls: those nobody has taken first, then as they began."""
    rows = uow.alarms.open_calls()
    dispatches = {each.id: each for each in uow.dispatches.many({row.dispatch_id for row in rows})}
    seats = uow.dispatches.seats(dispatches) if dispatches else []
    aliases = uow.responders.aliases({row.responder_id for row in rows} | {seat.responder_id for seat in seats})
    takers = uow.accounts.aliases({row.taken_by for row in rows if row.taken_by is not None})
    found = []
    for row in rows:
        dispatch, policy, call = dispatches[row.dispatch_id], uow.policy.checkins, Call(row.kind)
        lines_after = told_after(call, Told.LINE, policy)
        found.append(
            OpenCall(
                id=row.id,
                kind=call,
                alias=aliases[row.responder_id],
                dispatch_id=row.dispatch_id,
                incident_id=dispatch.incident_id,
                task=dispatch.task,
                state=dispatch.state,
                meeting_name=dispatch.meeting_name,
                partners=tuple(
                    aliases[seat.responder_id]
                    for seat in seats
                    if seat.dispatch_id == row.dispatch_id and seat.active and seat.responder_id != row.responder_id
                ),
                begun_at=row.begun_at,
                told=tuple(told_by(call, row.begun_at, uow.now, policy)),
                lines_at=None if lines_after is None else row.begun_at + lines_after,
                taken_by=None if row.taken_by is None else takers.get(row.taken_by),
                taken_at=row.taken_at,
            )
        )
    return sorted(found, key=lambda each: each.taken_at is not None)


def take(uow: UnitOfWork, actor: Actor, alarm_id: int) -> None:
    """Note that this dispatcher sees to a call; a later one takes over. Raises NotFound, OnlyPeopleEndCalls."""
    account = account_of(uow, actor, OnlyPeopleEndCalls)
    alarm = _locked(uow, alarm_id)
    if alarm.ended_at is None and alarm.taken_by != account:
        uow.alarms.change(alarm, taken_by=account, taken_at=uow.now)
        _say(uow, alarm)


def end(uow: UnitOfWork, actor: Actor, alarm_id: int, because: CallEnd) -> None:
    """End a call in a dispatcher's name, with the reason; a call that ended already stays as it ended.

    Raises
    ------
    NotFound
        There is no such call.
    OnlyTheProgramHears, OnlyPeopleEndCalls
        This reason is nobody's to give, or a script gave it.
    """
    account = account_of(uow, actor, OnlyPeopleEndCalls)
    if because is CallEnd.HEARD:
        raise OnlyTheProgramHears
    dispatch_id = _found(uow, alarm_id).dispatch_id
    dispatch = uow.dispatches.lock(dispatch_id)
    alarm = _locked(uow, alarm_id)
    if alarm.ended_at is not None:
        return
    uow.alarms.change(alarm, ended_at=uow.now, ended_by=account, ended_because=because)
    if alarm.kind == Call.SILENCE:
        # Whoever is still out there is waited for anew.
        for seat in uow.dispatches.seats([dispatch_id]):
            if seat.active and seat.responder_id == alarm.responder_id:
                due_at = uow.now + uow.policy.checkins.every
                there = seat.step >= _STARTED
                uow.dispatches.change_seat(
                    seat,
                    checkin_missed_at=None,
                    rung=0,
                    checkin_due_at=due_at if there else None,
                    expected_at=None if there or dispatch.state == D.HELD else due_at,
                )
                uow.dispatches.change(dispatch)
    _say(uow, alarm)


def _found(uow: UnitOfWork, alarm_id: int) -> Alarm:
    try:
        return uow.alarms.get(alarm_id)
    except NoSuchRecord as error:
        raise errors.NotFound from error


def _locked(uow: UnitOfWork, alarm_id: int) -> Alarm:
    try:
        return uow.alarms.lock(alarm_id)
    except NoSuchRecord as error:
        raise errors.NotFound from error


def _say(uow: UnitOfWork, alarm: Alarm) -> None:
    uow.record(AlarmChanged(subject=alarm.dispatch_id))
