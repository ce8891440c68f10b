"""Pages of a list that is short enough to be read whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from desk.board import CursorUnknown

_Item = TypeVar("_Item")


def page_of(
    items: Sequence[_Item], limit: int, cursor: str | None, *, key: Callable[[_Item], str]
) -> tuple[Sequence[_Item], str | None]:
    """Return a page of items in their order, and the cursor to the next one; `key` is what a cursor is made of.

    Raises
    ------
    CursorUnknown
        The cursor leads nowhere in this list.
    """
    begin = 0
    if cursor is not None:
        keys = [key(item) for item in items]
        if cursor not in keys:
            raise CursorUnknown
        begin = keys.index(cursor) + 1
    page = items[begin : begin + limit]
    return page, key(page[-1]) if begin + limit < len(items) else None
