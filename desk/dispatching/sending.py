"""Send: open a dispatch and ask its first wave."""

from __future__ import annotations

from collections.abc import Sequence

from desk import errors
from desk.access import Actor
from desk.dispatching import asking, gathering
from desk.dispatching.proposing import free_places
from desk.dispatching.telling import tell
from desk.events import DispatchOpened
from desk.persons import is_unattended
from desk.unit_of_work import UnitOfWork
from matcher.candidates import Candidate, Scene
from matcher.eligibility import Rule
from matcher.meeting import MeetingPoint
from matcher.pairs import Pair, rank_pairs, rank_streamed
from records.models import Dispatch
from records.values import NewDispatch, SceneRow


def send(
    uow: UnitOfWork,
    actor: Actor,
    incident_id: int,
    task: str,
    *,
    pair: tuple[int, int] | None = None,
    wave: int | None = None,
    by_hand: bool | None = None,
) -> Dispatch:
    """Open a dispatch to an incident and ask people for its two seats; nobody goes before two have said yes.

    Parameters
    ----------
    pair
        Two responders to ask first; everybody else stays on standby.
    wave
        How many people to ask at once; the chance of a pair decides when left out.
    by_hand
        Nobody else is asked by itself. Left out, it is so where the dispatcher names a pair or a number.

    Raises
    ------
    IncidentIsOver, NotVerified, CallBackFirst
        Nobody may be sent there, or not for this task, or not by a script.
    OneDispatchPerPlace
        Enough pairs are on their way.
    NoMeetingPointYet, NobodyToAsk, PairDoesNotFit, ResponderAlreadyTaken
        There is nowhere to meet, or nobody who could go.
    """
    row = uow.dispatches.scene(incident_id)
    gathering.require_lawful(row.standing, task)
    if needs_a_callback(uow, actor, row):
        raise errors.CallBackFirst
    if not free_places(uow, incident_id):
        raise errors.OneDispatchPerPlace
    scene = gathering.scene_of(uow, row, task)
    points = gathering.where_to_meet(uow, scene)
    # Everything that takes time comes before the first lock: others may send to the same incident meanwhile.
    people: asking.People
    if pair:
        named = gathering.candidates(uow, row, pair)
        best = _named(uow, scene, named, points)
        people = [(0, named)]
    else:
        around = gathering.PeopleAround(uow, row, [point.place for point in points])
        best = _best(uow, scene, around, points)
        people = around.in_order()
    size = 2 if pair else wave
    ranked = asking.rank(uow, scene, people, best.meeting_point.place, size, best.cost_s)
    gathering.require_lawful(uow.dispatches.standing(incident_id, locked=True), task)
    places = free_places(uow, incident_id)
    if not places:
        raise errors.OneDispatchPerPlace
    asked = asking.take(uow, scene, ranked, size=size)
    if len(asked) < 2:
        raise errors.ResponderAlreadyTaken if pair else errors.NobodyToAsk
    dispatch = uow.dispatches.add(
        NewDispatch(
            incident_id=incident_id,
            task=task,
            place=places[0],
            meeting_point=best.meeting_point.place,
            meeting_name=best.meeting_point.name,
            reasons=gathering.in_words(best.reasons),
            ruled_out={},
            made_by=actor.account_id,
            made_at=uow.now,
            offers_until=uow.now + uow.policy.pairs.max_asking,
            by_hand=size is not None if by_hand is None else by_hand,
        )
    )
    uow.incidents.touch(incident_id)
    tell(uow, DispatchOpened, dispatch)
    asking.ask(uow, dispatch, asked)
    return dispatch


def needs_a_callback(uow: UnitOfWork, actor: Actor, row: SceneRow) -> bool:
    """Say whether only a person who called back may send somebody here.

    A pin by nobody vouched for may be bait. Only a person's own act sends a look there; rehearsals harm nobody.
    """
    return gathering.caution(row) is not None and is_unattended(uow, actor)


def _best(uow: UnitOfWork, scene: Scene, around: gathering.PeopleAround, points: Sequence[MeetingPoint]) -> Pair:
    """Return the best pair: its meeting point is the dispatch's, fixed before anybody is asked."""
    found = rank_streamed(around.in_order(), scene, uow.policy.pairs, gathering.ways_to(uow, scene), points, n=1)
    if not found:
        raise errors.NobodyToAsk
    return found[0]


def _named(uow: UnitOfWork, scene: Scene, people: Sequence[Candidate], points: Sequence[MeetingPoint]) -> Pair:
    """Return two people as a pair, or say why they are none."""
    if len(people) < 2:
        raise errors.NotFound
    ranking = rank_pairs(people, scene, uow.policy.pairs, gathering.ways_to(uow, scene), points, n=1)
    if ranking.pairs:
        return ranking.pairs[0]
    if {Rule.BUSY, Rule.HOLDS_OFFER} & set(ranking.why.values()):
        raise errors.ResponderAlreadyTaken
    raise errors.PairDoesNotFit
