"""Places in the event log as people are given them: sealed, all of one length, no two alike, telling nothing."""

from __future__ import annotations

import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from records.values import Cursor, Log

_NONCE_BYTES: Final = 12
_PLACE: Final = struct.Struct(">QQ")
LENGTH: Final = 59
"""Characters of an id: nonce, place and tag in base64 without its padding."""


class Marks:
    """Seals places in one network's log with a key that all processes of the service share.

    The number of a fact counts those of all networks, and one that is left out would show that something was said
    silently: so nobody can read, order or compare ids, and the same place looks different each time.
    """

    def __init__(self, key: bytes, network_id: int) -> None:
        self._cipher = ChaCha20Poly1305(key)
        self._network = str(network_id).encode()

    def sealed(self, cursor: Cursor, log: Log) -> str:
        """Return an id for a place in a log, different each time it is asked for."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, _PLACE.pack(cursor.x, cursor.id), self._about(log))
        return urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def opened(self, mark: str | None, log: Log) -> Cursor | None:
        """Return the place behind an id, None where it is not ours, of another log, or too old to resume from."""
        if mark is None or len(mark) != LENGTH or not mark.isascii():
            return None
        try:
            raw = urlsafe_b64decode(mark + "=")
            place = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], self._about(log))
        except (ValueError, InvalidTag):
            return None
        cursor = Cursor(*_PLACE.unpack(place))
        return cursor if cursor.x > log.forgotten_x else None

    def _about(self, log: Log) -> bytes:
        return self._network + b"." + log.epoch.encode()
