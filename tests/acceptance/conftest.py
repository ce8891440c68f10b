"""A service for stories over HTTP: one database for all, a network of its own for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.wiring import House
from records.cluster import DATABASE, PrivateCluster
from tests.builders import CHEAP_KIB, a_network

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def served_database_url(cluster: PrivateCluster) -> str:
    """The owner's URL of the database that acceptance tests commit to; networks keep them apart."""
    cluster.create_database("served", template=DATABASE)
    return cluster.url("served")


@pytest.fixture(scope="session")
def served_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture
def network_kind() -> str:
    """What kind of network a test is in; override it by `@pytest.mark.parametrize("network_kind", ["demo"])`."""
    return "live"


@pytest.fixture
def network_policy() -> dict[str, object]:
    """The network's own numbers; override it the same way."""
    return {}


@pytest.fixture
def settings(
    served_database_url: str, served_data_dir: Path, network_kind: str, network_policy: dict[str, object]
) -> Settings:
    slug = f"test-{secrets.token_hex(6)}"
    a_network(served_database_url, network_kind, slug=slug, policy=network_policy)
    return Settings(
        database_url=served_database_url,
        data_dir=served_data_dir,
        network=slug,
        demo=True,
        pool_size=4,
        stands_in=False,
        passphrase_memory_kib=CHEAP_KIB,
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=ADDRESS) as opened:
        yield opened


@pytest.fixture
def house(client: TestClient) -> House:
    found: House = client.app.state.house
    return found


@pytest.fixture
def network_id(client: TestClient) -> int:
    number: int = client.app.state.default_network_id
    return number
