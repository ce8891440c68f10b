"""Passphrases: offered, checked, and kept only as argon2id hashes."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from desk.accounts.errors import ManySignIn, PassphraseCommon, PassphraseTooLong, PassphraseTooShort
from desk.accounts.words import words

SHORTEST: Final = 15
LONGEST: Final = 128
WORDS_OFFERED: Final = 7
_FEWEST_DIFFERENT: Final = 5
_AT_ONCE: Final = 2
_MAY_WAIT: Final = 8
_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one argon2id hash costs."""

    memory_kib: int = 65_536
    rounds: int = 3
    lanes: int = 4


@cache
def _common() -> frozenset[str]:
    return frozenset(_bare(line) for line in words("common_passphrases"))


def suggest() -> str:
    """Return a fresh passphrase of seven words, each drawn evenly: at least 70 random bits."""
    return " ".join(secrets.choice(words("passphrase_words")) for _ in range(WORDS_OFFERED))


def check(passphrase: str) -> None:
    """Raise PassphraseTooShort, PassphraseTooLong or PassphraseCommon; there are no rules of composition."""
    if len(passphrase) > LONGEST:
        raise PassphraseTooLong
    if len(passphrase.strip()) < SHORTEST:
        raise PassphraseTooShort
    bare = _bare(passphrase)
    if len(set(bare)) < _FEWEST_DIFFERENT or bare in _common() or _unit(bare) in _common() or _is_a_row(bare):
        raise PassphraseCommon


def _bare(passphrase: str) -> str:
    return "".join(letter for letter in _normal(passphrase).casefold() if letter.isalnum())


def _unit(bare: str) -> str:
    """Return what a text repeats, or the text itself: `abcabc` repeats `abc`."""
    length = (bare + bare).find(bare, 1)
    return bare[:length] if length > 0 else bare


def _is_a_row(bare: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(bare)}
    return len(steps) == 1


def _normal(passphrase: str) -> str:
    # Keyboards write the same letter in several ways; the same passphrase must open the same door everywhere.
    return unicodedata.normalize("NFKC", passphrase)


class _Gate:
    """Lets two hashes be made at once and a few wait; the others are told to come back."""

    def __init__(self) -> None:
        self._working = threading.BoundedSemaphore(_AT_ONCE)
        self._inside = threading.BoundedSemaphore(_AT_ONCE + _MAY_WAIT)

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Wait for a place; raises ManySignIn where too many wait."""
        if not self._inside.acquire(blocking=False):
            raise ManySignIn
        try:
            if not self._working.acquire(timeout=_WAIT_S):
                raise ManySignIn
            try:
                yield
            finally:
                self._working.release()
        finally:
            self._inside.release()


_gate = _Gate()


@cache
def _hasher(cost: Cost) -> PasswordHasher:
    return PasswordHasher(time_cost=cost.rounds, memory_cost=cost.memory_kib, parallelism=cost.lanes)


def hashed(passphrase: str, cost: Cost) -> str:
    """Return the argon2id hash of a passphrase; raises ManySignIn."""
    with _gate.enter():
        return _hasher(cost).hash(_normal(passphrase))


def matches(kept: str | None, passphrase: str, cost: Cost) -> bool:
    """Return whether a passphrase belongs to a kept hash; without one, take as long and say no; raises ManySignIn."""
    with _gate.enter():
        if kept is None:
            _hasher(cost).hash(_normal(passphrase))
            return False
        try:
            return _hasher(cost).verify(kept, _normal(passphrase))
        except InvalidHashError:
            return False
        except VerificationError:
            if is_weaker(kept, cost):
                # A hash from cheaper days answers sooner, and would tell that this alias exists.
                _hasher(cost).hash(_normal(passphrase))
            return False


def is_weaker(kept: str, cost: Cost) -> bool:
    """Return whether a kept hash was made with other parameters than today's."""
    return _hasher(cost).check_needs_rehash(kept)
