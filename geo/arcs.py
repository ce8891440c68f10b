"""Directed steps between numbered places: what ways are found on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Arcs:
    """Directed steps between numbered places: whole milliseconds by a mode, and metres."""

    tail: NDArray[np.uint32]
    head: NDArray[np.uint32]
    ms: NDArray[np.uint32]
    metres: NDArray[np.float64]
