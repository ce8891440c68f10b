"""What decided incidents teach: counts by source, place, hour and kind of evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row, delete

from geo.reliability import About, Record, Subject
from records.models import Reliability, ReliabilityCounted
from records.repositories.repository import Repository
from records.sql import load


class ReliabilityRepository(Repository):
    """Counts of decided incidents, and what each incident was counted as."""

    def of(self, subjects: Collection[Subject]) -> dict[Subject, Record]:
        """Return what was counted for some subjects; nothing for those of which nothing was."""
        if not subjects:
            return {}
        return _read(self._session.execute(load("reliability_of"), self._asked(subjects)).all())

    def take(self, subjects: Collection[Subject], day: date) -> dict[Subject, Record]:
        """Return the counts of some subjects, begun where there are none, taken until the end of this transaction."""
        return _read(self._session.execute(load("reliability_take"), self._asked(subjects) | {"day": day}).all())

    def keep(self, records: Mapping[Subject, Record]) -> None:
        """Write counts that were taken before."""
        self._session.execute(
            load("reliability_keep"),
            self._asked(records)
            | {
                "reals": [each.real for each in records.values()],
                "unreals": [each.unreal for each in records.values()],
                "expecteds": [each.expected for each in records.values()],
                "days": [date.fromordinal(each.day) for each in records.values()],
            },
        )

    def counted(self, incident_id: int) -> ReliabilityCounted | None:
        """Return what an incident was counted as, None where it was not."""
        return self._session.get(ReliabilityCounted, (self._network_id, incident_id), populate_existing=True)

    def count(self, incident_id: int, *, real: bool, expected: Mapping[Subject, float], counted_on: date) -> None:
        """Note what an incident was counted as: by which subjects, each with the probability expected there."""
        self._session.add(
            ReliabilityCounted(
                network_id=self._network_id,
                incident_id=incident_id,
                real=real,
                abouts=[each.about for each in expected],
                keys=[each.key for each in expected],
                expecteds=list(expected.values()),
                counted_on=counted_on,
            )
        )
        self._session.flush()

    def uncount(self, counted: ReliabilityCounted) -> None:
        """Forget what an incident was counted as."""
        self._session.delete(counted)
        self._session.flush()

    def forget_before(self, counts: date, incidents: date) -> int:
        """Drop counts to which nothing was added since a day, and since another what incidents were counted as."""
        found = 0
        for model, day in ((Reliability, counts), (ReliabilityCounted, incidents)):
            gone = self._session.execute(
                delete(model)
                .where(model.network_id == self._network_id, model.counted_on < day)
                .returning(model.counted_on)
                .execution_options(synchronize_session=False)
            )
            found += len(gone.all())
        return found

    def _asked(self, subjects: Collection[Subject]) -> dict[str, Any]:
        return {
            "network_id": self._network_id,
            "abouts": [each.about.value for each in subjects],
            "keys": [each.key for each in subjects],
        }


def _read(rows: Collection[Row[Any]]) -> dict[Subject, Record]:
    return {
        Subject(About(row.about), row.key): Record(row.real, row.unreal, row.expected, row.counted_on.toordinal())
        for row in rows
    }
