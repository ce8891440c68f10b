"""Streets as sections between junctions: who may use them in which direction, and the corners they make."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from geo.distance import metres_among, metres_between
from geo.points import LonLat

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray


class Way(IntFlag):
    """In which direction somebody may go along a section, seen from its first place to its last."""

    CLOSED = 0
    FORWARD = 1
    BACKWARD = 2
    BOTH = 3


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a street, and whether anybody may stand there (`public`: no drive, no private road)."""

    foot: Way
    bicycle: Way
    car: Way
    public: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a street between two junctions.

    `line` holds its places in WGS84 degrees, longitude first, one a row; `start` and `end` name the junctions.
    """

    name: str | None
    kind: str
    access: Access
    start: int
    end: int
    line: NDArray[np.float64] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Corner:
    """Where two named streets meet, WGS84."""

    first: str
    second: str
    place: LonLat
    alone: bool = True
    """Whether these two streets meet here and nowhere else, so that the words mean one place."""

    @property
    def words(self) -> str:
        """The corner as people say it."""
        return f"Corner of {self.first} and {self.second}"


PATHS: Final = frozenset({"footway", "path", "steps", "pedestrian", "cycleway", "track", "bridleway", "corridor"})
DRIVEN: Final = frozenset({
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street", "service",
    "road",
})  # fmt: skip
"""Classes a car may use; their links count as the class itself."""
KNOWN: Final = PATHS | DRIVEN
_SHUT: Final = frozenset({
    "no", "private", "customers", "delivery", "agricultural", "forestry", "military", "permit", "residents",
    "emergency", "restricted", "employees",
})  # fmt: skip
_OPEN: Final = frozenset({"yes", "designated", "permissive", "destination", "official", "public"})
_NOT_PUBLIC_SERVICE: Final = frozenset({"driveway", "parking_aisle", "drive-through", "emergency_access"})
_NEVER_MEET_ON: Final = frozenset({"motorway", "trunk", "service", "track", "corridor"})
_SAME_CORNER_M: Final = 60.0
"""Dual carriageways meet in up to four places: one corner is named once."""


def class_of(highway: str) -> str:
    """Return the class of a street by its tag `highway`; a link belongs to its class."""
    return highway.removesuffix("_link")


def access_of(kind: str, tags: Mapping[str, str]) -> Access:
    """Return who may use a street of a class with these tags, in which direction.

    The most particular tag decides (foot, bicycle, motorcar, motor_vehicle, vehicle, then access). A motorway and a
    roundabout are one-way unless they say otherwise; a lane whose direction changes with the hour counts as closed.
    """
    oneway = _oneway(kind, tags)
    car = oneway if kind in DRIVEN and _allowed(tags, "motorcar", "motor_vehicle", "vehicle") else Way.CLOSED
    return Access(
        foot=Way.BOTH if _on_foot(kind, tags) else Way.CLOSED,
        bicycle=_for_bicycles(oneway, tags) if _by_bicycle(kind, tags) else Way.CLOSED,
        car=car,
        public=_is_public(kind, tags),
    )


def _allowed(tags: Mapping[str, str], *most_particular_first: str, default: bool = True) -> bool:
    for key in most_particular_first:
        if tags.get(key) in _SHUT:
            return False
        if tags.get(key) in _OPEN:
            return True
    return tags.get("access") not in _SHUT and default


def _on_foot(kind: str, tags: Mapping[str, str]) -> bool:
    fast = kind == "motorway" or tags.get("motorroad") == "yes"
    return _allowed(tags, "foot", default=not fast)


def _by_bicycle(kind: str, tags: Mapping[str, str]) -> bool:
    never = kind in {"motorway", "steps", "corridor"} or tags.get("motorroad") == "yes"
    walked = kind in {"footway", "pedestrian", "bridleway"}
    return not never and _allowed(tags, "bicycle", "vehicle", default=not walked) and tags.get("bicycle") != "dismount"


def _oneway(kind: str, tags: Mapping[str, str]) -> Way:
    said = tags.get("oneway")
    if said in {"yes", "true", "1"}:
        return Way.FORWARD
    if said in {"-1", "reverse"}:
        return Way.BACKWARD
    if said in {"reversible", "alternating"}:
        return Way.CLOSED
    if said is None and (kind == "motorway" or tags.get("junction") in {"roundabout", "circular"}):
        return Way.FORWARD
    return Way.BOTH


def _for_bicycles(oneway: Way, tags: Mapping[str, str]) -> Way:
    own = tags.get("oneway:bicycle")
    if own == "yes":
        return Way.FORWARD
    if own == "-1":
        return Way.BACKWARD
    lanes = (tags.get(f"cycleway{side}", "") for side in ("", ":left", ":right", ":both"))
    against = own == "no" or any(lane.startswith("opposite") for lane in lanes)
    against = against or "-1" in {tags.get("cycleway:left:oneway"), tags.get("cycleway:right:oneway")}
    return Way.BOTH if against else oneway


def _is_public(kind: str, tags: Mapping[str, str]) -> bool:
    # Ground anybody may stand on: a street or path, never a drive, an aisle, a road inside a building.
    if kind in _NEVER_MEET_ON or tags.get("service") in _NOT_PUBLIC_SERVICE or tags.get("access") in _SHUT:
        return False
    if tags.get("indoor") == "yes" or tags.get("tunnel") in {"yes", "building_passage"}:
        return False
    return _on_foot(kind, tags)


def line_metres(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the great-circle metres of each step along a line of WGS84 places (degrees, longitude first)."""
    return metres_among(line[:-1], line[1:])


