"""The invented city lives: reports arrive, responders answer, an invented desk sends and judges, at a calm pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import structlog

from api.demo.cast import Cast
from api.demo.loading import network_of
from api.demo.telling import report_of
from api.wiring import House
from desk import checkins, dispatching, intake, roster, verification
from desk.access import Actor
from desk.errors import DeskError, OnCallLongEnough
from desk.unit_of_work import UnitOfWork
from fixtures.city import build_city
from fixtures.day import Coming, endless
from fixtures.people import gather_people
from geo.distance import moved
from records.enums import DispatchState as D
from records.enums import OfferState as O
from records.enums import Task, Verdict
from records.errors import RecordsError
from records.models import Incident

_log = structlog.get_logger()

_BEAT_S = 0.5
_ON_CALL = 70
_DISPATCHES = 4
_SEND_AFTER = timedelta(seconds=20)
_JUDGE_AFTER = timedelta(seconds=75)
_NOTHING_AFTER = timedelta(minutes=4)
_CLEAR_AFTER = timedelta(minutes=6)
_PAUSES_S = {D.PAIRED: (3, 8), D.EN_ROUTE: (15, 40), D.STAGED: (6, 14), D.ON_SCENE: (40, 90)}
"""How long an invented responder stays at each step: real steps take longer, but nobody would watch."""

_NEXT = {D.PAIRED: D.EN_ROUTE, D.EN_ROUTE: D.STAGED, D.STAGED: D.ON_SCENE, D.ON_SCENE: D.CLEARED}


def live(house: House, stop: threading.Event) -> None:
    """Let the demo network live until told to stop; what goes wrong is logged and the city goes on."""
    city = build_city()
    people = gather_people(city, datetime.now(UTC).date())
    seed = int(time.time())
    network_id = network_of(house)
    life = Life(house, network_id, Cast(house, network_id, people), endless(city, people, seed), Random(seed))
    while not stop.wait(_BEAT_S):
        life.beat()


class Life:
    """One invented city, beat by beat; every step is an act of its own, through the desk's verbs."""

    def __init__(self, house: House, network_id: int, cast: Cast, reports: Iterator[Coming], chance: Random) -> None:
        self._house = house
        self._network_id = network_id
        self._cast = cast
        self._reports = reports
        self._chance = chance
        self._began_at = datetime.now(UTC)
        self._coming = next(reports)
        self._told = 0
        self._real: dict[int, bool] = {}
        self._due: dict[tuple[int, int], datetime] = {}
        self._on_call_at = datetime.min.replace(tzinfo=UTC)

    def beat(self) -> None:
        """Do what is due now."""
        for step in (self._go_on_call, self._report, self._answer, self._move, self._send, self._judge):
            self._act(step)

    def _act(self, step: Callable[[UnitOfWork], None]) -> None:
        try:
            with self._house.act(self._network_id) as uow:
                step(uow)
        except (DeskError, RecordsError) as error:
            # Somebody was quicker, or nobody is free: an invented city shrugs and goes on.
            _log.info("the city stumbled", part=step.__name__, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a demo that stands still tells nobody what is wrong; the log does
            _log.error("the city fell", part=step.__name__, error=type(error).__name__)

    def _go_on_call(self, uow: UnitOfWork) -> None:
        if uow.now - self._on_call_at < timedelta(minutes=7):
            return
        first = self._on_call_at.year == 1
        self._on_call_at = uow.now
        puppets = list(self._cast.puppets.values())[:_ON_CALL]
        logins = [person for person in self._cast.people.responders if person.alias not in self._cast.puppets]
        for person in (*puppets, *(logins if first else ())):
            actor = self._cast.actor(person.alias)
            if actor is not None:
                spot = moved(person.home, self._chance.gauss(0, 300), self._chance.gauss(0, 300))
                with suppress(OnCallLongEnough):
                    roster.set_availability(uow, actor, True, location=spot, mode=person.mode)

    def _report(self, uow: UnitOfWork) -> None:
        if (uow.now - self._began_at).total_seconds() < self._coming.offset_s:
            return
        coming, self._coming = self._coming, next(self._reports)
        self._told += 1
        [outcome] = intake.receive(
            uow,
            [
                report_of(
                    coming,
                    actor=self._cast.actor(coming.reporter),
                    key=f"life-{int(self._began_at.timestamp())}-{self._told}",
                    observed_at=uow.now - timedelta(seconds=coming.observed_ago_s),
                )
            ],
        )
        if isinstance(outcome, intake.Received):
            self._real[outcome.id] = coming.truth.real

    def _answer(self, uow: UnitOfWork) -> None:
        people = {actor.responder_id: (alias, actor) for alias, actor in self._puppets()}
        for dispatch in uow.dispatches.page(open_only=True, limit=50):
            for offer in uow.dispatches.offers([dispatch.id]):
                if offer.state != O.OFFERED or offer.responder_id not in people:
                    continue
                alias, actor = people[offer.responder_id]
                person = self._cast.puppets[alias]
                due = self._due.setdefault(
                    (offer.id, 0),
                    uow.now + timedelta(seconds=min(25, person.answer_delay_s) * self._chance.uniform(0.4, 1.2)),
                )
                if uow.now < due:
                    continue
                said_yes = self._chance.random() < max(0.45, person.acceptance)
                (dispatching.accept if said_yes else dispatching.decline)(uow, actor, offer.id)
                return

    def _move(self, uow: UnitOfWork) -> None:
        people = {actor.responder_id: actor for _, actor in self._puppets()}
        for dispatch in uow.dispatches.page(open_only=True, limit=50):
            state = D(dispatch.state)
            for seat in uow.dispatches.seats([dispatch.id]):
                actor = people.get(seat.responder_id)
                if actor is None or not seat.active:
                    continue
                if seat.checkin_due_at is not None and seat.checkin_due_at - uow.now < timedelta(minutes=1):
                    checkins.check_in(uow, actor, dispatch.id, "ok")
                if state not in _NEXT or not self._may_step(uow, dispatch.id, seat.responder_id, state, seat.step):
                    continue
                dispatching.progress(uow, actor, dispatch.id, _NEXT[state])
                return

    def _may_step(self, uow: UnitOfWork, dispatch_id: int, responder_id: int, state: D, step: int) -> bool:
        if step != list(_NEXT).index(state):
            return False  # waits for the partner
        shortest, longest = _PAUSES_S[state]
        due = self._due.setdefault(
            (dispatch_id, responder_id * 8 + step),
            uow.now + timedelta(seconds=self._chance.uniform(shortest, longest)),
        )
        return uow.now >= due

    def _send(self, uow: UnitOfWork) -> None:
        live = uow.dispatches.page(open_only=True, limit=50)
        if len(live) >= _DISPATCHES:
            return
        busy = {dispatch.incident_id for dispatch in live}
        for incident, _ in self._open(uow):
            waits = uow.now - incident.opened_at
            if incident.id in busy or waits < _SEND_AFTER or waits > _JUDGE_AFTER or not incident.vouched_groups:
                continue
            if self._due.setdefault((incident.id, 1), uow.now) == uow.now:
                dispatching.send(uow, self._cast.dispatchers[0], incident.id, Task.LOOK)
                return

    def _judge(self, uow: UnitOfWork) -> None:
        one, other = self._cast.verifiers[0], self._cast.verifiers[1]
        out = {dispatch.incident_id for dispatch in uow.dispatches.page(open_only=True, limit=50)}
        for incident, sightings in self._open(uow):
            age, quiet = uow.now - incident.opened_at, uow.now - incident.last_seen_at
            happened = any(self._real.get(sighting, False) for sighting in sightings)
            verdict: Verdict | None = None
            if incident.was_verified:
                verdict = Verdict.CLEAR if quiet > _CLEAR_AFTER and incident.id not in out else None
            elif happened and incident.vouched_groups > 1 and age > _JUDGE_AFTER:
                verdict = Verdict.VERIFIED
            elif not happened and age > _NOTHING_AFTER and incident.id not in out:
                verdict = Verdict.UNFOUNDED
            if verdict is not None:
                self._say(uow, one, incident, verdict)
                if verdict is Verdict.VERIFIED:
                    self._say(uow, other, incident, verdict)
                return

    def _say(self, uow: UnitOfWork, verifier: Actor, incident: Incident, verdict: Verdict) -> None:
        basis = "seen in person" if verdict is Verdict.VERIFIED else None
        agency = "immigration" if verdict is Verdict.VERIFIED else None
        verification.judge(uow, verifier, incident.id, verdict, agency=agency, basis=basis)

    def _open(self, uow: UnitOfWork) -> list[tuple[Incident, list[int]]]:
        found = uow.incidents.open_with_sightings()
        return [(incident, found[incident.id]) for incident in uow.incidents.many(found.keys())]

    def _puppets(self) -> Iterator[tuple[str, Actor]]:
        for alias in self._cast.puppets:
            actor = self._cast.actor(alias)
            if actor is not None:
                yield alias, actor
