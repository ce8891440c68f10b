"""Ids: random 63-bit numbers inside, thirteen characters of Crockford base32 outside."""

from __future__ import annotations

import secrets

from records.errors import NotAnId

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_LENGTH = 13
_BITS = 63


def new_id() -> int:
    """Return a fresh random id, 1 to 2^63 - 1: no counter that would leak how much a network does."""
    return secrets.randbits(_BITS) or 1


def shown(number: int) -> str:
    """Return an id as people and programs see it, thirteen characters of Crockford base32."""
    letters = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, 32)
        letters.append(_ALPHABET[digit])
    return "".join(reversed(letters))


def read(text: str) -> int:
    """Return the number behind a shown id; raises NotAnId for anything else."""
    if len(text) != _LENGTH:
        raise NotAnId
    number = 0
    for letter in text.upper():
        if letter not in _VALUES:
            raise NotAnId
        number = number * 32 + _VALUES[letter]
    if not 0 < number < 1 << _BITS:
        raise NotAnId
    return number
