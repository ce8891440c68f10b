"""Times on streets equal Dijkstra's, never beat their bound, keep clear of a scene, and say how they were found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.arcs import Arcs
from geo.distance import metres_between, moved
from geo.errors import UnknownTravelMode
from geo.exits import Footways, ways_out
from geo.hull import Hull
from geo.network import Network
from geo.points import LonLat
from geo.searched import SearchedWays
from geo.streets import Access, Section, Way
from geo.travel import CAR_KM_H, MODES, Pace, Roads
from matcher.pairs import crow_flies
from matcher.policy import PairPolicy
from matcher.travel import MIXED_NOTE, CrowFlies, RoadsOrCrow
from tests.regions import HERE, OPEN, a_grid

POLICY = PairPolicy()


def shortest_ms(network, sources, closed=()):
    """Milliseconds from some places to all others by scipy's Dijkstra, the cheapest of parallel arcs taken."""
    arcs = network.arcs
    cheapest: dict[tuple[int, int], int] = {}
    for number, (tail, head, ms) in enumerate(
        zip(arcs.tail.tolist(), arcs.head.tolist(), arcs.ms.tolist(), strict=True)
    ):
        if number not in closed:
            cheapest[tail, head] = min(ms, cheapest.get((tail, head), ms))
    rows, columns = zip(*cheapest, strict=True)
    graph = csr_array((np.array(list(cheapest.values()), float), (rows, columns)), shape=(network.size, network.size))
    return dijkstra(graph, indices=sources)


@st.composite
def graphs(draw):
    """A random directed graph with parallel arcs, loops and parts that cannot be left, places on a small plane."""
    size = draw(st.integers(2, 24))
    places = draw(st.lists(st.tuples(st.floats(-900, 900), st.floats(-900, 900)), min_size=size, max_size=size))
    ends = st.integers(0, size - 1)
    arcs = draw(st.lists(st.tuples(ends, ends, st.integers(1, 90_000)), min_size=1, max_size=4 * size))
    lonlat = np.array([moved(HERE, *place).lonlat for place in places])
    tail, head, ms = (np.array(it, dtype=np.uint32) for it in zip(*arcs, strict=True))
    return lonlat, Arcs(tail, head, ms, np.ones(len(arcs)))


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_many_to_many_equals_dijkstra_with_streets_open_and_closed(graph, data):
    network = Network(*graph)
    everywhere = np.arange(network.size)
    if not network.arcs.tail.size:
        return
    assert np.array_equal(network.matrix_ms(everywhere, everywhere), shortest_ms(network, everywhere))
    shut = data.draw(st.sets(st.integers(0, network.arcs.tail.size - 1), max_size=4))
    closed = np.array(sorted(shut), dtype=np.uint32)
    if len(shut) < network.arcs.tail.size:
        expected = shortest_ms(network, everywhere, shut)
        assert np.array_equal(network.matrix_ms(everywhere, everywhere, closed), expected)
    # Re-weighting is for one answer alone.
    assert np.array_equal(network.matrix_ms(everywhere, everywhere), shortest_ms(network, everywhere))


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_both_finders_give_equal_answers_with_streets_open_and_closed(graph, data):
    lonlat, arcs = graph
    everywhere = np.arange(len(lonlat))
    some = np.array(data.draw(st.lists(st.integers(0, len(lonlat) - 1), min_size=1, max_size=3)))
    shut = data.draw(st.sets(st.integers(0, arcs.tail.size - 1), max_size=4))
    closed = np.array(sorted(shut), dtype=np.uint32)
    contracted = pytest.importorskip("geo.contracted").ContractedWays(lonlat, arcs)
    searched = SearchedWays(len(lonlat), arcs)
    for sources, targets in ((everywhere, everywhere), (some, everywhere), (everywhere, some)):
        for shutting in (None, closed):
            expected = contracted.matrix_ms(sources, targets, shutting)
            assert np.array_equal(searched.matrix_ms(sources, targets, shutting), expected)


