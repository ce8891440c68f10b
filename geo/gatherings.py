"""Public places two people can meet at: corners, stops, parks' edges and the street side of public houses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import shapely

from geo.distance import EARTH_RADIUS_M
from geo.points import LonLat
from geo.streets import Corner, Section, corners

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_HOUSES: Final = frozenset({"library", "community", "market"})
"""Public houses one may wait in front of; never a school, a clinic, a home."""
_GREEN: Final = frozenset({"park"})
_TO_THE_STREET_M: Final = 80.0
_EDGE_M: Final = 25.0
_STOP_M: Final = 40.0
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class PublicSpot:
    """A place on public ground with the words people find it by, WGS84; never inside a building.

    `kind` is corner, crossing (a corner whose words mean several places: for the look-up alone), stop, park or house.
    """

    kind: str
    name: str
    place: LonLat


class Ground(Protocol):
    """What is asked of a piece of the base map."""

    @property
    def layer(self) -> str:
        """Its layer."""
        ...

    @property
    def kind(self) -> str:
        """What it is within its layer."""
        ...

    @property
    def name(self) -> str | None:
        """Its name."""
        ...

    @property
    def shape(self) -> shapely.Geometry:
        """Its shape, WGS84."""
        ...


class _Pavement:
    """The public sections on a plane around their middle, in metres, and what of them lies near something."""

    def __init__(self, sections: Iterable[Section]) -> None:
        public = [section for section in sections if section.access.public]
        self._streets = [section.name for section in public]
        middle = float(np.mean([section.line[0, 1] for section in public])) if public else 0.0
        self._scale = np.radians(1.0) * EARTH_RADIUS_M * np.array([np.cos(np.radians(middle)), 1.0])
        self._lines = [shapely.LineString(section.line * self._scale) for section in public]
        self._tree = shapely.STRtree(self._lines)

    def flat(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape on the plane."""
        return shapely.transform(shape, lambda at: at * self._scale)

    def nearest(self, shape: shapely.Geometry, within_m: float) -> tuple[LonLat, str | None] | None:
        """Return the nearest public place to a flat shape and the name of its street, None where none is near."""
        found: list[int] = self._tree.query_nearest(shape, max_distance=within_m).tolist()
        if not found:
            return None
        ends = {index: shapely.get_coordinates(shapely.shortest_line(self._lines[index], shape))[0] for index in found}
        index = min(found, key=lambda at: (self._streets[at] is None, self._streets[at] or "", tuple(ends[at])))
        return self._place(ends[index]), self._streets[index]

    def beside(self, area: shapely.Geometry, within_m: float) -> dict[str, LonLat]:
        """Return for each named street that passes a flat area the middle of its longest part along it."""
        edge = shapely.buffer(shapely.boundary(area), within_m)
        longest: dict[str, tuple[float, LonLat]] = {}
        for index in sorted(self._tree.query(edge, predicate="intersects").tolist()):
            street = self._streets[index]
            for part in shapely.get_parts(shapely.intersection(self._lines[index], edge)) if street else ():
                middle = self._place(
                    shapely.get_coordinates(shapely.line_interpolate_point(part, 0.5, normalized=True))[0]
                )
                key = (-round(float(shapely.length(part)), 1), middle)
                if street and (street not in longest or key < longest[street]):
                    longest[street] = key
        return {street: place for street, (_, place) in longest.items()}

    def _place(self, at: NDArray[np.float64]) -> LonLat:
        lon, lat = (at / self._scale).tolist()
        return LonLat(round(lon, 7), round(lat, 7))


def public_spots(
    sections: Sequence[Section], ground: Sequence[Ground], stops: Sequence[tuple[str, shapely.Geometry]]
) -> tuple[list[PublicSpot], Counter[str]]:
    """Return the public places of a map, and how many were left out for which reason.

    Every one lies on public ground outside all buildings, and no two of them go by the same words: a house is met in
    front of, at the nearest public street; a park at its edge, where a named street passes.
    """
    pavement = _Pavement(sections)
    found = [corner_spot(corner) for corner in corners(sections)]
    skipped: Counter[str] = Counter()
    for piece in ground:
        if piece.layer == "park" and piece.kind in _GREEN and piece.name:
            streets = pavement.beside(pavement.flat(piece.shape), _EDGE_M)
            found += [PublicSpot("park", f"{piece.name}, at {street}", at) for street, at in sorted(streets.items())]
            skipped["park that no named street passes"] += not streets
        elif piece.layer == "place" and piece.kind in _HOUSES and piece.name:
            near = pavement.nearest(pavement.flat(piece.shape), _TO_THE_STREET_M)
            if near is None:
                skipped["public house far from any public street"] += 1
            else:
                place, street = near
                found.append(PublicSpot("house", f"{piece.name}, on {street}" if street else piece.name, place))
    for name, shape in stops:
        near = pavement.nearest(pavement.flat(shape), _STOP_M)
        if near is None:
            skipped["stop far from any public street"] += 1
        else:
            found.append(PublicSpot("stop", f"Stop {name}", near[0]))
    return _outside(_told_apart(found, skipped), ground, skipped), +skipped


def corner_spot(corner: Corner) -> PublicSpot:
    """Return a corner as a public place."""
    return PublicSpot("corner" if corner.alone else "crossing", corner.words, corner.place)


def _told_apart(spots: Iterable[PublicSpot], skipped: Counter[str]) -> list[PublicSpot]:
    kept: list[PublicSpot] = []
    taken: set[str] = set()
    for spot in sorted(spots, key=lambda it: (it.name, it.place)):
        if len(spot.name) > _LONGEST_NAME:
            skipped["place whose words are too long to say"] += 1
            continue
        if spot.kind != "crossing" and spot.name in taken:
            skipped["place of the same words as another"] += 1
            continue
        taken.add(spot.name)
        kept.append(spot)
    return kept


def _outside(spots: list[PublicSpot], ground: Iterable[Ground], skipped: Counter[str]) -> list[PublicSpot]:
    buildings = [piece.shape for piece in ground if piece.layer == "building"]
    points = shapely.points([spot.place.lonlat for spot in spots]) if spots else np.empty(0, dtype=object)
    inside, _ = shapely.STRtree(buildings).query(points, predicate="intersects")
    within = set(inside.tolist())
    skipped["place inside a building"] += len(within)
    return [spot for number, spot in enumerate(spots) if number not in within]
