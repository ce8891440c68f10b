"""How much at once: one table of buckets, counted in this process's memory, by account or by a salted place."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import structlog
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from desk.access import Actor
from records.enums import NetworkKind

_log = structlog.get_logger()

DEMO_TIMES: Final = 100
"""Demo and rehearsal networks get this many times as much."""

SCRIPT_TIMES: Final = 100
"""Script tokens, made at the console, carry this many times as much."""

SALT_LASTS_S: Final = 24 * 3600
_LONGEST_DELAY_S: Final = 60
_TRIES_KEPT: Final = 10_000
_CLOSED_WAIT_S: Final = 30
_SWEPT_EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """How much of one kind of request is fine, for an account and for somebody unknown."""

    account: tuple[RateLimitItem, ...]
    anonymous: tuple[RateLimitItem, ...]
    fails_open: bool
    """Whether members pass when the counter itself fails; somebody unknown never does."""

    @classmethod
    def of(cls, account: str, anonymous: str, *, fails_open: bool) -> Bucket:
        """Read limits written like `30 per 10 minutes; 10 per 10 seconds`."""
        return cls(tuple(parse_many(account)), tuple(parse_many(anonymous)), fails_open)


BUCKETS: Final[dict[str, Bucket]] = {
    "sightings": Bucket.of(
        "30 per 10 minutes; 10 per 10 seconds", "6 per 10 minutes; 3 per 10 seconds", fails_open=True
    ),
    "retract": Bucket.of("30 per 10 minutes", "10 per 10 minutes", fails_open=True),
    "session": Bucket.of("60 per minute", "60 per minute", fails_open=True),
    "redeem": Bucket.of("20 per 10 minutes", "20 per 10 minutes", fails_open=False),
    "vouchers": Bucket.of("60 per 10 minutes", "1 per 10 minutes", fails_open=False),
    "imports": Bucket.of("20 per 10 minutes", "1 per 10 minutes", fails_open=False),
    "patterns": Bucket.of("120 per hour", "1 per hour", fails_open=False),
    "doors": Bucket.of("3000 per minute", "1200 per minute", fails_open=True),
}
"""THE table: what is counted, how much is fine, and whether a broken counter lets members pass.

`doors` is every route that states who may enter; the others come on top of it.
"""


@lru_cache(maxsize=64)
def _times(limits: tuple[RateLimitItem, ...], times: int) -> tuple[RateLimitItem, ...]:
    return tuple(type(limit)(limit.amount * times, limit.multiples) for limit in limits)


class Places:
    """Turns a client's address into a token that means nothing tomorrow; the address itself is not kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._salt = secrets.token_bytes(32)
        self._salted_at = clock()
        self._lock = threading.Lock()

    def token(self, address: str) -> str:
        """Return HMAC(salt, address/24 or address/48); the salt is renewed every 24 hours."""
        return self._keyed(_network_of(address, 24, 48))

    def door(self, address: str) -> str:
        """Return HMAC(salt, address or address/64): one connection to the net, as closely as can be told."""
        return self._keyed("door " + _network_of(address, 32, 64))

    def _keyed(self, place: str) -> str:
        return hmac.new(self._present_salt(), place.encode(), hashlib.sha256).hexdigest()[:32]

    def _present_salt(self) -> bytes:
        with self._lock:
            if self._clock() - self._salted_at >= SALT_LASTS_S:
                self._salt = secrets.token_bytes(32)
                self._salted_at = self._clock()
            return self._salt


def _network_of(address: str, bits4: int, bits6: int) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    wide = bits4 if found.version == 4 else bits6
    return str(ipaddress.ip_network((found, wide), strict=False))


@dataclass(slots=True)
class _Tries:
    count: int = 0
    until: float = 0.0


class SignInDelays:
    """A delay per alias and address that doubles with each try that was not right, up to a minute, and never locks.

    A try counts before its passphrase is looked at, so that many at once get no further than one. Each address has a
    count of its own: whoever guesses from one keeps nobody waiting at another, on a new phone or after a restart.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def taken(self, alias: str, door: str) -> int:
        """Take the next try of an alias, known or not, at a door; return the seconds to wait where it is too soon."""
        with self._lock:
            key = (_hashed(alias), door)
            known = self._tries.setdefault(key, _Tries())
            self._tries.move_to_end(key)
            wait_s = _ceil(known.until - self._clock())
            if wait_s > 0:
                return wait_s
            known.count += 1
            known.until = self._clock() + min(_LONGEST_DELAY_S, 2 ** min(known.count - 1, 6))
            while len(self._tries) > _TRIES_KEPT:
                self._tries.popitem(last=False)
            return 0

    def over(self, alias: str, door: str) -> None:
        """Forget the tries of an alias at a door: the passphrase was right, or was never looked at."""
        with self._lock:
            self._tries.pop((_hashed(alias), door), None)


def _hashed(alias: str) -> str:
    # A long alias must not fill the memory.
    return hashlib.sha256(alias.encode()).hexdigest()[:32]


def _ceil(seconds: float) -> int:
    return int(-(-seconds // 1))


class _Counts(MemoryStorage):
    """Counts as its parent does, but lets go of what is over in passing: no thread is begun for it at every count."""

    def __init__(self) -> None:
        super().__init__()
        self._counting = threading.Lock()
        self._swept_at = time.time()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count more for a key that is over `expiry` seconds after its first one; return what it has come to."""
        now = time.time()
        with self._counting:
            if now - self._swept_at >= _SWEPT_EVERY_S:
                self._swept_at = now
                for over in [each for each, until in self.expirations.items() if until <= now]:
                    self.clear(over)
            if self.expirations.get(key, 0.0) <= now:
                self.storage[key] = 0
                self.expirations[key] = now + expiry
            self.storage[key] += amount
            return int(self.storage[key])


class Counters:
    """What this process has counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._counter = SlidingWindowCounterRateLimiter(_Counts())
        self.places = Places(clock)
        self.delays = SignInDelays(clock)

    def spend(self, name: str, actor: Actor, *, address: str, network: str, kind: str, cost: int = 1) -> int:
        """Count `cost` requests; return the seconds to wait, 0 where all is well.

        Parameters
        ----------
        name
            A bucket of the table.
        actor
            Who asks.
        address
            The client's address, used for somebody unknown and not kept.
        network, kind
            The network, and what kind of network it is.
        cost
            How many requests this counts for.
        """
        bucket = BUCKETS[name]
        times = DEMO_TIMES if kind in {NetworkKind.DEMO, NetworkKind.REHEARSAL} else 1
        times *= SCRIPT_TIMES if actor.script else 1
        try:
            who = str(actor.account_id) if actor.known else self.places.token(address)
            return self._count(name, bucket.account if actor.known else bucket.anonymous, (network, who), times, cost)
        except Exception:  # noqa: BLE001  (a broken counter must not decide by accident: the table does)
            _log.error("limiter.failed", bucket=name)
            return 0 if bucket.fails_open and actor.known else _CLOSED_WAIT_S

    def _count(self, name: str, limits: tuple[RateLimitItem, ...], who: tuple[str, str], times: int, cost: int) -> int:
        items = _times(limits, times)
        for item in items:
            if not self._counter.test(item, name, *who, cost=cost):
                reset_at, _remaining = self._counter.get_window_stats(item, name, *who)
                return max(1, min(_ceil(reset_at - time.time()), item.get_expiry()))
        for item in items:
            self._counter.hit(item, name, *who, cost=cost)
        return 0
