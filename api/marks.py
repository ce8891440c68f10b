"""Marks on the event stream: where a viewer stands in the log, sealed, so that an id tells nobody anything else."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from records.values import Cursor, Log

_NUMBER: Final = 8
LENGTH: Final = 43
"""Characters of every mark: a longer or shorter one would tell how far the log has come."""


class Marks:
    """Seals places in one log and opens them again, in every process that shares the key.

    AES-SIV (RFC 5297): the same place gives the same mark, so that a frame is made once for many viewers, and without
    the key nobody sees which of two is later, what lies between, or makes one up. The log's epoch is bound in.

    Parameters
    ----------
    key
        32 bytes of the key folder.
    """

    def __init__(self, key: bytes) -> None:
        self._siv = AESSIV(key)

    def sealed(self, cursor: Cursor, log: Log) -> str:
        """Return the mark of a place in a log."""
        plain = cursor.x.to_bytes(_NUMBER) + cursor.id.to_bytes(_NUMBER)
        return urlsafe_b64encode(self._siv.encrypt(plain, [log.epoch.encode()])).rstrip(b"=").decode()

    def opened(self, mark: str | None, log: Log) -> Cursor | None:
        """Return the place of a mark; None where it is not ours, of another log, or too old to resume from."""
        if mark is None or len(mark) != LENGTH:
            return None
        try:
            plain = self._siv.decrypt(urlsafe_b64decode(f"{mark}="), [log.epoch.encode()])
        except (InvalidTag, NotBase64, ValueError):
            return None
        cursor = Cursor(int.from_bytes(plain[:_NUMBER]), int.from_bytes(plain[_NUMBER:]))
        return cursor if cursor.x > log.forgotten_x else None
