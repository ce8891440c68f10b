"""The word lists beside this module."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def words(name: str) -> tuple[str, ...]:
    """Return the words of `desk/accounts/<name>.txt`, in its order; lines that begin with # explain."""
    text = resources.files("desk.accounts").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return tuple(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
