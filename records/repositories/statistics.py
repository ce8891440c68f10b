"""Counts and times over past incidents; never a row of one."""

from __future__ import annotations

from datetime import datetime

from geo import cells
from records.repositories.repository import Repository
from records.sql import load
from records.values import StepTimes, TallyOf

_INCIDENT_RESOLUTION = 10


class StatisticsRepository(Repository):
    """Counts and times over past incidents; read only."""

    def counts(
        self,
        one: str,
        two: str | None,
        *,
        since: datetime,
        before: datetime,
        resolution: int,
        status: str | None = None,
    ) -> list[TallyOf]:
        """Return how many incidents were first seen from `since` to `before`, by one or two of their properties.

        Parameters
        ----------
        one, two
            cell, zone, weekday, hour_of_week, activity, agency or status.
        resolution
            Of the cells, at most 10.
        status
            Only incidents in this state; without it those that were verified and not overturned.
        """
        keep, fill = cells.ancestor_mask(_INCIDENT_RESOLUTION, resolution)
        rows = self._session.execute(
            load("statistics_counts"),
            {
                "network_id": self._network_id,
                "one": one,
                "two": two,
                "since": since,
                "before": before,
                "status": status,
                "keep": keep,
                "fill": fill,
            },
        )
        return [
            TallyOf(self._named(one, row.one), self._named(two, row.two), row.incidents, row.reporters) for row in rows
        ]

    def times(self, *, since: datetime, before: datetime) -> list[StepTimes]:
        """Return how long it took from report to verdict and from sending to a pair, in minutes."""
        rows = self._session.execute(
            load("statistics_times"), {"network_id": self._network_id, "since": since, "before": before}
        )
        return [StepTimes(row.step, row.n, float(row.p10), float(row.p50), float(row.p90)) for row in rows]

    @staticmethod
    def _named(by: str | None, key: str | None) -> str | None:
        return cells.from_int(int(key)) if by == "cell" and key is not None else key
