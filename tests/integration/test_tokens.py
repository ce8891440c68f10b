"""Whoever reads the database finds no token in it, nor a piece of one."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from api import security
from api.settings import Settings
from api.wiring import House
from tests.builders import a_network, an_account
from tests.crews import as_owner


@pytest.fixture
def house(fresh_database_url, tmp_path):
    opened = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=2))
    yield opened
    opened.close()


@pytest.fixture
def network_id(house) -> int:
    return a_network(house.settings.database_url)


def test_no_piece_of_a_token_is_in_its_session(house, network_id):
    token = an_account(house, network_id).token
    with as_owner(house.settings.database_url, network_id) as connection:
        [row] = connection.execute(text("SELECT session::text FROM session WHERE network_id = :n"), {"n": network_id})
    written = row[0].lower()
    pieces = [token[start : start + 8] for start in range(len(token) - 7)]
    assert [piece for piece in pieces if piece.lower() in written or piece.encode().hex() in written] == []
    assert security.digest(token).hex() in written
