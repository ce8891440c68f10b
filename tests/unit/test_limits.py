"""How much at once, and how long one waits."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import limits
from api.limits import BUCKETS, Counters, Places, SignInDelays
from desk.access import ANONYMOUS, Actor

MEMBER = Actor(account_id=1, alias="quiet-heron", lineage=7)
OTHER = Actor(account_id=2, alias="tidal-reed", lineage=8)
SCRIPT = Actor(account_id=3, alias="calm-mill", lineage=9, script=True)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def spend(counters, actor, *, name="sightings", address="192.0.2.7", kind="live", network="1"):
    return counters.spend(name, actor, address=address, network=network, kind=kind)


def test_a_member_may_send_ten_at_once_and_is_then_told_how_long_to_wait():
    counters = Counters()
    assert [spend(counters, MEMBER) for _ in range(10)] == [0] * 10
    wait_s = spend(counters, MEMBER)
    assert 1 <= wait_s <= 10
    assert spend(counters, OTHER) == 0


def test_the_same_account_number_in_another_network_is_another_person():
    counters = Counters()
    for _ in range(10):
        spend(counters, MEMBER)
    assert spend(counters, MEMBER, network="2") == 0


def test_somebody_unknown_gets_less_and_shares_it_with_the_neighbourhood():
    counters = Counters()
    assert [spend(counters, ANONYMOUS, address=f"192.0.2.{n}") for n in range(3)] == [0] * 3
    assert spend(counters, ANONYMOUS, address="192.0.2.99") > 0
    assert spend(counters, ANONYMOUS, address="198.51.100.1") == 0


def test_what_is_over_is_let_go_in_passing(monkeypatch):
    began = time.time()
    counters = Counters()
    for number in range(50):
        spend(counters, Actor(account_id=number, alias=f"reed-{number}", lineage=number))
    kept = counters._counter.storage
    assert len(kept.expirations) == 100
    monkeypatch.setattr(time, "time", lambda: began + 24 * 3600.0)
    assert spend(counters, MEMBER) == 0
    assert len(kept.expirations) == len(kept.storage) == 2


@pytest.mark.parametrize("kind", ["demo", "rehearsal"])
def test_demo_and_rehearsal_get_a_hundred_times_as_much(kind):
    counters = Counters()
    assert not any(spend(counters, MEMBER, kind=kind) for _ in range(1000))
    assert spend(counters, MEMBER, kind=kind) > 0


def test_a_script_token_carries_its_own_number():
    counters = Counters()
    assert not any(spend(counters, SCRIPT) for _ in range(1000))
    assert spend(counters, SCRIPT) > 0


def test_a_refused_request_costs_nothing():
    counters = Counters()
    for _ in range(10):
        spend(counters, MEMBER)
    for _ in range(100):
        spend(counters, MEMBER)
    ten_minutes = BUCKETS["sightings"].account[0]
    assert counters._counter.get_window_stats(ten_minutes, "sightings", "1", "1").remaining == 20


@pytest.mark.parametrize("name", sorted(BUCKETS))
def test_a_broken_counter_never_lets_somebody_unknown_in(name, monkeypatch):
    counters = Counters()
    monkeypatch.setattr(counters, "_count", lambda *_: 1 / 0)
    assert spend(counters, ANONYMOUS, name=name) > 0
    assert (spend(counters, MEMBER, name=name) == 0) is BUCKETS[name].fails_open


def test_sightings_stay_open_to_members_when_the_counter_fails():
    assert BUCKETS["sightings"].fails_open


def test_an_address_becomes_a_token_of_its_neighbourhood_that_changes_each_day():
    clock = Clock()
    places = Places(clock)
    before = places.token("192.0.2.7")
    assert before == places.token("192.0.2.200")
    assert before == places.token("::ffff:192.0.2.9")
    assert before != places.token("192.0.3.7")
    assert places.token("2001:db8:1:2::1") == places.token("2001:db8:1:ffff::9")
    assert places.token("2001:db8:1:2::1") != places.token("2001:db8:2::1")
    assert "192" not in before
    assert places.token("") == places.token("testclient")
    clock.now += limits.SALT_LASTS_S
    assert places.token("192.0.2.7") != before


def test_the_delay_doubles_to_a_minute_and_never_locks():
    clock = Clock()
    delays = SignInDelays(clock)
    waits = []
    for _ in range(9):
        assert delays.taken("quiet-heron", "here") == 0
        waits.append(delays.taken("quiet-heron", "here"))
        clock.now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_of_many_tries_at_once_one_is_looked_at():
    delays = SignInDelays(Clock())
    with ThreadPoolExecutor(30) as crowd:
        waits = list(crowd.map(lambda _: delays.taken("quiet-heron", "here"), range(30)))
    assert sorted(waits) == [0] + [1] * 29


def test_who_guesses_from_one_address_keeps_nobody_waiting_at_another():
    clock = Clock()
    delays = SignInDelays(clock)
    for _ in range(400):
        delays.taken("quiet-heron", "an attacker's")
        clock.now += 0.25
        assert delays.taken("quiet-heron", "hers") == 0
        delays.over("quiet-heron", "hers")
    assert delays.taken("tidal-reed", "an attacker's") == 0


def test_a_passphrase_that_was_right_ends_the_delay():
    delays = SignInDelays(Clock())
    delays.taken("quiet-heron", "here")
    delays.over("quiet-heron", "here")
    assert delays.taken("quiet-heron", "here") == 0


def test_a_door_is_one_address_and_means_nothing_tomorrow():
    clock = Clock()
    places = Places(clock)
    before = places.door("192.0.2.7")
    assert before != places.door("192.0.2.8")
    assert before == places.door("::ffff:192.0.2.7")
    assert places.door("2001:db8:1:2::1") == places.door("2001:db8:1:2::9")
    assert places.door("2001:db8:1:2::1") != places.door("2001:db8:1:3::1")
    clock.now += limits.SALT_LASTS_S
    assert places.door("192.0.2.7") != before


def test_guessing_many_aliases_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(limits, "_TRIES_KEPT", 50)
    delays = SignInDelays(Clock())
    for number in range(500):
        delays.taken(f"guess-{number}" * 1000, "here")
    assert len(delays._tries) == 50
    assert max(len(alias) for alias, _ in delays._tries) == 32
