"""The invented people as those who act at the desk."""

from __future__ import annotations

from collections.abc import Iterable

from api.wiring import House
from desk.access import Actor
from fixtures.people import People, Person
from records.enums import Role


class Cast:
    """Everybody of the invented city as an actor, by alias."""

    def __init__(self, house: House, network_id: int, people: People) -> None:
        self.people = people
        with house.act(network_id) as uow:
            responders = {entry.alias: entry.id for entry in uow.responders.roster(uow.now)}
            self._actors = {}
            for person in people.everybody:
                account = uow.accounts.find(person.alias)
                if account is not None:
                    self._actors[person.alias] = Actor(
                        account_id=account.id,
                        alias=account.alias,
                        lineage=account.lineage,
                        roles=frozenset(Role(role) for role in account.roles),
                        responder_id=responders.get(person.alias),
                    )
        logins = {login.alias for login in people.logins}
        self.puppets = {
            person.alias: person
            for person in people.responders
            if person.alias not in logins and person.alias in self._actors
        }
        """Responders who answer by themselves; the demo logins are left to whoever tries the demo."""
        self.dispatchers = self._without(people.dispatchers, logins)
        self.verifiers = self._without(people.verifiers, logins)

    def actor(self, alias: str | None) -> Actor | None:
        """Return somebody as an actor, None for nobody known."""
        return None if alias is None else self._actors.get(alias)

    def _without(self, persons: Iterable[Person], logins: set[str]) -> list[Actor]:
        return [self._actors[person.alias] for person in persons if person.alias not in logins]
