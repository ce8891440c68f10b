"""What the demo network begins with; a second start finds it all there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from api.demo import history, settling
from api.wiring import House
from fixtures.city import build_city
from fixtures.people import demo_logins, gather_people
from records.enums import NetworkKind
from records.errors import NoSuchNetwork


def logins() -> list[tuple[str, str, str]]:
    """Return alias, role and passphrase of everybody a newcomer can sign in as."""
    return [(login.alias, login.role, login.passphrase) for login in demo_logins()]


def network_of(house: House) -> int:
    """Return the number of the demo network; raises NoSuchNetwork."""
    for network in house.networks():
        if network.kind == NetworkKind.DEMO:
            return network.id
    raise NoSuchNetwork


def load(house: House, *, say: Callable[[str], None]) -> None:
    """Settle the invented city in the demo network, with three days behind it, unless it is there already."""
    network_id = network_of(house)
    with house.act(network_id) as uow:
        if uow.sightings.any():
            return
        laid = uow.zones.ground_size() > 0
        settled = uow.accounts.find(demo_logins()[0].alias) is not None
    say("inventing a city, its people and three days of reports (once)")
    city = build_city()
    people = gather_people(city, datetime.now(UTC).date())
    if not laid:
        with house.act(network_id) as uow:
            settling.lay_ground(uow, city)
    if not settled:
        with house.act(network_id) as uow:
            settling.move_in(uow, people)
        with house.act(network_id) as uow:
            settling.join_roster(uow, people)
    say("three days pass")
    history.pass_days(house, network_id, city, people)
