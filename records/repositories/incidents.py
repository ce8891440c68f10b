"""Incidents, the clusters they gather, and what people judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select, tuple_, update

from geo.gravity import GRAVEST_FIRST
from geo.points import LonLat
from records import ids
from records.errors import NoSuchRecord
from records.live import Held
from records.models import Cluster, Incident, Judgement, Sighting
from records.repositories.repository import Repository
from records.sql import load
from records.told import Evidence
from records.values import GroupFigures, IncidentFigures, IncidentUpdate, NewIncident, SourceOf


class IncidentRepository(Repository):
    """Incidents, clusters, judgements."""

    # read

    def get(self, incident_id: int) -> Incident:
        """Return an incident as it is now; raises NoSuchRecord."""
        found = self._session.get(Incident, (self._network_id, incident_id), populate_existing=True)
        if found is None:
            raise NoSuchRecord
        return found

    def many(self, incident_ids: Collection[int], *, touched: bool = False) -> list[Incident]:
        """Return those of some incidents that exist, by id; only those that people have worked on if `touched`."""
        if not incident_ids:
            return []
        query = select(Incident).where(Incident.network_id == self._network_id, Incident.id.in_(sorted(incident_ids)))
        if touched:
            query = query.where(Incident.touched)
        return list(self._session.scalars(query.order_by(Incident.id).execution_options(populate_existing=True)))

    def page(
        self,
        *,
        statuses: Collection[str] = (),
        zone_id: int | None = None,
        since: datetime | None = None,
        after: tuple[datetime, int] | None = None,
        limit: int,
    ) -> list[Incident]:
        """Return incidents that were not merged into others, newest first by the minute shown, then by id.

        Parameters
        ----------
        statuses
            Only these; all when empty.
        zone_id
            Only those in this zone.
        since
            Last seen at or after this minute.
        after
            The minute and id of the last one of the page before.
        limit
            How many at most.
        """
        minute = func.date_trunc("minute", Incident.last_seen_at)
        query = select(Incident).where(Incident.network_id == self._network_id, Incident.merged_into.is_(None))
        if statuses:
            query = query.where(Incident.status.in_(sorted(statuses)))
        if zone_id is not None:
            query = query.where(Incident.zone_ids.contains([zone_id]))
        if since is not None:
            query = query.where(Incident.last_seen_at >= since, minute >= since)
        if after is not None:
            query = query.where(tuple_(minute, Incident.id) < after)
        return list(
            self._session.scalars(
                query.order_by(minute.desc(), Incident.id.desc()).limit(limit).execution_options(populate_existing=True)
            )
        )

    def waiting(self, *, turns: int) -> dict[int, int | None]:
        """Return open incidents that may stand at the top of the queue, each with the one lineage behind it.

        Of those that nobody vouched for only the `turns` likeliest of each cell of resolution 6.
        """
        rows = self._session.execute(load("incidents_waiting"), {"network_id": self._network_id, "turns": turns})
        return {row.id: row.lineage for row in rows}

    def place(self, incident_id: int) -> LonLat:
        """Return where an incident is, exactly, WGS84; raises NoSuchRecord."""
        row = self._session.execute(
            load("incident_place"), {"network_id": self._network_id, "incident_id": incident_id}
        ).one_or_none()
        if row is None:
            raise NoSuchRecord
        return LonLat(row.lon, row.lat)

    def open_with_sightings(self) -> dict[int, list[int]]:
        """Return the ids of all open incidents, each with the ids of its sightings."""
        rows = self._session.execute(
            select(Incident.id, Sighting.id)
            .join(Cluster, (Cluster.network_id == Incident.network_id) & (Cluster.incident_id == Incident.id))
            .join(
                Sighting,
                (Sighting.network_id == Cluster.network_id)
                & (func.coalesce(Sighting.pinned_id, Sighting.cluster_id) == Cluster.id),
            )
            .where(
                Incident.network_id == self._network_id,
                Incident.ended_at.is_(None),
                Incident.merged_into.is_(None),
                Sighting.retracted_at.is_(None),
            )
            .order_by(Incident.id, Sighting.id)
        )
        found: dict[int, list[int]] = {}
        for incident_id, sighting_id in rows:
            found.setdefault(incident_id, []).append(sighting_id)
        return found

    def sources(self, incident_id: int) -> list[SourceOf]:
        """Return the sources of an incident."""
        rows = self._session.execute(
            load("incident_sources"), {"network_id": self._network_id, "incident_id": incident_id}
        )
        return [SourceOf(row.source_group, row.lineage, row.account_id) for row in rows]

    def evidence(self, incident_id: int) -> Evidence:
        """Return what an incident rests on."""
        row = self._session.execute(
            load("incident_evidence"), {"network_id": self._network_id, "incident_id": incident_id}
        ).one()
        return Evidence(row.lineages, row.both_of_a_pair)

    # written by the machine

    def hold(self, incident_ids: Collection[int], others: Collection[int] = ()) -> dict[int, Held]:
        """Take incidents until this transaction ends, in order; return how they, and others not taken, stand now."""
        if not incident_ids and not others:
            return {}
        rows = self._session.execute(
            load("incidents_hold"),
            {
                "network_id": self._network_id,
                "ids": sorted(incident_ids),
                "others": sorted(set(others) - set(incident_ids)),
            },
        )
        return {
            incident_id: Held(status, touched, version, ended, merged)
            for incident_id, status, touched, version, ended, merged in rows
        }

    def open(self, incidents: Sequence[NewIncident]) -> None:
        """Open incidents; their figures follow by `write`."""
        if incidents:
            self._session.execute(
                load("incidents_add"), {"network_id": self._network_id, "rows": orjson.dumps(list(incidents)).decode()}
            )

    def add_clusters(self, clusters: Mapping[int, tuple[int, datetime, datetime]]) -> None:
        """Add clusters: for each id its incident, and from when to when its sightings were observed."""
        if clusters:
            self._session.execute(
                load("clusters_add"),
                {
                    "network_id": self._network_id,
                    "ids": list(clusters),
                    "incidents": [incident_id for incident_id, _, _ in clusters.values()],
                    "firsts": [first for _, first, _ in clusters.values()],
                    "lasts": [last for _, _, last in clusters.values()],
                },
            )

    def resize_clusters(self, clusters: Mapping[int, tuple[datetime, datetime]]) -> None:
        """Write from when to when the sightings of clusters were observed."""
        if clusters:
            self._session.execute(
                load("clusters_resize"),
                {
                    "network_id": self._network_id,
                    "ids": list(clusters),
                    "firsts": [first for first, _ in clusters.values()],
                    "lasts": [last for _, last in clusters.values()],
                },
            )

    def merge_clusters(self, survivors: Mapping[int, int]) -> None:
        """Let the sightings of swallowed clusters follow into their survivors."""
        if survivors:
            self._session.execute(
                load("clusters_merge"),
                {
                    "network_id": self._network_id,
                    "losers": list(survivors.keys()),
                    "survivors": list(survivors.values()),
                },
            )

    def remove_clusters(self, cluster_ids: Collection[int]) -> None:
        """Remove clusters in which no sighting stands any more."""
        if cluster_ids:
            self._session.execute(load("clusters_remove"), {"network_id": self._network_id, "ids": sorted(cluster_ids)})

    def figures(self, incident_ids: Collection[int]) -> list[IncidentFigures]:
        """Return what the sightings of incidents add up to, by id."""
        rows = self._session.execute(
            load("incident_figures"), {"network_id": self._network_id, "ids": sorted(incident_ids)}
        )
        return [
            IncidentFigures(
                incident_id=row.incident_id,
                status=row.status,
                sightings=row.sightings,
                groups=row.groups,
                vouched_groups=row.vouched_groups,
                place=None if row.lon is None else LonLat(row.lon, row.lat),
                unit=row.unit,
                zone_ids=tuple(row.zone_ids or ()),
                first_seen_at=row.first_seen_at,
                last_seen_at=row.last_seen_at,
                touched=row.touched,
            )
            for row in rows
        ]

    def groups(self, incident_ids: Collection[int]) -> list[GroupFigures]:
        """Return what each source group says in incidents."""
        rows = self._session.execute(
            load("incident_groups"),
            {"network_id": self._network_id, "ids": sorted(incident_ids), "gravest": list(GRAVEST_FIRST)},
        )
        return [
            GroupFigures(
                incident_id=row.incident_id,
                source_group=row.source_group,
                vouched=row.vouched,
                first_id=row.first_id,
                place=LonLat(row.lon, row.lat),
                t=row.observed_at.timestamp(),
                reports=row.reports,
                local_police=bool(row.local_police),
                named=bool(row.named),
                other=bool(row.other),
                activity=row.activity,
                activity_before=row.activity_before,
            )
            for row in rows
        ]

    def write(self, updates: Sequence[IncidentUpdate]) -> dict[int, int]:
        """Write what the machine found about incidents; return their new versions by id."""
        if not updates:
            return {}
        rows = self._session.execute(
            load("incidents_write"), {"network_id": self._network_id, "rows": orjson.dumps(list(updates)).decode()}
        )
        return {row.id: row.version for row in rows}

    def merge(self, survivors: Mapping[int, int]) -> dict[int, int]:
        """Let incidents point to where the cluster that took them in came from, where none of their own is left.

        What people merged since follows from there on; return the versions by id.
        """
        if not survivors:
            return {}
        rows = self._session.execute(
            load("incidents_merge"),
            {
                "network_id": self._network_id,
                "losers": list(survivors.keys()),
                "survivors": list(survivors.values()),
            },
        )
        return {row.id: row.version for row in rows}

    def close_quiet(self, *, before: datetime, now: datetime, limit: int, after: int) -> list[tuple[int, int, int]]:
        """End unverified incidents without news since `before`; return (id, version, cell of resolution 7)."""
        rows = self._session.execute(
            load("incidents_quiet"),
            {"network_id": self._network_id, "before": before, "now": now, "limit": limit, "after": after},
        )
        return [(row.id, row.version, row.cell7) for row in rows]

    def propose_clear(self, *, before: datetime, now: datetime, limit: int, after: int) -> list[tuple[int, int, int]]:
        """Propose that quiet incidents are over; return (id, version, cell of resolution 7)."""
        rows = self._session.execute(
            load("incidents_propose_clear"),
            {"network_id": self._network_id, "before": before, "now": now, "limit": limit, "after": after},
        )
        return [(row.id, row.version, row.cell7) for row in rows]

    def weigh_again_at(self, moments: Mapping[int, datetime]) -> None:
        """Note when incidents are to be weighed again, as something of them fades."""
        for incident_id, moment in sorted(moments.items()):
            self._session.execute(
                update(Incident)
                .where(Incident.network_id == self._network_id, Incident.id == incident_id)
                .values(weigh_again_at=moment)
                .execution_options(synchronize_session=False)
            )

    def take_to_weigh(self, now: datetime, *, limit: int, after: int) -> list[int]:
        """Take incidents that are to be weighed again by now; return their ids."""
        asked = {"network_id": self._network_id, "now": now, "limit": limit, "after": after}
        return [row.id for row in self._session.execute(load("incidents_weigh_again"), asked)]

    # written by people

    def take(self, incident_id: int) -> Incident:
        """Return an incident, taken until the end of this transaction; raises NoSuchRecord."""
        found = self._session.scalar(
            select(Incident)
            .where(Incident.network_id == self._network_id, Incident.id == incident_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        if found is None:
            raise NoSuchRecord
        return found

    def change(self, incident: Incident, **values: Any) -> None:
        """Write what is new about an incident taken before, and count its version up."""
        self._session.execute(
            update(Incident)
            .where(Incident.network_id == self._network_id, Incident.id == incident.id)
            .values(**values, version=Incident.version + 1)
            .execution_options(synchronize_session=False)
        )
        self._session.refresh(incident)

    def touch(self, incident_id: int) -> None:
        """Note that people work on an incident: it keeps its name, and is never merged into another silently."""
        self._session.execute(
            update(Incident)
            .where(Incident.network_id == self._network_id, Incident.id == incident_id, ~Incident.touched)
            .values(touched=True)
            .execution_options(synchronize_session=False)
        )

    def add_judgement(
        self,
        incident_id: int,
        *,
        account_id: int,
        lineage: int,
        verdict: str,
        agency: str | None,
        basis: str | None,
        note: str | None,
        judged_at: datetime,
    ) -> Judgement:
        """Keep what one person judged; one standing judgement each."""
        judgement = Judgement(
            network_id=self._network_id,
            id=ids.new_id(),
            incident_id=incident_id,
            account_id=account_id,
            lineage=lineage,
            verdict=verdict,
            agency=agency,
            basis=basis,
            note=note,
            judged_at=judged_at,
        )
        self._session.add(judgement)
        self._session.flush()
        return judgement

    def judgement(self, judgement_id: int) -> Judgement:
        """Return one judgement; raises NoSuchRecord."""
        found = self._session.get(Judgement, (self._network_id, judgement_id), populate_existing=True)
        if found is None:
            raise NoSuchRecord
        return found

    def judgements(self, incident_id: int) -> list[Judgement]:
        """Return everything that was judged of an incident, undone ones too, oldest first."""
        return list(
            self._session.scalars(
                select(Judgement)
                .where(Judgement.network_id == self._network_id, Judgement.incident_id == incident_id)
                .order_by(Judgement.judged_at, Judgement.id)
                .execution_options(populate_existing=True)
            )
        )

    def undo_judgement(self, judgement: Judgement, *, by: int | None, at: datetime | None) -> None:
        """Mark a judgement as undone, or, without a time, let it stand again."""
        judgement.undone_by, judgement.undone_at = by, at
        self._session.flush()
