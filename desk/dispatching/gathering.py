"""What the matcher is told: a scene, its meeting points, the roster as candidates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from desk import errors, remembered
from desk.lifecycle import OPEN_INCIDENT
from desk.unit_of_work import UnitOfWork
from geo import cells
from geo.distance import metres_between
from geo.errors import GeoError
from geo.hull import Hull
from geo.points import LonLat
from matcher.candidates import Candidate, Scene
from matcher.cost import Reason
from matcher.ground import Ground
from matcher.meeting import MeetingPoint, PublicPlace, meeting_points
from matcher.nearby import CellsInOrder
from matcher.travel import TravelTimes
from records.enums import IncidentStatus, Task
from records.values import SceneRow, Standing

candidate = remembered.candidate
POSITION_RESOLUTION: Final = 9
_COARSEST_LOOK: Final = 6
_FIRST_LOOK: Final = 4
"""Res-9 cells of the first look: where many people are, the best pair is near."""
_WIDEST_M: Final = 5_000.0
"""Around a scene that reaches farther than this nobody can look for a place to meet: people split it first."""
_AT_A_TIME: Final = 96
_GROWTH: Final = 16
_MOST_CELLS: Final = 64


def usual_task(standing: Standing) -> Task:
    """Return what a pair would be asked to do here: observe what is verified, look at the rest."""
    return Task.OBSERVE if standing.status == IncidentStatus.VERIFIED else Task.LOOK


_CAUTION = "Nobody vouched for has reported this yet: call back first; a pair may look from the meeting point."


def caution(row: SceneRow) -> str | None:
    """Return what a dispatcher should do before sending anybody here, or None."""
    return None if row.vouched_groups or row.standing.was_verified else _CAUTION


def require_lawful(standing: Standing, task: str) -> None:
    """Raise IncidentIsOver or NotVerified unless somebody may be sent to do this here."""
    if standing.merged or (standing.status not in OPEN_INCIDENT and task != Task.ACCOMPANY):
        raise errors.IncidentIsOver
    if task == Task.OBSERVE and standing.status != IncidentStatus.VERIFIED:
        raise errors.NotVerified
    if task == Task.ACCOMPANY and not standing.was_verified:
        raise errors.NotVerified


def is_lawful(standing: Standing, task: str) -> bool:
    """Say whether somebody may be sent to do this here."""
    try:
        require_lawful(standing, task)
    except errors.DeskError:
        return False
    return True


def scene_of(uow: UnitOfWork, row: SceneRow, task: str) -> Scene:
    """Return the scene as the matcher knows it, at this act's time."""
    return Scene(
        place=row.place,
        now=uow.now,
        task=Task(task).value,
        pins=row.corners,
        zone_ids=frozenset(row.zone_ids),
        only_patrol=row.only_patrol,
    )


def anywhere(uow: UnitOfWork, task: str) -> Scene:
    """Return the moment and the task alone, for rules that ask about people and not about a place."""
    return Scene(place=LonLat(0.0, 0.0), now=uow.now, task=Task(task).value)


def ways_to(uow: UnitOfWork, scene: Scene) -> TravelTimes:
    """Return travel times of ways that keep the stand-off from a scene: nobody passes it to get to a meeting point."""
    return uow.travel.clear_of(Hull(scene.spots), uow.policy.pairs.stand_off_m)


def where_to_meet(uow: UnitOfWork, scene: Scene) -> tuple[MeetingPoint, ...]:
    """Return the meeting points around a scene; raises NoMeetingPointYet."""
    extent_m = max((metres_between(scene.place, spot) for spot in scene.spots), default=0.0)
    if extent_m > _WIDEST_M:
        raise errors.NoMeetingPointYet
    near = uow.regions.public_places(scene.place, uow.policy.pairs.meeting_ring_m[1] + extent_m)
    try:
        points = meeting_points(
            scene,
            uow.policy.pairs,
            public_places=[PublicPlace(each.name, each.place) for each in near],
            streets=uow.streets.footways if uow.streets else None,
        )
    except GeoError as error:
        # A scene grown too wide to look around is no reason to send nobody anywhere else.
        raise errors.NoMeetingPointYet from error
    if not points:
        raise errors.NoMeetingPointYet
    return points


