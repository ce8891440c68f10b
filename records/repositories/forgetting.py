"""What is past its limit is taken out of the rows, some at once; what analysts count stays, as whole numbers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import orjson

from geo import cells
from records.repositories.repository import Repository
from records.sql import load

_VERIFIED, _UNVERIFIED = 8, 7
"""The resolution that is left of an incident's place."""


class ForgettingRepository(Repository):
    """What is past its limit is taken out of the rows, some at once; each verb says of how many.

    What counsel holds is left out by every statement; rows in other hands are left for the next round.
    """

    def sightings(self, *, unverified_before: datetime, verified_before: datetime, at_once: int) -> int:
        """Take the exact place and time, words and vehicles from sightings received before."""
        return self._count(
            "sightings_forget",
            unverified_before=unverified_before,
            verified_before=verified_before,
            at_once=at_once,
        )

    def incidents(
        self, *, unverified_before: datetime, verified_before: datetime, moment: datetime, at_once: int
    ) -> int:
        """Put incidents last seen before at the middle of a coarser cell, to the hour."""
        past = self._session.execute(
            load("incidents_past"),
            {
                "network_id": self._network_id,
                "unverified_before": unverified_before,
                "verified_before": verified_before,
                "at_once": at_once,
            },
        ).all()
        if past:
            rows = []
            for row in past:
                coarse = cells.parent(cells.from_int(row.cell10), _VERIFIED if row.was_verified else _UNVERIFIED)
                middle = cells.centre(coarse)
                rows.append(
                    {
                        "id": row.id,
                        "lon": middle.lon,
                        "lat": middle.lat,
                        "cell10": cells.to_int(cells.cell_at(middle, 10)),
                    }
                )
            self._session.execute(
                load("incidents_coarsen"),
                {"network_id": self._network_id, "moment": moment, "rows": orjson.dumps(rows).decode()},
            )
        return len(past)

    def plates(self, moment: datetime) -> int:
        """Take what is left of plates from sightings received before a moment."""
        return self._count("plates_forget", moment=moment)

    def notes(self, moment: datetime) -> int:
        """Take what people wrote to what they judged before a moment."""
        return self._count("notes_forget", moment=moment)

    def reporters(self, moment: datetime, day: date, *, at_once: int) -> int:
        """Sever sightings received before a moment from who reported them, and forget reporters."""
        severed = self._count("reporters_sever", moment=moment, at_once=at_once)
        return severed + self._count("reporters_forget", day=day)

    def offers(self, moment: datetime, *, at_once: int) -> int:
        """Drop offers made before a moment that filled no seat."""
        return self._count("offers_forget", moment=moment, at_once=at_once)

    def dispatches(self, moment: datetime, *, at_once: int) -> int:
        """Drop dispatches that ended before a moment, with everything that belongs to them."""
        return self._count("dispatches_forget", moment=moment, at_once=at_once)

    def statements(self, moment: datetime, *, at_once: int) -> int:
        """Drop what was said before a moment, with its answers."""
        return self._count("statements_forget", moment=moment, at_once=at_once)

    def end_incidents(
        self, *, unverified_before: datetime, verified_before: datetime, now: datetime, at_once: int
    ) -> list[tuple[int, int, int]]:
        """End incidents that stand open though their time is over; return id, version and cell (res 7) of each."""
        rows = self._session.execute(
            load("incidents_over"),
            {
                "network_id": self._network_id,
                "unverified_before": unverified_before,
                "verified_before": verified_before,
                "now": now,
                "at_once": at_once,
            },
        )
        return [(row.id, row.version, row.cell7) for row in rows]

    def judgements(self, moment: datetime, *, at_once: int) -> int:
        """Drop what was judged before a moment of incidents that have ended."""
        return self._count("judgements_forget", moment=moment, at_once=at_once)

    def decisions(self, moment: datetime, *, at_once: int) -> int:
        """Drop what was decided before a moment of incidents that have ended."""
        return self._count("decisions_forget", moment=moment, at_once=at_once)

    def verifiers(self, moment: datetime, *, at_once: int) -> int:
        """Take who verified from incidents last seen before a moment whose judgements are gone."""
        return self._count("incidents_unname", moment=moment, at_once=at_once)

    def drop_sightings(self, *, unverified_before: datetime, verified_before: datetime, at_once: int) -> int:
        """Drop sightings received before."""
        return self._count(
            "sightings_drop", unverified_before=unverified_before, verified_before=verified_before, at_once=at_once
        )

    def drop_incidents(self, *, unverified_before: datetime, verified_before: datetime, at_once: int) -> int:
        """Drop incidents last seen before, once nothing leads to them, and keep their number."""
        return self._count(
            "incidents_drop", unverified_before=unverified_before, verified_before=verified_before, at_once=at_once
        )

    def fold_counts(self, day: date, *, at_once: int) -> int:
        """Fold what was counted before a day into weeks and cells of resolution 7, and drop how long steps took."""
        folded = self._count("past_counts_fold", day=day, at_once=at_once)
        return folded + self._count("past_times_forget", day=day)

    def shifts(self, moment: datetime) -> int:
        """Take from responders whose time on call ended before a moment when that was."""
        return self._count("shifts_forget", moment=moment)

    def accounts(self, day: date, *, at_once: int) -> int:
        """Drop accounts that nobody used since a day, once nothing that is kept leads to them."""
        return self._count("accounts_forget", day=day, at_once=at_once)

    def holds(self, moment: datetime) -> int:
        """Drop holds that ended before a moment."""
        return self._count("holds_forget", moment=moment)

    def lapse_holds(self, now: datetime) -> int:
        """End holds that nobody renewed in time."""
        return self._count("holds_lapse", now=now)

    def _count(self, name: str, **words: Any) -> int:
        return len(self._session.execute(load(name), {"network_id": self._network_id, **words}).all())
