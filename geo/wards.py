"""What stands in one cell and hour, sorted so that an arriving sighting looks at few of them."""

from __future__ import annotations

import bisect
import math
from collections.abc import Hashable, Iterator
from typing import Final, TypeVar

from geo.distance import EARTH_RADIUS_M
from geo.linking import ClusterPolicy, Point, linked

Key = TypeVar("Key", bound=Hashable)

Seen = tuple[frozenset[int] | None, bool]
"""The source groups that a sighting and those linked to it come from, None once they are enough; is any vouched for."""

WardKey = tuple[str, int]
"""A cell at `CLUSTER_RESOLUTION`, and the hour since 1970-01-01 UTC in which a ward's sightings were observed."""

Entry = tuple[float, int, Point]
"""Observed first, then by id: the rank of a sighting, and the sighting."""

_MARGIN: Final = 1.02
"""Boxes are a little larger than the reach; the metre decides."""

_NEAR_THE_SEAM: Final = 179.0


class Row:
    """Sightings in the order in which they were observed."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def __bool__(self) -> bool:
        return bool(self.entries)

    def add(self, point: Point) -> None:
        """Put a sighting in."""
        entry = (point.t, point.id, point)
        # Most sightings are newer than those that stand here already.
        if not self.entries or self.entries[-1] < entry:
            self.entries.append(entry)
        else:
            bisect.insort(self.entries, entry)

    def take(self, point: Point) -> None:
        """Take a sighting out again."""
        del self.entries[bisect.bisect_left(self.entries, (point.t, point.id))]

    def extend(self, other: Row) -> None:
        """Put all sightings of another row in."""
        self.entries = sorted([*self.entries, *other.entries])

    def linked_first(self, point: Point, policy: ClusterPolicy) -> Point | None:
        """Return a sighting that is linked to this one, the nearest in time first, or None."""
        entries, t, reach_s = self.entries, point.t, policy.reach_s
        later = bisect.bisect_left(entries, (t, point.id))
        earlier = later - 1
        while True:
            after = entries[later][0] - t if later < len(entries) else math.inf
            before = t - entries[earlier][0] if earlier >= 0 else math.inf
            if after < before:
                other = entries[later][2]
                later += 1
            else:
                other = entries[earlier][2]
                earlier -= 1
            if min(after, before) > reach_s:
                return None
            if linked(point, other, policy):
                return other

    def linked_earliest(self, point: Point, policy: ClusterPolicy, rank: tuple[float, int] | None) -> Point | None:
        """Return the first sighting in order that is linked to this one and stands before `rank`, None without one."""
        for entry in self.within(point, policy.reach_s):
            if rank is not None and entry[:2] >= rank:
                return None
            if linked(point, entry[2], policy):
                return entry[2]
        return None

    def linked_all(self, point: Point, policy: ClusterPolicy) -> list[Point]:
        """Return every sighting that is linked to this one, in order."""
        return [entry[2] for entry in self.within(point, policy.reach_s) if linked(point, entry[2], policy)]

    def within(self, point: Point, seconds: float) -> Iterator[Entry]:
        """Yield what was observed at most `seconds` before or after a sighting."""
        entries, until = self.entries, point.t + seconds
        for place in range(bisect.bisect_left(entries, (point.t - seconds,)), len(entries)):
            entry = entries[place]
            if entry[0] > until:
                return
            yield entry


class Ward:
    """The exact sightings of one cell and hour.

    Attributes
    ----------
    cores, lone
        Rows of cores, and of those that are neither core nor linked to one, under the cluster they stand in.
    groups
        Rows of all of them under their source group: those somebody vouched for, and those nobody did.
    wanting
        Rows of those that are no core under what they have seen so far: which groups, and anybody vouched for.
    owned
        Those that are linked to a core but are none themselves, by the rank of the core they belong to.
    key
        Its cell and its hour, by which bodies know it.
    near
        Itself, and every ward in which anything linked to anybody here may stand.
    """

    __slots__ = ("cores", "east", "groups", "key", "lone", "near", "north", "owned", "south", "wanting", "west")

    def __init__(self, key: WardKey) -> None:
        self.key = key
        self.near: dict[WardKey, Ward] = {key: self}
        self.cores: dict[int, Row] = {}
        self.lone: dict[int, Row] = {}
        self.groups: dict[bool, dict[int, Row]] = {True: {}, False: {}}
        self.wanting: dict[Seen, Row] = {}
        self.owned: list[tuple[float, int, int]] = []
        self.west, self.south, self.east, self.north = math.inf, math.inf, -math.inf, -math.inf

    def widen(self, point: Point) -> None:
        """Let the box of what stands here hold a place; it never shrinks, for it only saves looks."""
        lon, lat = point.place.lon, point.place.lat
        self.west, self.east = min(self.west, lon), max(self.east, lon)
        self.south, self.north = min(self.south, lat), max(self.north, lat)

    def everybody(self) -> list[Point]:
        """Return all sightings here."""
        return [entry[2] for rows in self.groups.values() for row in rows.values() for entry in row.entries]

    def own(self, owner: Point, point: Point) -> None:
        """Note that a sighting that is no core belongs to a core."""
        bisect.insort(self.owned, (owner.t, owner.id, point.id))

    def disown(self, owner: Point, point: Point) -> None:
        """Note that a sighting does not belong to a core any more."""
        del self.owned[bisect.bisect_left(self.owned, (owner.t, owner.id, point.id))]

    def owned_after(self, core: Point) -> list[int]:
        """Return the sightings that belong to cores of a later rank than this one."""
        return [entry[2] for entry in self.owned[bisect.bisect_left(self.owned, (core.t, core.id + 1)) :]]

    def owned_by(self, core: Point) -> list[int]:
        """Return the sightings that belong to this core."""
        first, last = bisect.bisect_left(self.owned, core.rank), bisect.bisect_left(self.owned, (core.t, core.id + 1))
        return [entry[2] for entry in self.owned[first:last]]

    def out_of_reach(self, point: Point, policy: ClusterPolicy) -> bool:
        """Tell whether nothing here can be near enough to a sighting; wrong only in looking once too often."""
        lon, lat = point.place.lon, point.place.lat
        reach = math.degrees(policy.reach_m * _MARGIN / EARTH_RADIUS_M)
        if lat < self.south - reach or lat > self.north + reach:
            return True
        if max(abs(lon), abs(self.west), abs(self.east)) > _NEAR_THE_SEAM:
            return False
        wide = reach / max(1e-6, math.cos(math.radians(min(89.9, max(abs(self.south), abs(self.north)) + reach))))
        return lon < self.west - wide or lon > self.east + wide


def put(shelf: dict[Key, Row], key: Key, point: Point) -> None:
    """Put a sighting into the row of a key."""
    row = shelf.get(key)
    if row is None:
        row = shelf[key] = Row()
    row.add(point)


def take(shelf: dict[Key, Row], key: Key, point: Point) -> None:
    """Take a sighting out of the row of a key; an empty row is gone."""
    row = shelf[key]
    row.take(point)
    if not row:
        del shelf[key]
