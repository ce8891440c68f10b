"""How much of what falls due one act takes: many things together or, where one of them fails, each alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Portion:
    """What one act takes of the things a timer finds due, in the order of their ids.

    Parameters
    ----------
    at_most
        How many; as many as the timer usually takes where nothing is said.
    after
        Only what comes after this id.
    """

    at_most: int | None = None
    after: int = 0
    taken: list[int] = field(default_factory=list)
    """The ids of what was taken, so that whoever opened the act knows where to go on."""

    def limit(self, usual: int) -> int:
        """Return how many to take where a timer usually takes so many."""
        return usual if self.at_most is None else min(usual, self.at_most)

    def note(self, ids: Iterable[int]) -> None:
        """Note what was taken."""
        self.taken.extend(ids)
