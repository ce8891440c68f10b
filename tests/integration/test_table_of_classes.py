"""Every column of the live schema stands in the table of classes, and nothing stands there that is gone."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from desk.retention.table import TABLES
from records import engine

NOT_OURS = {"spatial_ref_sys"}  # PostGIS brings it


@pytest.fixture
def schema(database_url: str) -> dict[str, set[str]]:
    return columns_of(database_url)


def columns_of(url: str) -> dict[str, set[str]]:
    owner = engine.owner_engine(url)
    with owner.connect() as connection:
        found = connection.execute(
            text(
                "SELECT c.table_name, c.column_name FROM information_schema.columns c"
                " JOIN information_schema.tables t USING (table_schema, table_name)"
                " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
            )
        ).all()
    owner.dispose()
    tables: dict[str, set[str]] = {}
    for table, column in found:
        tables.setdefault(table, set()).add(column)
    return {name: columns for name, columns in tables.items() if name not in NOT_OURS}


def named() -> dict[str, set[str]]:
    return {name: set(table.kept()) for name, table in TABLES.items()}


def test_every_column_has_a_class_and_every_class_a_column(schema) -> None:
    assert named() == schema


def test_no_column_has_two_classes() -> None:
    for name, table in TABLES.items():
        columns = " ".join([table.columns, *table.own.values()]).split()
        assert len(columns) == len(set(columns)), name


def test_a_column_without_a_class_is_noticed(fresh_database_url: str) -> None:
    owner = engine.owner_engine(fresh_database_url)
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE zone ADD COLUMN forgotten text; ALTER TABLE seat DROP COLUMN rung"))
    owner.dispose()
    assert named() != columns_of(fresh_database_url)


def test_every_column_that_leads_to_a_person_says_so(database_url: str) -> None:
    """By the foreign keys, and by the names that are none."""
    owner = engine.owner_engine(database_url)
    with owner.connect() as connection:
        keys = connection.execute(
            text(
                "SELECT k.conrelid::regclass::text, a.attname, k.confrelid::regclass::text FROM pg_constraint k"
                " CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS one(here, there)"
                " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = one.here"
                " JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = one.there"
                " WHERE k.contype = 'f' AND b.attname = 'id'"
                " AND k.confrelid IN ('account'::regclass, 'responder'::regclass)"
            )
        ).all()
    owner.dispose()
    assert len(keys) > 15
    for table, column, target in keys:
        people = TABLES[table].accounts if target == "account" else TABLES[table].responders
        assert column in people.split(), (table, column)
    for name, table in TABLES.items():
        for column in table.kept():
            if column == "account_id" and name != "account":
                assert column in table.accounts.split(), name
            if column == "responder_id":
                assert column in table.responders.split(), name