@pytest.mark.parametrize(("has_wheel", "finder"), [(True, "ContractedWays"), (False, "SearchedWays")])
def test_without_a_wheel_of_the_quick_library_the_plain_finder_answers(monkeypatch, has_wheel, finder):
    if has_wheel:
        pytest.importorskip("pyroutingkit")
    else:
        monkeypatch.setattr("geo.shortest.find_spec", lambda name: None)
    network = Roads(a_grid(3, 100.0)).network("foot")
    assert type(network.ways).__name__ == finder
    assert network.matrix_ms(np.array([0]), np.array([0])).tolist() == [[0.0]]


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_a_network_is_where_everybody_comes_from_everywhere_to_everywhere(graph):
    lonlat, arcs = graph
    network = Network(lonlat, arcs)
    if network.arcs.tail.size:
        assert np.isfinite(network.matrix_ms(np.arange(network.size), np.arange(network.size))).all()
    reach = np.isfinite(shortest_ms(_Whole(lonlat, arcs), np.arange(len(lonlat))))
    assert network.size == (reach & reach.T).sum(axis=1).max()


class _Whole:
    def __init__(self, lonlat, arcs):
        self.size, self.arcs = len(lonlat), arcs


@st.composite
def towns(draw):
    """Random streets between the places of a grid, of random class and access."""
    ways = st.sampled_from([Way.CLOSED, Way.FORWARD, Way.BACKWARD, Way.BOTH])
    access = st.builds(
        Access, foot=st.sampled_from([Way.BOTH, Way.CLOSED]), bicycle=ways, car=ways, public=st.just(True)
    )
    sections = []
    for section in a_grid(4, draw(st.sampled_from([30.0, 150.0, 700.0]))):
        if draw(st.integers(0, 9)):
            kind = draw(st.sampled_from([*CAR_KM_H, "footway"]))
            sections.append(Section(section.name, kind, draw(access), section.start, section.end, section.line))
    return sections


near = st.builds(lambda east, north: moved(HERE, east, north), st.floats(-1500, 1500), st.floats(-1500, 1500))


@settings(max_examples=80, deadline=None)
@given(towns(), st.lists(near, min_size=1, max_size=5), st.lists(near, min_size=1, max_size=3), st.data())
def test_no_way_beats_the_lower_bound(sections, origins, destinations, data):
    modes = [data.draw(st.sampled_from(MODES)) for _ in origins]
    metres = np.array([[metres_between(here, there) for there in destinations] for here in origins])
    roads = Roads(sections)
    hull = Hull([HERE])
    for travel in (
        roads,
        roads.clear_of(hull, 50.0),
        RoadsOrCrow(roads, crow_flies(POLICY)),
        RoadsOrCrow(roads, crow_flies(POLICY)).clear_of(hull, 50.0),
    ):
        seconds = travel.seconds(origins, modes, destinations)
        assert seconds.shape == metres.shape
        for row, mode in enumerate(modes):
            assert (seconds[row] >= travel.lower_bound(metres[row], mode) - 1e-6).all()
            assert (seconds[row] >= 90).all()


def test_the_time_is_walking_there_driving_and_walking_on():
    roads = Roads(a_grid(5, 200.0))
    seconds = roads.seconds([moved(HERE, 0, 13.5)], ["car"], [moved(HERE, 400, -27)])
    driven = metres_between(HERE, moved(HERE, 400, 0)) / (25 / 3.6)
    assert seconds[0, 0] == pytest.approx(90 + 10 + 20 + driven, abs=0.2)
    on_foot = roads.seconds([HERE], ["foot"], [moved(HERE, 400, 0)])
    assert on_foot[0, 0] == pytest.approx(90 + 400 / 1.35, abs=0.5)


def test_a_one_way_street_is_driven_round_and_walked_against():
    def against(section):
        # All rows lead east; the columns are open both ways.
        east = section.name.startswith("Row 2")
        access = Access(Way.BOTH, Way.BOTH, Way.FORWARD, public=True) if east else OPEN
        return Section(section.name, section.kind, access, section.start, section.end, section.line)

    roads = Roads([against(section) for section in a_grid(5, 200.0)])
    west, east = moved(HERE, -200, 0), moved(HERE, 200, 0)
    there = roads.seconds([west], ["car"], [east])[0, 0]
    back = roads.seconds([east], ["car"], [west])[0, 0]
    assert back - there == pytest.approx(400 / (25 / 3.6), rel=0.01)
    assert roads.seconds([east], ["foot"], [west])[0, 0] == pytest.approx(roads.seconds([west], ["foot"], [east])[0, 0])


