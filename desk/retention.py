"""Forget on time: the event log, kept answers, ended sessions, vouchers nobody used, the audit, the plates' keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from desk.remembered import CHANGES_KEPT
from desk.unit_of_work import UnitOfWork

AUDIT_KEPT: Final = timedelta(days=90)
RELIABILITY_KEPT: Final = timedelta(days=180)
"""Counts of decided incidents to which nothing was added for this long are forgotten."""
COUNTED_KEPT: Final = timedelta(days=8)
"""What an incident was counted as names lineages: it goes when the links from sightings to reporters go."""


_AT_ONCE: Final = 1000
"""A step of the reaper holds its locks for a moment only; the worker goes on while it finds something."""


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
            uow.reliability.forget_before((uow.now - RELIABILITY_KEPT).date(), (uow.now - COUNTED_KEPT).date()),
            uow.responders.forget_changes_before(now - CHANGES_KEPT),
            uow.audits.forget_before((now - AUDIT_KEPT).date()),
        )
    )


def forget_reports(uow: UnitOfWork) -> int:
    """Take out of reports and incidents what is past its limit, some at once; say of how many.

    The exact place and minute, words and vehicles after a day where nobody verified, after a week where two people did;
    what is left of plates when their keys go; who reported, after the week's count. By a rehearsal's own time there.
    """
    kept, now = uow.policy.retention, uow.now
    limits = {"unverified_before": now - kept.exact_unverified, "verified_before": now - kept.exact_verified}
    severed_before = now - COUNTED_KEPT
    return sum(
        (
            uow.forgetting.sightings(**limits, at_once=_AT_ONCE),
            uow.forgetting.incidents(**limits, moment=now, at_once=_AT_ONCE),
            uow.forgetting.plates(now - kept.plate_tokens),
            uow.forgetting.reporters(severed_before, severed_before.date(), at_once=_AT_ONCE),
        )
    )


def forget_plate_keys(uow: UnitOfWork) -> int:
    """Destroy the keys of plate tokens older than they may be; return how many."""
    return uow.keys.forget_plate_keys_before((uow.outside_now - uow.policy.retention.plate_tokens).date())
