"""Clusters as bodies that grow, join and fall apart within a step, and the list of changes at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from geo.linking import Point
from geo.naming import Changes, ClusterFacts, ClusterFigures, Merged, Opened, Role, part_weight
from geo.wards import WardKey


@dataclass(eq=False, slots=True)
class Body:
    """A cluster while it is kept in memory.

    Attributes
    ----------
    number
        What rows call it; it never changes.
    name
        Its id, or a negative key until it is given one.
    touched
        Whether people had their hands on its incident.
    members
        Its sightings by id, coarse ones included.
    wards
        Where its exact sightings stand.
    """

    number: int
    name: int
    touched: bool = False
    members: dict[int, Point] = field(default_factory=dict)
    wards: set[WardKey] = field(default_factory=set)
    groups: Counter[int] = field(default_factory=Counter)
    vouched: Counter[int] = field(default_factory=Counter)
    t_min: float = float("inf")
    t_max: float = float("-inf")

    def add(self, point: Point) -> None:
        """Take a sighting in."""
        self.members[point.id] = point
        self.groups[point.source_group] += 1
        if point.vouched:
            self.vouched[point.source_group] += 1
        self.t_min, self.t_max = min(self.t_min, point.t), max(self.t_max, point.t)

    def drop(self, point: Point) -> None:
        """Let a sighting go."""
        del self.members[point.id]
        for counts, counted in ((self.groups, True), (self.vouched, point.vouched)):
            if counted:
                counts[point.source_group] -= 1
                if not counts[point.source_group]:
                    del counts[point.source_group]
        if self.members and point.t in {self.t_min, self.t_max}:
            times = [other.t for other in self.members.values()]
            self.t_min, self.t_max = min(times), max(times)

    @property
    def figures(self) -> ClusterFigures:
        """What it consists of."""
        return ClusterFigures(len(self.members), len(self.groups), len(self.vouched), self.t_min, self.t_max)

    @property
    def facts(self) -> ClusterFacts:
        """What naming has to know about it."""
        return ClusterFacts(self.name, self.touched, self.t_min)


class Ledger:
    """What one step did, as it is done: who moved, which names met, which bodies are new."""

    def __init__(self) -> None:
        self._former: dict[int, int | None] = {}
        self._merged: dict[int, Merged] = {}
        self._proposed: set[int] = set()
        self._met: set[int] = set()
        self._facts: dict[int, ClusterFacts] = {}
        self._opened: dict[int, int | None] = {}
        self.bodies: dict[int, Body] = {}
        self.roles: dict[int, Role] = {}
        self._next_key = -1

    def looked_at(self, body: Body) -> None:
        """Note that a body is about to change; names are given by what it was when the step began."""
        self.bodies[body.number] = body
        if body.name > 0:
            self._facts.setdefault(body.name, body.facts)

    def moved(self, point: Point, former: Body | None) -> None:
        """Note where a sighting stood before it moves for the first time, None if it is new."""
        self._former.setdefault(point.id, None if former is None or former.name < 0 else former.name)

    def stood_in(self, point: Point, name: int, here: Body) -> bool:
        """Tell whether a sighting, which stands `here` now, stood in a cluster when the step began."""
        former = self._former.get(point.id, here.name)
        return former is not None and self._survivor(former) == name

    def open(self, split_from: int | None) -> int:
        """Return a key for a new body."""
        key, self._next_key = self._next_key, self._next_key - 1
        self._opened[key] = split_from
        return key

    def ended(self, body: Body) -> None:
        """Note that a body is empty: a key it had is not given away."""
        self._opened.pop(body.name, None)

    def name_together(self, one: Body, other: Body) -> tuple[int, bool]:
        """Return the name, and whether people touched it, of two bodies that become one."""
        known = [self._facts.get(body.name, body.facts) for body in (one, other)]
        first, second = sorted(known, key=lambda it: (it.id < 0, not it.touched, it.t_min, it.id))
        self._met |= {first.id, second.id}
        if second.id < 0:
            self._opened.pop(second.id, None)
        elif first.id != second.id:
            self._merged[second.id] = Merged(second.id, first.id)
            if first.touched and second.touched:
                self._proposed.add(second.id)
        return first.id, first.touched

    def joined(self, large: Body, small: Body) -> None:
        """Note that one body went into another."""
        self.bodies.pop(small.number, None)
        self.looked_at(large)

    def lives_on(self, name: int) -> bool:
        """Tell whether a name was taken on by another body, or gave way to its name."""
        return name in self._met

    def changes(self, home: Mapping[int, Body], emptied: Iterable[int]) -> Changes:
        """Return the list of changes; `home` is where every sighting stands now.

        New bodies are called -1, -2, … from here on, in the order in which they were opened.
        """
        keys = {key: -1 - number for number, key in enumerate(self._opened)}
        bodies = {body.number: body for body in self.bodies.values() if body.members}
        for body in bodies.values():
            body.name = keys.get(body.name, body.name)
        merged = tuple(Merged(loser, self._survivor(loser)) for loser in sorted(self._merged))
        assigned = {
            sighting: home[sighting].name
            for sighting, was in self._former.items()
            if was is None or self._survivor(was) != home[sighting].name
        }
        return Changes(
            assigned=assigned,
            opened=tuple(Opened(keys[key], split_from) for key, split_from in self._opened.items()),
            merged=merged,
            emptied=tuple(emptied),
            merge_proposals=tuple(it for it in merged if it.loser in self._proposed),
            clusters={body.name: body.figures for body in bodies.values()},
            roles=self.roles,
        )

    def _survivor(self, name: int) -> int:
        while name in self._merged:
            name = self._merged[name].survivor
        return name


def heir_of(parts: Mapping[int, Collection[Point]]) -> int | None:
    """Return the number of the body that holds the weightiest part of what a cluster was, None if nothing is left."""
    return max((number for number in parts if parts[number]), key=lambda n: part_weight(parts[n]), default=None)
