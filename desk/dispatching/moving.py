"""Progress: each person moves for themselves, and the dispatch follows the slower of the two."""

from __future__ import annotations

from collections.abc import Sequence

from desk import errors
from desk.access import Actor
from desk.dispatching import ending, expecting, losing
from desk.dispatching.telling import tell
from desk.events import DispatchMoved, SceneFound
from desk.lifecycle import SEAT_STEP, require_dispatch_step
from desk.unit_of_work import UnitOfWork
from records.enums import DispatchState as D
from records.enums import Found
from records.models import Dispatch, Seat

_STATE_OF_STEP = {step: state for state, step in SEAT_STEP.items()}
_STAGED, _ON_SCENE, _CLEARED = SEAT_STEP[D.STAGED], SEAT_STEP[D.ON_SCENE], SEAT_STEP[D.CLEARED]

_FROM_AFAR = {Found.NOT_REACHED, Found.DRILL}
"""What can be said of a scene by somebody who was not there."""


class FoundOnlyWhenCleared(errors.DeskError):
    """Please say what you found once you are done and away."""

    field = "found"


class FoundByWhoWasThere(errors.DeskError):
    """Only who got to the scene can say what was there; from elsewhere, please say that you did not reach it."""

    field = "found"


def progress(
    uow: UnitOfWork, actor: Actor, dispatch_id: int, step: str, found: Found | None = None, *, brief_read: bool = True
) -> Dispatch:
    """Take a step on a dispatch: en_route, staged, on_scene, cleared, or withdraw.

    A step taken twice is taken once. `cleared` while a partner is lost ends the dispatch. Who clears may say what they
    `found`, each of the two in a word of their own.

    Parameters
    ----------
    brief_read
        Setting out says that the short card was read; a screen, which has a button of its own for that, says no.

    Raises
    ------
    FoundOnlyWhenCleared
        Nobody has found anything before they are done.
    FoundByWhoWasThere
        Who did not get to the scene says what was there.
    NotFound
        This person has no seat there.
    BriefNotRead
        This person has not read the card of this dispatch.
    NotLawful
        The step is not the next one.
    MoveNotSeen
        The meeting point stepped back, and this person has not confirmed the new one.
    BothMustBeThere
        Closer than the meeting point only together, and both clear.
    """
    if found is not None and step != D.CLEARED:
        raise FoundOnlyWhenCleared
    if step == "withdraw":
        return losing.withdraw(uow, actor, dispatch_id)
    if found is not None:
        # What is found is weighed for the incident: it is taken first, as whoever judges takes it.
        uow.incidents.take(uow.decisions.root(uow.dispatches.get(dispatch_id).incident_id))
    dispatch = uow.dispatches.lock(dispatch_id)
    seats = uow.dispatches.seats([dispatch_id])
    mine = [seat for seat in seats if seat.responder_id == actor.responder_id]
    if not mine:
        raise errors.NotFound
    wanted, seat = SEAT_STEP[D(step)], mine[-1]
    if seat.step == wanted and (seat.active or seat.left_because == "cleared"):
        return dispatch
    if not seat.active:
        raise errors.NotLawful
    if dispatch.state == D.HELD:
        if wanted != _CLEARED:
            raise errors.NotLawful
        _require_there(seat, found)
        _step(uow, dispatch, seat, wanted, found)
        ending.finish(uow, dispatch, D.CLEARED)
        return dispatch
    partners = [each for each in seats if each.active and each is not seat]
    _require_next(dispatch, seat, partners, wanted)
    _require_brief(uow, seat, brief_read=brief_read)
    _require_there(seat, found)
    _step(uow, dispatch, seat, wanted, found)
    expecting.moved_on(uow, dispatch, seat, partners)
    _follow(uow, dispatch, [each for each in seats if each.active])
    return dispatch


def _require_brief(uow: UnitOfWork, seat: Seat, *, brief_read: bool) -> None:
    if seat.brief_read_at is None:
        if not brief_read:
            raise errors.BriefNotRead
        uow.dispatches.change_seat(seat, brief_read_at=uow.now)


def _require_there(seat: Seat, found: Found | None) -> None:
    if found is not None and found not in _FROM_AFAR and seat.step < _ON_SCENE:
        raise FoundByWhoWasThere


def _step(uow: UnitOfWork, dispatch: Dispatch, seat: Seat, wanted: int, found: Found | None) -> None:
    if found is None:
        uow.dispatches.change_seat(seat, step=wanted)
    else:
        uow.dispatches.change_seat(seat, step=wanted, found=found, found_at=uow.now)
        uow.record(SceneFound(subject=uow.decisions.root(dispatch.incident_id)))


def read_brief(uow: UnitOfWork, actor: Actor, dispatch_id: int) -> Dispatch:
    """Note that a person read the short card of this dispatch; they may set out then, and see the place in the end.

    Raises
    ------
    NotFound
        This person has no open seat there.
    """
    dispatch = uow.dispatches.lock(dispatch_id)
    seats = [seat for seat in uow.dispatches.seats([dispatch_id]) if seat.active]
    mine = next((seat for seat in seats if seat.responder_id == actor.responder_id), None)
    if mine is None:
        raise errors.NotFound
    if mine.brief_read_at is None:
        uow.dispatches.change_seat(mine, brief_read_at=uow.now)
        uow.dispatches.change(dispatch)
        tell(uow, DispatchMoved, dispatch, *(seat.responder_id for seat in seats))
    return dispatch


def _require_next(dispatch: Dispatch, seat: Seat, partners: Sequence[Seat], wanted: int) -> None:
    lawful = wanted == seat.step + 1 or (seat.step == _STAGED and wanted == _CLEARED)
    if not lawful:
        raise errors.NotLawful
    if wanted == _STAGED and dispatch.meeting_moves and not seat.move_seen:
        raise errors.MoveNotSeen
    if wanted >= _ON_SCENE and dispatch.state not in {D.STAGED, D.ON_SCENE}:
        raise errors.BothMustBeThere
    if wanted == _ON_SCENE and any(partner.step == _CLEARED for partner in partners):
        raise errors.BothMustBeThere


def _follow(uow: UnitOfWork, dispatch: Dispatch, seats: Sequence[Seat]) -> None:
    """Bring the dispatch to where the slower of the two is."""
    state = _STATE_OF_STEP[min(seat.step for seat in seats)]
    if state == D.CLEARED:
        ending.finish(uow, dispatch, D.CLEARED)
        return
    if state != dispatch.state:
        require_dispatch_step(dispatch.state, state)
        uow.dispatches.change(dispatch, state=state, state_at=uow.now)
        if state == D.STAGED:
            for seat in seats:
                uow.dispatches.change_seat(seat, checkin_due_at=uow.now + uow.policy.checkins.every)
    else:
        uow.dispatches.change(dispatch)
    for seat in seats:
        if seat.step == _CLEARED and seat.checkin_due_at is not None:
            uow.dispatches.change_seat(seat, checkin_due_at=None)
    tell(uow, DispatchMoved, dispatch, *(seat.responder_id for seat in seats))
