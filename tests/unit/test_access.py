"""The rows of the table of acts that keep people safe, each said once more where nobody changes it in passing."""

from __future__ import annotations

import pytest

from desk.access import ALLOWED, Act, Actor, may
from records.enums import Role

DESK = {Role.DISPATCHER, Role.VERIFIER}
KEPT = {
    Act.READ_INCIDENTS: DESK,
    Act.JUDGE: DESK,
    Act.SPEAK: DESK,
    Act.DISPATCH: {Role.DISPATCHER},
    Act.READ_DISPATCHES: {Role.DISPATCHER},
    Act.RESPOND: {Role.RESPONDER},
    Act.READ_ZONES: {Role.DISPATCHER, Role.ORGANIZER},
    Act.WRITE_ZONES: {Role.ORGANIZER},
    Act.READ_ROSTER: {Role.ORGANIZER},
    Act.WRITE_ROSTER: {Role.ORGANIZER},
    Act.READ_COVERAGE: {Role.DISPATCHER, Role.ORGANIZER},
    Act.READ_PATTERNS: {Role.ANALYST},
    Act.ASK_HOLD: {Role.LEGAL},
    Act.CONFIRM_HOLD: {Role.ORGANIZER},
    Act.READ_HOLDS: {Role.LEGAL, Role.ORGANIZER},
}


@pytest.mark.parametrize("act", KEPT)
@pytest.mark.parametrize("role", Role)
def test_an_act_is_for_the_roles_it_was_made_for_and_for_no_other(act, role):
    assert may(Actor(account_id=1, roles=frozenset({role})), act) == (role in KEPT[act])
    assert ALLOWED[act] == KEPT[act]
