"""The catalogue: one key, all languages; exact short texts and the words of the screens."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

_CATALOGUE = Path(__file__).resolve().parent / "catalogue"

LANGUAGES = ("en", "es")
"""Complete from the first day; the first is what others fall back to."""


@cache
def catalogue(lang: str) -> dict[str, str]:
    """Return every text of one language by its key."""
    texts: dict[str, str] = json.loads((_CATALOGUE / f"{lang}.json").read_text("utf-8"))
    return texts


def text(lang: str, key: str, **slots: object) -> str:
    """Return the text of `key`, its slots filled; raises KeyError for a key no catalogue holds."""
    return catalogue(lang)[key].format(**slots)


def speaker(lang: str) -> Callable[..., Markup]:
    """Return `text` in one language for templates: slots are escaped unless they are markup themselves."""

    def speak(key: str, **slots: object) -> Markup:
        return escape(catalogue(lang)[key]).format(**slots)

    return speak


def word(code: str | None, lang: str = "en") -> str:
    """Return a code of the contract (`door_visit`, `vehicle marking`) as people say it."""
    if code is None:
        return text(lang, "word.unknown")
    found = catalogue(lang).get(f"word.{code}")
    return found if found is not None else code.replace("_", " ")


def language_of(asked: str | None, accepted: str) -> str:
    """Return the language asked for, else the first we have of a browser's `Accept-Language`."""
    if asked in LANGUAGES:
        return str(asked)
    for part in accepted.split(","):
        base = part.partition(";")[0].strip().partition("-")[0].lower()
        if base in LANGUAGES:
            return base
    return LANGUAGES[0]
