"""The open window kept in memory: each arriving sighting costs what stands round it, never what stands behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from geo.bodies import Body, Ledger, heir_of
from geo.cells import steps_reaching
from geo.clustering import step
from geo.exchanging import ExchangingWindow
from geo.linking import DEFAULT_POLICY, ClusterPolicy, Point, attachment, linked
from geo.naming import Changes, Role
from geo.standing import suffices
from geo.wards import Row, Ward, put, take


class LiveClusters(ExchangingWindow):
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
        super().__init__(policy)
        self._torn: dict[int, list[Point]] = {}

    def arrive(self, points: Collection[Point]) -> Changes:
        """Take in new sightings, and return what changed; call `christen` before the next step."""
        self._ledger, self._torn = Ledger(), {}
        for point in sorted((point for point in points if not point.coarse), key=lambda point: point.rank):
            self._insert(point)
        for point in points:
            if point.coarse:
                self._take_in(point)
                self._ledger.moved(point, None)
                self._attach(point)
        return self._told()

    def retract(self, points: Collection[Point]) -> Changes:
        """Let sightings go, and return what changed; call `christen` before the next step.

        One whose cluster holds together without it costs what stands round it; else the clusters round it are
        settled again.
        """
        if len(points) == 1:
            (point,) = points
            if point.coarse or self._is_spared(point):
                return self._without(point)
        return self._settled_without(points)

    def _told(self) -> Changes:
        """Mend what was torn, and return what the step did."""
        emptied = self._mend()
        changes = self._ledger.changes(self._home, emptied)
        for merge in changes.merged:
            self._names.pop(merge.loser, None)
        for body in self._ledger.bodies.values():
            if body.number in self._bodies:
                self._names[body.name] = body
        return changes

    # One that arrives

    def _insert(self, point: Point) -> None:
        wards = self._around(point)
        risen = self._seen_by_others(point, wards)
        seen = self._sees(point, wards)
        self._take_in(point)
        self._ledger.moved(point, None)
        for other in risen:
            self._crown(other, self._around(other))
        if suffices(seen):
            self._crown(point, wards)
        else:
            self._want(point, seen)
            self._place(point, wards, None)
        self._offer_as_anchor(point)

    def _seen_by_others(self, point: Point, wards: Iterable[Ward]) -> list[Point]:
        """Let those who are no core see an arriving sighting; return those who are a core now."""
        risen: list[Point] = []
        for ward in wards:
            for seen, row in list(ward.wanting.items()):
                grown = self._grown(seen, point.source_group, vouched=point.vouched)
                if grown == seen:
                    continue
                for other in row.linked_all(point, self.policy):
                    self._want_no_more(other)
                    if suffices(grown):
                        risen.append(other)
                    else:
                        self._want(other, grown)
        return risen

    def _crown(self, point: Point, wards: Collection[Ward]) -> None:
        """Let a sighting be a core: it joins the cores it is linked to, and those who are none belong to it."""
        body, split_from = self._uncrowned(point)
        self._be(point, Role.CORE)
        body = self._linked_bodies(point, [ward.cores for ward in wards], body) or self._opened(split_from)
        self._enter(point, body)
        self._shelve(self._ward(point).cores, point, body)
        for ward in wards:
            self._own_all(point, ward)

    def _linked_bodies(self, point: Point, shelves: Iterable[dict[int, Row]], body: Body | None) -> Body | None:
        """Join all bodies in which something is linked to a sighting, and return the one they are; None without any."""
        for shelf in shelves:
            for number in list(shelf):
                row = shelf.get(number)
                # Joining two bodies puts their rows together, so a number may be gone meanwhile.
                if row is None or (body is not None and number == body.number):
                    continue
                if row.linked_first(point, self.policy) is not None:
                    body = self._joined(body, self._bodies[number])
        return body

    def _uncrowned(self, point: Point) -> tuple[Body | None, int | None]:
        """Take a sighting out of where it stood as no core; return the cluster it stays in, or the one it leaves."""
        role, body = self._roles.get(point.id), self._home.get(point.id)
        if role is Role.BORDER:
            self._disown(point)
            return body, None
        if role is Role.LEFTOVER and body is not None:
            self._leave_lone(point)
            return None, body.name if body.name > 0 else None
        return None, None

    def _own_all(self, core: Point, ward: Ward) -> None:
        """Let a new core own those linked to it that nobody owns, or that a core of a later rank does."""
        for row in list(ward.lone.values()):
            for other in row.linked_all(core, self.policy):
                self._leave_lone(other)
                self._own(other, core)
        for sighting in ward.owned_after(core):
            other = self.points[sighting]
            if linked(core, other, self.policy):
                self._disown(other)
                self._own(other, core)

    def _place(self, point: Point, wards: Collection[Ward], split_from: int | None) -> None:
        """Put a sighting that is no core beside the earliest core it is linked to, else beside other lone ones."""
        owner = self._owner_among(point, wards)
        if owner is not None:
            self._own(point, owner)
            return
        body = self._linked_bodies(point, [ward.lone for ward in wards], None) or self._opened(split_from)
        self._be(point, Role.LEFTOVER)
        self._enter(point, body)
        self._shelve(self._ward(point).lone, point, body)

    def _own(self, point: Point, owner: Point) -> None:
        self._be(point, Role.BORDER)
        self._owner[point.id] = owner
        self._ward(point).own(owner, point)
        self._enter(point, self._home[owner.id])

    def _leave_lone(self, point: Point) -> None:
        number = self._home[point.id].number
        take(self._ward(point).lone, number, point)
        self._torn.setdefault(number, []).append(point)

    def _attach(self, coarse: Point) -> None:
        """Let a coarse sighting follow the likeliest that is not, or stand alone."""
        self._be(coarse, Role.COARSE)
        anchor = self._anchored(coarse)
        self._enter(coarse, self._opened(None) if anchor is None else self._home[anchor.id])

    def _offer_as_anchor(self, point: Point) -> None:
        """Let coarse sightings follow an arriving one that is likelier for them than what they follow now."""
        if not self._coarse:
            return
        steps = steps_reaching(self.policy.coarse_reach_cap_m)
        for coarse in self._coarse.around(point, steps, self.policy.coarse_reach_s):
            likelihood = attachment(coarse, point, self.policy)
            held = self._anchor.get(coarse.id)
            if likelihood is None or (held is not None and (-held[0], held[1].rank) <= (-likelihood, point.rank)):
                continue
            former = self._home[coarse.id]
            self._follow(coarse, point)
            self._be(coarse, Role.COARSE)
            self._enter(coarse, self._home[point.id])
            if not former.members:
                self._torn.setdefault(former.number, []).append(coarse)

    # Bodies within a step

    def _be(self, point: Point, role: Role) -> None:
        self._roles[point.id] = self._ledger.roles[point.id] = role

    def _opened(self, split_from: int | None) -> Body:
        return self._bodied(self._ledger.open(split_from))

    def _enter(self, point: Point, body: Body) -> None:
        """Let a sighting stand in a body, and those attached to it with it."""
        former = self._home.get(point.id)
        self._ledger.looked_at(body)
        if former is not body:
            self._ledger.moved(point, former)
            if former is not None:
                self._ledger.looked_at(former)
                former.drop(point)
            body.add(point)
            self._home[point.id] = body
            for follower in sorted(self._followers.get(point.id, ())):
                self._enter(self.points[follower], body)

    def _joined(self, one: Body | None, other: Body) -> Body:
        """Return one body of two; the smaller moves into the larger, the name is chosen by rule."""
        if one is None:
            return other
        self._ledger.looked_at(one)
        self._ledger.looked_at(other)
        name, touched = self._ledger.name_together(one, other)
        large, small = (one, other) if len(one.members) >= len(other.members) else (other, one)
        for shelf in self._rows_of(small.wards):
            if small.number in shelf:
                shelf.setdefault(large.number, Row()).extend(shelf.pop(small.number))
        large.wards |= small.wards
        for point in small.members.values():
            large.add(point)
            self._home[point.id] = large
        large.name, large.touched = name, touched
        del self._bodies[small.number]
        self._ledger.joined(large, small)
        if small.number in self._torn:
            self._torn.setdefault(large.number, []).extend(self._torn.pop(small.number))
        return large

    def _mend(self) -> list[int]:
        """Let lone bodies that lost sightings fall apart where those held them together, and pass their names on.

        Returns the clusters of which nothing is left and whose name nobody carries on.
        """
        emptied: list[int] = []
        bodies = [body for number in self._torn if (body := self._bodies.get(number)) is not None]
        for body in sorted(bodies, key=lambda body: (body.name < 0, abs(body.name))):
            name, number = body.name, body.number
            pieces = self._heir_first(body, self._pieces([it for it in body.members.values() if not it.coarse]))
            for piece in pieces[1:]:
                part = self._opened(name if name > 0 else None)
                for point in piece:
                    take(self._ward(point).lone, number, point)
                    self._enter(point, part)
                    self._shelve(self._ward(point).lone, point, part)
            if not body.members:
                if name > 0 and not self._ledger.lives_on(name):
                    emptied.append(name)
                self._end(body)
        return emptied

    def _heir_first(self, body: Body, pieces: list[list[Point]]) -> list[list[Point]]:
        """Return the pieces, the one that keeps the name first; none is first where the name goes to another body."""
        name, ledger = body.name, self._ledger
        if name < 0:
            return pieces
        parts = {-1 - at: [it for it in piece if ledger.stood_in(it, name, body)] for at, piece in enumerate(pieces)}
        for point in self._torn[body.number]:
            home = self._home[point.id]
            if ledger.stood_in(point, name, home):
                parts.setdefault(home.number, []).append(point)
        heir = heir_of(parts)
        if heir is None:
            return pieces
        if heir < 0:
            return [pieces[-1 - heir], *(piece for at, piece in enumerate(pieces) if at != -1 - heir)]
        other = self._bodies[heir]
        other.name, other.touched = ledger.name_together(other, body)
        ledger.looked_at(other)
        return [[], *pieces]

    def _pieces(self, points: Iterable[Point]) -> list[list[Point]]:
        """Return the connected components of some sightings, the earliest first."""
        waiting = sorted(points, key=lambda point: point.rank)
        pieces: list[list[Point]] = []
        while waiting:
            piece, waiting = [waiting[0]], waiting[1:]
            for point in piece:
                near = {other.id for other in waiting if linked(point, other, self.policy)}
                if near:
                    piece += [other for other in waiting if other.id in near]
                    waiting = [other for other in waiting if other.id not in near]
            pieces.append(piece)
        return pieces

    # One that goes

    def _is_spared(self, point: Point) -> bool:
        """Tell whether all who are cores stay cores without a sighting, and those it is linked to hang together."""
        wards = self._around(point)
        rows = [row for ward in wards for groups in ward.groups.values() for row in groups.values()]
        near = [other for row in rows for other in row.linked_all(point, self.policy)]
        cores = [other for other in near if self._roles[other.id] is Role.CORE and other.id != point.id]
        if self._roles[point.id] is Role.CORE and len(self._pieces(cores)) > 1:
            return False
        own = self._ward(point).groups[point.vouched]
        take(own, point.source_group, point)
        spared = all(suffices(self._sees(other, self._around(other))) for other in cores)
        put(own, point.source_group, point)
        return spared

    def _without(self, point: Point) -> Changes:
        """Take one sighting out whose cluster holds together without it."""
        self._ledger, self._torn = Ledger(), {}
        body, wards = self._home[point.id], [] if point.coarse else self._around(point)
        others = [it for ward in wards for row in ward.wanting.values() for it in row.linked_all(point, self.policy)]
        owned = [self.points[it] for ward in wards for it in ward.owned_by(point)]
        followers = [self.points[it] for it in sorted(self._followers.get(point.id, ()))]
        self._ledger.looked_at(body)
        if self._roles[point.id] is Role.LEFTOVER:
            self._torn[body.number] = []
        self._forget(point, keeping_body=True)
        for other in others:
            if other.id != point.id:
                self._want_no_more(other)
                self._want(other, self._sees(other, self._around(other)))
        for other in sorted(owned, key=lambda it: it.rank):
            self._disown(other)
            self._place(other, self._around(other), body.name)
        for coarse in followers:
            self._unfollow(coarse)
            self._attach(coarse)
        if not body.members:
            self._torn[body.number] = [*owned, *followers]
        return self._told()

    def _settled_without(self, points: Collection[Point]) -> Changes:
        """Take sightings out and settle the clusters round them again."""
        changes = step(self, (), points, self.policy)
        names = self.clusters_of(changes.roles)
        survivors = {merge.loser: merge.survivor for merge in changes.merged}
        touched = {survivors.get(name, name) for name in names.values() if self._names[name].touched}
        standing = [
            (self.points[it], changes.assigned.get(it, survivors.get(names[it], names[it]))) for it in changes.roles
        ]
        for point in (*points, *(point for point, _ in standing)):
            self._forget(point)
        self.load(standing, touched)
        return changes
