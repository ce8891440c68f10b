"""Forget on time: each verb does some of it and says of how much; the worker goes on while one finds something."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from desk.events import IncidentClosed
from desk.remembered import CHANGES_KEPT
from desk.retention.table import HOLDS_KEPT, LEARNED_KEPT, LINKS_KEPT
from desk.unit_of_work import UnitOfWork
from geo import cells

_AT_ONCE: Final = 1000
"""A step of the reaper holds its locks for a moment only; the worker goes on while it finds something."""
_PEOPLE_AT_ONCE: Final = 200
_HOUR: Final = timedelta(hours=1)
"""What stands to the hour counts from that hour's end: nothing goes early."""


def forget_log(uow: UnitOfWork) -> int:
    """Drop events, answers, sessions, vouchers, suggestions, counts, notes, audits whose time is over; say how many.

    All but suggestions and counts are written by the time outside, in a rehearsal too.
    """
    kept, now = uow.policy.retention, uow.outside_now
    return sum(
        (
            uow.events.forget_before(now - kept.events),
            uow.answers.forget_before(now - kept.answers),
            uow.accounts.forget_sessions_before(now),
            uow.accounts.forget_vouchers_before(now),
            uow.decisions.forget_suggestions_before(uow.now),
            uow.reliability.forget_before((uow.now - LEARNED_KEPT).date(), (uow.now - LINKS_KEPT).date()),
            uow.responders.forget_changes_before(now - CHANGES_KEPT),
            uow.audits.forget_before((now - kept.audits).date()),
        )
    )


def forget_reports(uow: UnitOfWork) -> int:
    """Take out of reports and incidents what is past its limit, some at once; say of how many.

    The exact place and minute, words and vehicles after a day where nobody verified, after a week where two people did;
    what is left of plates when their keys go; who reported, after the week's count. By a rehearsal's own time there.
    """
    kept, now = uow.policy.retention, uow.now
    limits = {"unverified_before": now - kept.exact_unverified, "verified_before": now - kept.exact_verified}
    severed_before = now - LINKS_KEPT - _HOUR
    return sum(
        (
            uow.forgetting.sightings(**limits, at_once=_AT_ONCE),
            uow.forgetting.incidents(**limits, moment=now, at_once=_AT_ONCE),
            uow.forgetting.notes(now - kept.exact_verified),
            uow.forgetting.plates(now - kept.plate_tokens),
            uow.forgetting.reporters(severed_before, severed_before.date(), at_once=_AT_ONCE),
        )
    )


def forget_records(uow: UnitOfWork) -> int:
    """Drop whole rows whose time is over, some at once; say how many.

    Offers after a week; what people did after a month, and then who verified; reports and incidents that nobody
    verified after three days, what was verified after a year, each with its number kept; accounts half a year after the
    last day somebody used them. What leads to a row goes before it: the next run goes on where one was cut off.
    """
    kept, now = uow.policy.retention, uow.now
    done, since_coarse = now - kept.records, now - _HOUR
    gone = {"unverified_before": since_coarse - kept.unverified, "verified_before": since_coarse - kept.records}
    return sum(
        (
            uow.forgetting.lapse_holds(now),
            uow.forgetting.holds(now - HOLDS_KEPT),
            uow.forgetting.shifts(now - kept.offers),
            uow.forgetting.offers(now - kept.offers, at_once=_AT_ONCE),
            uow.forgetting.dispatches(done, at_once=_PEOPLE_AT_ONCE),
            uow.forgetting.statements(done, at_once=_PEOPLE_AT_ONCE),
            _end_incidents(uow),
            uow.forgetting.judgements(done, at_once=_AT_ONCE),
            uow.forgetting.decisions(done, at_once=_PEOPLE_AT_ONCE),
            uow.forgetting.verifiers(since_coarse - kept.records, at_once=_AT_ONCE),
            uow.forgetting.drop_sightings(**gone, at_once=_AT_ONCE),
            uow.forgetting.drop_incidents(
                unverified_before=since_coarse - kept.unverified,
                verified_before=since_coarse - kept.coarse,
                at_once=_AT_ONCE,
            ),
            uow.forgetting.fold_counts((now - kept.coarse).date(), at_once=_AT_ONCE),
            uow.forgetting.accounts((uow.outside_now - kept.accounts).date(), at_once=_PEOPLE_AT_ONCE),
        )
    )


def forget_plate_keys(uow: UnitOfWork) -> int:
    """Destroy the keys of plate tokens older than they may be; return how many."""
    return uow.keys.forget_plate_keys(uow.network.id, (uow.outside_now - uow.policy.retention.plate_tokens).date())


REAPERS: Final[tuple[Callable[[UnitOfWork], int], ...]] = (
    forget_log,
    forget_reports,
    forget_records,
    forget_plate_keys,
)
"""All verbs that forget, in the order in which one makes room for the next."""


def _end_incidents(uow: UnitOfWork) -> int:
    """End what still stands open though its reports, or what was judged of it, are past their time."""
    kept, since_coarse = uow.policy.retention, uow.now - _HOUR
    ended = uow.forgetting.end_incidents(
        unverified_before=since_coarse - kept.unverified,
        verified_before=since_coarse - kept.records,
        now=uow.now,
        at_once=_PEOPLE_AT_ONCE,
    )
    uow.record_all(
        IncidentClosed(subject=incident_id, version=version, cell5=cells.from_int(cell7))
        for incident_id, version, cell7 in ended
    )
    return len(ended)
