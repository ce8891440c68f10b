"""Waves: the published table, the smallest set, and the first two who fit."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.policy import PairPolicy
from matcher.wave import Seats, chance_of_pair, chance_of_yes, first_compatible, next_wave
from tests.unit.matcher_people import LATER, a_person, a_scene

POLICY = PairPolicy()


def answering(p: float) -> tuple[float, float]:
    return (1000 * p - 3, 1000 * (1 - p) - 7)


def crowd(p: float, size: int = 80) -> list:
    return [
        a_person(number, observer_until=LATER if number % 2 else None, acceptance=answering(p))
        for number in range(size)
    ]


@pytest.mark.parametrize(
    ("p", "target", "asked", "observers"),
    [
        (0.17, 0.90, 22, 17),
        (0.30, 0.90, 12, 9),
        (0.40, 0.90, 9, 6),
        (0.47, 0.90, 7, 5),
        (0.17, 0.99, 37, 30),
        (0.30, 0.99, 20, 15),
        (0.40, 0.99, 14, 11),
        (0.47, 0.99, 11, 10),
    ],
)
def test_waves_have_the_sizes_of_the_table(p, target, asked, observers):
    wave = next_wave(crowd(p), [], a_scene(urgent=target == 0.99), POLICY)
    assert len(wave) == asked
    assert sum(number % 2 for number in wave) == observers


def test_after_a_yes_seven_more_are_asked():
    people = crowd(0.3)
    after_an_observer = next_wave(people, [people[1]], a_scene(), POLICY)
    assert len(after_an_observer) == 7
    after_a_buddy = next_wave(people, [people[0]], a_scene(), POLICY)
    assert len(after_a_buddy) == 7
    assert all(number % 2 for number in after_a_buddy)


def test_a_no_is_made_up_for_while_the_others_have_not_answered():
    people = crowd(0.3)
    wave = next_wave(people, [], a_scene(), POLICY)
    by_id = {it.responder_id: it for it in people}
    waiting = [by_id[number] for number in wave]
    rest = [it for it in people if it.responder_id not in wave]
    assert next_wave(rest, [], a_scene(), POLICY, asked=waiting) == []
    (one_more,) = next_wave(rest, [], a_scene(), POLICY, asked=waiting[1:])
    assert one_more in {it.responder_id for it in rest}


def test_nobody_more_is_asked_once_two_fit():
    people = crowd(0.3)
    assert next_wave(people, [people[0], people[1]], a_scene(), POLICY) == []


def test_a_top_up_asks_only_people_who_fit_the_one_who_waits():
    waits = a_person(1, avoids=frozenset({2}), languages=frozenset({"es"}))
    people = [a_person(2, languages=frozenset({"es"})), a_person(3), a_person(4, languages=frozenset({"es", "en"}))]
    assert next_wave(people, [waits], a_scene(), POLICY) == [4]
    assert set(next_wave(people[:2], [waits], a_scene(), POLICY)) == {2, 3}


def test_a_wave_never_passes_its_largest_size_and_a_dispatcher_may_set_it():
    policy = PairPolicy(largest_wave=8)
    assert len(next_wave(crowd(0.17), [], a_scene(), policy)) == 8
    assert len(next_wave(crowd(0.17), [], a_scene(), policy, size=15)) == 15
    assert next_wave([], [], a_scene(), policy) == []
    assert next_wave([a_person(1)], [], a_scene(), policy) == []


answers = st.tuples(st.integers(0, 6), st.integers(0, 6))
askable = st.lists(
    st.tuples(st.sampled_from([(True, True), (True, False), (False, True)]), st.integers(0, 5), answers),
    max_size=7,
)


def build(words):
    return [
        a_person(
            number,
            observer_until=LATER if observes else None,
            trained_until=LATER if trained else None,
            cleared_total=cleared,
            acceptance=acceptance,
        )
        for number, ((observes, trained), cleared, acceptance) in enumerate(words)
    ]


def fits(one, other):
    seats = (one.observer_until and other.trained_until) or (other.observer_until and one.trained_until)
    return bool(seats) and max(one.cleared_total, other.cleared_total) >= 3


def slow_chance(asked, yeses):
    """Every way the answers can fall."""
    total = 0.0
    for said in product([True, False], repeat=len(asked)):
        there = [*yeses, *(it for it, yes in zip(asked, said, strict=True) if yes)]
        if any(fits(one, other) for one, other in combinations(there, 2)):
            weight = 1.0
            for person, yes in zip(asked, said, strict=True):
                p = (3 + person.acceptance[0]) / (10 + sum(person.acceptance))
                weight *= p if yes else 1 - p
            total += weight
    return total


@settings(max_examples=150, deadline=None)
@given(askable, st.integers(0, 1))
def test_the_chance_of_a_pair_equals_every_way_the_answers_can_fall(words, waiting):
    people = build(words)
    yeses, asked = people[:waiting], people[waiting:]
    assert chance_of_pair(asked, yeses, a_scene(), POLICY) == pytest.approx(slow_chance(asked, yeses))


@settings(max_examples=100, deadline=None)
@given(askable, st.floats(0.1, 0.9), st.booleans())
def test_a_wave_is_the_smallest_that_reaches_its_target(words, target, alike):
    people = [a_person(it.responder_id, **shared(it, alike)) for it in build(words)]
    wave = next_wave(people, [], a_scene(), POLICY, target=target)
    by_id = {it.responder_id: it for it in people}
    chance = slow_chance([by_id[number] for number in wave], [])
    observers = [it for it in people if it.observer_until]
    others = [it for it in people if not it.observer_until]
    if chance < target - 1e-9:
        assert chance == pytest.approx(slow_chance(people, []))
        return
    assert wave[: sum(number in by_id and bool(by_id[number].observer_until) for number in wave)] == [
        it.responder_id for it in observers if it.responder_id in wave
    ]
    if alike:  # people of one sort answer alike: no set of any kind may be smaller
        smaller = combinations(people, max(0, len(wave) - 1))
    else:  # ranked people: no smaller set of the best-ranked of each may do
        size = max(0, len(wave) - 1)
        smaller = [[*observers[:k], *others[: size - k]] for k in range(size + 1)]
    assert all(slow_chance(list(them), []) < target + 1e-9 for them in smaller)


@settings(max_examples=100, deadline=None)
@given(askable, st.integers(0, 4), st.floats(0.1, 0.9))
def test_a_top_up_counts_what_those_asked_may_still_say(words, pending, target):
    people = build(words)
    asked, rest = people[:pending], people[pending:]
    more = next_wave(rest, [], a_scene(), POLICY, asked=asked, target=target)
    chosen = [it for it in rest if it.responder_id in more]
    if slow_chance(asked, []) >= target:
        assert more == []
    elif slow_chance(people, []) >= target:
        assert slow_chance([*asked, *chosen], []) >= target - 1e-9
    else:
        assert slow_chance([*asked, *chosen], []) == pytest.approx(slow_chance(people, []))


def shared(person, alike):
    return {
        "observer_until": person.observer_until,
        "trained_until": LATER if alike else person.trained_until,
        "cleared_total": 9 if alike else person.cleared_total,
        "acceptance": (0, 0) if alike else person.acceptance,
    }


def test_the_first_two_who_fit_win_and_the_longer_wait_goes_first():
    buddy, another = a_person(5, observer_until=None), a_person(3, observer_until=None)
    observer = a_person(9, trained_until=None)
    assert first_compatible([buddy, another], a_scene(), POLICY) is None
    assert first_compatible([buddy, another, observer], a_scene(), POLICY) == Seats(observer_id=9, buddy_id=5)
    refuses = a_person(9, trained_until=None, avoids=frozenset({5}))
    assert first_compatible([buddy, another, refuses], a_scene(), POLICY) == Seats(observer_id=9, buddy_id=3)
    assert first_compatible([buddy], a_scene(), POLICY) is None


def test_the_more_experienced_of_two_observers_observes():
    assert first_compatible([a_person(1), a_person(2, cleared_total=30)], a_scene(), POLICY) == Seats(2, 1)
    assert first_compatible([a_person(2), a_person(1)], a_scene(), POLICY) == Seats(1, 2)
    keeps_watch = [a_person(1, trained_until=None), a_person(2, cleared_total=30)]
    assert first_compatible(keeps_watch, a_scene(), POLICY) == Seats(1, 2)


def test_the_prior_is_three_in_ten_and_answers_move_it():
    assert chance_of_yes(a_person(1), POLICY) == pytest.approx(0.3)
    assert chance_of_yes(a_person(1, acceptance=(10, 0)), POLICY) == pytest.approx(0.65)
