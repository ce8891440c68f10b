"""Every revision up, down and up again with data in place; the head equals the models."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from records import engine
from records.base import Base
from records.cluster import PrivateCluster
from records.errors import SchemaNewer

# SQLAlchemy reads the database's own columns back and has no word for a transaction id.
pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")

REVISIONS = engine.revisions()

ROWS = """
INSERT INTO network (id, slug, name, kind) VALUES (1, 'one', 'One', 'live');
SELECT set_config('tandem.network_id', '1', true);
INSERT INTO account (network_id, id, alias, lineage, roles, created_on)
  VALUES (1, 11, 'calm-heron', 101, '{spotter}', '2026-01-01');
"""


def _models_missing_from(url: str) -> list[object]:
    owner = engine.owner_engine(url)
    import records.models  # noqa: F401

    def ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        if kind == "table":
            return name not in {"alembic_version", "spatial_ref_sys", "dispatch_step", "stream_epoch", "heartbeat"}
        # Keys, constraints and indexes are written by hand in the migrations; models mirror tables and columns.
        return kind == "column"

    with owner.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": True, "compare_server_default": False}
        )
        found = compare_metadata(context, Base.metadata)
    owner.dispose()
    return [each for each in found if "constraint" not in str(each) and "fk" not in str(each[0])]


def test_the_head_equals_the_models(fresh_database_url: str) -> None:
    assert _models_missing_from(fresh_database_url) == []


def test_a_column_that_only_the_table_has_is_noticed(fresh_database_url: str) -> None:
    owner = engine.owner_engine(fresh_database_url)
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE zone ADD COLUMN forgotten text"))
    owner.dispose()
    assert _models_missing_from(fresh_database_url) != []


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_revision_goes_up_down_and_up(cluster: PrivateCluster, revision: str) -> None:
    name = f"revision_{revision}"
    cluster.create_database(name)
    url = cluster.url(name)
    with cluster.superuser(name) as connection:
        connection.execute("CREATE EXTENSION postgis; CREATE EXTENSION btree_gist")
    try:
        engine.migrate(url, revision)
        owner = engine.owner_engine(url)
        with owner.begin() as connection:
            connection.execute(text(ROWS))
        before = REVISIONS[REVISIONS.index(revision) - 1] if revision != REVISIONS[0] else None
        if before:
            engine.migrate(url, before)
            engine.migrate(url, revision)
        engine.migrate(url)
        with owner.begin() as connection:
            connection.execute(text("SELECT set_config('tandem.network_id', '1', true)"))
            assert connection.execute(text("SELECT alias FROM account")).scalars().all() == ["calm-heron"]
        owner.dispose()
        engine.migrate(url, "base")
    finally:
        cluster.drop_database(name)


def test_a_schema_that_is_newer_than_this_program_is_told_and_left_alone(fresh_database_url: str) -> None:
    owner = engine.owner_engine(fresh_database_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for revision in ("head", engine.revisions()[-2], "base"):
        with pytest.raises(SchemaNewer):
            engine.migrate(fresh_database_url, revision)
    with owner.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    owner.dispose()
