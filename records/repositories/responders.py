"""Responders, their certificates, their present cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from geo import cells
from records import ids
from records.crowds import Crowd, RuleNumbers
from records.enums import CertificateKind
from records.errors import NoSuchRecord
from records.models import Account, Certificate, Position, Responder, RosterChange
from records.repositories.repository import Repository
from records.sql import load
from records.values import RosterEntry, RosterNews

_RULE_NUMBERS = (
    "now",
    "fresh",
    "rested_since",
    "dispatches_a_shift",
    "offers_a_day",
    "new_below",
    "task",
    "languages",
    "zone_ids",
    "reporters",
)


class ResponderRepository(Repository):
    """Responders, their certificates, their present cells."""

    def get(self, responder_id: int) -> Responder:
        """Return one responder; raises NoSuchRecord."""
        found = self._session.get(Responder, (self._network_id, responder_id), populate_existing=True)
        if found is None:
            raise NoSuchRecord
        return found

    def id_of(self, account_id: int) -> int | None:
        """Return the responder that an account is, or None."""
        return self._session.scalar(
            select(Responder.id).where(Responder.network_id == self._network_id, Responder.account_id == account_id)
        )

    def account_called(self, alias: str) -> Account | None:
        """Return the account with this alias, or None."""
        return self._session.scalar(
            select(Account).where(Account.network_id == self._network_id, Account.alias == alias)
        )

    def join(
        self,
        account_id: int,
        *,
        languages: Sequence[str],
        mode: str,
        base_cell9: str | None = None,
        zone_ids: Sequence[int] = (),
        no_tasks: Sequence[str] = (),
    ) -> int:
        """Put an account on the roster, or change how it stands there; return the responder's id."""
        values = {
            "languages": list(languages),
            "mode": mode,
            "base_cell9": base_cell9,
            "zone_ids": list(zone_ids),
            "no_tasks": list(no_tasks),
        }
        return self._session.execute(
            insert(Responder)
            .values(network_id=self._network_id, id=ids.new_id(), account_id=account_id, **values)
            .on_conflict_do_update(index_elements=["network_id", "account_id"], set_=values)
            .returning(Responder.id)
        ).scalar_one()

    def certify(self, responder_id: int, certificates: Iterable[tuple[str, datetime]]) -> None:
        """Add certificates (kind, valid until); one that is already there stays, a renewal is a new row."""
        rows = [
            {"network_id": self._network_id, "responder_id": responder_id, "kind": kind, "valid_until": until}
            for kind, until in certificates
        ]
        if rows:
            self._session.execute(insert(Certificate).values(rows).on_conflict_do_nothing())

    def avoid(self, responder_id: int, others: Collection[int]) -> None:
        """Note whom a responder does not go with; either side's word is enough, and no reason is kept."""
        self._change([responder_id], avoids=sorted(others))

    def roster(self, now: datetime, only: Collection[int] | None = None) -> list[RosterEntry]:
        """Return the roster as of `now`, by id: everybody, or those named."""
        rows = self._session.execute(
            load("roster"),
            {"network_id": self._network_id, "now": now, "ids": None if only is None else sorted(only)},
        )
        return [_entry(row) for row in rows]

    def roster_changes(self, cursor: str, known: Collection[str], also: Collection[int], now: datetime) -> RosterNews:
        """Return whoever changed since a cursor but by some transactions, and some others, as of `now`."""
        asked = {"network_id": self._network_id, "cursor": cursor, "known": list(known), "ids": list(also), "now": now}
        rows = self._session.execute(load("roster_changes"), asked).all()
        *_, cursor, taken, at = rows[0]
        return RosterNews(
            own={row[-5]: row[-4] for row in rows if row[-5] is not None},
            people=[
                (_entry(row[:_FIELDS]), tuple(row[_FIELDS] or ()), tuple(row[_FIELDS + 1] or ()))
                for row in rows
                if row[0] is not None
            ],
            cursor=cursor,
            taken=taken,
            at=at,
        )

    def roster_page(self, after: int, limit: int) -> list[int]:
        """Return the ids of people on the roster after one of them, in order."""
        asked = {"network_id": self._network_id, "after": after, "limit": limit}
        return list(self._session.scalars(load("roster_page"), asked))

    def forget_changes_before(self, moment: datetime) -> int:
        """Forget who changed on the roster before a moment; return how many notes that were."""
        return len(
            self._session.execute(
                delete(RosterChange)
                .where(RosterChange.network_id == self._network_id, RosterChange.at < moment)
                .returning(RosterChange.id)
            ).all()
        )

    def people_near(self, spans: Sequence[tuple[int, int]], now: datetime, fresh: datetime) -> list[RosterEntry]:
        """Return whoever could be asked at `now` in some spans of res-9 cell numbers, by id.

        People who cannot go, are seated, asked or waiting, or rest are left out; a place said before `fresh` does not
        count.
        """
        rows = self._session.execute(
            load("people_near"),
            {
                "network_id": self._network_id,
                "now": now,
                "fresh": fresh,
                "lows": [low for low, _ in spans],
                "highs": [high for _, high in spans],
            },
        )
        return [_entry(row) for row in rows]

    def people_by_rule(self, numbers: RuleNumbers) -> tuple[dict[str, int], list[Crowd]]:
        """Count everybody once: those who may not go to a scene by their first rule, the others by what they are."""
        rows = self._session.execute(load("people_by_rule"), self._numbers(numbers)).all()
        ruled_out = {row.rule: row.people for row in rows if row.rule is not None}
        crowds = [
            Crowd(row.cell9, row.mode, row.observes, row.buddies, row.new, frozenset(row.languages), row.people)
            for row in rows
            if row.rule is None
        ]
        return ruled_out, crowds

    def avoiding_pairs(self, numbers: RuleNumbers) -> list[tuple[int, int]]:
        """Return pairs of people near enough, smaller id first, of whom either is not to be paired with the other."""
        rows = self._session.execute(load("avoiding_pairs"), self._numbers(numbers))
        return [(row.low, row.high) for row in rows]

    def _numbers(self, numbers: RuleNumbers) -> dict[str, Any]:
        keep, fill = cells.ancestor_mask(9, numbers.ancestor_resolution)
        return {
            "network_id": self._network_id,
            "keep": keep,
            "fill": fill,
            "on_foot": numbers.ancestors["foot"],
            "by_bicycle": numbers.ancestors["bicycle"],
            "by_car": numbers.ancestors["car"],
            **{name: getattr(numbers, name) for name in _RULE_NUMBERS},
        }

    def aliases(self, only: Collection[int]) -> dict[int, str]:
        """Return the aliases of some responders by their ids."""
        rows = self._session.execute(
            select(Responder.id, Account.alias)
            .join(Account, (Account.network_id == Responder.network_id) & (Account.id == Responder.account_id))
            .where(Responder.network_id == self._network_id, Responder.id.in_(only))
        )
        return {row.id: row.alias for row in rows}

    def observers(self, only: Collection[int], now: datetime) -> set[int]:
        """Return which of some responders may take the observer's seat at `now`."""
        return set(
            self._session.scalars(
                select(Certificate.responder_id).where(
                    Certificate.network_id == self._network_id,
                    Certificate.responder_id.in_(sorted(only)),
                    Certificate.kind == CertificateKind.OBSERVER,
                    Certificate.valid_until > now,
                )
            )
        )

    def claim(self, wanted: Collection[int]) -> set[int]:
        """Take people for this transaction, in id order; those in other hands are left out. Return who was taken."""
        return self._take("claim", wanted)

    def claim_waiting(self, wanted: Collection[int]) -> set[int]:
        """Take people for this transaction, in id order, waiting for those in other hands. Return who was taken."""
        return self._take("claim_waiting", wanted)

    def free(self, taken: Collection[int], now: datetime) -> set[int]:
        """Return which of the people taken before can be asked: available, not seated, asked, waiting or calling."""
        return set(
            self._session.scalars(load("free"), {"network_id": self._network_id, "ids": sorted(taken), "now": now})
        )

    def make_available(
        self, responder_id: int, *, since: datetime, until: datetime, mode: str, rules_read_at: datetime
    ) -> None:
        """Note that a responder can go."""
        self._change(
            [responder_id], available_since=since, available_until=until, mode=mode, rules_read_at=rules_read_at
        )

    def make_unavailable(self, responder_ids: Collection[int], now: datetime) -> None:
        """Note that responders cannot go any more, and forget where they were; whoever stopped before stopped then."""
        if responder_ids:
            self._session.execute(
                update(Responder)
                .where(
                    Responder.network_id == self._network_id,
                    Responder.id.in_(sorted(responder_ids)),
                    Responder.available_until > now,
                )
                .values(available_until=now)
                .execution_options(synchronize_session=False)
            )
        self._session.execute(
            delete(Position).where(Position.network_id == self._network_id, Position.responder_id.in_(responder_ids))
        )

    def stand_at(self, responder_id: int, cell9: str, seen_at: datetime) -> None:
        """Note the res-9 cell somebody is in; the one before is overwritten."""
        self._session.execute(
            insert(Position)
            .values(network_id=self._network_id, responder_id=responder_id, cell9=cell9, seen_at=seen_at)
            .on_conflict_do_update(
                index_elements=["network_id", "responder_id"], set_={"cell9": cell9, "seen_at": seen_at}
            )
        )

    def forget_positions(self, before: datetime) -> int:
        """Forget where people were before a moment; return how many."""
        return len(
            self._session.execute(
                delete(Position)
                .where(Position.network_id == self._network_id, Position.seen_at < before)
                .returning(Position.responder_id)
            ).all()
        )

    def count_answers(self, responder_ids: Collection[int], *, yes: bool) -> None:
        """Count how often people say yes, and how often not: what waves are sized by, and nothing else."""
        if yes:
            self._change(responder_ids, yes_count=Responder.yes_count + 1)
        else:
            self._change(responder_ids, no_count=Responder.no_count + 1)

    def count_cleared(self, responder_ids: Collection[int]) -> None:
        """Count one more cleared dispatch."""
        self._change(responder_ids, cleared_total=Responder.cleared_total + 1)

    def rest(self, responder_ids: Collection[int], until: datetime) -> None:
        """Let people rest until a moment; a rest that lasts longer already stays."""
        self._session.execute(
            update(Responder)
            .where(
                Responder.network_id == self._network_id,
                Responder.id.in_(responder_ids),
                (Responder.resting_until.is_(None)) | (Responder.resting_until < until),
            )
            .values(resting_until=until)
            .execution_options(synchronize_session=False)
        )

    def _take(self, statement: str, wanted: Collection[int]) -> set[int]:
        if not wanted:
            return set()
        return set(self._session.scalars(load(statement), {"network_id": self._network_id, "ids": sorted(wanted)}))

    def _change(self, responder_ids: Collection[int], **values: object) -> None:
        if responder_ids:
            self._session.execute(
                update(Responder)
                .where(Responder.network_id == self._network_id, Responder.id.in_(sorted(responder_ids)))
                .values(**values)
                .execution_options(synchronize_session=False)
            )


_FIELDS = 29
_LISTS, _CELLS = (4, 7, 8, 9, 10, 26), (6, 17)


def _entry(row: Sequence[Any]) -> RosterEntry:
    # By position: all statements name the columns in the order of the fields, and names cost as much as all the rest.
    values: list[Any] = list(row)
    for position in _LISTS:
        values[position] = tuple(values[position])
    for position in _CELLS:
        if values[position] is not None:
            values[position] = cells.from_int(values[position])
    return RosterEntry(*values)
