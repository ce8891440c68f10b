"""A scene grows over a meeting point: it steps back once, both see it; a second time the pair is called back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from desk import errors
from desk.access import Actor
from desk.dispatching import ending, expecting, gathering
from desk.dispatching.telling import tell_all
from desk.events import DispatchMoved, IncidentChanged
from desk.lifecycle import SEAT_STEP, require_dispatch_step
from desk.unit_of_work import UnitOfWork
from geo.hull import Hull
from geo.points import LonLat
from matcher.candidates import Scene
from matcher.meeting import MeetingPoint, outward
from records.enums import DispatchState as D
from records.models import Dispatch, Seat
from records.values import DispatchPlaces, SceneRow

_BEFORE_THE_SCENE: Final = frozenset({D.OFFERING, D.PAIRED, D.EN_ROUTE, D.STAGED, D.HELD})
"""Whoever is on scene went on from the meeting point together, and does not need it any more."""


def step_back(uow: UnitOfWork, facts: Sequence[IncidentChanged]) -> None:
    """Move the meeting points that grown scenes came too near to: once, outward; then the pair is called back.

    An incident of patrol sightings alone moves nothing: nobody follows a vehicle.
    """
    live = uow.meetings.live({fact.subject for fact in facts})
    for incident_id in sorted({incident_id for incident_id, _ in live}):
        row = uow.dispatches.scene(incident_id)
        if row.only_patrol:
            continue
        numbers = [dispatch_id for other, dispatch_id in live if other == incident_id]
        for dispatch_id, places in sorted(uow.dispatches.places(numbers).items()):
            if _too_near(uow, row, places.meeting_point):
                _step_back(uow, dispatch_id, row)


def see_move(uow: UnitOfWork, actor: Actor, dispatch_id: int) -> Dispatch:
    """Note that one of the two has seen where they meet now; seen twice is seen once.

    Raises
    ------
    NotFound
        This person has no seat there.
    NotLawful
        The meeting point did not move.
    """
    dispatch = uow.dispatches.lock(dispatch_id)
    seats = [seat for seat in uow.dispatches.seats([dispatch_id]) if seat.active]
    mine = next((seat for seat in seats if seat.responder_id == actor.responder_id), None)
    if mine is None:
        raise errors.NotFound
    if not dispatch.meeting_moves:
        raise errors.NotLawful
    if not mine.move_seen:
        uow.dispatches.change_seat(mine, move_seen=True)
        uow.dispatches.change(dispatch)
        tell_all(uow, DispatchMoved, dispatch, [seat.responder_id for seat in seats])
    return dispatch


def _too_near(uow: UnitOfWork, row: SceneRow, meeting_point: LonLat) -> bool:
    hull = Hull(row.corners or (row.place,))
    at = hull.plane(np.array([meeting_point.lon]), np.array([meeting_point.lat]))
    return bool(hull.metres(at)[0] < uow.policy.pairs.stand_off_m)


def _step_back(uow: UnitOfWork, dispatch_id: int, row: SceneRow) -> None:
    dispatch = uow.dispatches.lock(dispatch_id)
    places = uow.dispatches.places([dispatch_id])[dispatch_id]
    # Behind the lock things may stand differently: gone on, or moved already.
    if dispatch.state not in _BEFORE_THE_SCENE or not _too_near(uow, row, places.meeting_point):
        return
    seats = [seat for seat in uow.dispatches.seats([dispatch.id]) if seat.active]
    found = None if dispatch.meeting_moves else _where_to(uow, dispatch, row, places, seats)
    if found is None:
        ending.finish(uow, dispatch, D.CANCELLED)
        return
    state = D(dispatch.state)
    if state == D.STAGED:
        require_dispatch_step(state, D.EN_ROUTE)
        state = D.EN_ROUTE
    if state != D.HELD:
        for seat in seats:
            if seat.step > SEAT_STEP[D.EN_ROUTE]:
                # The clock of whoever is late already, or silent, runs on.
                uow.dispatches.change_seat(seat, step=SEAT_STEP[D.EN_ROUTE])
                expecting.to_arrive(uow, dispatch, seat, ())
    # The grid's names are given anew for each scene: the same words must not mean two places to one pair.
    name = f"New {found.name[0].lower()}{found.name[1:]}" if found.source == "cell" else found.name
    uow.meetings.move(dispatch, found.place, name, uow.now, state=state)
    tell_all(uow, DispatchMoved, dispatch, [seat.responder_id for seat in seats])


def _where_to(
    uow: UnitOfWork, dispatch: Dispatch, row: SceneRow, places: DispatchPlaces, seats: Sequence[Seat]
) -> MeetingPoint | None:
    """Return the nearest safe place farther out that both can get to without passing the scene."""
    scene = gathering.scene_of(uow, row, dispatch.task)
    try:
        points = gathering.where_to_meet(uow, scene)
    except errors.NoMeetingPointYet:
        return None
    clear = _clear_ways(uow, scene, row, places.meeting_point, seats, [point.place for point in points])
    open_to_both = {point.place for point, both in zip(points, clear, strict=True) if both}
    return outward(points, places.meeting_point, places.place, open_to_both.__contains__)


def _clear_ways(  # noqa: PLR0917  (from where, who, to where)
    uow: UnitOfWork,
    scene: Scene,
    row: SceneRow,
    meeting_point: LonLat,
    seats: Sequence[Seat],
    points: Sequence[LonLat],
) -> list[bool]:
    """Say for each point whether it can be reached from the old one, and from where people lately said they are."""
    origins, modes = [meeting_point], ["foot"]
    if seats:
        for person in gathering.candidates(uow, row, [seat.responder_id for seat in seats]):
            fresh = person.position_at is not None and uow.now - person.position_at <= uow.policy.pairs.position_age
            if person.place is not None and fresh:
                origins.append(person.place)
                modes.append(person.mode)
    seconds = gathering.ways_to(uow, scene).seconds(origins, modes, points)
    return [bool(np.isfinite(seconds[:, column]).all()) for column in range(len(points))]
