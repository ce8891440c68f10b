"""The key to which a person's phone seals reports that wait; the half that opens is never kept, it follows."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from desk.access import Actor
from desk.errors import NotSignedIn
from desk.unit_of_work import UnitOfWork

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (FIPS 186-4)."""


@dataclass(frozen=True, slots=True)
class WaitingKey:
    """A key pair on P-256 as a JSON Web Key spells it: `d` opens, `x` and `y` seal."""

    d: str
    x: str
    y: str


def waiting_key(uow: UnitOfWork, actor: Actor) -> WaitingKey:
    """Return the key of somebody who is signed in: the same on each of their phones; raises NotSignedIn."""
    if actor.account_id is None:
        raise NotSignedIn
    told = b"waiting/%d/%d" % (uow.network.id, actor.account_id)
    # Twice as many bits as the order has, so that no number is likelier than another.
    number = int.from_bytes(hmac.digest(uow.keys.waiting_key(), told, "sha512")) % (_ORDER - 1) + 1
    numbers = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers()
    return WaitingKey(_spelled(number), _spelled(numbers.x), _spelled(numbers.y))


def _spelled(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32)).rstrip(b"=").decode()
