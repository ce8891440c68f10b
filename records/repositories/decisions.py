"""What people decided about which reports belong together, and what the machine suggests they look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from geo import cells
from geo.points import LonLat
from records import ids
from records.errors import NoSuchRecord
from records.groupings import CountedSighting, NearbyIncident, NewSuggestion, Retraction, VehicleTieFound
from records.models import Cluster, Decision, Incident, Sighting, SightingOverride, Suggestion
from records.repositories.repository import Repository
from records.sql import load

_NEARBY_STEPS = 3
"""Steps of a disk of cells of resolution 7 that holds everything within 3 km of its middle cell."""


class DecisionRepository(Repository):
    """Merges, splits, what is kept apart; and suggestions, which are none of these."""

    # decisions

    def add(self, kind: str, incident_id: int, other_id: int, *, account_id: int, decided_at: datetime) -> Decision:
        """Write down what somebody decided."""
        decision = Decision(
            network_id=self._network_id,
            id=ids.new_id(),
            kind=kind,
            incident_id=incident_id,
            other_id=other_id,
            account_id=account_id,
            decided_at=decided_at,
        )
        self._session.add(decision)
        self._session.flush()
        return decision

    def get(self, decision_id: int) -> Decision:
        """Return one decision; raises NoSuchRecord."""
        found = self._session.get(Decision, (self._network_id, decision_id), populate_existing=True)
        if found is None:
            raise NoSuchRecord
        return found

    def take(self, decision_id: int) -> Decision:
        """Return one decision as it is now, taken until the end of this transaction; raises NoSuchRecord."""
        found = self._session.scalar(
            select(Decision)
            .where(Decision.network_id == self._network_id, Decision.id == decision_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if found is None:
            raise NoSuchRecord
        return found

    def undo(self, decision: Decision, *, by: int, at: datetime) -> None:
        """Mark a decision taken before as undone; it stays in the history."""
        decision.undone_by, decision.undone_at = by, at
        self._session.flush()

    def about(self, incident_ids: Collection[int]) -> list[Decision]:
        """Return everything that was decided about some incidents, undone or not, oldest first."""
        return list(
            self._session.scalars(
                select(Decision)
                .where(
                    Decision.network_id == self._network_id,
                    or_(Decision.incident_id.in_(incident_ids), Decision.other_id.in_(incident_ids)),
                )
                .order_by(Decision.decided_at, Decision.id)
                .execution_options(populate_existing=True)
            )
        )

    def standing_merges_into(self, incident_id: int) -> bool:
        """Tell whether a merge that people made into this incident stands."""
        query = select(Decision.id).where(
            Decision.network_id == self._network_id,
            Decision.kind == "merge",
            Decision.other_id == incident_id,
            Decision.undone_at.is_(None),
        )
        return self._session.scalar(query.limit(1)) is not None

    def taken_along(self, decision_ids: Collection[int]) -> dict[int, list[int]]:
        """Return for each of some splits the sightings it took along."""
        rows = self._session.execute(
            select(SightingOverride.decision_id, SightingOverride.sighting_id)
            .where(SightingOverride.network_id == self._network_id, SightingOverride.decision_id.in_(decision_ids))
            .order_by(SightingOverride.decision_id, SightingOverride.sighting_id)
        )
        found: dict[int, list[int]] = {}
        for decision_id, sighting_id in rows:
            found.setdefault(decision_id, []).append(sighting_id)
        return found

    # what counts for what

    def family(self, incident_ids: Collection[int]) -> list[int]:
        """Return some incidents and all that were merged into them, directly or not."""
        asked = {"network_id": self._network_id, "ids": sorted(incident_ids)}
        return list(self._session.scalars(load("incident_family"), asked))

    def root(self, incident_id: int) -> int:
        """Return the incident in which this one lives on, itself where it was never merged; raises NoSuchRecord."""
        asked = {"network_id": self._network_id, "incident_id": incident_id}
        found = self._session.scalars(load("incident_root"), asked).one_or_none()
        if found is None:
            raise NoSuchRecord
        return int(found)

    def counted(self, incident_ids: Collection[int]) -> list[CountedSighting]:
        """Return every sighting that counts for some incidents, earliest first."""
        rows = self._session.execute(
            load("sightings_counted"), {"network_id": self._network_id, "incidents": sorted(incident_ids)}
        )
        return [
            CountedSighting(
                row.id,
                None if row.cell9 is None else cells.from_int(row.cell9),
                row.observed_at,
                None if row.lon is None else LonLat(row.lon, row.lat),
            )
            for row in rows
        ]

    def clusters_of(self, incident_ids: Collection[int]) -> list[int]:
        """Return the clusters that count for some incidents."""
        return list(
            self._session.scalars(
                select(Cluster.id)
                .where(Cluster.network_id == self._network_id, Cluster.incident_id.in_(incident_ids))
                .order_by(Cluster.id)
            )
        )

    def join(self, incident_id: int, into: int) -> None:
        """Let everything that counts for an incident count for another one."""
        asked = {"network_id": self._network_id, "incident_id": incident_id, "into": into}
        self._session.execute(load("clusters_join"), asked)

    def part(self, incident_id: int) -> None:
        """Give an incident back everything that came from it and from those merged into it."""
        asked = {"network_id": self._network_id, "incident_id": incident_id, "family": self.family([incident_id])}
        self._session.execute(load("clusters_part"), asked)

    def pin(self, decision_id: int, cluster_id: int, sighting_ids: Collection[int]) -> None:
        """Let sightings count for a cluster of people's making, as a split decided."""
        self._session.execute(
            load("sightings_pin"),
            {
                "network_id": self._network_id,
                "decision_id": decision_id,
                "cluster_id": cluster_id,
                "ids": sorted(sighting_ids),
            },
        )

    def unpin(self, decision_id: int) -> None:
        """Let the sightings of a split that was undone count as if it had never been."""
        self._session.execute(load("sightings_unpin"), {"network_id": self._network_id, "decision_id": decision_id})

    def counted_in(self, sighting_ids: Collection[int]) -> list[int]:
        """Return the incidents that some sightings count for."""
        return list(
            self._session.scalars(
                select(Cluster.incident_id)
                .distinct()
                .join(
                    Sighting,
                    (Sighting.network_id == Cluster.network_id)
                    & (
                        (Cluster.id == Sighting.pinned_id)
                        | (Sighting.pinned_id.is_(None) & (Cluster.id == Sighting.cluster_id))
                    ),
                )
                .where(Cluster.network_id == self._network_id, Sighting.id.in_(sighting_ids))
            )
        )

    def pinned_incidents(self, sighting_ids: Collection[int]) -> list[int]:
        """Return the incidents that some sightings were pinned to, taken back or not."""
        return list(
            self._session.scalars(
                select(Cluster.incident_id)
                .distinct()
                .join(Sighting, (Sighting.network_id == Cluster.network_id) & (Sighting.pinned_id == Cluster.id))
                .where(Cluster.network_id == self._network_id, Sighting.id.in_(sighting_ids))
            )
        )

    def untouch(self, incident_ids: Collection[int]) -> None:
        """Take people's hands off incidents that nobody works on any more: the machine may merge them again."""
        self._session.execute(load("incidents_untouch"), {"network_id": self._network_id, "ids": sorted(incident_ids)})

    def retracted(self, incident_ids: Collection[int]) -> list[Retraction]:
        """Return what was taken back from some incidents, in the order it was taken back."""
        rows = self._session.execute(
            select(Sighting.id, Sighting.observed_at, Sighting.retracted_at)
            .where(
                Sighting.network_id == self._network_id,
                Sighting.retracted_from.in_(incident_ids),
                Sighting.retracted_at.is_not(None),
            )
            .order_by(Sighting.retracted_at, Sighting.id)
        )
        return [Retraction(row.id, row.observed_at, row.retracted_at) for row in rows]

    # suggestions

    def vehicle_ties(self, sighting_ids: Collection[int], now: datetime) -> list[VehicleTieFound]:
        """Return other open incidents in which the vehicle of some new sightings was seen too."""
        rows = self._session.execute(
            load("vehicle_ties"), {"network_id": self._network_id, "ids": sorted(sighting_ids), "now": now}
        )
        return [
            VehicleTieFound(
                row.one, row.other, row.same_plate, row.first_at, row.last_at, float(row.metres), float(row.slack_m)
            )
            for row in rows
        ]

    def suggest(self, suggestions: Sequence[NewSuggestion], now: datetime) -> set[int]:
        """Keep suggestions, but none that people have said are not the same; return the incidents they are about."""
        rows = self._session.execute(
            load("suggestions_add"),
            {
                "network_id": self._network_id,
                "now": now,
                "ones": [each.one_id for each in suggestions],
                "twos": [each.two_id for each in suggestions],
                "kinds": [each.kind for each in suggestions],
                "ends": [each.expires_at for each in suggestions],
            },
        )
        return {incident_id for row in rows for incident_id in (row.one_id, row.two_id)}

    def suggestions(self, incident_id: int, now: datetime) -> list[Suggestion]:
        """Return what is suggested about an incident at `now`, while the other one is open; by the other's id."""
        other = select(Incident.id).where(
            Incident.network_id == self._network_id,
            Incident.id.in_([Suggestion.one_id, Suggestion.two_id]),
            or_(Incident.ended_at.is_not(None), Incident.merged_into.is_not(None)),
        )
        return list(
            self._session.scalars(
                select(Suggestion)
                .where(
                    Suggestion.network_id == self._network_id,
                    or_(Suggestion.one_id == incident_id, Suggestion.two_id == incident_id),
                    Suggestion.expires_at > now,
                    ~other.exists(),
                )
                .order_by(Suggestion.one_id, Suggestion.two_id)
                .execution_options(populate_existing=True)
            )
        )

    def forget_suggestions(self, incident_ids: Iterable[int]) -> None:
        """Drop whatever is suggested about incidents that have ended."""
        gone = sorted(incident_ids)
        self._session.execute(
            delete(Suggestion)
            .where(
                Suggestion.network_id == self._network_id,
                or_(Suggestion.one_id.in_(gone), Suggestion.two_id.in_(gone)),
            )
            .execution_options(synchronize_session=False)
        )

    def forget_pair(self, one: int, other: int) -> None:
        """Drop what is suggested about two incidents."""
        self._session.execute(
            delete(Suggestion)
            .where(
                Suggestion.network_id == self._network_id,
                Suggestion.one_id == min(one, other),
                Suggestion.two_id == max(one, other),
            )
            .execution_options(synchronize_session=False)
        )

    def forget_suggestions_before(self, now: datetime) -> int:
        """Drop suggestions whose time is over; return how many."""
        gone = self._session.execute(
            delete(Suggestion)
            .where(Suggestion.network_id == self._network_id, Suggestion.expires_at <= now)
            .returning(Suggestion.one_id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())

    def nearby(self, incident_id: int, *, radius_m: float, limit: int) -> list[NearbyIncident]:
        """Return other open incidents near one, nearest first; none beyond 3 km."""
        around = select(Incident.cell7).where(Incident.network_id == self._network_id, Incident.id == incident_id)
        middle = self._session.scalar(around)
        if middle is None:
            return []
        rows = self._session.execute(
            load("incidents_nearby"),
            {
                "network_id": self._network_id,
                "incident_id": incident_id,
                "radius_m": radius_m,
                "limit": limit,
                "cells": [cells.to_int(each) for each in cells.disk(middle, _NEARBY_STEPS)],
            },
        )
        return [NearbyIncident(row.id, float(row.metres), float(row.seconds), row.last_at, row.apart) for row in rows]

    def merged_into(self, incident_id: int, survivor: int | None) -> int:
        """Write which incident another one lives on in, None where in none; return its new version."""
        version = self._session.scalar(
            update(Incident)
            .where(Incident.network_id == self._network_id, Incident.id == incident_id)
            .values(merged_into=survivor, touched=True, version=Incident.version + 1)
            .returning(Incident.version)
            .execution_options(synchronize_session=False)
        )
        if version is None:
            raise NoSuchRecord
        return version
