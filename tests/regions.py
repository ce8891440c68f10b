"""Small invented extracts, written by osmium itself: what tests of regions and streets begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import osmium
from osmium.osm import mutable

from geo.distance import moved
from geo.points import LonLat
from geo.streets import Access, Section, Way

HERE = LonLat(-38.5, 31.0)
"""In the open Atlantic: nobody lives there."""

OPEN = Access(Way.BOTH, Way.BOTH, Way.BOTH, public=True)


class Extract:
    """An OpenStreetMap extract in the making; places are metres east and north of `HERE`."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[float, float], tuple[int, dict[str, str]]] = {}
        self._ways: list[mutable.Way] = []
        self._relations: list[mutable.Relation] = []

    def node(self, east_m: float, north_m: float, **tags: str) -> int:
        """Return the node at a place, made when it is new."""
        number, known = self._nodes.setdefault((east_m, north_m), (len(self._nodes) + 1, {}))
        known.update(_keys(tags))
        return number

    def way(self, *places: tuple[float, float], **tags: str) -> int:
        """Add a way along places; `_` in a key stands for `:`."""
        number = len(self._ways) + 1
        nodes = [self.node(*place) for place in places]
        self._ways.append(mutable.Way(id=number, nodes=nodes, tags=_keys(tags)))
        return number

    def block(self, east_m: float, north_m: float, width_m: float, height_m: float, **tags: str) -> int:
        """Add a rectangle by its south-western corner."""
        east, north = east_m + width_m, north_m + height_m
        return self.way((east_m, north_m), (east, north_m), (east, north), (east_m, north), (east_m, north_m), **tags)

    def relation(self, members: Sequence[tuple[str, int, str]], **tags: str) -> None:
        """Add a relation."""
        self._relations.append(mutable.Relation(id=len(self._relations) + 1, members=list(members), tags=_keys(tags)))

    def write(self, path: Path) -> Path:
        """Write it all down in the format that the name says."""
        with osmium.SimpleWriter(str(path)) as writer:
            for (east_m, north_m), (number, tags) in self._nodes.items():
                place = moved(HERE, east_m, north_m)
                writer.add_node(mutable.Node(id=number, location=place.lonlat, tags=tags))
            for way in self._ways:
                writer.add_way(way)
            for relation in self._relations:
                writer.add_relation(relation)
        return path


def _keys(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.replace("__", ":"): value for key, value in tags.items()}


def a_grid(size: int = 6, step_m: float = 200.0, *, access: Access = OPEN, kind: str = "residential") -> list[Section]:
    """Return the sections of a square grid of named streets with its middle at `HERE`."""
    half = (size - 1) * step_m / 2

    def at(row: int, column: int) -> tuple[float, float]:
        return moved(HERE, column * step_m - half, row * step_m - half).lonlat

    sections = []
    for row in range(size):
        for column in range(size):
            for name, far_row, far_column in ((f"Row {row}", row, column + 1), (f"Column {column}", row + 1, column)):
                if far_row < size and far_column < size:
                    line = np.array([at(row, column), at(far_row, far_column)])
                    start, end = row * size + column, far_row * size + far_column
                    sections.append(Section(name, kind, access, start, end, line))
    return sections


def a_town() -> Extract:
    """Return an extract with a grid of five named streets each way, a park, a library, a school, a stop, a river."""
    town = Extract()
    lines = [-400.0, -200.0, 0.0, 200.0, 400.0]
    for number, at in enumerate(lines):
        town.way(*((east, at) for east in lines), highway="residential", name=f"{'ABCDE'[number]} Street")
        town.way(*((at, north) for north in lines), highway="tertiary", name=f"{number + 1}th Avenue")
    town.block(20, 20, 160, 160, leisure="park", name="Long Park")
    town.block(220, 20, 40, 40, building="yes", amenity="library", name="Sea Library")
    town.block(220, 120, 40, 40, amenity="school", name="Ebb School")
    town.block(-190, -190, 120, 120, building="house")
    town.node(-200, 100, highway="bus_stop", name="Tide")
    town.way(
        (-400, -390), (400, -390), (400, -300), (-400, -300), (-400, -390), natural="water", water="river", name="Ebb"
    )
    return town
