"""Sightings into clusters: the exact batch definition, and steps that keep a window equal to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from geo.cells import steps_reaching
from geo.linking import DEFAULT_POLICY, NEIGHBOUR_STEPS, ClusterPolicy, Point, attachment, coarse_reach_m, linked
from geo.naming import Changes, Role, name_pieces
from geo.window import Grid, Window

Links = Mapping[int, Collection[Point]]
"""For each sighting, by id, the others it is linked to; never itself."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Which sighting stands in which cluster, and as what.

    Attributes
    ----------
    keys
        For each sighting the id of the sighting its cluster is called after here: the earliest core, or the
        earliest sighting where there is no core.
    roles
        For each sighting its role.
    """

    keys: Mapping[int, int]
    roles: Mapping[int, Role]

    def clusters(self) -> frozenset[frozenset[int]]:
        """Return the clusters as sets of sighting ids, without names: what two partitions are compared by."""
        return frozenset(frozenset(members) for members in _gathered(self.keys).values())


def settle(points: Iterable[Point], policy: ClusterPolicy = DEFAULT_POLICY) -> Partition:
    """Return the clusters of all these sightings: the definition that everything else must equal.

    Core, border and noise as in DBSCAN (Ester et al. 1998), except that a core needs `min_groups` independent
    source groups, one of them vouched, instead of a number of rows; and that leftovers keep together with the
    leftovers they are linked to.

    Parameters
    ----------
    points
        Sightings, each id once, in any order.
    policy
        The numbers in force.
    """
    everyone = sorted(points, key=lambda point: point.rank)
    exact = [point for point in everyone if not point.coarse]
    grid = Grid(exact)
    links = links_among(exact, policy)
    cores = {point.id for point in exact if is_core(point, links[point.id], policy)}
    keys, roles = components(exact, links, cores)
    for point in everyone:
        if point.coarse:
            steps = steps_reaching(coarse_reach_m(point, policy))
            anchor = best_anchor(point, grid.around(point, steps, policy.coarse_reach_s), policy)
            keys[point.id] = point.id if anchor is None else keys[anchor.id]
            roles[point.id] = Role.COARSE
    return Partition(keys, roles)


def links_among(points: Collection[Point], policy: ClusterPolicy = DEFAULT_POLICY) -> dict[int, list[Point]]:
    """Return the links of exact sightings among themselves; each pair that is near enough is looked at once."""
    links: dict[int, list[Point]] = {point.id: [] for point in points}
    grid = Grid()
    for point in points:
        for other in grid.around(point, NEIGHBOUR_STEPS, policy.reach_s):
            if linked(point, other, policy):
                links[point.id].append(other)
                links[other.id].append(point)
        grid.add(point)
    return links


def is_core(point: Point, neighbours: Iterable[Point], policy: ClusterPolicy = DEFAULT_POLICY) -> bool:
    """Tell whether enough independent groups, at least one of them vouched, stand behind a sighting and its links."""
    groups = {point.source_group}
    vouched = point.vouched
    for other in neighbours:
        groups.add(other.source_group)
        vouched = vouched or other.vouched
    return vouched and len(groups) >= policy.min_groups


def components(points: Iterable[Point], links: Links, cores: Collection[int]) -> tuple[dict[int, int], dict[int, Role]]:
    """Return cluster keys and roles of exact sightings whose links and cores are known.

    Links that leave `points` are not followed: who settles some clusters again passes them whole.
    """
    members = {point.id: point for point in sorted(points, key=lambda point: point.rank)}
    own_cores = {sighting for sighting in members if sighting in cores}
    keys: dict[int, int] = {}
    roles: dict[int, Role] = {}

    def spread(start: int, among: Collection[int], role: Role) -> None:
        keys[start], roles[start] = start, role
        stack = [start]
        while stack:
            for other in links[stack.pop()]:
                if other.id in among and other.id not in keys:
                    keys[other.id], roles[other.id] = start, role
                    stack.append(other.id)

    for sighting in members:
        if sighting in own_cores and sighting not in keys:
            spread(sighting, own_cores, Role.CORE)
    for sighting, owner in _owners(members.keys() - own_cores, links, own_cores).items():
        keys[sighting], roles[sighting] = keys[owner], Role.BORDER
    leftovers = members.keys() - keys.keys()
    for sighting in members:
        if sighting not in keys:
            spread(sighting, leftovers, Role.LEFTOVER)
    return keys, roles


def _owners(others: Iterable[int], links: Links, cores: Collection[int]) -> dict[int, int]:
    """Return for each sighting that is no core the earliest core it is linked to, where there is one."""
    ranks = {sighting: min((o.rank for o in links[sighting] if o.id in cores), default=None) for sighting in others}
    return {sighting: rank[1] for sighting, rank in ranks.items() if rank is not None}


def best_anchor(coarse: Point, candidates: Iterable[Point], policy: ClusterPolicy = DEFAULT_POLICY) -> Point | None:
    """Return the sighting that a coarse one is attached to: the likeliest, then the earliest; or None."""
    best: tuple[float, tuple[float, int], Point] | None = None
    for other in candidates:
        weight = attachment(coarse, other, policy)
        if weight is not None and (best is None or (-weight, other.rank) < best[:2]):
            best = (-weight, other.rank, other)
    return None if best is None else best[2]


def step(
    window: Window, arrived: Collection[Point], retracted: Collection[Point], policy: ClusterPolicy = DEFAULT_POLICY
) -> Changes:
    """Return what changes when sightings arrive and others are retracted, all at once.

    Afterwards the clusters are those `settle` finds for all sightings together, whatever the order they came in.
    Only clusters that can change are gathered and settled again: two reaches round what arrives, three round what
    goes, because a border that loses its core may belong to a cluster that touches no changed sighting.

    Parameters
    ----------
    window
        The sightings before this step.
    arrived, retracted
        New sightings, and sightings of the window that go; no id in both.
    policy
        The numbers in force.

    Raises
    ------
    NeedsMore
        When a loaded window does not reach far enough; nothing has changed.
    """
    around = _Surroundings(window, arrived, retracted, policy)
    ids = _disturbed(around, arrived, retracted)
    coarse = {point.id: point for point in window.coarse_near([p for p in (*arrived, *retracted) if not p.coarse])}
    ids |= coarse.keys()
    gone = {point.id for point in retracted}
    newcomers = {point.id: point for point in arrived}
    clusters: set[int] = set()
    while True:
        clusters |= set(window.clusters_of(ids).values())
        members = {point.id: point for point in window.members(clusters) if point.id not in gone} | newcomers
        vague = [point for point in members.values() if point.coarse]
        anchors = around.anchors(vague)
        ids = {anchor.id for anchor in anchors.values()} - members.keys()
        if not ids:
            break
    return _renamed(around, members, anchors, clusters)


class _Surroundings:
    """The window as it was and as it will be, with the links found so far."""

    def __init__(
        self, window: Window, arrived: Collection[Point], retracted: Collection[Point], policy: ClusterPolicy
    ) -> None:
        self.window = window
        self.policy = policy
        self.gone = {point.id for point in retracted}
        self.newcomers = {point.id for point in arrived}
        self._arrived = Grid(point for point in arrived if not point.coarse)
        self._links: dict[int, list[Point]] = {}

    def links(self, points: Iterable[Point]) -> dict[int, list[Point]]:
        """Return the links of some exact sightings to all others, to those that come and those that go."""
        wanted = {point.id: point for point in points if not point.coarse}
        unknown = [point for point in wanted.values() if point.id not in self._links]
        if unknown:
            grid = Grid(self.window.near(unknown))
            for point in unknown:
                near = grid.around(point, NEIGHBOUR_STEPS, self.policy.reach_s)
                near += self._arrived.around(point, NEIGHBOUR_STEPS, self.policy.reach_s)
                self._links[point.id] = [o for o in near if o.id != point.id and linked(point, o, self.policy)]
        return {sighting: self._links[sighting] for sighting in wanted}

    def beyond(self, points: Iterable[Point]) -> dict[int, Point]:
        """Return the sightings linked to any of these."""
        return {other.id: other for others in self.links(points).values() for other in others}

    def was_core(self, point: Point) -> bool:
        """Tell whether a sighting was a core before this step."""
        before = [other for other in self._links[point.id] if other.id not in self.newcomers]
        return point.id not in self.newcomers and is_core(point, before, self.policy)

    def is_core(self, point: Point) -> bool:
        """Tell whether a sighting is a core after this step."""
        after = [other for other in self._links[point.id] if other.id not in self.gone]
        return point.id not in self.gone and is_core(point, after, self.policy)

    def anchors(self, coarse: Collection[Point]) -> dict[int, Point]:
        """Return the sighting that each coarse one is attached to after this step, if any."""
        if not coarse:
            return {}
        grid = Grid(point for point in self.window.anchors_near(coarse) if point.id not in self.gone)
        found: dict[int, Point] = {}
        for point in coarse:
            steps = steps_reaching(coarse_reach_m(point, self.policy))
            near = grid.around(point, steps, self.policy.coarse_reach_s)
            near += self._arrived.around(point, steps, self.policy.coarse_reach_s)
            anchor = best_anchor(point, near, self.policy)
            if anchor is not None:
                found[point.id] = anchor
        return found


def _disturbed(around: _Surroundings, arrived: Collection[Point], retracted: Collection[Point]) -> set[int]:
    """Return the sightings whose clusters may change."""
    changed = {point.id: point for point in (*arrived, *retracted)}
    near = {**around.beyond(changed.values()), **changed}
    exact = [point for point in near.values() if not point.coarse]
    around.links(exact)
    gained = [point for point in exact if around.is_core(point) and not around.was_core(point)]
    lost = [point for point in exact if around.was_core(point) and not around.is_core(point)]
    orphans = around.beyond(lost)
    return near.keys() | around.beyond(gained).keys() | orphans.keys() | _third_reach(around, orphans).keys()


def _third_reach(around: _Surroundings, orphans: Mapping[int, Point]) -> dict[int, Point]:
    """Return what may take in those who lost a core: it can lie three reaches from the sighting that goes."""
    return around.beyond(orphans.values())


def _renamed(
    around: _Surroundings, members: Mapping[int, Point], anchors: Mapping[int, Point], clusters: Collection[int]
) -> Changes:
    """Settle whole clusters again and give the pieces their names."""
    exact = [point for point in members.values() if not point.coarse]
    links = around.links(exact)
    keys, roles = components(exact, links, {point.id for point in exact if around.is_core(point)})
    for point in members.values():
        if point.coarse:
            keys[point.id] = keys[anchors[point.id].id] if point.id in anchors else point.id
            roles[point.id] = Role.COARSE
    pieces = [[members[sighting] for sighting in piece] for piece in _gathered(keys).values()]
    window = around.window
    return name_pieces(pieces, window.clusters_of(members.keys()), window.facts(clusters), roles)


def _gathered(keys: Mapping[int, int]) -> dict[int, list[int]]:
    """Return the members of each key."""
    gathered: dict[int, list[int]] = {}
    for sighting, key in keys.items():
        gathered.setdefault(key, []).append(sighting)
    return gathered
