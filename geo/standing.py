"""What stands where in an open window kept in memory: sightings, their roles, the clusters they form."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from geo.bodies import Body, Ledger
from geo.cells import steps_reaching
from geo.clustering import best_anchor
from geo.linking import DEFAULT_POLICY, NEIGHBOUR_STEPS, ClusterPolicy, Point, attachment, coarse_reach_m
from geo.naming import ClusterFacts, Role
from geo.wards import Row, Seen, Ward, put, take
from geo.window import Grid, round_cell


class Standing:
    """Sightings by cell and hour, by cluster, group and role; answers what a clustering step asks of a window.

    Parameters
    ----------
    policy
        The numbers in force.
    """

    def __init__(self, policy: ClusterPolicy = DEFAULT_POLICY) -> None:
        self.policy = policy
        self.points: dict[int, Point] = {}
        self._exact = Grid()
        self._coarse = Grid()
        self._wards: dict[str, dict[int, Ward]] = {}
        self._bodies: dict[int, Body] = {}
        self._names: dict[int, Body] = {}
        self._home: dict[int, Body] = {}
        self._roles: dict[int, Role] = {}
        self._seen: dict[int, Seen] = {}
        self._owner: dict[int, Point] = {}
        self._anchor: dict[int, tuple[float, Point]] = {}
        self._followers: dict[int, set[int]] = {}
        self._numbers = 0
        self._ledger = Ledger()

    def __len__(self) -> int:
        return len(self.points)

    def clusters(self) -> frozenset[frozenset[int]]:
        """Return the clusters as sets of sighting ids, without names."""
        return frozenset(frozenset(body.members) for body in self._bodies.values())

    def role_of(self, sighting: int) -> Role:
        """Return what a sighting is within its cluster."""
        return self._roles[sighting]

    def near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.near`."""
        return self._each_once(points, self._exact, NEIGHBOUR_STEPS, self.policy.reach_s)

    def coarse_near(self, points: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.coarse_near`."""
        if not self._coarse:
            return []
        steps = steps_reaching(self.policy.coarse_reach_cap_m)
        return self._each_once(points, self._coarse, steps, self.policy.coarse_reach_s)

    def anchors_near(self, coarse: Collection[Point]) -> Iterable[Point]:
        """Answer `Window.anchors_near`."""
        steps = steps_reaching(max((coarse_reach_m(point, self.policy) for point in coarse), default=0.0))
        return self._each_once(coarse, self._exact, steps, self.policy.coarse_reach_s)

    @staticmethod
    def _each_once(points: Iterable[Point], grid: Grid, steps: int, seconds: float) -> Iterable[Point]:
        return {other.id: other for point in points for other in grid.around(point, steps, seconds)}.values()

    def clusters_of(self, sightings: Collection[int]) -> Mapping[int, int]:
        """Answer `Window.clusters_of`."""
        return {sighting: self._home[sighting].name for sighting in sightings if sighting in self._home}

    def members(self, clusters: Collection[int]) -> Iterable[Point]:
        """Answer `Window.members`."""
        return [point for cluster in sorted(clusters) for point in self._names[cluster].members.values()]

    def facts(self, clusters: Collection[int]) -> Mapping[int, ClusterFacts]:
        """Answer `Window.facts`."""
        return {cluster: self._names[cluster].facts for cluster in clusters}

    # Taken in and let go as a whole

    def load(self, rows: Collection[tuple[Point, int]], touched: Collection[int] = ()) -> None:
        """Take in sightings with the clusters they stand in; `touched` names those whose incident people touched."""
        for point, name in rows:
            if name not in self._names:
                self._names[name] = self._bodied(name)
            self._names[name].touched |= name in touched
            self._take_in(point)
            self._names[name].add(point)
            self._home[point.id] = self._names[name]
        exact = [point for point, _ in rows if not point.coarse]
        for point in exact:
            seen = self._sees(point, self._around(point))
            if suffices(seen):
                self._roles[point.id] = Role.CORE
                self._shelve(self._ward(point).cores, point, self._home[point.id])
            else:
                self._want(point, seen)
        for point in exact:
            if point.id in self._seen:
                self._stand_beside(point)
        for point, _ in rows:
            if point.coarse:
                self._roles[point.id] = Role.COARSE
                self._anchored(point)

    def touch(self, clusters: Iterable[int]) -> None:
        """Note that people had their hands on the incidents of these clusters."""
        for cluster in clusters:
            if cluster in self._names:
                self._names[cluster].touched = True

    def christen(self, given: Mapping[int, int]) -> None:
        """Call new clusters by the ids they were given, by their keys."""
        for key, name in given.items():
            body = self._names.pop(key)
            body.name = name
            self._names[name] = body

    def seal(self, before: float) -> int:
        """Let clusters go in which nothing was observed since `before`; return how many sightings that were."""
        over = [body for body in self._bodies.values() if body.t_max < before]
        gone = [point for body in over for point in body.members.values()]
        for point in gone:
            self._forget(point)
        return len(gone)

    # Wards

    def _around(self, point: Point) -> list[Ward]:
        """Return the wards that may hold something linked to a sighting, its own first: who is near answers soonest."""
        own = self._wards.get(point.cell, {}).get(self._hour(point))
        near = self._wards_at(point.cell, self._hour(point)) if own is None else own.near.values()
        place = point.place
        return [ward for ward in near if ward.is_in_reach(place)]

    def _wards_at(self, cell: str, hour: int) -> list[Ward]:
        """Return the wards in which anything linked to a sighting of a cell and hour may stand."""
        rows = (self._wards.get(near) for near in round_cell(cell, NEIGHBOUR_STEPS))
        return [ward for hours in rows if hours for at in (hour, hour - 1, hour + 1) if (ward := hours.get(at))]

    def _hour(self, point: Point) -> int:
        # As long as the reach, so that whatever can be linked stands in the same one or the next.
        return int(point.t // self.policy.reach_s)

    def _ward(self, point: Point) -> Ward:
        hour = self._hour(point)
        ward = self._wards.get(point.cell, {}).get(hour)
        if ward is None:
            ward = Ward((point.cell, hour))
            for other in self._wards_at(point.cell, hour):
                ward.near[other.key] = other
                other.near[ward.key] = ward
            self._wards.setdefault(point.cell, {})[hour] = ward
        return ward

    def _shelve(self, shelf: dict[int, Row], point: Point, body: Body) -> None:
        put(shelf, body.number, point)
        body.wards.add((point.cell, self._hour(point)))

    def _rows_of(self, wards: Iterable[tuple[str, int]]) -> Iterator[dict[int, Row]]:
        """Yield the shelves of cores and of lone sightings in these wards, by body."""
        for cell, hour in wards:
            ward = self._wards.get(cell, {}).get(hour)
            if ward is not None:
                yield ward.cores
                yield ward.lone

    # What one sighting sees, owns, follows

    def _grown(self, seen: Seen, group: int, *, vouched: bool) -> Seen:
        groups, known = seen
        if groups is not None:
            groups |= {group}
            if len(groups) >= self.policy.min_groups:
                groups = None
        return groups, known or vouched

    def _sees(self, point: Point, wards: Iterable[Ward]) -> Seen:
        """Return what a sighting sees: its own group and those of the sightings it is linked to, until they suffice."""
        seen = self._grown((frozenset(), False), point.source_group, vouched=point.vouched)
        for known in (True, False):
            for ward in wards:
                # Whoever has heard enough groups wants somebody vouched for; a flood of strangers is not even listed.
                if suffices(seen) or (seen[0] is None and not known):
                    return seen
                seen = self._heard(point, ward.groups[known], seen, vouched=known)
        return seen

    def _heard(self, point: Point, rows: dict[int, Row], seen: Seen, *, vouched: bool) -> Seen:
        """Return what a sighting sees once it has looked at these rows, one for each source group."""
        for group, row in reversed(rows.items()):
            grown = self._grown(seen, group, vouched=vouched)
            if grown != seen and row.linked_first(point, self.policy) is not None:
                seen = grown
                if seen[0] is None and (seen[1] or not vouched):
                    return seen
        return seen

    def _want(self, point: Point, seen: Seen) -> None:
        self._seen[point.id] = seen
        put(self._ward(point).wanting, seen, point)

    def _want_no_more(self, point: Point) -> None:
        take(self._ward(point).wanting, self._seen.pop(point.id), point)

    def _owner_among(self, point: Point, wards: Iterable[Ward]) -> Point | None:
        """Return the earliest core that a sighting is linked to."""
        owner: Point | None = None
        for ward in wards:
            for row in ward.cores.values():
                owner = row.linked_earliest(point, self.policy, None if owner is None else owner.rank) or owner
        return owner

    def _stand_beside(self, point: Point) -> None:
        """Let a sighting that is no core belong to a core or stand alone, in the cluster it is in."""
        owner = self._owner_among(point, self._around(point))
        if owner is None:
            self._roles[point.id] = Role.LEFTOVER
            self._shelve(self._ward(point).lone, point, self._home[point.id])
        else:
            self._roles[point.id] = Role.BORDER
            self._owner[point.id] = owner
            self._ward(point).own(owner, point)

    def _disown(self, point: Point) -> None:
        self._ward(point).disown(self._owner.pop(point.id), point)

    def _anchored(self, coarse: Point) -> Point | None:
        """Let a coarse sighting follow the likeliest that is not; return it, None where there is none."""
        steps = steps_reaching(coarse_reach_m(coarse, self.policy))
        near = self._exact.around(coarse, steps, self.policy.coarse_reach_s)
        anchor = best_anchor(coarse, near, self.policy)
        if anchor is not None:
            self._follow(coarse, anchor)
        return anchor

    def _follow(self, coarse: Point, anchor: Point) -> None:
        likelihood = attachment(coarse, anchor, self.policy)
        assert likelihood is not None
        self._unfollow(coarse)
        self._anchor[coarse.id] = (likelihood, anchor)
        self._followers.setdefault(anchor.id, set()).add(coarse.id)

    def _unfollow(self, coarse: Point) -> None:
        held = self._anchor.pop(coarse.id, None)
        if held is not None:
            self._followers.get(held[1].id, set()).discard(coarse.id)

    # Bodies

    def _bodied(self, name: int) -> Body:
        self._numbers += 1
        body = self._bodies[self._numbers] = Body(self._numbers, name)
        self._ledger.looked_at(body)
        return body

    def _end(self, body: Body) -> None:
        self._ledger.ended(body)
        del self._bodies[body.number]
        if self._names.get(body.name) is body:
            del self._names[body.name]

    def _take_in(self, point: Point) -> None:
        self.points[point.id] = point
        if point.coarse:
            self._coarse.add(point)
            return
        self._exact.add(point)
        ward = self._ward(point)
        ward.widen(point, self.policy)
        put(ward.groups[point.vouched], point.source_group, point)

    def _forget(self, point: Point, *, keeping_body: bool = False) -> None:
        """Take a sighting out of everything; a body it leaves empty is gone, unless somebody looks after it."""
        role, body = self._roles.pop(point.id), self._home.pop(point.id)
        body.drop(point)
        del self.points[point.id]
        if role is Role.COARSE:
            self._coarse.remove(point)
            self._unfollow(point)
        else:
            self._clear_away(point, role, body)
        if not body.members and not keeping_body:
            self._end(body)

    def _clear_away(self, point: Point, role: Role, body: Body) -> None:
        self._exact.remove(point)
        self._followers.pop(point.id, None)
        ward = self._ward(point)
        take(ward.groups[point.vouched], point.source_group, point)
        if role is Role.CORE:
            take(ward.cores, body.number, point)
        else:
            self._want_no_more(point)
        if role is Role.BORDER:
            self._disown(point)
        if role is Role.LEFTOVER:
            take(ward.lone, body.number, point)
        if not any(ward.groups.values()):
            cell, hour = ward.key
            for other in ward.near.values():
                if other is not ward:
                    del other.near[ward.key]
            del self._wards[cell][hour]
            if not self._wards[cell]:
                del self._wards[cell]


def suffices(seen: Seen) -> bool:
    """Tell whether what a sighting has seen makes it a core."""
    return seen[0] is None and seen[1]
