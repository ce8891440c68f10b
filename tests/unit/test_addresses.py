"""Of the addresses a request claims, the last one is believed, and only behind a proxy."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from api import security


def _request(*lines):
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    return Request({"type": "http", "headers": headers, "client": ("192.0.2.1", 4711)})


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        (("203.0.113.7",), "203.0.113.7"),
        (("8.8.8.8, 203.0.113.7",), "203.0.113.7"),
        (("8.8.8.8", "203.0.113.7"), "203.0.113.7"),
        (("8.8.8.8", "1.1.1.1, 203.0.113.7"), "203.0.113.7"),
        (("8.8.8.8", ""), "192.0.2.1"),
        ((), "192.0.2.1"),
    ],
)
def test_the_nearest_proxy_has_the_last_word(lines, address):
    assert security._address_of(_request(*lines), behind_proxy=True) == address


def test_without_a_proxy_nobody_names_their_own_address():
    assert security._address_of(_request("8.8.8.8", "203.0.113.7"), behind_proxy=False) == "192.0.2.1"
