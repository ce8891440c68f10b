"""Aliases: two plain words that say nothing about anybody."""

from __future__ import annotations

import secrets

from desk.accounts.words import words


def suggest() -> str:
    """Return two words drawn evenly, such as `quiet-lantern`."""
    return f"{secrets.choice(words('alias_first'))}-{secrets.choice(words('alias_last'))}"
