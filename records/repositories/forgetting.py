"""What is past its limit is taken out of the rows, some at once; the rows that analysts count stay, coarse."""

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
    """What is past its limit is taken out of the rows, some at once."""

    def sightings(self, *, unverified_before: datetime, verified_before: datetime, at_once: int) -> int:
        """Take the exact place and time, words and vehicles from sightings received before; return from how many."""
        return self._count(
            "sightings_forget",
            unverified_before=unverified_before,
            verified_before=verified_before,
            at_once=at_once,
        )

    def incidents(
        self, *, unverified_before: datetime, verified_before: datetime, moment: datetime, at_once: int
    ) -> int:
        """Put incidents last seen before at the middle of a coarser cell, to the hour; return how many."""
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
        """Take what is left of plates from sightings received before a moment; return from how many."""
        return self._count("plates_forget", moment=moment)

    def reporters(self, moment: datetime, day: date, *, at_once: int) -> int:
        """Sever sightings received before a moment from who reported them, and forget reporters; return how many."""
        severed = self._count("reporters_sever", moment=moment, at_once=at_once)
        return severed + self._count("reporters_forget", day=day)

    def _count(self, name: str, **words: Any) -> int:
        return len(self._session.execute(load(name), {"network_id": self._network_id, **words}).all())
