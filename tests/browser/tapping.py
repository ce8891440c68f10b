"""A finger on a phone's page."""

from __future__ import annotations

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as NothingSent

_AGAIN_MS = 8_000
_TAPS = 3


def tap(page: Page, words: str, path: str) -> None:
    """Press a button and wait until the service has answered; one that moved away under the finger is pressed again."""
    for left in reversed(range(_TAPS)):
        try:
            with page.expect_response(
                lambda answer: path in answer.url and answer.request.method == "POST", timeout=_AGAIN_MS
            ) as answered:
                page.click(f"button:has-text('{words}')")
        except NothingSent:
            if not left:
                raise
        else:
            assert answered.value.ok
            return
