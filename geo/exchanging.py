"""A kept window that others change too: clusters are let go and taken in while what stands beside them stays true."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from geo.bodies import Body
from geo.linking import NEIGHBOUR_STEPS, Point
from geo.naming import Role
from geo.standing import Standing, suffices
from geo.wards import WardKey
from geo.window import round_cell


class ExchangingWindow(Standing):
    """A kept window in which whole clusters can be exchanged for what somebody else made of them."""

    def exchange(self, gone: Iterable[int], rows: Collection[tuple[Point, int]], touched: Collection[int] = ()) -> None:
        """Let clusters go and take in others, whoever changed them; what stands beside them is looked at again.

        Parameters
        ----------
        gone
            Clusters to be forgotten with all their sightings.
        rows, touched
            As for `load`.
        """
        leaving = [point for name in set(gone) if name in self._names for point in self._names[name].members.values()]
        for point in leaving:
            self._forget(point)
        self.load(rows, touched)
        fresh = {point.id for point, _ in rows}
        self._look_round([*leaving, *(point for point, _ in rows)], fresh)

    def _look_round(self, changed: Iterable[Point], known: Collection[int]) -> None:
        """Find out again what those near some sightings see; clusters in which a role is another one stand anew."""
        places = {(point.cell, self._hour(point)) for point in changed if not point.coarse}
        near = {
            (cell, hour + step)
            for own, hour in places
            for cell in round_cell(own, NEIGHBOUR_STEPS)
            for step in (-1, 0, 1)
        }
        while shaken := self._shaken(near, known):
            for body in shaken:
                members, name, was_touched = list(body.members.values()), body.name, body.touched
                for point in members:
                    self._forget(point)
                self.load([(point, name) for point in members], {name} if was_touched else ())
            # A core that came or went may be somebody else's: also of those that were just taken in.
            known = ()
        self._attach_round(changed)

    def _shaken(self, places: Iterable[WardKey], known: Collection[int]) -> list[Body]:
        """Return the clusters in which somebody at some places, not among those known, is another thing than before."""
        found: dict[int, Body] = {}
        for cell, hour in places:
            ward = self._wards.get(cell, {}).get(hour)
            for point in [] if ward is None else ward.everybody():
                if point.id not in known and not self._sees_the_same(point):
                    found[self._home[point.id].number] = self._home[point.id]
        return list(found.values())

    def _sees_the_same(self, point: Point) -> bool:
        """Look again at what a sighting sees; say whether it is a core as before, and its owner one too."""
        seen = self._sees(point, self._around(point))
        role = self._roles[point.id]
        if suffices(seen) != (role is Role.CORE):
            return False
        if role is Role.CORE:
            return True
        self._want_no_more(point)
        self._want(point, seen)
        owner = self._owner_among(point, self._around(point))
        return (None if owner is None else owner.id) == (self._owner[point.id].id if point.id in self._owner else None)

    def _attach_round(self, changed: Iterable[Point]) -> None:
        """Let coarse sightings near some others follow whom they would follow now; the cluster they are in stays."""
        if not self._coarse:
            return
        for coarse in self.coarse_near([point for point in changed if not point.coarse]):
            self._unfollow(coarse)
            self._anchored(coarse)

    def names_round(self, points: Iterable[Point]) -> set[int]:
        """Return the clusters that arriving sightings may see or change: those round them, and round who may rise."""
        first = {ward.key: ward for point in points for ward in self._around(point)}
        # Whoever is no core there may become one, and then sees as far again.
        second = {key: near for ward in first.values() if ward.wanting for key, near in ward.near.items()}
        wards = first | second
        bodies = {number for ward in wards.values() for number in (*ward.cores, *ward.lone)}
        owned = {entry[2] for ward in wards.values() for entry in ward.owned}
        return {self._bodies[number].name for number in bodies} | {self._home[sighting].name for sighting in owned}
