"""Pairs as columns of the master problem: which site, which two people, at what cost; each pair once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Column = tuple[int, int, int, int]
"""Site, row of the observer, row of the buddy, cost in units."""


class Columns:
    """The pairs generated so far, in the order in which they came."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int, int]] = set()
        self._columns: list[Column] = []

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._columns)

    def add(self, columns: Iterable[Column]) -> list[Column]:
        """Keep those that are new and return them; a pair is the same whoever observes."""
        new = []
        for column in columns:
            site, observer, buddy, _ = column
            key = (site, min(observer, buddy), max(observer, buddy))
            if key not in self._seen:
                self._seen.add(key)
                new.append(column)
        self._columns += new
        return new

    def known(self) -> list[Column]:
        """Return all of them, in the order in which they came."""
        return self._columns