def cut(
    ways: Iterable[tuple[str | None, str, Access, Sequence[int]]], places: Mapping[int, tuple[float, float]]
) -> list[Section]:
    """Cut streets into sections at every junction.

    Parameters
    ----------
    ways
        Name, class, access and the nodes of each street, in order; nodes without a place are left out beforehand.
    places
        Longitude and latitude of each node, WGS84 degrees.
    """
    listed = list(ways)
    used: defaultdict[int, int] = defaultdict(int)
    for _, _, _, nodes in listed:
        for node in nodes:
            used[node] += 1
        used[nodes[0]] += 1
        used[nodes[-1]] += 1
    sections = []
    for name, kind, access, nodes in listed:
        begin = 0
        seen = {nodes[0]}
        for at in range(1, len(nodes)):
            if used[nodes[at]] > 1 or at == len(nodes) - 1 or nodes[at] in seen:
                part = nodes[begin : at + 1]
                line = np.array([places[node] for node in part])
                sections.append(Section(name, kind, access, part[0], part[-1], line))
                begin, seen = at, set()
            seen.add(nodes[at])
    return sections


def corners(sections: Iterable[Section]) -> list[Corner]:
    """Return where two public streets of different names meet, each corner once, by name and place."""
    meeting: defaultdict[int, set[str]] = defaultdict(set)
    places: dict[int, LonLat] = {}
    for section in sections:
        if section.name and section.access.public and section.kind not in PATHS - {"pedestrian"}:
            for node, row in ((section.start, 0), (section.end, -1)):
                meeting[node].add(section.name)
                places[node] = LonLat(float(section.line[row, 0]), float(section.line[row, 1]))
    named: defaultdict[tuple[str, str], list[LonLat]] = defaultdict(list)
    for node, names in meeting.items():
        if len(names) > 1:
            first, second = sorted(names)[:2]
            named[first, second].append(places[node])
    found = []
    for (first, second), spots in sorted(named.items()):
        kept: list[LonLat] = []
        for spot in sorted(spots):
            if all(metres_between(spot, other) > _SAME_CORNER_M for other in kept):
                kept.append(spot)
        found += [Corner(first, second, spot, alone=len(kept) == 1) for spot in kept]
    return found


def sections_of_lines(
    lines: Iterable[tuple[str | None, str, shapely.Geometry]], access: Mapping[str, Access]
) -> list[Section]:
    """Return sections of drawn streets that share the very places where they meet.

    For a map without node ids, as the invented city's: a place is its own id. Streets of a class that `access` does
    not name are left out.
    """
    ids: dict[tuple[float, float], int] = {}
    ways = []
    for name, kind, shape in lines:
        if kind not in access:
            continue
        for part in shapely.get_parts(shape):
            nodes = [ids.setdefault((x, y), len(ids)) for x, y in shapely.get_coordinates(part).tolist()]
            ways.append((name, kind, access[kind], nodes))
    return cut(ways, {number: place for place, number in ids.items()})
