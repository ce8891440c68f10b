"""The ground, the zones and the people of the invented city move into the demo network."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from desk import accounts, roster, territory
from desk.accounts import passphrases
from desk.unit_of_work import UnitOfWork
from fixtures.city import City
from fixtures.people import People, Responder
from fixtures.travel import sections_of
from geo import cells
from geo.gatherings import public_spots
from records.enums import CertificateKind, Role
from records.values import GroundPiece
from zones.loader import LoadedZone, ZoneImport

_SEATS = {"observer": CertificateKind.OBSERVER, "buddy": CertificateKind.TRAINED}


def lay_ground(uow: UnitOfWork, city: City) -> None:
    """Draw the base map and the zones, and take in the streets as an imported region's."""
    pieces = [
        GroundPiece(each.layer, "bridge" if each.bridge else each.kind, each.name, each.min_zoom, each.drawn())
        for each in city.features
    ]
    sections = sections_of(city)
    spots, _ = public_spots(sections, pieces, [])
    territory.take_in_region(uow, pieces, sections, spots)
    zones = tuple(LoadedZone(number, each.name, each.boundary) for number, each in enumerate(city.zones, 1))
    territory.take_in(uow, ZoneImport(zones, (), (), "WGS 84", "name", 0), source="demo")


def move_in(uow: UnitOfWork, people: People) -> None:
    """Make everybody's account, in the order of who vouched for whom; only the demo logins can sign in."""
    spoken = {login.alias: login.passphrase for login in people.logins}
    for person in people.everybody:
        accounts.add(
            uow,
            [Role(role) for role in person.roles],
            alias=person.alias,
            passphrase=spoken.get(person.alias),
            cost=passphrases.Cost(),
            vouched_by=person.vouched_by,
        )


def join_roster(uow: UnitOfWork, people: People) -> None:
    """Put every responder on the roster, with training, languages, and whom they do not go with."""
    for person in people.responders:
        account = uow.accounts.find(person.alias)
        assert account is not None
        zone_ids = uow.zone_map.at(person.home)
        responder_id = uow.responders.join(
            account.id,
            languages=person.languages,
            mode=person.mode,
            base_cell9=cells.cell_at(person.home, roster.POSITION_RESOLUTION),
            zone_ids=zone_ids,
        )
        uow.responders.certify(responder_id, _certificates(person))
    known = {alias: number for number, alias in _everybody(uow).items()}
    for person in people.responders:
        uow.responders.avoid(known[person.alias], [known[alias] for alias in person.avoids])


def _certificates(person: Responder) -> list[tuple[str, datetime]]:
    ends: dict[str, datetime] = {}
    for held in person.certificates:
        until = datetime.combine(held.valid_until, time.min, UTC) + timedelta(days=1)
        # Whoever is trained as an observer is trained.
        for kind in {_SEATS[held.seat], CertificateKind.TRAINED}:
            ends[kind] = max(until, ends.get(kind, until))
    return sorted(ends.items())


def _everybody(uow: UnitOfWork) -> dict[int, str]:
    return {entry.id: entry.alias for entry in uow.responders.roster(uow.now)}