def test_a_part_cut_off_is_never_snapped_to():
    island = [
        Section("Islet", "residential", OPEN, 900 + number, 901 + number, np.array([here.lonlat, there.lonlat]))
        for number, (here, there) in enumerate([(moved(HERE, 520, 0), moved(HERE, 560, 0))])
    ]
    roads = Roads([*a_grid(5, 200.0), *island])
    seconds = roads.seconds([moved(HERE, 540, 0)], ["car"], [HERE])
    walked = metres_between(moved(HERE, 540, 0), moved(HERE, 400, 0))
    assert seconds[0, 0] == pytest.approx(90 + walked / 1.35 + 400 / (25 / 3.6), abs=0.5)


def test_outside_the_map_there_is_no_way_and_unknown_modes_are_refused():
    roads = Roads(a_grid(3))
    assert roads.seconds([moved(HERE, 5_000, 0)], ["car"], [HERE])[0, 0] == np.inf
    assert Roads([]).seconds([HERE], ["car"], [HERE])[0, 0] == np.inf
    assert roads.seconds([], [], [HERE]).shape == (0, 1)
    with pytest.raises(UnknownTravelMode):
        roads.seconds([HERE], ["boat"], [HERE])


def test_speeds_on_foot_and_by_bicycle_are_the_networks_own():
    slow = Roads(a_grid(5), Pace(foot_m_s=1.0, bicycle_m_s=2.0, get_going_s=0.0))
    assert slow.seconds([HERE], ["foot"], [moved(HERE, 400, 0)])[0, 0] == pytest.approx(400, abs=0.5)
    assert slow.seconds([HERE], ["bicycle"], [moved(HERE, 400, 0)])[0, 0] == pytest.approx(200, abs=0.5)


# clear of a scene


def test_a_closed_scene_is_driven_round():
    roads, scene = Roads(a_grid(5, 200.0)), Hull([HERE])
    west, east = moved(HERE, -200, 0), moved(HERE, 200, 0)
    for mode, speed in (("car", 25 / 3.6), ("foot", 1.35)):
        straight = roads.seconds([west], [mode], [east])[0, 0]
        round_it = roads.clear_of(scene, 50.0).seconds([west], [mode], [east])[0, 0]
        assert round_it - straight == pytest.approx(400 / speed, rel=0.01)
        assert roads.seconds([west], [mode], [east])[0, 0] == straight


def test_who_stands_at_the_scene_may_leave_it_and_nobody_goes_in():
    wary = Roads(a_grid(5, 200.0)).clear_of(Hull([HERE]), 50.0)
    assert np.isfinite(wary.seconds([moved(HERE, 10, 0)], ["foot"], [moved(HERE, 200, 0)])).all()
    assert np.isinf(wary.seconds([moved(HERE, 200, 0)], ["foot"], [HERE])).all()


def test_a_scene_in_the_only_street_leaves_no_way():
    street = [
        Section("Only", "residential", OPEN, number, number + 1, np.array([
            moved(HERE, 100.0 * (number - 3), 0).lonlat, moved(HERE, 100.0 * (number - 2), 0).lonlat,
        ]))
        for number in range(6)
    ]  # fmt: skip
    roads = Roads(street)
    west, east = moved(HERE, -250, 0), moved(HERE, 250, 0)
    assert np.isfinite(roads.seconds([west], ["foot"], [east])).all()
    assert np.isinf(roads.clear_of(Hull([HERE]), 50.0).seconds([west], ["foot"], [east])).all()


@settings(max_examples=150, deadline=None)
@given(near, st.lists(near, min_size=1, max_size=4), near, st.sampled_from([50.0, 200.0]))
def test_the_crow_keeps_clear_of_a_scene(origin, pins, destination, keep_m):
    """No point of a way that counts lies nearer to the hull than allowed, unless it began there."""
    crow, hull = crow_flies(POLICY), Hull(pins)
    free = crow.seconds([origin], ["foot"], [destination])[0, 0]
    wary = crow.clear_of(hull, keep_m).seconds([origin], ["foot"], [destination])[0, 0]
    shares = np.linspace(0, 1, 400)
    lons = origin.lon + shares * (destination.lon - origin.lon)
    lats = origin.lat + shares * (destination.lat - origin.lat)
    metres = hull.metres(hull.plane(lons, lats))
    if np.isfinite(wary):
        assert wary == free
        assert metres.min() >= keep_m - 1e-6 or (metres[0] < keep_m <= metres[-1])
    else:
        assert metres.min() < keep_m + 6.0


