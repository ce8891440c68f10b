"""What stands in one cell and hour, sorted so that an arriving sighting looks at few of them."""

from __future__ import annotations

import bisect
import math
from collections.abc import Hashable, Iterator
from typing import Final, TypeVar

from geo.distance import EARTH_RADIUS_M
from geo.linking import ClusterPolicy, Point, linked
from geo.points import LonLat

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

    __slots__ = (
        "_east", "_north", "_reach", "_south", "_west",
        "cores", "groups", "key", "lone", "near", "owned", "wanting",
    )  # fmt: skip

    def __init__(self, key: WardKey) -> None:
        self.key = key
        self.near: dict[WardKey, Ward] = {key: self}
        self.cores: dict[int, Row] = {}
        self.lone: dict[int, Row] = {}
        self.groups: dict[bool, dict[int, Row]] = {True: {}, False: {}}
        self.wanting: dict[Seen, Row] = {}
        self.owned: list[tuple[float, int, int]] = []
        self._west, self._south, self._east, self._north = math.inf, math.inf, -math.inf, -math.inf
        self._reach = (math.inf, math.inf, -math.inf, -math.inf)

    def widen(self, point: Point, policy: ClusterPolicy) -> None:
        """Let the box of what stands here hold a place; it never shrinks, for it only saves looks."""
        lon, lat = point.place.lon, point.place.lat
        if self._west <= lon <= self._east and self._south <= lat <= self._north:
            return
        self._west, self._east = min(self._west, lon), max(self._east, lon)
        self._south, self._north = min(self._south, lat), max(self._north, lat)
        high = math.degrees(policy.reach_m * _MARGIN / EARTH_RADIUS_M)
        wide = high / max(1e-6, math.cos(math.radians(min(89.9, max(abs(self._south), abs(self._north)) + high))))
        if max(abs(self._west), abs(self._east)) + wide > _NEAR_THE_SEAM:
            wide = math.inf
        self._reach = (self._west - wide, self._south - high, self._east + wide, self._north + high)

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

    def is_in_reach(self, place: LonLat) -> bool:
        """Tell whether something here may be near enough to a place; wrong only in looking once too often."""
        west, south, east, north = self._reach
        return south <= place.lat <= north and west <= place.lon <= east


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
