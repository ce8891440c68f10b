"""What may stand in a log: an allow-list of keys; everything else is dropped before it is written."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

ALLOWED: Final = frozenset(
    {
        "event",
        "level",
        "at",
        "bucket",
        "cell5",
        "code",
        "count",
        "duration_ms",
        "error",
        "id",
        "kind",
        "network",
        "part",
        "port",
        "route",
        "status",
        "version",
        "where",
    }
)
"""Ids, durations, counts, names of our own code, and cells no finer than resolution 5."""

QUIET: Final = ("uvicorn.access", "sqlalchemy.engine", "sqlalchemy.pool", "httpx", "httpcore", "apprise")
"""Loggers of libraries that would write addresses or what people sent."""


def allow(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not on the list, and spell out control characters in what remains."""
    return {key: _plain(value) for key, value in event.items() if key in ALLOWED}


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    text = str(value)
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)[:500]


class Seldom:
    """Says of a thing whether it may be said again: a fault that lasts must not fill a log.

    Parameters
    ----------
    every_s
        How long the same is not said again.
    """

    def __init__(self, every_s: float = 60.0) -> None:
        self._every_s = every_s
        self._said_s: dict[tuple[object, ...], float] = {}

    def may(self, moment_s: float, *what: object) -> bool:
        """Return whether something may be said at a moment of a steady clock, and count it as said where it may."""
        said_s = self._said_s.get(what)
        if said_s is not None and moment_s < said_s + self._every_s:
            return False
        self._said_s[what] = moment_s
        return True


class _OurWords(logging.Filter):
    """Lets a library's warning through as the name of its logger and its level, never with its text."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the words, arguments and traceback out of a record."""
        if record.name.startswith("uvicorn.error") and record.levelno < logging.WARNING:
            return False
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        told = {"event": "library", "level": record.levelname.lower(), "part": record.name}
        record.msg = json.dumps({**told, "error": error} if error else told, sort_keys=True)
        record.args, record.exc_info, record.exc_text, record.stack_info = (), None, None, None
        return True


def install(stream: TextIO | None = None) -> None:
    """Let this process write nothing but what the allow-list lets through."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            allow,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(out),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(_OurWords())
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
        logging.getLogger(name).propagate = False
