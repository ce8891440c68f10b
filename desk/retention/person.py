"""What is held of one person: six lasting headings, and how many rows lead to them until which day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final

from desk.errors import NotFound
from desk.policy import RetentionPolicy
from desk.retention.table import TABLES
from desk.unit_of_work import UnitOfWork
from records.values import LeadingTo

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "who": ("account.id", "account.alias", "account.kind", "account.lang"),
    "roles and zones": ("account.roles", "account.zone_ids"),
    "days": ("account.created_on", "account.last_seen_on", "account.suspended_at"),
    "lineage": ("account.lineage",),
    "credential": ("account.passphrase_hash",),
    "on the roster": (
        "responder.id",
        "responder.account_id",
        "responder.claim_seq",
        "responder.languages",
        "responder.mode",
        "responder.base_cell9",
        "responder.zone_ids",
        "responder.avoids",
        "responder.no_tasks",
        "responder.no_zones",
        "responder.yes_count",
        "responder.no_count",
        "responder.cleared_total",
        "responder.resting_until",
        "certificate.responder_id",
        "certificate.kind",
        "certificate.valid_until",
    ),
}
"""What lasts as long as the account, under at most six headings; a test holds them against the table of classes."""
_SECRET: Final = frozenset({"account.passphrase_hash"})
_LASTING: Final = frozenset({"account", "responder", "certificate"})


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows of one table lead to somebody, what they are, and the day when the last of them goes."""

    table: str
    what: str
    rows: int
    until: date | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """All that is held of one person: the lasting values by heading, and rows that go by themselves."""

    alias: str
    lasting: dict[str, dict[str, str]]
    passing: list[Held]


def what_we_hold(uow: UnitOfWork, alias: str) -> Holdings:
    """Return everything that is held of the person of this alias; of a passphrase only that there is one.

    Raises
    ------
    NotFound
        There is no such account.
    """
    account = uow.accounts.find(alias)
    if account is None:
        raise NotFound
    responder = uow.holdings.responder_of(account.id)
    rows: dict[str, list[object]] = {"account": [account]}
    if responder is not None:
        rows |= {"responder": [responder], "certificate": [*uow.holdings.certificates_of(responder.id)]}
    lasting = {
        heading: {name: shown for name in names if (shown := _shown(name, rows)) is not None}
        for heading, names in HEADINGS.items()
    }
    leading = uow.holdings.leading_to(account, None if responder is None else responder.id, _WAYS)
    kept = uow.policy.retention
    return Holdings(
        alias=alias,
        lasting={heading: values for heading, values in lasting.items() if values},
        passing=[
            Held(
                each.table,
                TABLES[each.table].rows.name,
                each.rows,
                None
                if each.youngest is None
                else (each.youngest.astimezone(UTC) + _limit(each.table, kept)).date() + timedelta(days=1),
            )
            for each in leading
        ],
    )


def _limit(table: str, kept: RetentionPolicy) -> timedelta:
    limit = TABLES[table].rows.limit
    return timedelta(0) if limit is None else limit(kept)


def _shown(name: str, rows: Mapping[str, list[object]]) -> str | None:
    """Return the values of a column as text, None where there is none."""
    table, column = name.split(".")
    values = [getattr(row, column) for row in rows.get(table, [])]
    told = [value for value in values if value is not None and value != []]
    if not told:
        return None
    return "set" if name in _SECRET else ", ".join(str(value) for value in told)


_WAYS: Final = tuple(
    LeadingTo(
        name,
        accounts=() if name in _LASTING else tuple(table.accounts.split()),
        responders=() if name in _LASTING else tuple(table.responders.split()),
        lists=tuple(table.lists.split()),
        words=tuple(table.words.split()),
        since=table.since,
        by_reporter="reporter_id" in table.kept(),
    )
    for name, table in TABLES.items()
    if name not in _LASTING or table.lists
)
"""Of the roster itself only other people's lists lead to somebody."""