# how the times were found


def test_the_note_says_which_streets_were_used():
    roads, crow = Roads(a_grid(5)), crow_flies(POLICY)
    inside, outside = moved(HERE, 200, 0), moved(HERE, 9_000, 0)

    def note(origins, destinations):
        travel = RoadsOrCrow(roads, crow)
        seconds = travel.seconds(origins, ["car"] * len(origins), destinations)
        return travel.note, seconds

    assert note([inside], [HERE])[0] == Roads.note
    assert note([outside], [HERE])[0] == CrowFlies.note
    said, seconds = note([inside, outside], [HERE])
    assert said == MIXED_NOTE
    assert seconds[0, 0] == roads.seconds([inside], ["car"], [HERE])[0, 0]
    assert seconds[1, 0] == crow.seconds([outside], ["car"], [HERE])[0, 0]
    assert RoadsOrCrow(roads, crow).note == Roads.note


def test_a_mode_without_streets_goes_as_the_crow_flies():
    on_foot_only = Access(Way.BOTH, Way.CLOSED, Way.CLOSED, public=True)
    travel = RoadsOrCrow(Roads(a_grid(5, access=on_foot_only)), crow_flies(POLICY))
    crow = crow_flies(POLICY).seconds([HERE], ["car"], [moved(HERE, 200, 0)])
    assert travel.seconds([HERE], ["car"], [moved(HERE, 200, 0)]) == crow
    assert travel.note == CrowFlies.note


# ways out


def foot(sections):
    return Roads(sections).network("foot")


def test_a_crossing_has_three_ways_out_and_a_dead_end_one():
    grid = a_grid(6, 200.0)
    away = Hull([moved(HERE, 0, 3_000)])
    crossing = LonLat(*grid[14].line[0])
    assert ways_out(foot(grid), crossing, away, 50.0) == 3
    end = moved(HERE, -700, 100)
    stub = Section("Close", "residential", OPEN, 12, 99, np.array([moved(HERE, -500, -100).lonlat, end.lonlat]))
    assert ways_out(foot([*grid, stub]), end, away, 50.0) == 1
    assert ways_out(foot(grid), moved(HERE, 0, 2_000), away, 50.0) is None


def test_a_loop_with_one_entrance_is_one_way_out():
    """Both directions lead to the same neck: two streets at the door are not two ways out."""
    places = {0: (0, 0), 1: (-60, 60), 2: (0, 120), 3: (60, 60), 4: (0, -100), 5: (0, -300), 6: (0, -500)}
    steps = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 4), (4, 5), (5, 6)]
    loop = [
        Section(
            "Loop",
            "residential",
            OPEN,
            a,
            b,
            np.array([moved(HERE, *places[a]).lonlat, moved(HERE, *places[b]).lonlat]),
        )
        for a, b in steps
    ]
    away = Hull([moved(HERE, 0, 3_000)])
    assert ways_out(foot(loop), moved(HERE, 0, 120), away, 50.0) == 1


def test_a_way_out_past_the_scene_is_none():
    grid = a_grid(6, 200.0)
    middle, at = LonLat(*grid[14].line[0]), LonLat(*grid[14].line[-1])
    assert metres_between(middle, at) > 150
    assert ways_out(foot(grid), at, Hull([middle]), 50.0) == 3
    corner = LonLat(*grid[0].line[0])
    beside = [LonLat(*section.line[-1]) for section in grid if LonLat(*section.line[0]) == corner]
    assert ways_out(foot(grid), corner, Hull([moved(HERE, 0, 3_000)]), 50.0) == 2
    assert ways_out(foot(grid), corner, Hull(beside[:1]), 50.0) == 1
    assert ways_out(foot(grid), corner, Hull(beside), 50.0) == 0


def test_the_pavement_is_public_and_near():
    private = Access(Way.BOTH, Way.BOTH, Way.BOTH, public=False)
    grid = a_grid(6, 200.0)
    lane = Section("Drive", "service", private, 900, 901, np.array([HERE.lonlat, moved(HERE, 20, 0).lonlat]))
    ways = Footways(Roads([*grid, lane]))
    at = ways.pavement(HERE)
    assert at is not None
    assert 99 < metres_between(HERE, at) < 145
    assert ways.pavement(moved(HERE, 2_000, 0)) is None
    assert Footways(Roads([lane])).pavement(HERE) is None
