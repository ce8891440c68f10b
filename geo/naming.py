"""Who keeps the name when clusters merge and split, and the list of changes a caller has to write down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from geo.linking import Point


class Role(StrEnum):
    """What a sighting is within its cluster."""

    CORE = "core"
    BORDER = "border"
    LEFTOVER = "leftover"
    COARSE = "coarse"


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What naming has to know about a cluster that exists: people touched its incident, and how old it is."""

    id: int
    touched: bool
    t_min: float


@dataclass(frozen=True, slots=True)
class ClusterFigures:
    """What a cluster consists of after a step; times in seconds since 1970-01-01 UTC."""

    n: int
    n_groups: int
    n_vouched_groups: int
    t_min: float
    t_max: float

    @classmethod
    def of(cls, members: Collection[Point]) -> ClusterFigures:
        """Count some sightings, at least one."""
        return cls(
            n=len(members),
            n_groups=len({point.source_group for point in members}),
            n_vouched_groups=len({point.source_group for point in members if point.vouched}),
            t_min=min(point.t for point in members),
            t_max=max(point.t for point in members),
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A new cluster under a temporary, negative key, and the cluster it split from if it is not altogether new."""

    key: int
    split_from: int | None


@dataclass(frozen=True, slots=True)
class Merged:
    """Two clusters became one: `loser` now points to `survivor`."""

    loser: int
    survivor: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What a step found; the caller writes it down.

    Attributes
    ----------
    assigned
        For each sighting that has to be written, its cluster: an existing id, or the negative key of one in
        `opened`. A sighting that only follows its cluster into the survivor of a merge is not listed.
    opened, merged, emptied
        Clusters to be made, to be pointed at their survivor, and left without any sighting.
    merge_proposals
        Those of `merged` where people had touched both: the clusters join, the incidents stay apart until a person
        says so.
    clusters
        The figures of every cluster that was looked at again, by id or negative key.
    roles
        The role of every sighting that was looked at again.
    """

    assigned: Mapping[int, int]
    opened: tuple[Opened, ...]
    merged: tuple[Merged, ...]
    emptied: tuple[int, ...]
    merge_proposals: tuple[Merged, ...]
    clusters: Mapping[int, ClusterFigures]
    roles: Mapping[int, Role]


def name_pieces(
    pieces: Iterable[Collection[Point]],
    before: Mapping[int, int],
    facts: Mapping[int, ClusterFacts],
    roles: Mapping[int, Role],
) -> Changes:
    """Give each piece the id of a cluster it continues, or a new key.

    A cluster's name goes to the piece that holds most of its vouched groups, then most of its rows, then its
    earliest sighting. Where several names meet in one piece, a touched one wins, then the older one.

    Parameters
    ----------
    pieces
        The clusters as they are now.
    before
        The cluster that each sighting stood in, without those that are new.
    facts
        The clusters of `before`, and any other that was looked at, by id.
    roles
        Handed through.
    """
    ordered = sorted((sorted(piece, key=_rank) for piece in pieces), key=lambda piece: _rank(piece[0]))
    heirs = _heirs(ordered, before)
    claims: dict[int, list[ClusterFacts]] = defaultdict(list)
    for cluster, heir in heirs.items():
        claims[heir].append(facts[cluster])

    assigned: dict[int, int] = {}
    figures: dict[int, ClusterFigures] = {}
    opened: list[Opened] = []
    merged: list[Merged] = []
    proposals: list[Merged] = []
    for number, piece in enumerate(ordered):
        claimants = sorted(claims[number], key=lambda fact: (not fact.touched, fact.t_min, fact.id))
        if claimants:
            survivor, *losers = claimants
            key = survivor.id
            merged += [Merged(loser.id, key) for loser in losers]
            proposals += [Merged(loser.id, key) for loser in losers if loser.touched and survivor.touched]
        else:
            key = -1 - len(opened)
            opened.append(Opened(key, _split_from(piece, before)))
        followers = {fact.id for fact in claimants}
        assigned.update({point.id: key for point in piece if before.get(point.id) not in followers})
        figures[key] = ClusterFigures.of(piece)
    return Changes(
        assigned=assigned,
        opened=tuple(opened),
        merged=tuple(merged),
        emptied=tuple(sorted(facts.keys() - heirs.keys())),
        merge_proposals=tuple(proposals),
        clusters=figures,
        roles=roles,
    )


def _rank(point: Point) -> tuple[float, int]:
    return point.rank


def part_weight(part: Collection[Point]) -> tuple[int, int, float, int]:
    """Return what decides which part keeps a name; the greatest wins."""
    earliest = min(point.rank for point in part)
    groups = {point.source_group for point in part if point.vouched}
    return (len(groups), len(part), -earliest[0], -earliest[1])


def _heirs(pieces: Collection[Collection[Point]], before: Mapping[int, int]) -> dict[int, int]:
    """Return for each former cluster the number of the piece that continues it."""
    parts: dict[int, dict[int, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for number, piece in enumerate(pieces):
        for point in piece:
            if point.id in before:
                parts[before[point.id]][number].append(point)
    return {cluster: max(found, key=lambda n: part_weight(found[n])) for cluster, found in sorted(parts.items())}


def _split_from(piece: Collection[Point], before: Mapping[int, int]) -> int | None:
    """Return the former cluster that gave a new piece the most."""
    parts: dict[int, list[Point]] = defaultdict(list)
    for point in piece:
        if point.id in before:
            parts[before[point.id]].append(point)
    return max(sorted(parts), key=lambda cluster: part_weight(parts[cluster]), default=None)
