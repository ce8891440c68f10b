"""The ground under every ring of tests: a throw-away cluster for each worker, its databases cloned from one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from records import engine
from records.cluster import DATABASE, PrivateCluster

_numbers = count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[PrivateCluster]:
    """A running cluster of this worker's own, made only when the first test asks; `tandem` in it is the template."""
    with PrivateCluster.temporary() as running:
        engine.migrate(running.url())
        yield running


@pytest.fixture(scope="session")
def database_url(cluster: PrivateCluster) -> str:
    """The owner's URL of one migrated database for all tests that roll back what they do."""
    cluster.create_database("rolled_back", template=DATABASE)
    return cluster.url("rolled_back")


@pytest.fixture
def fresh_database_url(cluster: PrivateCluster) -> Iterator[str]:
    """The owner's URL of a migrated database for this test alone: here it may commit."""
    name = f"fresh_{next(_numbers)}"
    cluster.create_database(name, template=DATABASE)
    yield cluster.url(name)
    cluster.drop_database(name)
