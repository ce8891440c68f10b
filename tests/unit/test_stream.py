"""Who is told what on the stream, and marks that say nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from api.marks import LENGTH, Marks
from api.stream import Change, View
from desk.access import Actor
from records.enums import Role
from records.values import Cursor, Log

KEY = bytes(range(32))
LOG = Log("0" * 8, 5)


# marks


def test_a_mark_opens_to_its_place_and_every_mark_is_as_long():
    marks = Marks(KEY, 1)
    for cursor in (Cursor(6, 1), Cursor(2**40, 2**40), Cursor(2**63 - 1, 2**63 - 1)):
        assert marks.opened(marks.sealed(cursor, LOG), LOG) == cursor
        assert len(marks.sealed(cursor, LOG)) == LENGTH


def test_a_mark_tells_neither_order_nor_distance_nor_number():
    marks = Marks(KEY, 1)
    following = [marks.sealed(Cursor(1000, number), LOG) for number in range(200)]
    assert len(set(following)) == 200
    assert sorted(following) != following
    for one, other in pairwise(following):
        # Nothing but chance is common to two that follow each other: no counter, no transaction, no gap to count.
        assert sum(a == b for a, b in zip(one, other, strict=True)) < LENGTH // 3


@pytest.mark.parametrize(
    "mark",
    [None, "", "a" * LENGTH, "é" * LENGTH, "5." + "1" * 41, Marks(bytes(32), 1).sealed(Cursor(6, 1), LOG)],
    ids=["none", "empty", "letters", "no letters of ours", "as it was", "another key's"],
)
def test_what_is_no_mark_of_ours_opens_to_nothing(mark):
    assert Marks(KEY, 1).opened(mark, LOG) is None


def test_a_mark_of_another_log_or_from_before_what_is_kept_opens_to_nothing():
    marks = Marks(KEY, 1)
    assert marks.opened(marks.sealed(Cursor(6, 1), LOG), Log("1" * 8, 5)) is None
    assert marks.opened(marks.sealed(Cursor(5, 1), LOG), LOG) is None


# who is told what


def view(*roles: Role, responder_id: int | None = None) -> View:
    return View.of(Actor(account_id=1, roles=frozenset(roles), responder_id=responder_id))


EVERYBODY = {
    "dispatcher": view(Role.DISPATCHER),
    "verifier": view(Role.VERIFIER),
    "analyst": view(Role.ANALYST),
    "spotter": view(Role.SPOTTER),
    "the responder": view(Role.RESPONDER, responder_id=7),
    "another responder": view(Role.RESPONDER, responder_id=8),
}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("incident.changed", {"dispatcher", "verifier"}),
        ("dispatch.moved", {"dispatcher", "the responder"}),
        ("offer.offered", {"dispatcher", "the responder"}),
        ("checkin.made", {"dispatcher", "the responder"}),
        ("checkin.help", {"dispatcher"}),
    ],
)
def test_each_fact_is_told_to_those_it_is_for(kind, told):
    concerned = None if kind.startswith("incident") else 7
    change = Change(Cursor(1, 1), kind, "2026-11-20T14:03:00Z", 9, 1, concerned, {"id": "x"}, {"id": "y"})
    assert {name for name, each in EVERYBODY.items() if change.frame(each, str) is not None} == told


def test_only_the_desk_gets_what_a_dispatch_holds():
    change = Change(Cursor(1, 1), "offer.offered", "2026-11-20T14:03:00Z", 9, 1, 7, None, {"place": "here"})
    assert b"here" in change.frame(EVERYBODY["dispatcher"], str)
    assert b"here" not in change.frame(EVERYBODY["the responder"], str)


def test_a_mark_looks_different_each_time_and_belongs_to_its_network():
    marks = Marks(KEY, 1)
    assert marks.sealed(Cursor(6, 1), LOG) != marks.sealed(Cursor(6, 1), LOG)
    assert Marks(KEY, 2).opened(marks.sealed(Cursor(6, 1), LOG), LOG) is None
