"""Each layer of the map has its own door: who reads incidents sees where they are drawn, nobody else does."""

from __future__ import annotations

import pytest

from records.enums import Role
from tests.builders import signed_in

DESK = {Role.DISPATCHER, Role.VERIFIER}
LAYERS = {"cells": DESK, "incidents": DESK, "zones": {Role.DISPATCHER, Role.ORGANIZER}, "base": set(Role)}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_is_drawn_for_the_roles_that_may_read_it_and_for_nobody_else(client, layer):
    for role in Role:
        answer = client.get(f"/tiles/{layer}/3/1/2.mvt", headers=signed_in(client, role).headers)
        assert (role, answer.status_code) == (role, 200 if role in LAYERS[layer] else 403)
    assert client.get(f"/tiles/{layer}/3/1/2.mvt").status_code == (200 if layer == "base" else 401)
