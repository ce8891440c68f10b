"""Dispatches, offers, seats, check-ins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, tuple_, update

from geo import cells
from geo.points import LonLat
from records import ids
from records.errors import NoSuchRecord
from records.models import Checkin, Dispatch, Incident, Offer, Seat
from records.repositories.repository import Repository
from records.sql import load
from records.told import FoundOnScene
from records.values import DispatchPlaces, NewDispatch, NewOffer, SceneRow, Standing

_ENDED = ("cleared", "cancelled", "unfilled")


class DispatchRepository(Repository):
    """Dispatches, offers, seats, check-ins."""

    # incidents, as those who send people need them

    def scene(self, incident_id: int) -> SceneRow:
        """Return an incident's scene; raises NoSuchRecord."""
        row = self._session.execute(
            load("scene"), {"network_id": self._network_id, "incident_id": incident_id}
        ).one_or_none()
        if row is None:
            raise NoSuchRecord
        return SceneRow(
            incident_id=row.id,
            standing=Standing(row.status, row.merged_into is not None, row.was_verified),
            zone_ids=tuple(row.zone_ids),
            sightings=row.sightings,
            vouched_groups=row.vouched_groups,
            cell10=cells.from_int(row.cell10),
            place=LonLat(row.lon, row.lat),
            corners=tuple(LonLat(lon, lat) for lon, lat in row.corners),
            only_patrol=row.only_patrol,
            reporters=frozenset(row.reporters),
        )

    def standing(self, incident_id: int, *, locked: bool = False) -> Standing:
        """Return how an incident stands, a merged one as the one it lives on in; raises NoSuchRecord.

        Locked, it is the incident itself, and no other dispatch is sent to it meanwhile.
        """
        asked = {"network_id": self._network_id, "incident_id": incident_id}
        root = incident_id if locked else self._session.scalar(load("incident_root"), asked)
        query = select(Incident.status, Incident.merged_into, Incident.was_verified).where(
            Incident.network_id == self._network_id, Incident.id == root
        )
        row = self._session.execute(query.with_for_update(key_share=True) if locked else query).one_or_none()
        if row is None:
            raise NoSuchRecord
        return Standing(row.status, row.merged_into is not None, row.was_verified)

    def places_taken(self, incident_ids: Collection[int]) -> list[tuple[int, int]]:
        """Return which places are taken by live dispatches: each with its incident and its number there."""
        rows = self._session.execute(
            select(Dispatch.incident_id, Dispatch.live_place)
            .where(
                Dispatch.network_id == self._network_id,
                Dispatch.incident_id.in_(incident_ids),
                Dispatch.live_place.is_not(None),
            )
            .order_by(Dispatch.id)
        )
        return [(incident_id, place) for incident_id, place in rows if place is not None]

    # dispatches

    def get(self, dispatch_id: int) -> Dispatch:
        """Return one dispatch; raises NoSuchRecord."""
        found = self._session.get(Dispatch, (self._network_id, dispatch_id))
        if found is None:
            raise NoSuchRecord
        return found

    def many(self, dispatch_ids: Collection[int]) -> list[Dispatch]:
        """Return those of some dispatches that exist, by id."""
        if not dispatch_ids:
            return []
        return list(
            self._session.scalars(
                select(Dispatch)
                .where(Dispatch.network_id == self._network_id, Dispatch.id.in_(dispatch_ids))
                .order_by(Dispatch.id)
            )
        )

    def lock_to_answer(self, offer_id: int, responder_id: int) -> Dispatch | None:
        """Return the dispatch of an offer to a person, taken until the end of this transaction; None without one.

        Whoever may seat somebody anew takes the incident too, and first: whoever judges an incident takes it before
        its dispatches, so nobody waits in a circle. Other steps ask nothing of the incident.
        """
        dispatch_id = self._session.scalar(
            load("answering"), {"network_id": self._network_id, "offer_id": offer_id, "responder_id": responder_id}
        )
        return None if dispatch_id is None else self.lock(dispatch_id)

    def lock(self, dispatch_id: int) -> Dispatch:
        """Return one dispatch as it is now, taken until the end of this transaction; raises NoSuchRecord."""
        found = self._session.scalar(
            select(Dispatch)
            .where(Dispatch.network_id == self._network_id, Dispatch.id == dispatch_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if found is None:
            raise NoSuchRecord
        return found

    def lock_due(self, timer: str, limit: int, *, after: int = 0, **moments: datetime) -> list[Dispatch]:
        """Take the dispatches after an id that a timer is due for (`offers_due`, `held_due`, …), leaving others'."""
        asked = {"network_id": self._network_id, "limit": limit, "after": after, **moments}
        due = self._session.scalars(load(timer), asked).all()
        query = select(Dispatch).where(Dispatch.network_id == self._network_id, Dispatch.id.in_(due))
        fresh = query.order_by(Dispatch.id).execution_options(populate_existing=True)
        return list(self._session.scalars(fresh)) if due else []

    def lock_live(self, incident_ids: Collection[int]) -> list[Dispatch]:
        """Return the live dispatches of incidents, by id, taken until the end of this transaction."""
        return list(
            self._session.scalars(
                select(Dispatch)
                .where(
                    Dispatch.network_id == self._network_id,
                    Dispatch.incident_id.in_(incident_ids),
                    Dispatch.state.not_in(_ENDED),
                )
                .order_by(Dispatch.id)
                .with_for_update()
                .execution_options(populate_existing=True)
            )
        )

    def page(
        self, *, open_only: bool | None, limit: int, after: int | None = None, incident_ids: Collection[int] = ()
    ) -> list[Dispatch]:
        """Return dispatches, newest first: live ones, ended ones or all; `after` is the last of the page before."""
        query = select(Dispatch).where(Dispatch.network_id == self._network_id)
        if open_only is not None:
            query = query.where(Dispatch.state.not_in(_ENDED) if open_only else Dispatch.state.in_(_ENDED))
        if incident_ids:
            query = query.where(Dispatch.incident_id.in_(incident_ids))
        if after is not None:
            last = self.get(after)
            query = query.where(tuple_(Dispatch.made_at, Dispatch.id) < (last.made_at, last.id))
        return list(self._session.scalars(query.order_by(Dispatch.made_at.desc(), Dispatch.id.desc()).limit(limit)))

    def live_counts(self, incident_ids: Collection[int]) -> dict[int, int]:
        """Return how many live dispatches some incidents have, those of what was merged into them included."""
        rows = self._session.execute(
            load("live_dispatches"), {"network_id": self._network_id, "ids": sorted(incident_ids)}
        )
        return {row.id: row.live for row in rows}

    def add(self, new: NewDispatch) -> Dispatch:
        """Open a dispatch that looks for its pair."""
        made = Dispatch(
            network_id=self._network_id,
            id=ids.new_id(),
            incident_id=new.incident_id,
            task=new.task,
            place=new.place,
            meeting_point=f"SRID=4326;POINT({new.meeting_point.lon!r} {new.meeting_point.lat!r})",
            meeting_name=new.meeting_name,
            reasons=list(new.reasons),
            ruled_out=dict(new.ruled_out),
            waves=1,
            made_by=new.made_by,
            made_at=new.made_at,
            state_at=new.made_at,
            offers_until=new.offers_until,
            by_hand=new.by_hand,
        )
        self._session.add(made)
        self._session.flush()
        return made

    def change(self, dispatch: Dispatch, **values: Any) -> None:
        """Write what is new about a dispatch taken before, and count its version up; the record shows it."""
        self._session.scalars(
            update(Dispatch)
            .where(Dispatch.network_id == self._network_id, Dispatch.id == dispatch.id)
            .values(**values, version=Dispatch.version + 1)
            .returning(Dispatch)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).one()

    def places(self, dispatch_ids: Collection[int]) -> dict[int, DispatchPlaces]:
        """Return where dispatches meet and where they go, by id."""
        rows = self._session.execute(
            load("dispatch_places"), {"network_id": self._network_id, "ids": sorted(dispatch_ids)}
        )
        return {
            row.id: DispatchPlaces(
                meeting_point=LonLat(row.meeting_lon, row.meeting_lat),
                place=LonLat(row.lon, row.lat),
                cell10=cells.from_int(row.cell10),
                zone_ids=tuple(row.zone_ids),
            )
            for row in rows
        }

    # offers

    def ask(
        self, dispatch_id: int, people: Sequence[NewOffer], *, wave: int, offered_at: datetime, expires_at: datetime
    ) -> None:
        """Offer a dispatch to people."""
        if people:
            self._session.execute(
                insert(Offer),
                [
                    {
                        "network_id": self._network_id,
                        "id": ids.new_id(),
                        "dispatch_id": dispatch_id,
                        "responder_id": person.responder_id,
                        "wave": wave,
                        "eta_s": person.eta_s,
                        "offered_at": offered_at,
                        "expires_at": expires_at,
                    }
                    for person in people
                ],
            )

    def offers(self, dispatch_ids: Collection[int]) -> list[Offer]:
        """Return the offers of dispatches as they are now, by wave and arrival."""
        return list(
            self._session.scalars(
                select(Offer)
                .where(Offer.network_id == self._network_id, Offer.dispatch_id.in_(dispatch_ids))
                .order_by(Offer.dispatch_id, Offer.wave, Offer.eta_s, Offer.id)
                .execution_options(populate_existing=True)
            )
        )

    def offers_to(self, responder_id: int, now: datetime) -> list[Offer]:
        """Return what somebody is asked or waits for: offers open at `now`, and a yes without a partner yet."""
        return list(
            self._session.scalars(
                select(Offer)
                .where(
                    Offer.network_id == self._network_id,
                    Offer.responder_id == responder_id,
                    ((Offer.state == "offered") & (Offer.expires_at > now))
                    | ((Offer.state == "accepted") & ~Offer.settled),
                )
                .order_by(Offer.offered_at, Offer.id)
                .execution_options(populate_existing=True)
            )
        )

    def answer(self, offer_ids: Collection[int], state: str, *, at: datetime, settled: bool = False) -> None:
        """Write what became of offers; records read before show it."""
        if offer_ids:
            self._session.scalars(
                update(Offer)
                .where(Offer.network_id == self._network_id, Offer.id.in_(sorted(offer_ids)))
                .values(state=state, settled=settled, answered_at=at)
                .returning(Offer)
                .execution_options(synchronize_session=False, populate_existing=True)
            ).all()

    def settle(self, dispatch_id: int, seated: Collection[int], now: datetime) -> list[int]:
        """Note that the yes of people found its seat, and release everybody else; return who was released."""
        rows = self._session.execute(
            load("offers_settle"),
            {"network_id": self._network_id, "dispatch_id": dispatch_id, "seated": sorted(seated), "now": now},
        ).all()
        return sorted(row.responder_id for row in rows if row.state == "released")

    # seats

    def seats(self, dispatch_ids: Collection[int]) -> list[Seat]:
        """Return the seats of dispatches as they are now, ended ones too, by seat and turn."""
        return list(
            self._session.scalars(
                select(Seat)
                .where(Seat.network_id == self._network_id, Seat.dispatch_id.in_(dispatch_ids))
                .order_by(Seat.dispatch_id, Seat.seat, Seat.turn)
                .execution_options(populate_existing=True)
            )
        )

    def seats_of(self, responder_id: int, ended_after: datetime) -> list[Seat]:
        """Return a person's open seat, and those that ended after a moment, newest first."""
        return list(
            self._session.scalars(
                select(Seat)
                .where(
                    Seat.network_id == self._network_id,
                    Seat.responder_id == responder_id,
                    Seat.active | (func.upper(Seat.during) > ended_after),
                )
                .order_by(func.lower(Seat.during).desc(), Seat.dispatch_id)
                .execution_options(populate_existing=True)
            )
        )

    def seat(self, dispatch_id: int, people: Mapping[int, int], now: datetime) -> None:
        """Put people on seats: for each seat its person."""
        self._session.execute(
            load("seat_take"),
            {
                "network_id": self._network_id,
                "dispatch_id": dispatch_id,
                "seats": sorted(people),
                "responder_ids": [people[number] for number in sorted(people)],
                "now": now,
            },
        )

    def found(self, incident_ids: Collection[int]) -> list[FoundOnScene]:
        """Return what people found at incidents and at what was merged into them, by incident, oldest first."""
        rows = self._session.execute(load("seats_found"), {"network_id": self._network_id, "ids": sorted(incident_ids)})
        return [
            FoundOnScene(row.incident_id, row.dispatch_id, row.task, row.found, row.found_at, row.lineage)
            for row in rows
        ]

    def change_seat(self, seat: Seat, **values: Any) -> None:
        """Write what is new about an open seat: a step, a check-in due or missed; the record shows it."""
        self._session.scalars(
            update(Seat)
            .where(
                Seat.network_id == self._network_id,
                Seat.dispatch_id == seat.dispatch_id,
                Seat.seat == seat.seat,
                Seat.turn == seat.turn,
            )
            .values(**values)
            .returning(Seat)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).one()

    def end_seats(self, dispatch_id: int, why: str, now: datetime, responder_id: int | None = None) -> list[int]:
        """End the open seats of a dispatch, all or one person's; return whose they were."""
        return list(
            self._session.scalars(
                load("seats_end"),
                {
                    "network_id": self._network_id,
                    "dispatch_id": dispatch_id,
                    "responder_id": responder_id,
                    "why": why,
                    "now": now,
                },
            )
        )

    def seated_on(self, responder_id: int) -> list[int]:
        """Return the dispatches on which somebody has an open seat."""
        return list(
            self._session.scalars(
                select(Seat.dispatch_id).where(
                    Seat.network_id == self._network_id, Seat.responder_id == responder_id, Seat.active
                )
            )
        )

    # check-ins

    def check_in(self, dispatch_id: int, responder_id: int, state: str, at: datetime) -> None:
        """Write down what a person answered."""
        self._session.execute(
            insert(Checkin).values(
                network_id=self._network_id,
                id=ids.new_id(),
                dispatch_id=dispatch_id,
                responder_id=responder_id,
                state=state,
                at=at,
            )
        )

    def checkins(self, dispatch_ids: Collection[int]) -> list[Checkin]:
        """Return what people on dispatches answered, oldest first."""
        return list(
            self._session.scalars(
                select(Checkin)
                .where(Checkin.network_id == self._network_id, Checkin.dispatch_id.in_(dispatch_ids))
                .order_by(Checkin.at, Checkin.id)
            )
        )
