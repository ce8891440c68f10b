"""Who a token belongs to: looked up together, remembered, forgotten."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import pytest

from api.callers import Callers
from api.security import digest
from api.settings import Settings
from api.wiring import House
from records.enums import Role
from records.errors import DatabaseAway
from tests.builders import a_network, an_account


@pytest.fixture
def house(fresh_database_url, tmp_path):
    house = House(Settings(database_url=fresh_database_url, data_dir=tmp_path, pool_size=2), name="tandem-tests")
    yield house
    house.close()


@pytest.fixture
def network_id(fresh_database_url) -> int:
    return a_network(fresh_database_url)


@pytest.fixture
def acts(house, monkeypatch) -> list[int]:
    """Every act that was opened, by its network."""
    opened: list[int] = []
    usual = house.act

    @contextmanager
    def noted(network_id, **more):
        opened.append(network_id)
        with usual(network_id, **more) as uow:
            yield uow

    monkeypatch.setattr(house, "act", noted)
    return opened


def test_those_who_come_at_once_are_looked_up_in_one_act(house, network_id, acts):
    people = [an_account(house, network_id, (Role.SPOTTER,)) for _ in range(20)]
    acts.clear()
    callers = Callers(house)

    async def come():
        keys = [digest(person.token) for person in people] + [None, b"no token of ours" * 2]
        return await asyncio.gather(*(callers.of(network_id, key) for key in keys))

    found = asyncio.run(come())
    assert [each.actor.account_id for each in found] == [*(person.id for person in people), None, None]
    assert [each.actor.known for each in found[-2:]] == [False, False]
    assert acts == [network_id]
    # whoever is known costs no act any more; whoever is forgotten one of their own
    asyncio.run(come())
    assert acts == [network_id]
    callers.forget(network_id, digest(people[0].token))
    asyncio.run(callers.of(network_id, digest(people[0].token)))
    assert acts == [network_id] * 2


def test_when_the_database_is_away_all_are_told_and_the_next_one_asks_again(house, network_id, monkeypatch):
    person = an_account(house, network_id, (Role.SPOTTER,))
    callers = Callers(house)
    usual = house.act

    def away(*_, **__):
        raise DatabaseAway

    async def come():
        monkeypatch.setattr(house, "act", away)
        told = await asyncio.gather(
            *(callers.of(network_id, key) for key in (digest(person.token), None)), return_exceptions=True
        )
        monkeypatch.setattr(house, "act", usual)
        return told, await callers.of(network_id, digest(person.token))

    told, found = asyncio.run(come())
    assert [type(each) for each in told] == [DatabaseAway, DatabaseAway]
    assert found.actor.account_id == person.id
