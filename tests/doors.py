"""Every route of an application, and the act it says it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from api.deps import Entry
from desk.access import Act

AN_ID = "0000000000001"


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one path; `acts` is what its dependencies ask for."""

    method: str
    path: str
    acts: tuple[Act, ...]

    @property
    def address(self) -> str:
        """Return an address that leads here, with an id that nothing has."""
        numbers = re.sub(r"\{(z|x|y)(:\w+)?\}", "1", self.path)
        return re.sub(r"\{[^}]+\}", AN_ID, numbers)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors(app: FastAPI) -> list[Door]:
    """Return every door of an application except mounted folders of static files."""
    found = [
        Door(method, route.path, tuple(_acts(getattr(route, "dependant", None))))
        for route in iter_route_contexts(app.routes)
        if route.methods
        for method in sorted(route.methods - {"HEAD"})
    ]
    return sorted(found, key=lambda door: (door.path, door.method))


def _acts(dependant: Dependant | None) -> Iterator[Act]:
    for each in dependant.dependencies if dependant else ():
        if isinstance(each.call, Entry):
            yield each.call.act
        yield from _acts(each)