def candidates(uow: UnitOfWork, row: SceneRow, only: Collection[int] | None = None) -> list[Candidate]:
    """Return the roster, or some of it, as candidates for a scene."""
    return [candidate(entry, row.reporters) for entry in uow.responders.roster(uow.now, only)]


class PeopleAround:
    """Whoever could be asked, nearest first: remembered by this process, or else read cell by cell as they are needed.

    What was read is kept, so that several questions about one scene read it once. Nothing is locked: who is still
    free is asked again when people are taken.

    Parameters
    ----------
    points
        Where they would meet, WGS84: people come by how soon they could be at the soonest of these.
    without
        Ids of people who are not to be asked.
    """

    def __init__(
        self, uow: UnitOfWork, row: SceneRow, points: Sequence[LonLat], without: Collection[int] = frozenset()
    ) -> None:
        self._uow = uow
        self._points = points
        self._ground = uow.ground()
        self._reporters = row.reporters
        self._seen = set(without)
        self._looks = self._remembered(self._ground) if self._ground else self._from_the_database()
        self._kept: list[tuple[int, list[Candidate]]] = []

    def in_order(self) -> Iterator[tuple[int, Sequence[Candidate]]]:
        """Yield batches of people with whole seconds that none of them, nor of any later batch, can beat."""
        position = 0
        while position < len(self._kept) or self._read():
            yield self._kept[position]
            position += 1

    def _read(self) -> bool:
        found = next(self._looks, None)
        if found is not None:
            self._kept.append(found)
        return found is not None

    def _remembered(self, ground: Ground) -> Iterator[tuple[int, list[Candidate]]]:
        now, age = self._uow.now, self._uow.policy.pairs.position_age
        for bound_s, people in ground.in_order(self._points, self._uow.travel, now, age):
            free = [person for person in people if _could_be_asked(person.candidate, now)]
            yield (
                bound_s,
                [
                    remembered.as_of(person, now, self._reporters)
                    for person in free
                    if person.candidate.responder_id not in self._seen
                ],
            )

    def _from_the_database(self) -> Iterator[tuple[int, list[Candidate]]]:
        now, policy = self._uow.now, self._uow.policy.pairs
        in_turn = CellsInOrder(
            self._points, self._uow.travel, tuple(policy.speeds_m_s), policy.eta_limit.total_seconds()
        )
        area, found, next_area = 0, 0, _FIRST_LOOK
        while True:
            bound_s, numbers = in_turn.take(*_look(next_area))
            if not numbers:
                return
            spans = [cells.descendants(number, POSITION_RESOLUTION) for number in numbers]
            near = self._uow.responders.people_near(spans, now, now - policy.position_age)
            # Somebody may have moved on to the next cell between two looks.
            fresh = [entry for entry in near if entry.id not in self._seen]
            self._seen.update(entry.id for entry in fresh)
            yield bound_s, [candidate(entry, self._reporters) for entry in fresh]
            area += next_area
            found += len(fresh)
            # About as many people as are wanted at a time, but never much more ground than before at once.
            next_area = max(_FIRST_LOOK, min(_AT_A_TIME * area // max(1, found), _GROWTH * area))


def _could_be_asked(person: Candidate, now: datetime) -> bool:
    """Say whether somebody is available, in nobody's hands and has no open call; all other rules are the matcher's."""
    until = person.available_until
    return until is not None and until > now and not (person.busy or person.offered or person.calls)


def _look(area: int) -> tuple[int, int]:
    """Return how many cells of which resolution make an area, given in res-9 cells: no more than about fifty."""
    cells_wanted, resolution = area, POSITION_RESOLUTION
    while cells_wanted > _MOST_CELLS and resolution > _COARSEST_LOOK:
        cells_wanted, resolution = -(-cells_wanted // 7), resolution - 1
    return min(cells_wanted, _MOST_CELLS), resolution


def in_words(reasons: Iterable[Reason]) -> list[dict[str, object]]:
    """Return reasons as they are kept and shown: a text, and its weight in minutes."""
    return [{"text": reason.text, "weight": round(reason.minutes, 2)} for reason in reasons]
