"""Three days pass in the demo network before anybody looks: reports, judgements, ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from api.demo.cast import Cast
from api.demo.telling import report_of
from api.wiring import House
from desk import intake, verification
from desk.unit_of_work import UnitOfWork
from fixtures.city import City
from fixtures.day import Report, days
from fixtures.people import People
from records.enums import Verdict

_DAYS = 3
_STEP = timedelta(minutes=30)
_JUDGED_AFTER = timedelta(minutes=30)
_LASTS = timedelta(minutes=90)


def pass_days(house: House, network_id: int, city: City, people: People) -> None:
    """Receive the reports of the three days up to now, at their own times, and let two verifiers judge them."""
    cast = Cast(house, network_id, people)
    now = datetime.now(UTC)
    begin = (now - timedelta(days=_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    told = [each for each in days(city, people, begin, days=_DAYS + 1) if each.received_at < now]
    real: dict[int, bool] = {}
    moment, taken = begin, 0
    while moment < now:
        moment = min(moment + _STEP, now)
        upto = next((n for n in range(taken, len(told)) if told[n].received_at > moment), len(told))
        with house.act(network_id, now=moment) as uow:
            real |= _receive(uow, cast, told[taken:upto], taken)
        with house.act(network_id, now=moment) as uow:
            _judge(uow, cast, real)
        taken = upto


def _receive(uow: UnitOfWork, cast: Cast, told: Sequence[Report], first: int) -> dict[int, bool]:
    if not told:
        return {}
    outcomes = intake.receive(
        uow,
        [
            report_of(each, actor=cast.actor(each.reporter), key=f"history-{number}", observed_at=each.observed_at)
            for number, each in enumerate(told, first)
        ],
    )
    return {
        outcome.id: each.truth.real
        for outcome, each in zip(outcomes, told, strict=True)
        if isinstance(outcome, intake.Received)
    }


def _judge(uow: UnitOfWork, cast: Cast, real: dict[int, bool]) -> None:
    one, other = cast.verifiers[0], cast.verifiers[1]
    for incident_id, sightings in uow.incidents.open_with_sightings().items():
        incident = uow.incidents.get(incident_id)
        if uow.now - incident.first_seen_at < _JUDGED_AFTER:
            continue
        happened = any(real.get(sighting) for sighting in sightings)
        if incident.was_verified or not happened:
            if uow.now - incident.last_seen_at > (_LASTS if happened else _JUDGED_AFTER):
                verdict = Verdict.CLEAR if happened else Verdict.UNFOUNDED
                verification.judge(uow, one, incident_id, verdict)
        elif incident.vouched_groups >= 2:
            for verifier in (one, other):
                verification.judge(
                    uow, verifier, incident_id, Verdict.VERIFIED, agency="immigration", basis="seen in person"
                )
