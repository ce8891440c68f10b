"""The table of acts, said once more where nobody changes it in passing: who may do what, and that nobody else may."""

from __future__ import annotations

import pytest

from desk.access import ALLOWED, OPEN_TO_ANYONE, Act, Actor, may
from records.enums import Role

COLUMNS = ("spotter", "responder", "operator", "dispatcher", "verifier", "organizer", "analyst", "legal", "admin")
TABLE = """
                     spo res ope dis ver org ana leg adm
    LOOK_AROUND       x   x   x   x   x   x   x   x   x
    SIGN_IN           x   x   x   x   x   x   x   x   x
    SEE_ONESELF       x   x   x   x   x   x   x   x   x
    REPORT            x   x   x   x   x   x   x   x   x
    RETRACT           x   x   x   x   x   x   x   x   x
    FOLLOW            x   x   x   x   x   x   x   x   x
    SEE_ALERTS        x   x   x   x   x   x   -   -   -
    RESPOND           -   x   -   -   -   -   -   -   -
    READ_INCIDENTS    -   -   -   x   x   -   -   -   -
    JUDGE             -   -   -   x   x   -   -   -   -
    SPEAK             -   -   -   x   x   -   -   -   -
    DISPATCH          -   -   -   x   -   -   -   -   -
    READ_DISPATCHES   -   -   -   x   -   -   -   -   -
    READ_ZONES        -   -   -   x   -   x   -   -   -
    WRITE_ZONES       -   -   -   -   -   x   -   -   -
    READ_ROSTER       -   -   -   -   -   x   -   -   -
    WRITE_ROSTER      -   -   -   -   -   x   -   -   -
    READ_COVERAGE     -   -   -   x   -   x   -   -   -
    READ_PATTERNS     -   -   -   -   -   -   x   -   -
    MAKE_VOUCHER      -   -   -   -   -   x   -   -   -
    SUSPEND           -   -   -   -   -   x   -   -   x
    ASK_HOLD          -   -   -   -   -   -   -   x   -
    CONFIRM_HOLD      -   -   -   -   -   x   -   -   -
    READ_HOLDS        -   -   -   -   -   x   -   x   -
    REHEARSE          -   -   -   -   -   -   -   -   x
"""
ROWS = {name: marks for name, *marks in (line.split() for line in TABLE.splitlines()[2:] if line.strip())}


def test_the_table_says_every_act_and_every_role():
    assert set(ROWS) == {act.name for act in Act} == {act.name for act in ALLOWED}
    assert sorted(COLUMNS) == sorted(Role)
    assert {len(marks) for marks in ROWS.values()} == {len(COLUMNS)}


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("role", Role)
def test_an_act_is_for_the_roles_it_was_made_for_and_for_no_other(act, role):
    allowed = dict(zip(COLUMNS, ROWS[act.name], strict=True))[role] == "x"
    actor = Actor(account_id=1, roles=frozenset({role}))
    assert may(actor, act) == allowed
    assert (role in ALLOWED[act]) == allowed


@pytest.mark.parametrize("act", Act)
def test_who_has_no_role_may_do_what_anybody_may(act):
    assert may(Actor(account_id=1), act) == (act in OPEN_TO_ANYONE)
    assert {Act.LOOK_AROUND, Act.SIGN_IN, Act.RETRACT} == OPEN_TO_ANYONE
