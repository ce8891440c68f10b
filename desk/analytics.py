"""Counts of past incidents too large to point at anybody, and how long things took; for inside the network only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from desk.access import Actor
from desk.errors import DeskError
from desk.unit_of_work import UnitOfWork
from geo.obscuring import FEWEST_INCIDENTS, FEWEST_REPORTERS, STEP, Tally, in_steps, k_anonymous
from records.enums import IncidentStatus, NetworkKind
from records.values import TallyOf

INTERNAL: Final = "internal, not for release"
COARSEST: Final = 5
FINEST: Final = 8
_LONGEST: Final = timedelta(days=366)


class By(StrEnum):
    """What incidents may be counted by."""

    CELL = "cell"
    ZONE = "zone"
    HOUR_OF_WEEK = "hour_of_week"
    WEEKDAY = "weekday"
    ACTIVITY = "activity"
    AGENCY = "agency"
    STATUS = "status"


class TooFine(DeskError):
    """Counts are shown by cells of resolution 5 to 8, never finer."""

    field = "cell_resolution"


class TooManyWays(DeskError):
    """Please count by one or two different things at once."""

    field = "by"


class PeriodUnclear(DeskError):
    """Please give whole days, the first not after the last and at most a year apart."""

    field = "from"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included, in UTC."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """When the first day begins."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def before(self) -> datetime:
        """When the last day is over."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


def period(uow: UnitOfWork, first: date | None, last: date | None) -> Period:
    """Return the days that may be counted: by default the last four weeks, and none that is over for less than a day.

    Raises
    ------
    PeriodUnclear
        The days are in the wrong order or more than a year apart.
    """
    newest = (uow.now - timedelta(days=2)).date() if uow.network.kind == NetworkKind.LIVE else uow.now.date()
    last = min(last or newest, newest)
    first = first or last - timedelta(days=27)
    if first > last or last - first > _LONGEST:
        raise PeriodUnclear
    return Period(first, last)


def patterns(
    uow: UnitOfWork,
    actor: Actor,
    by: Sequence[By],
    days: Period,
    *,
    resolution: int = FINEST,
    status: IncidentStatus | None = None,
) -> dict[str, Any]:
    """Return counts of past incidents by one or two properties; that somebody asked is audited.

    A count is shown only with at least five incidents and three proven reporters; what is smaller goes up to a coarser
    cell or is left out, never alone. Every count is said in steps of five, so that no two answers, however they were
    asked for, differ by one to four.

    Raises
    ------
    TooFine, TooManyWays
        What was asked is not shown to anybody.
    """
    if not COARSEST <= resolution <= FINEST:
        raise TooFine
    if not 1 <= len(by) <= 2 or len(set(by)) != len(by):
        raise TooManyWays
    uow.audits.note(actor.account_id, "patterns", "incident", uow.now.date())
    one, two = by[0], by[1] if len(by) == 2 else None
    found = uow.statistics.counts(
        one, two, since=days.since, before=days.before, resolution=resolution, status=status and status.value
    )
    groups, withheld = _groups(found, by)
    names = {str(zone): name for zone, name in uow.zones.names().items()} if By.ZONE in by else {}
    for group in groups:
        if By.ZONE in by:
            group["zone"] = names.get(str(group["zone"]))
    return {
        "by": [each.value for each in by],
        "from": days.first.isoformat(),
        "to": days.last.isoformat(),
        "status": status.value if status else "was verified",
        "cell_resolution": resolution,
        "time_zone": "UTC",
        "fewest_incidents": FEWEST_INCIDENTS,
        "fewest_reporters": FEWEST_REPORTERS,
        "counted_in_steps_of": STEP,
        "groups": groups,
        "withheld": withheld,
        "notice": INTERNAL,
    }


def response_times(uow: UnitOfWork, days: Period) -> list[dict[str, Any]]:
    """Return how long steps took in minutes, where at least five are known: median and the interval of eight in ten.

    `n` is said in steps of five, as counts are.
    """
    return [
        {
            "step": each.step,
            "n": in_steps(each.n),
            "p10": round(each.p10, 1),
            "p50": round(each.p50, 1),
            "p90": round(each.p90, 1),
        }
        for each in uow.statistics.times(since=days.since, before=days.before)
        if each.n >= FEWEST_INCIDENTS
    ]


def _groups(found: Sequence[TallyOf], by: Sequence[By]) -> tuple[list[dict[str, Any]], bool]:
    """Return what may be shown of these counts, and whether anything is left out.

    Within each value of the one property, the counts by the other (cells, where there are any) protect each other.
    """
    inner = By.CELL if By.CELL in by else by[-1]
    outer = next((each for each in by if each is not inner), None)
    families: defaultdict[str | None, dict[str | None, Tally]] = defaultdict(dict)
    for each in found:
        keys = dict(zip(by, (each.one, each.two), strict=False))
        families[keys[outer] if outer else None][keys[inner]] = Tally(each.incidents, each.reporters)
    groups: list[dict[str, Any]] = []
    withheld = False
    for family, tallies in families.items():
        counts, left_out = _shown_cells(tallies) if inner is By.CELL else _shown(tallies)
        withheld |= left_out
        label = {outer.value: family} if outer else {}
        groups += [label | {inner.value: key, "incidents": in_steps(incidents)} for key, incidents in counts.items()]
    return sorted(groups, key=lambda group: (-group["incidents"], str(group))), withheld


def _shown_cells(tallies: Mapping[str | None, Tally]) -> tuple[Mapping[str | None, int], bool]:
    found = k_anonymous({cell: tally for cell, tally in tallies.items() if cell is not None}, coarsest=COARSEST)
    counts: dict[str | None, int] = {}
    counts.update(found.counts)
    return counts, found.withheld


def _shown(tallies: Mapping[str | None, Tally]) -> tuple[Mapping[str | None, int], bool]:
    """Return the counts that are large enough; a lone small one takes the smallest of the others with it."""
    enough = {
        key: tally.incidents
        for key, tally in tallies.items()
        if tally.incidents >= FEWEST_INCIDENTS and tally.reporters >= FEWEST_REPORTERS
    }
    hidden = len(tallies) - len(enough)
    if hidden == 1 and enough:
        del enough[min(enough, key=lambda key: (enough[key], str(key)))]
    return enough, hidden > 0
