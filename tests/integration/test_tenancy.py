"""Two networks on one server; neither sees nor writes the other's rows, whatever a query asks for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from records import engine


@pytest.fixture
def two_networks(fresh_database_url: str) -> Iterator[Engine]:
    for slug in ("north", "south"):
        engine.ensure_network(fresh_database_url, slug=slug, name=slug.title(), kind="live")
    program = engine.create(fresh_database_url, pool_size=1)
    for number in (1, 2):
        with program.begin() as connection:
            connection.execute(text("SELECT set_config('tandem.network_id', :n, true)"), {"n": str(number)})
            connection.execute(
                text(
                    "INSERT INTO account (network_id, id, alias, lineage, roles, created_on)"
                    " VALUES (:n, 7, 'calm-heron', 1, '{spotter}', '2026-01-01')"
                ),
                {"n": number},
            )
    yield program
    program.dispose()


def test_the_program_owns_nothing(two_networks: Engine) -> None:
    with two_networks.begin() as connection:
        assert connection.execute(text("SELECT current_user")).scalar_one() == engine.APP_ROLE
        owned = connection.execute(
            text("SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = current_user")
        )
        assert owned.scalar_one() == 0


def test_without_a_network_nothing_is_seen(two_networks: Engine) -> None:
    with two_networks.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM account")).scalar_one() == 0


def test_a_transaction_sees_its_own_network_alone(two_networks: Engine) -> None:
    with two_networks.begin() as connection:
        connection.execute(text("SELECT set_config('tandem.network_id', '2', true)"))
        assert connection.execute(text("SELECT network_id FROM account")).scalars().all() == [2]
        assert connection.execute(text("UPDATE account SET lang = 'es' WHERE network_id = 1")).rowcount == 0


def test_writing_into_another_network_is_refused(two_networks: Engine) -> None:
    statement = text(
        "INSERT INTO account (network_id, id, alias, lineage, roles, created_on)"
        " VALUES (1, 8, 'sly-fox', 1, '{admin}', '2026-01-01')"
    )
    with two_networks.connect() as connection:
        connection.execute(text("SELECT set_config('tandem.network_id', '2', true)"))
        with pytest.raises(DBAPIError, match="row-level security"):
            connection.execute(statement)


def test_the_network_is_forgotten_after_the_transaction(two_networks: Engine) -> None:
    with two_networks.begin() as connection:
        connection.execute(text("SELECT set_config('tandem.network_id', '1', true)"))
    with two_networks.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM account")).scalar_one() == 0


def test_every_table_of_a_network_is_walled_off(two_networks: Engine) -> None:
    with two_networks.begin() as connection:
        open_tables = connection.execute(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                " WHERE c.relkind = 'r' AND a.attname = 'network_id'"
                " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
            )
        )
        assert open_tables.scalars().all() == []


def test_network_id_leads_every_key(two_networks: Engine) -> None:
    with two_networks.begin() as connection:
        others = connection.execute(
            text(
                "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
                " JOIN pg_attribute n ON n.attrelid = c.oid AND n.attname = 'network_id'"
                " WHERE i.indisunique AND i.indkey[0] <> n.attnum"
            )
        )
        assert others.scalars().all() == []


OPEN_TO_ALL_NETWORKS = {
    "alembic_version",
    "cell_shape",
    "dispatch_step",
    "heartbeat",
    "network",
    "spatial_ref_sys",
    "stream_epoch",
}
"""Tables without rows of people: which networks there are, and what all of them share."""
OWN_NETWORK = "(network_id = ( SELECT this_network() AS this_network))"


def test_every_table_is_walled_off_by_a_policy_on_its_network(fresh_database_url: str) -> None:
    owner = engine.owner_engine(fresh_database_url)
    with owner.begin() as connection:
        tables = connection.execute(
            text(
                "SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,"
                " EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'network_id') AS has_one,"
                " ARRAY(SELECT pg_get_expr(p.polqual, p.polrelid)"
                " FROM pg_policy p WHERE p.polrelid = c.oid) AS reading,"
                " ARRAY(SELECT coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid))"
                " FROM pg_policy p WHERE p.polrelid = c.oid) AS writing"
                " FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
            )
        ).all()
    owner.dispose()
    assert len(tables) > 30
    assert {table.name for table in tables if not table.has_one} == OPEN_TO_ALL_NETWORKS
    for table in tables:
        if table.name in OPEN_TO_ALL_NETWORKS:
            continue
        assert (table.name, table.forced) == (table.name, True)
        assert (table.name, table.reading, table.writing) == (table.name, [OWN_NETWORK], [OWN_NETWORK])
