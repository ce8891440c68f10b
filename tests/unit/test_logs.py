"""Logs say ids and durations, and nothing else that happens to be handed to them."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from api import logs


@pytest.fixture
def out():
    stream = io.StringIO()
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in logs.QUIET}
    logs.install(stream)
    yield stream
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, (kept, propagate) in quiet.items():
        logging.getLogger(name).setLevel(kept)
        logging.getLogger(name).propagate = propagate


def test_only_keys_of_the_list_are_written(out):
    structlog.get_logger().info(
        "batch.stored", count=3, address="192.0.2.7", note="in the alley", token="1.abc", location=[-93.2, 44.9]
    )
    written = json.loads(out.getvalue())
    assert written == {"event": "batch.stored", "level": "info", "count": 3, "at": written["at"]}


def test_control_characters_are_spelt_out(out):
    structlog.get_logger().info("x\nlevel=forged", part="a\r\x1b[31mb\u2028c")
    text = out.getvalue()
    assert text.count("\n") == 1
    written = json.loads(text)
    assert written["event"] == "x\\x0alevel=forged"
    assert written["part"] == "a\\x0d\\x1b[31mb\\x2028c"


def test_a_librarys_words_are_not_ours_to_write(out):
    logging.getLogger("uvicorn.error").error("Exception with %s", "SECRET", exc_info=ValueError("SECRET"))
    logging.getLogger("some.library").warning("192.0.2.7 sent SECRET")
    logging.getLogger("uvicorn.access").error("192.0.2.7 - GET /api/zones/at?lon=SECRET")
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"event": "library", "level": "error", "part": "uvicorn.error", "error": "ValueError"},
        {"event": "library", "level": "warning", "part": "some.library"},
    ]


def test_no_key_of_the_list_names_what_must_never_be_logged():
    forbidden = {"address", "ip", "agent", "user_agent", "lon", "lat", "location", "note", "plate", "token", "alias"}
    assert not forbidden & logs.ALLOWED
    assert not {key for key in logs.ALLOWED if key.startswith("cell") and int(key[4:]) > 5}
