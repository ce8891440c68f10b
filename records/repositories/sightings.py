"""Sightings, who they came from, and the open window that clustering looks at; everything goes in sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from geo import cells
from geo.linking import Point
from geo.points import LonLat
from geo.sanity import Pin
from geo.vehicles import Vehicle
from records import ids
from records.enums import Use
from records.live import Box, LiveSighting, Told
from records.models import Cluster, Sighting
from records.repositories.repository import Repository
from records.sql import load
from records.told import Doubted, SightingStanding
from records.values import NewSighting, Sender, SightingFound

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_LOCK_RESOLUTION = 6
_CLUSTERED = frozenset({Use.INDEXED, Use.COARSE})


class SightingRepository(Repository):
    """Sightings, and their reporters."""

    def __init__(self, session: Session, network_id: int) -> None:
        super().__init__(session, network_id)
        self._locked: set[int] = set()
        self._pending: dict[int, NewSighting] = {}
        self.marks = 0
        """How often this transaction said that it changes clusters."""

    # who they came from

    def any(self) -> bool:
        """Tell whether the network holds a sighting at all."""
        return (
            self._session.scalar(select(Sighting.id).where(Sighting.network_id == self._network_id).limit(1))
            is not None
        )

    def senders(self, accounts: Collection[int], since_on: date) -> dict[int, Sender]:
        """Return accounts as sources, with a reporter row of the week that began on `since_on`; suspended ones not."""
        if not accounts:
            return {}
        asked = {"network_id": self._network_id, "accounts": sorted(accounts), "since_on": since_on}
        rows = self._session.execute(load("senders"), asked).all()
        unknown = sorted(row.account_id for row in rows if row.reporter_id is None)
        if unknown:
            self._session.execute(
                load("reporters_add"), {**asked, "accounts": unknown, "ids": [ids.new_id() for _ in unknown]}
            )
            rows = self._session.execute(load("senders"), asked).all()
        return {
            row.account_id: Sender(row.account_id, row.reporter_id, row.kind, row.lineage, tuple(row.roles))
            for row in rows
        }

    def unvouched_counts(self, asked: Collection[tuple[int, datetime]]) -> dict[tuple[int, datetime], int]:
        """Return how many unvouched sightings in use each (cell of resolution 9, hour of observation) holds."""
        if not asked:
            return {}
        rows = self._session.execute(
            load("unvouched_counts"),
            {
                "network_id": self._network_id,
                "cells": [cell for cell, _ in asked],
                "hours": [hour for _, hour in asked],
            },
        )
        return {(row.cell9, row.hour): row.sightings for row in rows}

    def doubted(
        self,
        *,
        reporters: Collection[int],
        notes: Collection[int],
        photos: Collection[int],
        since: datetime,
        until: datetime,
    ) -> Doubted:
        """Return the pins of these reporters in a stretch of time, and the first sources of these tokens."""
        rows = self._session.execute(
            load("sightings_doubted"),
            {
                "network_id": self._network_id,
                "reporters": sorted(reporters),
                "notes": sorted(notes),
                "photos": sorted(photos),
                "since": since,
                "until": until,
            },
        ).all()
        pins: dict[int, list[Pin]] = {}
        sources: dict[str, dict[int, int]] = {"note": {}, "photo": {}}
        for kind, about, source_group, own in rows:
            if kind == "reporter":
                pins[about] = [Pin(LonLat(lon, lat), t, accuracy_m) for lon, lat, t, accuracy_m in orjson.loads(own)]
            else:
                sources[kind][about] = source_group
        return Doubted(pins, sources["note"], sources["photo"])

    # stored and taken back

    def add(self, sightings: Sequence[NewSighting]) -> None:
        """Take sightings in; they are written by `store`, once their clusters are known."""
        self._pending.update((each.id, each) for each in sightings)

    def store(self, clusters: Mapping[int, int]) -> None:
        """Write all sightings that were taken in, each with its cluster if it has one, in one statement."""
        if self._pending:
            rows = orjson.dumps(list(self._pending.values())).decode()
            stands = [clusters.get(sighting) for sighting in self._pending]
            self._session.execute(
                load("sightings_add"),
                {"network_id": self._network_id, "rows": rows, "ids": list(self._pending), "clusters": stands},
            )
            self._pending.clear()

    def retract(self, sighting_id: int, moment: datetime) -> bool | None:
        """Mark a sighting as taken back; True if it was not yet, False if it was, None if there is none."""
        counted_for = (
            select(func.coalesce(Cluster.home_id, Cluster.incident_id))
            .where(
                Cluster.network_id == Sighting.network_id,
                (Cluster.id == Sighting.pinned_id)
                | (Sighting.pinned_id.is_(None) & (Cluster.id == Sighting.cluster_id)),
            )
            .scalar_subquery()
        )
        changed = self._session.execute(
            update(Sighting)
            .where(Sighting.network_id == self._network_id, Sighting.id == sighting_id, Sighting.retracted_at.is_(None))
            .values(retracted_at=moment, retracted_from=counted_for)
            .returning(Sighting.id)
            .execution_options(synchronize_session=False)
        ).scalar()
        if changed is not None:
            return True
        known = self._session.scalar(
            select(Sighting.id).where(Sighting.network_id == self._network_id, Sighting.id == sighting_id)
        )
        return None if known is None else False

    # the open window

    def lock_round(self, asked: Collection[tuple[str, int]]) -> frozenset[int]:
        """Keep everybody else from changing clusters round some cells until this transaction ends.

        Parameters
        ----------
        asked
            Cells of the clustering resolution, each with how many steps round it.

        Returns
        -------
        The large cells round them that were not locked before, by their numbers.
        """
        fresh = frozenset(lock for cell, steps in asked for lock in _locks(cell, steps)) - self._locked
        if fresh:
            self._session.execute(load("lock_cells"), {"network_id": self._network_id, "cells": sorted(fresh)}).all()
            self._locked |= fresh
        return fresh

    def versions(self, locks: Collection[int]) -> dict[int, int]:
        """Return who changed the clusters of large cells last; 0 where nobody did yet."""
        rows = self._session.execute(load("window_versions"), {"network_id": self._network_id, "cells": sorted(locks)})
        return dict.fromkeys(locks, 0) | {row.cell: row.changed_by for row in rows}

    def mark(self, changed: Collection[str]) -> dict[int, tuple[int, int]]:
        """Say that this transaction changes clusters in some cells; before it moves any sighting there.

        Returns
        -------
        For each of the large cells above them this transaction's number, and who changed it last before.
        """
        if not changed:
            return {}
        self.marks += 1
        locks = sorted({_lock_of(cell) for cell in changed})
        rows = self._session.execute(load("window_mark"), {"network_id": self._network_id, "cells": locks})
        return {row.cell: (row.changed_by, row.was) for row in rows}

    def window(self, locks: Collection[int], since: datetime) -> list[LiveSighting]:
        """Return all clusters of open incidents that hold a sighting in some large cells, observed since a moment."""
        cells9 = [cell for lock in sorted(locks) for cell in _within(lock)]
        rows = self._session.execute(
            load("window_load"), {"network_id": self._network_id, "cells": cells9, "since": since}
        )
        return [_loaded(row) for row in rows]

    def cell_of(self, sighting_id: int) -> str | None:
        """Return the cell of the clustering resolution in which a sighting stands, None where there is none."""
        return self._session.scalar(
            select(Sighting.cell9).where(Sighting.network_id == self._network_id, Sighting.id == sighting_id)
        )

    def standing(self, sighting_id: int) -> SightingStanding | None:
        """Return whether a sighting was taken back, and the incident it stands in; None where there is none."""
        row = self._session.execute(
            select(Sighting.retracted_at, Sighting.received_at, Cluster.incident_id)
            .outerjoin(Cluster, (Cluster.network_id == Sighting.network_id) & (Cluster.id == Sighting.cluster_id))
            .where(Sighting.network_id == self._network_id, Sighting.id == sighting_id)
        ).one_or_none()
        return None if row is None else SightingStanding(row.retracted_at is not None, row.received_at, row.incident_id)

    def arrived(self, sighting_ids: Collection[int]) -> list[LiveSighting]:
        """Return those of some sightings that were taken in and take part in clustering."""
        found = (self._pending[sighting] for sighting in sorted(sighting_ids))
        return [_arriving(each) for each in found if each.use in _CLUSTERED]

    def retracted(self, sighting_ids: Collection[int]) -> list[LiveSighting]:
        """Return some sightings that were taken back and still stand in a cluster."""
        return self._live("sightings_retracted", ids=sorted(sighting_ids))

    def near(self, boxes: Collection[Box]) -> list[LiveSighting]:
        """Return the exact sightings of open incidents in these boxes, each cell at most once in `boxes`."""
        # Text of a thousand boxes is written faster as JSON than as seven arrays.
        return self._live("sightings_near", boxes=orjson.dumps(list(boxes)).decode())

    def coarse_near(self, box: Box) -> list[LiveSighting]:
        """Return the coarse sightings of open incidents in a box, whatever their cell."""
        return self._live(
            "sightings_coarse_near",
            since=box.since,
            until=box.until,
            west=box.west,
            south=box.south,
            east=box.east,
            north=box.north,
        )

    def of_clusters(self, clusters: Collection[int]) -> list[LiveSighting]:
        """Return every sighting of some clusters."""
        return self._live("sightings_of_clusters", clusters=sorted(clusters))

    def move(self, clusters: Mapping[int, int | None]) -> None:
        """Write the cluster of each of some sightings, None where it stands in none any more."""
        if clusters:
            self._session.execute(
                load("sightings_move"),
                {
                    "network_id": self._network_id,
                    "ids": list(clusters.keys()),
                    "clusters": list(clusters.values()),
                },
            )

    # what the desk reads

    def found(
        self,
        *,
        since: datetime | None = None,
        incident_id: int | None = None,
        after: tuple[datetime, int] | None = None,
        limit: int,
    ) -> list[SightingFound]:
        """Return sightings that were not taken back, newest first by the minute shown, then by id.

        Parameters
        ----------
        since
            Observed at or after this moment; any when left out.
        incident_id
            Only those that count for this incident, all at once from the newest.
        after
            The minute and id of the last one of the page before.
        limit
            How many at most.
        """
        if incident_id is not None:
            asked = {"network_id": self._network_id, "incident_id": incident_id, "limit": limit}
            return [_found(row) for row in self._session.execute(load("sightings_of_incident"), asked)]
        rows = self._session.execute(
            load("sightings_found"),
            {
                "network_id": self._network_id,
                "since": since or _ALWAYS,
                "after_minute": after and after[0],
                "after_id": after and after[1],
                "limit": limit,
            },
        )
        return [_found(row) for row in rows]

    def _live(self, name: str, **values: Any) -> list[LiveSighting]:
        rows = self._session.execute(load(name), {"network_id": self._network_id, **values})
        return [_live(row) for row in rows]


@lru_cache(maxsize=65_536)
def _lock_of(cell: str) -> int:
    return cells.to_int(cells.parent(cell, _LOCK_RESOLUTION))


@lru_cache(maxsize=65_536)
def _locks(cell: str, steps: int) -> frozenset[int]:
    """Return what names a disk round a cell in locks: a few large cells."""
    return cells.ancestors_round(cell, steps, _LOCK_RESOLUTION)


@lru_cache(maxsize=1_024)
def _within(lock: int) -> tuple[int, ...]:
    """Return the cells of the clustering resolution in a large cell."""
    return tuple(cells.to_int(each) for each in cells.children(cells.from_int(lock), cells.CLUSTER_RESOLUTION))


def _arriving(row: NewSighting) -> LiveSighting:
    # As the column will hold it, so that memory and database never disagree by a hair.
    point = _point(row, float(np.float32(row.accuracy_m)))
    told = Told(row.unit, row.zone_ids, based=row.basis is not None)
    return LiveSighting(point, None, None, touched=False, cluster_since=point.t, told=told)


def _live(row: Row[Any]) -> LiveSighting:
    point = _point(row, row.accuracy_m)
    return LiveSighting(point, row.cluster_id, row.incident_id, row.touched, row.cluster_since.timestamp())


def _point(row: NewSighting | Row[Any], accuracy_m: float) -> Point:
    return Point(
        id=row.id,
        place=LonLat(row.lon, row.lat),
        t=row.observed_at.timestamp(),
        source_group=row.source_group,
        vouched=row.vouched,
        activity=row.activity,
        vehicles=tuple(Vehicle.of(**said) for said in row.vehicles),
        token=row.plate_token,
        coarse=row.use == Use.COARSE,
        accuracy_m=accuracy_m,
        unit=row.unit,
        size=row.size,
    )


def _loaded(row: Row[Any]) -> LiveSighting:
    told = Told(row.unit, tuple(row.zone_ids), row.basis is not None, row.incident_version, row.alone)
    return replace(_live(row), told=told)


def _found(row: Row[Any]) -> SightingFound:
    return SightingFound(
        id=row.id,
        incident_id=row.incident_id,
        source_group=row.source_group,
        vouched=row.vouched,
        kind=row.kind,
        activity=row.activity,
        unit=row.unit,
        basis=row.basis,
        size=row.size,
        accuracy_m=row.accuracy_m,
        observed_at=row.observed_at,
        received_at=row.received_at,
        use=row.use,
        place=None if row.lon is None else LonLat(row.lon, row.lat),
        cell7=cells.from_int(row.cell7),
        cell10=None if row.cell10 is None else cells.from_int(row.cell10),
        vehicles=tuple(row.vehicles),
        plate_tail=row.plate_tail,
        note=row.note,
        lang=row.lang,
        flags=tuple(row.flags),
        reporter_id=row.reporter_id,
    )
