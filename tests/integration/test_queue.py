"""The queue over the database (incidents_waiting): a flood reaches neither the top nor the limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from api.settings import Settings
from api.wiring import House
from desk import board
from records.cluster import DATABASE, PrivateCluster
from records.sql import load
from tests.builders import a_network
from tests.sightings import a_report, an_actor, told


@pytest.fixture(scope="module")
def house(cluster: PrivateCluster, tmp_path_factory) -> Iterator[House]:
    cluster.create_database("queued", template=DATABASE)
    made = House(Settings(database_url=cluster.url("queued"), data_dir=tmp_path_factory.mktemp("keys")))
    yield made
    made.close()


def test_a_flood_hides_neither_two_lineages_nor_one_nor_another_neighbourhood(house):
    network_id = a_network(house.settings.database_url)
    now = datetime.now(UTC)
    first, second, third, busy = (an_actor(house, network_id) for _ in range(4))
    told(house, network_id, a_report(first, observed_at=now), a_report(second, observed_at=now, north_m=20))
    told(house, network_id, a_report(third, observed_at=now, north_m=2_000))
    told(house, network_id, a_report(observed_at=now, east_m=-20_000, activity="stop"))
    flood = [
        a_report(observed_at=now, east_m=8_000 + 600 * n, unit="immigration", basis="vehicle marking") for n in range(6)
    ]
    flood += [a_report(busy, observed_at=now, north_m=-3_000 - 600 * n) for n in range(6)]
    told(house, network_id, *flood)
    with house.act(network_id) as uow:
        shown = [each["properties"] for each in board.queue(uow, sends=True, limit=6)]
        checked = [each["properties"] for each in board.queue(uow, sends=False, limit=6)]
        waiting = uow.incidents.waiting(turns=1)
    assert load("incidents_waiting") is not None
    assert shown[0]["status"] == "corroborated"
    assert [each["id"] for each in shown] == [each["id"] for each in checked]
    # Each of the two lineages has one of the first two turns, and the stranger far from the flood one of the next.
    assert [each["vouched_groups"] for each in shown[:4]] == [2, 1, 1, 0]
    lineages = [lineage for lineage in waiting.values() if lineage is not None]
    assert sorted(set(lineages)) == sorted({third.lineage, busy.lineage})
    # Of those that nobody vouched for only the first of each cell is read.
    assert len(waiting) < 1 + 1 + 6 + 7
