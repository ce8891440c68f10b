"""The open window kept in memory: each arriving sighting costs what stands round it, never what stands behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from geo.bodies import Body, Ledger, heir_of
from geo.cells import steps_reaching
from geo.clustering import nearest_anchor, step
from geo.linking import DEFAULT_POLICY, NEIGHBOUR_STEPS, ClusterPolicy, Point, attachable, coarse_reach_m, linked
from geo.naming import Changes, ClusterFacts, Role
from geo.wards import Row, Seen, Ward, put, take
from geo.window import Grid, round_cell


class LiveClusters:
    """All sightings of an open window with their clusters, equal to `settle` of them after every step.

    Insertion as in incremental DBSCAN (Ester et al. 1998), with rows that hold cores by cluster, everybody by source
    group, and those that are no core by what they still want: a crowd of thousands in one block is looked at as one.
    A step changes what is kept here at once. Whoever cannot write it down has to drop this and load it anew.

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
        self._torn: dict[int, list[Point]] = {}

    # What stands here

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

    # What changes

    def load(self, rows: Iterable[tuple[Point, int]], touched: Collection[int] = ()) -> None:
        """Take in sightings with the clusters they stand in; clusters whose incident people touched are named."""
        self._stand([(point, cluster) for point, cluster in rows], touched)

    def touch(self, clusters: Iterable[int]) -> None:
        """Note that people had their hands on the incidents of these clusters."""
        for cluster in clusters:
            if cluster in self._names:
                self._names[cluster].touched = True

    def arrive(self, points: Collection[Point]) -> Changes:
        """Take in new sightings, and return what changed; call `christen` before the next step."""
        self._ledger, self._torn = Ledger(), {}
        exact = sorted((point for point in points if not point.coarse), key=lambda point: point.rank)
        for point in exact:
            self._insert(point)
        self._mend()
        for point in points:
            if point.coarse:
                self._attach_new(point)
        for point in exact:
            self._ledger.roles[point.id] = self._roles[point.id]
        return self._told(self._ledger.changes(self._home))

    def retract(self, points: Collection[Point]) -> Changes:
        """Let sightings go, and return what changed; call `christen` before the next step.

        Costs as much as the clusters round them: who hangs together without them has to be found out again.
        """
        changes = step(self, (), points, self.policy)
        names = self.clusters_of(changes.roles)
        touched = {name for name in names.values() if self._names[name].touched}
        survivors = {merge.loser: merge.survivor for merge in changes.merged}
        standing = [
            (self.points[it], changes.assigned.get(it, survivors.get(names[it], names[it]))) for it in changes.roles
        ]
        for point in (*points, *(point for point, _ in standing)):
            self._forget(point)
        self._stand(standing, {survivors.get(name, name) for name in touched})
        return changes

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

    def _told(self, changes: Changes) -> Changes:
        for merge in changes.merged:
            self._names.pop(merge.loser, None)
        for body in self._ledger.bodies.values():
            if body.number in self._bodies:
                self._names[body.name] = body
        return changes

    # One sighting that arrives

    def _insert(self, point: Point) -> None:
        wards = self._around(point)
        risen = self._seen_by_others(point, wards)
        seen = self._sees(point, wards)
        self.points[point.id] = point
        self._ledger.moved(point, None)
        self._exact.add(point)
        ward = self._ward(point)
        ward.widen(point)
        put(ward.groups, (point.source_group, point.vouched), point)
        for other in risen:
            self._crown(other, self._around(other))
        if _suffices(seen):
            self._crown(point, wards)
        else:
            self._seen[point.id] = seen
            put(ward.wanting, seen, point)
            self._place(point, wards)
        self._offer_as_anchor(point)

    def _around(self, point: Point) -> list[Ward]:
        hour = self._hour(point)
        found: list[Ward] = []
        for cell in round_cell(point.cell, NEIGHBOUR_STEPS):
            hours = self._wards.get(cell)
            if hours is not None:
                near = (hours.get(hour), hours.get(hour - 1), hours.get(hour + 1))
                found += [ward for ward in near if ward is not None and not ward.out_of_reach(point, self.policy)]
        return found

    def _hour(self, point: Point) -> int:
        # As long as the reach, so that whatever can be linked stands in the same one or the next.
        return int(point.t // self.policy.reach_s)

    def _ward(self, point: Point) -> Ward:
        hours = self._wards.setdefault(point.cell, {})
        hour = self._hour(point)
        if hour not in hours:
            hours[hour] = Ward((point.cell, hour))
        return hours[hour]

    def _seen_by_others(self, point: Point, wards: Iterable[Ward]) -> list[Point]:
        """Let those who are no core see an arriving sighting; return those who are a core now."""
        risen: list[Point] = []
        for ward in wards:
            for seen, row in list(ward.wanting.items()):
                grown = self._grown(seen, point.source_group, vouched=point.vouched)
                if grown == seen:
                    continue
                for other in row.linked_all(point, self.policy):
                    take(ward.wanting, seen, other)
                    if _suffices(grown):
                        del self._seen[other.id]
                        risen.append(other)
                    else:
                        self._seen[other.id] = grown
                        put(ward.wanting, grown, other)
        return risen

    def _sees(self, point: Point, wards: Iterable[Ward]) -> Seen:
        """Return what a sighting sees: its own group and those of the sightings it is linked to, until they suffice."""
        seen = self._grown((frozenset(), False), point.source_group, vouched=point.vouched)
        for ward in wards:
            for (group, vouched), row in reversed(ward.groups.items()):
                if _suffices(seen):
                    return seen
                grown = self._grown(seen, group, vouched=vouched)
                if grown != seen and row.linked_first(point, self.policy) is not None:
                    seen = grown
        return seen

    def _grown(self, seen: Seen, group: int, *, vouched: bool) -> Seen:
        groups, known = seen
        if groups is not None:
            groups |= {group}
            if len(groups) >= self.policy.min_groups:
                groups = None
        return groups, known or vouched

    def _crown(self, point: Point, wards: Collection[Ward]) -> None:
        """Let a sighting be a core: it joins the cores it is linked to, and those who are none belong to it."""
        body, split_from = self._uncrowned(point)
        self._be(point, Role.CORE)
        for ward in wards:
            for number in list(ward.cores):
                row = ward.cores.get(number)
                if row is None or (body is not None and number == body.number):
                    continue
                if row.linked_first(point, self.policy) is not None:
                    body = self._joined(body, self._bodies[number])
        if body is None:
            body = self._opened(split_from)
        self._enter(point, body)
        self._shelve(self._ward(point).cores, point, body)
        for ward in wards:
            self._own_all(point, ward)

    def _uncrowned(self, point: Point) -> tuple[Body | None, int | None]:
        """Take a sighting out of where it stood as no core; return the cluster it stays in, or the one it leaves."""
        role, body = self._roles.get(point.id), self._home.get(point.id)
        if role is Role.BORDER:
            self._disown(point)
            return body, None
        if role is Role.LEFTOVER and body is not None:
            self._leave_lone(point, body)
            return None, body.name if body.name > 0 else None
        return None, None

    def _own_all(self, core: Point, ward: Ward) -> None:
        """Let a new core own those linked to it that nobody owns, or that an owner of a later rank does."""
        for row in list(ward.lone.values()):
            for other in row.linked_all(core, self.policy):
                self._leave_lone(other, self._home[other.id])
                self._own(other, core)
        for sighting in ward.owned_after(core):
            other = self.points[sighting]
            if linked(core, other, self.policy):
                self._disown(other)
                self._own(other, core)

    def _place(self, point: Point, wards: Collection[Ward]) -> None:
        """Find the cluster of a sighting that is no core: of the earliest core it is linked to, else of other lone ones."""
        owner: Point | None = None
        for ward in wards:
            for row in ward.cores.values():
                owner = row.linked_earliest(point, self.policy, None if owner is None else owner.rank) or owner
        if owner is not None:
            self._own(point, owner)
            return
        body: Body | None = None
        for ward in wards:
            for number in list(ward.lone):
                row = ward.lone.get(number)
                if row is None or (body is not None and number == body.number):
                    continue
                if row.linked_first(point, self.policy) is not None:
                    body = self._joined(body, self._bodies[number])
        body = body or self._opened(None)
        self._be(point, Role.LEFTOVER)
        self._enter(point, body)
        self._shelve(self._ward(point).lone, point, body)

    def _own(self, point: Point, owner: Point) -> None:
        self._be(point, Role.BORDER)
        self._owner[point.id] = owner
        self._ward(point).own(owner, point)
        self._enter(point, self._home[owner.id])

    def _disown(self, point: Point) -> None:
        self._ward(point).disown(self._owner.pop(point.id), point)

    def _leave_lone(self, point: Point, body: Body) -> None:
        take(self._ward(point).lone, body.number, point)
        self._torn.setdefault(body.number, []).append(point)

    # Bodies

    def _opened(self, split_from: int | None) -> Body:
        return self._bodied(self._ledger.open(split_from))

    def _bodied(self, name: int) -> Body:
        self._numbers += 1
        body = self._bodies[self._numbers] = Body(self._numbers, name)
        self._ledger.looked_at(body)
        return body

    def _be(self, point: Point, role: Role) -> None:
        self._roles[point.id] = self._ledger.roles[point.id] = role

    def _enter(self, point: Point, body: Body) -> None:
        """Let a sighting stand in a body, and those attached to it with it."""
        former = self._home.get(point.id)
        self._ledger.looked_at(body)
        if former is not body:
            self._ledger.moved(point, former)
            if former is not None:
                former.drop(point)
                self._ledger.looked_at(former)
            body.add(point)
            self._home[point.id] = body
            for follower in sorted(self._followers.get(point.id, ())):
                self._enter(self.points[follower], body)

    def _joined(self, one: Body | None, other: Body) -> Body:
        """Return one body of two; the smaller moves into the larger, the name is chosen by rule."""
        if one is None:
            return other
        name, touched = self._ledger.name_together(one, other)
        large, small = (one, other) if len(one.members) >= len(other.members) else (other, one)
        for cell, hour in small.wards:
            ward = self._wards.get(cell, {}).get(hour)
            if ward is None:
                continue
            for shelf in (ward.cores, ward.lone):
                if small.number in shelf:
                    shelf.setdefault(large.number, Row()).extend(shelf.pop(small.number))
        large.wards |= small.wards
        for point in small.members.values():
            large.add(point)
            self._home[point.id] = large
        large.name, large.touched = name, touched
        del self._bodies[small.number]
        self._ledger.bodies.pop(small.number, None)
        self._ledger.looked_at(large)
        if small.number in self._torn:
            self._torn.setdefault(large.number, []).extend(self._torn.pop(small.number))
        return large

    def _shelve(self, shelf: dict[int, Row], point: Point, body: Body) -> None:
        put(shelf, body.number, point)
        body.wards.add((point.cell, self._hour(point)))

    def _mend(self) -> None:
        """Let lone bodies that lost sightings fall apart where those held them together, and pass their names on."""
        for number in sorted(self._torn):
            body = self._bodies.get(number)
            if body is None:
                continue
            pieces = self._pieces([point for point in body.members.values() if not point.coarse])
            if body.name > 0:
                pieces = self._heir_first(body, self._torn[number], pieces)
            name = body.name
            for piece in pieces[1:]:
                part = self._opened(name if name > 0 else None)
                for point in piece:
                    take(self._ward(point).lone, number, point)
                    self._enter(point, part)
                    self._shelve(self._ward(point).lone, point, part)
            if not body.members:
                self._end(body)
        self._torn = {}

    def _heir_first(self, body: Body, lost: Iterable[Point], pieces: list[list[Point]]) -> list[list[Point]]:
        """Return the pieces, the one that keeps the name first; none is first where the name goes to another body."""
        name = body.name
        parts = {
            -1 - place: [it for it in piece if self._ledger.stood_in(it, name, body)]
            for place, piece in enumerate(pieces)
        }
        for point in lost:
            home = self._home[point.id]
            if self._ledger.stood_in(point, name, home):
                parts.setdefault(home.number, []).append(point)
        heir = heir_of(parts)
        if heir is None:
            return pieces
        if heir < 0:
            return [pieces[-1 - heir], *(piece for place, piece in enumerate(pieces) if place != -1 - heir)]
        other = self._bodies[heir]
        other.name, other.touched = self._ledger.name_together(other, body)
        self._ledger.looked_at(other)
        return [[], *pieces]

    def _pieces(self, points: Collection[Point]) -> list[list[Point]]:
        """Return the connected components of lone sightings, each in order, the earliest first."""
        waiting = sorted(points, key=lambda point: point.rank)
        pieces: list[list[Point]] = []
        while waiting:
            piece, waiting = [waiting[0]], waiting[1:]
            for point in piece:
                near = [other for other in waiting if linked(point, other, self.policy)]
                if near:
                    piece += near
                    found = {other.id for other in near}
                    waiting = [other for other in waiting if other.id not in found]
            pieces.append(sorted(piece, key=lambda point: point.rank))
        return pieces

    def _end(self, body: Body) -> None:
        self._ledger.ended(body)
        del self._bodies[body.number]
        if self._names.get(body.name) is body:
            del self._names[body.name]

    # Coarse sightings

    def _attach_new(self, coarse: Point) -> None:
        """Take in a coarse sighting beside the nearest that is not, or alone."""
        self.points[coarse.id] = coarse
        self._coarse.add(coarse)
        self._ledger.moved(coarse, None)
        self._be(coarse, Role.COARSE)
        steps = steps_reaching(coarse_reach_m(coarse, self.policy))
        near = self._exact.around(coarse, steps, self.policy.coarse_reach_s)
        anchor = nearest_anchor(coarse, near, self.policy)
        if anchor is None:
            self._enter(coarse, self._opened(None))
            return
        self._hold(coarse, anchor)
        self._enter(coarse, self._home[anchor.id])

    def _offer_as_anchor(self, point: Point) -> None:
        """Let coarse sightings follow an arriving one that is nearer to them than what they follow now."""
        if not self._coarse:
            return
        steps = steps_reaching(self.policy.coarse_reach_cap_m)
        for coarse in self._coarse.around(point, steps, self.policy.coarse_reach_s):
            metres = attachable(coarse, point, self.policy)
            held = self._anchor.get(coarse.id)
            if metres is None or (held is not None and (held[0], held[1].rank) <= (metres, point.rank)):
                continue
            former = self._home[coarse.id]
            self._hold(coarse, point)
            self._enter(coarse, self._home[point.id])
            self._ledger.roles[coarse.id] = Role.COARSE
            if not former.members:
                self._torn.setdefault(former.number, []).append(coarse)

    def _hold(self, coarse: Point, anchor: Point) -> None:
        metres = attachable(coarse, anchor, self.policy)
        assert metres is not None
        held = self._anchor.get(coarse.id)
        if held is not None:
            self._followers[held[1].id].discard(coarse.id)
        self._anchor[coarse.id] = (metres, anchor)
        self._followers.setdefault(anchor.id, set()).add(coarse.id)

    # Taking out, putting in

    def _forget(self, point: Point) -> None:
        """Take a sighting out of everything."""
        role = self._roles.pop(point.id)
        body = self._home.pop(point.id)
        body.drop(point)
        del self.points[point.id]
        if role is Role.COARSE:
            self._coarse.remove(point)
            held = self._anchor.pop(point.id, None)
            if held is not None:
                self._followers.get(held[1].id, set()).discard(point.id)
        else:
            self._exact.remove(point)
            ward = self._ward(point)
            take(ward.groups, (point.source_group, point.vouched), point)
            if role is Role.CORE:
                take(ward.cores, body.number, point)
            else:
                take(ward.wanting, self._seen.pop(point.id), point)
                if role is Role.BORDER:
                    self._disown(point)
                else:
                    take(ward.lone, body.number, point)
            self._followers.pop(point.id, None)
            if not ward.groups:
                self._drop_ward(ward)
        if not body.members:
            self._end(body)

    def _drop_ward(self, ward: Ward) -> None:
        cell, hour = ward.key
        del self._wards[cell][hour]
        if not self._wards[cell]:
            del self._wards[cell]

    def _stand(self, rows: Collection[tuple[Point, int]], touched: Collection[int]) -> None:
        """Put sightings in whose clusters are known, and find out what each is within them."""
        exact = [point for point, _ in rows if not point.coarse]
        for point, name in rows:
            self.points[point.id] = point
            if name not in self._names:
                self._names[name] = self._bodied(name)
            body = self._names[name]
            body.touched = body.touched or name in touched
            body.add(point)
            self._home[point.id] = body
            (self._coarse if point.coarse else self._exact).add(point)
            if not point.coarse:
                ward = self._ward(point)
                ward.widen(point)
                put(ward.groups, (point.source_group, point.vouched), point)
        for point in exact:
            seen = self._sees(point, self._around(point))
            if _suffices(seen):
                self._roles[point.id] = Role.CORE
                self._shelve(self._ward(point).cores, point, self._home[point.id])
            else:
                self._seen[point.id] = seen
                put(self._ward(point).wanting, seen, point)
        for point in exact:
            if point.id in self._seen:
                self._stand_beside(point)
        for point, _ in rows:
            if point.coarse:
                self._roles[point.id] = Role.COARSE
                steps = steps_reaching(coarse_reach_m(point, self.policy))
                near = self._exact.around(point, steps, self.policy.coarse_reach_s)
                anchor = nearest_anchor(point, near, self.policy)
                if anchor is not None:
                    self._hold(point, anchor)

    def _stand_beside(self, point: Point) -> None:
        owner: Point | None = None
        for ward in self._around(point):
            for row in ward.cores.values():
                owner = row.linked_earliest(point, self.policy, None if owner is None else owner.rank) or owner
        if owner is None:
            self._roles[point.id] = Role.LEFTOVER
            self._shelve(self._ward(point).lone, point, self._home[point.id])
        else:
            self._roles[point.id] = Role.BORDER
            self._owner[point.id] = owner
            self._ward(point).own(owner, point)


def _suffices(seen: Seen) -> bool:
    """Tell whether what a sighting has seen makes it a core."""
    return seen[0] is None and seen[1]
