"""The queue: a flood that nobody vouched for, or that one lineage sends, hides nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geo.queue import Waiting, in_order


def waiting(number, step=2, *, lineage=None, groups=0, standing=0.0, queue=0.0, cell=1):
    return Waiting(number, step, lineage, groups, standing, queue, cell)


CORROBORATED = st.builds(
    lambda number, step, groups, standing: waiting(number, step, groups=groups, standing=standing),
    st.integers(1, 999),
    st.sampled_from([0, 1]),
    st.integers(2, 4),
    st.floats(0.0, 9.0),
)
SINGLE = st.builds(
    lambda number, lineage, standing: waiting(number, lineage=lineage, groups=1, standing=standing),
    st.integers(1_000, 1_999),
    st.integers(1, 5),
    st.floats(-3.0, 3.0),
)
STRANGERS = st.builds(
    lambda number, queue, cell: waiting(number, queue=queue, cell=cell),
    st.integers(2_000, 2_999),
    st.floats(-9.0, 99.0),
    st.integers(1, 4),
)


def some(kind, most=12):
    return st.lists(kind, max_size=most, unique_by=lambda each: each.id)


def rank(order, each):
    return [other.id for other in order].index(each.id)


@given(some(CORROBORATED), some(SINGLE), some(STRANGERS), some(STRANGERS, 60))
def test_strangers_lower_no_corroborated_one_and_take_one_place_in_three_at_most(firm, single, known, crowd):
    crowd = [waiting(each.id + 50_000, queue=each.queue, cell=each.cell) for each in crowd]
    before, after = in_order([*firm, *single, *known]), in_order([*firm, *single, *known, *crowd])
    assert [each.id for each in after[: len(firm)]] == [each.id for each in before[: len(firm)]]
    alone = in_order([*firm, *single])
    for each in single:
        own = rank(alone, each) - len(firm)
        assert rank(after, each) - len(firm) <= own + own // 2


@given(some(CORROBORATED), some(SINGLE), st.integers(1, 80), st.floats(-3.0, 99.0))
def test_one_lineage_cannot_fill_the_top(firm, single, number, standing):
    crowd = [waiting(60_000 + n, lineage=77, groups=1, standing=standing) for n in range(number)]
    before, after = in_order([*firm, *single]), in_order([*firm, *single, *crowd])
    assert [each.id for each in after[: len(firm)]] == [each.id for each in before[: len(firm)]]
    turns: dict[int, int] = {}
    for each in (one for one in before if one in single):
        turns[each.lineage] = turns.get(each.lineage, 0) + 1
        # One more in each turn until its own is over, and no more however many there are.
        assert rank(after, each) <= rank(before, each) + turns[each.lineage]


@given(some(STRANGERS), st.integers(1, 50))
def test_a_flooded_cell_takes_turns_with_the_others(known, number):
    crowd = [waiting(70_000 + n, queue=1_000.0, cell=99) for n in range(number)]
    before, after = in_order(known), in_order([*known, *crowd])
    quiet = {each.cell: each for each in reversed(before)}
    for each in quiet.values():
        assert rank(after, each) <= rank(before, each) + 1


@given(some(CORROBORATED), some(SINGLE), some(STRANGERS), st.randoms(use_true_random=False))
def test_the_order_owes_nothing_to_the_order_of_arrival(firm, single, strangers, rng):
    everything = [*firm, *single, *strangers]
    order = in_order(everything)
    assert sorted(each.id for each in order) == sorted(each.id for each in everything)
    assert in_order(rng.sample(everything, len(everything))) == order


@given(some(SINGLE), st.floats(0.1, 2.0))
def test_among_equals_the_graver_comes_first_and_no_graver_word_of_a_stranger_counts(single, gravity):
    grave = Waiting(90_000, 2, 41, 1, 0.0, 0.0, 1, gravity)
    mild = waiting(80_000, lineage=42, groups=1)
    order = in_order([*single, mild, grave])
    assert rank(order, grave) < rank(order, mild)
    assert rank(in_order([waiting(80_000), Waiting(90_000, 2, None, 0, 0.0, 0.0, 1, gravity)]), waiting(80_000)) == 0
    # Two voices are still more than one grave one.
    assert in_order([grave, waiting(95_000, groups=2, standing=-1.0)])[0].id == 95_000
