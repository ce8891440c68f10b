"""Send: open a dispatch and ask its first wave."""

from __future__ import annotations

from collections.abc import Sequence

from desk import errors
from desk.access import Actor
from desk.dispatching import asking, gathering
from desk.dispatching.proposing import free_places
from desk.dispatching.telling import tell
from desk.events import DispatchOpened
from desk.unit_of_work import UnitOfWork
from matcher.candidates import Candidate, Scene
from matcher.eligibility import Rule
from matcher.pairs import Pair, rank_pairs
from records.enums import NetworkKind
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
) -> Dispatch:
    """Open a dispatch to an incident and ask people for its two seats; nobody goes before two have said yes.

    Parameters
    ----------
    pair
        Two responders to ask first; everybody else stays on standby.
    wave
        How many people to ask at once; the chance of a pair decides when left out.

    Raises
    ------
    IncidentIsOver, NotVerified, CallBackFirst
        Nobody may be sent there, or not for this task, or not by a script.
    OneDispatchPerPlace
        Enough pairs are on their way.
    NoMeetingPointYet, NobodyToAsk, PairDoesNotFit, ResponderAlreadyTaken
        There is nowhere to meet, or nobody who could go.
    """
    row = uow.dispatches.scene(incident_id, locked=True)
    gathering.require_lawful(row.standing, task)
    _require_a_callback(uow, actor, row)
    places = free_places(uow, incident_id)
    if not places:
        raise errors.OneDispatchPerPlace
    scene = gathering.scene_of(uow, row, task)
    people = gathering.candidates(uow, row)
    asked_for = [person for person in people if person.responder_id in pair] if pair else people
    best = _best(uow, scene, asked_for, named=pair is not None)
    asked = asking.choose(uow, scene, asked_for, best.meeting_point.place, size=2 if pair else wave)
    if len(asked.people) < 2:
        raise errors.ResponderAlreadyTaken if pair else errors.NobodyToAsk
    dispatch = uow.dispatches.add(
        NewDispatch(
            incident_id=incident_id,
            task=task,
            place=places[0],
            meeting_point=best.meeting_point.place,
            meeting_name=best.meeting_point.name,
            reasons=gathering.in_words(best.reasons),
            ruled_out=asked.ruled_out,
            made_by=actor.account_id,
            made_at=uow.now,
            offers_until=uow.now + uow.policy.pairs.max_asking,
        )
    )
    uow.incidents.touch(incident_id)
    tell(uow, DispatchOpened, dispatch)
    asking.ask(uow, dispatch, asked.people)
    return dispatch


def _require_a_callback(uow: UnitOfWork, actor: Actor, row: SceneRow) -> None:
    # A pin by nobody vouched for may be bait. Only a person's own act sends a look there; rehearsals harm nobody.
    alone = not row.vouched_groups and not row.standing.was_verified
    if alone and actor.script and uow.network.kind == NetworkKind.LIVE:
        raise errors.CallBackFirst


def _best(uow: UnitOfWork, scene: Scene, people: Sequence[Candidate], *, named: bool) -> Pair:
    """Return the best pair: its meeting point is the dispatch's, fixed before anybody is asked."""
    if named and len(people) < 2:
        raise errors.NotFound
    points = gathering.where_to_meet(uow, scene)
    ranking = rank_pairs(people, scene, uow.policy.pairs, gathering.ways_to(uow, scene), points, n=1)
    if ranking.pairs:
        return ranking.pairs[0]
    if not named:
        raise errors.NobodyToAsk
    if {Rule.BUSY, Rule.HOLDS_OFFER} & set(ranking.why.values()):
        raise errors.ResponderAlreadyTaken
    raise errors.PairDoesNotFit
