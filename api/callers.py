"""Who a token belongs to, remembered for a while, so that a burst of pins does not cost a transaction each."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from fastapi.concurrency import run_in_threadpool

from api.wiring import House
from desk import accounts
from desk.access import ANONYMOUS, Actor
from desk.unit_of_work import NetworkNow

_KEPT_S: Final = 600.0
_NOBODY_KEPT_S: Final = 1.0
_KEPT_MOST: Final = 4096

_Key = tuple[int, bytes | None]
"""A network, and the SHA-256 of a token, None without one."""

_LookUp = Callable[[Collection[_Key]], "dict[_Key, Caller]"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a sighting, in which network, and whether that network takes reports from nobody in particular."""

    actor: Actor
    network: NetworkNow
    anonymous_reports: bool
    token_sha256: bytes | None = None


class Callers:
    """Remembers who a token belongs to; those who come for the first time at once are looked up together.

    Whether the session still holds is asked again with every batch; `forget` drops one that does not.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: OrderedDict[_Key, tuple[float, Caller]] = OrderedDict()
        self._lock = threading.Lock()
        self._asked: WeakKeyDictionary[asyncio.AbstractEventLoop, _Asked] = WeakKeyDictionary()

    async def of(self, network_id: int, token_sha256: bytes | None) -> Caller:
        """Return who a token belongs to; nobody where there is none, or where it is not ours."""
        known = self._known(network_id, token_sha256)
        if known is not None:
            return known
        asked = self._asked.setdefault(asyncio.get_running_loop(), _Asked())
        return await asyncio.shield(asked.answer((network_id, token_sha256), self._looked_up))

    def forget(self, network_id: int, token_sha256: bytes | None) -> None:
        """Drop what is remembered of a token."""
        with self._lock:
            self._kept.pop((network_id, token_sha256), None)

    def _known(self, network_id: int, token_sha256: bytes | None) -> Caller | None:
        """Return who a token belongs to where that was asked a moment ago; costs no transaction."""
        with self._lock:
            kept = self._kept.get((network_id, token_sha256))
        return kept[1] if kept is not None and time.monotonic() < kept[0] else None

    def _looked_up(self, keys: Collection[_Key]) -> dict[_Key, Caller]:
        """Return who some tokens belong to: one transaction for each network."""
        found: dict[_Key, Caller] = {}
        for network_id in {network_id for network_id, _ in keys}:
            tokens = {token for own, token in keys if own == network_id}
            with self._house.act(network_id) as uow:
                actors = accounts.recognise_all(uow, {token for token in tokens if token is not None})
                network, anonymous_reports = uow.network, uow.policy.intake.anonymous_reports
            for token in tokens:
                actor = ANONYMOUS if token is None else actors[token]
                found[network_id, token] = Caller(actor, network, anonymous_reports, token)
        with self._lock:
            for key, caller in found.items():
                lasts_s = _KEPT_S if caller.actor.known else _NOBODY_KEPT_S
                self._kept[key] = (time.monotonic() + lasts_s, caller)
                self._kept.move_to_end(key)
            while len(self._kept) > _KEPT_MOST:
                self._kept.popitem(last=False)
        return found


class _Asked:
    """What one event loop waits for: while some are looked up, the next ones gather."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, asyncio.Future[Caller]] = {}
        self._looking: asyncio.Task[None] | None = None

    def answer(self, key: _Key, look_up: _LookUp) -> asyncio.Future[Caller]:
        """Return the answer to come for a key; whoever asks first sets out for all who wait by then."""
        loop = asyncio.get_running_loop()
        if self._looking is None:
            self._looking = loop.create_task(self._look(look_up))
        return self._waiting.setdefault(key, loop.create_future())

    async def _look(self, look_up: _LookUp) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            try:
                found = await run_in_threadpool(look_up, waiting.keys())
            except Exception as error:  # noqa: BLE001  (whatever it is, each of them is told)
                for answer in waiting.values():
                    answer.set_exception(error)
            else:
                for key, answer in waiting.items():
                    answer.set_result(found[key])
        self._looking = None
