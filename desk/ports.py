"""What the desk asks of the outside: the keys that live apart from the database."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class KeyRing(Protocol):
    """Keys kept outside the database, in a folder or a key service."""

    def receipt_key(self) -> bytes:
        """Return the key that receipts are derived with."""
        ...

    def stream_key(self) -> bytes:
        """Return the key that places in the event stream are sealed with."""
        ...

    def waiting_key(self) -> bytes:
        """Return the key from which the keys of people's waiting reports follow."""
        ...

    def plate_key(self, network_id: int, day: date) -> bytes | None:
        """Return the key of a network's day for plate tokens, made on first use; None once it was destroyed."""
        ...

    def forget_plate_keys(self, network_id: int, last_day: date) -> int:
        """Destroy a network's plate keys of days up to one, for good; return how many."""
        ...
