"""A request's body, read whole before anything is opened for it: no act waits for somebody's slow line."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Message, Receive

QUIET_MOST_S: Final = 20.0
"""How long a body may stand still."""

TOTAL_MOST_S: Final = 120.0
SLOWEST_BYTES_PER_S: Final = 50_000
"""A body has two minutes, and a second more for each of these."""


class BodyTooSlow(Exception):
    """The rest of this request did not arrive in time; please send it again."""


async def all_of(receive: Receive, *, longest: int = 0) -> list[Message]:
    """Return all pieces of a body of at most `longest` bytes, none where its sender left; raises BodyTooSlow."""
    arrived: list[Message] = []
    try:
        async with asyncio.timeout(TOTAL_MOST_S + longest / SLOWEST_BYTES_PER_S):
            while not arrived or arrived[-1].get("more_body"):
                async with asyncio.timeout(QUIET_MOST_S):
                    arrived.append(await receive())
    except TimeoutError as error:
        raise BodyTooSlow from error
    return arrived if arrived[-1]["type"] == "http.request" else []


def again(arrived: list[Message], receive: Receive) -> Receive:
    """Return what hands on the pieces that arrived, as if they came now, and then what comes after them."""
    left = iter(arrived)

    async def next_message() -> Message:
        message = next(left, None)
        return await receive() if message is None else message

    return next_message
