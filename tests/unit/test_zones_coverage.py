"""How many pairs reach a cell: exact against brute force, and four who cannot be paired are a gap."""

from __future__ import annotations

from itertools import combinations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import cells
from geo.distance import metres_between
from geo.points import LonLat
from zones.coverage import CellCoverage, OnCall, coverage, may_go_together, pairs_among
from zones.errors import GroundTooWide
from zones.index import cells_of
from zones.model import Zone, ZoneSet

HERE = cells.cell_at(LonLat(-93.26, 44.98), 8)
FAR = cells.ring(HERE, 8)[0]


def a_person(person_id: int, *, observer: bool = True, buddy: bool = True, **words: object) -> OnCall:
    return OnCall(person_id, words.pop("cell", HERE), words.pop("mode", "car"), observer, buddy, **words)


def most_pairs(people: list[OnCall]) -> int:
    """The oracle: every set of disjoint pairs is tried."""
    edges = [pair for pair in combinations(people, 2) if may_go_together(*pair)]

    def best(edges: list[tuple[OnCall, OnCall]]) -> int:
        if not edges:
            return 0
        (one, other), *rest = edges
        apart = [edge for edge in rest if one not in edge and other not in edge]
        return max(1 + best(apart), best(rest))

    return min(3, best(edges))


@st.composite
def people_on_call(draw: st.DrawFn) -> list[OnCall]:
    count = draw(st.integers(0, 8))
    ids = st.frozensets(st.integers(0, 7), max_size=7)
    return [
        a_person(number, observer=draw(st.booleans()), buddy=draw(st.booleans()), refuses=draw(ids) - {number})
        for number in range(count)
    ]


@given(people_on_call())
@settings(max_examples=300, deadline=None)
def test_pairs_are_exact(people: list[OnCall]) -> None:
    assert pairs_among(people) == most_pairs(people)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8))
@settings(deadline=None)
def test_pairs_by_seats_are_exact(seats: list[tuple[bool, bool]]) -> None:
    people = [a_person(number, observer=observer, buddy=buddy) for number, (observer, buddy) in enumerate(seats)]
    expected = most_pairs(people)
    assert pairs_among(people) == expected
    assert coverage([HERE], people, minutes=10) == [CellCoverage(HERE, expected, gap=expected == 0)]


@pytest.mark.parametrize(
    ("people", "pairs"),
    [
        ([], 0),
        ([a_person(1)], 0),
        ([a_person(1), a_person(2)], 1),
        ([a_person(number, observer=False) for number in range(4)], 0),
        ([a_person(number, observer=number == 0) for number in range(4)], 1),
        ([a_person(number) for number in range(20)], 3),
        ([a_person(1, refuses=frozenset({2})), a_person(2)], 0),
    ],
)
def test_four_who_cannot_be_paired_are_a_gap(people: list[OnCall], pairs: int) -> None:
    assert coverage([HERE], people, minutes=10) == [CellCoverage(HERE, pairs, gap=pairs == 0)]


def test_only_those_who_arrive_in_time_count() -> None:
    pair = [a_person(1, cell=FAR, mode="foot"), a_person(2, cell=FAR, mode="car")]
    metres = metres_between(cells.centre(FAR), cells.centre(HERE))
    minutes = (metres * 1.3 / 1.35 + 90) / 60
    assert coverage([HERE], pair, minutes=minutes - 0.1)[0].gap
    assert not coverage([HERE], pair, minutes=minutes + 0.1)[0].gap
    assert coverage([HERE], pair, minutes=minutes + 0.1, speed_mps={"foot": 1.0, "car": 9.0})[0].gap
    assert coverage([FAR], pair, minutes=1)[0].gap


def test_the_ground_is_every_cell_that_a_zone_touches() -> None:
    zone = Zone(1, "One", shapely.MultiPolygon([shapely.box(-93.3, 44.95, -93.2, 45.0)]))
    ground = cells_of(ZoneSet.of([zone]))
    assert list(ground) == sorted(set(ground))
    assert HERE in ground
    assert {cells.resolution_of(cell) for cell in ground} == {8}
    corners = [cells.cell_at(LonLat(lon, lat), 8) for lon in (-93.3, -93.2) for lat in (44.95, 45.0)]
    assert set(corners) <= set(ground)
    covered = coverage(ground, [a_person(1), a_person(2)], minutes=5)
    assert [entry.cell for entry in covered] == list(ground)
    assert 0 < sum(not entry.gap for entry in covered) < len(ground)


def test_a_continent_is_not_listed_cell_by_cell() -> None:
    continent = Zone(1, "Wide", shapely.MultiPolygon([shapely.box(-20, -30, 40, 30)]))
    with pytest.raises(GroundTooWide):
        cells_of(ZoneSet.of([continent]), 8)
    assert cells_of(ZoneSet.of([continent]), 3)
