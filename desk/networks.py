"""A network's own numbers: read, set within their floors, and mended where they cannot be used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

from desk.errors import DeskError
from desk.policy import NetworkPolicy
from desk.unit_of_work import network_in
from records.transaction import Transaction

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LONGEST_NAME: Final = 80


class NetworkNameForm(DeskError):
    """A slug is up to 40 small letters, digits and dashes; a name has one to 80 characters."""


class NoSuchNumber(DeskError):
    """A number is named PART.NAME=VALUE, with a part and a name that this version knows."""


class NumberOutOfRange(DeskError):
    """A number is looser than its floor allows, or is none."""


def require_name(slug: str, name: str) -> None:
    """Raise NetworkNameForm unless a network may be called so."""
    if not _SLUG.fullmatch(slug) or not 1 <= len(name) <= _LONGEST_NAME:
        raise NetworkNameForm


class Numbers:
    """What one network has set, whatever stands there now: no policy is read from it before it is set anew."""

    def __init__(self, session: Transaction, network_id: int) -> None:
        self._networks = network_in(session, network_id)

    def own(self) -> Mapping[str, Any]:
        """Return the network's own numbers by part and name, durations in seconds."""
        return dict(self._networks.get().policy)

    def set(self, words: Sequence[str]) -> None:
        """Set numbers, each written PART.NAME=VALUE.

        Raises
        ------
        NoSuchNumber
            A part or a name is not known.
        NumberOutOfRange
            A value is no number of its kind, or looser than its floor.
        """
        told = [_read(each) for each in words]
        present = self.own()
        parts = {name: dict(part) if isinstance(part, dict) else {} for name, part in present.items()}
        for part, name, value in told:
            parts.setdefault(part, {})[name] = value
        try:
            policy = NetworkPolicy.of(parts)
        except DeskError as error:
            raise NumberOutOfRange from error
        for part, name, value in told:
            # What a part pulls back to its floor by itself was not within it.
            if _plain(getattr(getattr(policy, part), name)) != value:
                raise NumberOutOfRange
        self._networks.set_policy(parts)


def _read(word: str) -> tuple[str, str, Any]:
    path, equals, text = word.partition("=")
    part, _, name = path.partition(".")
    default = getattr(NetworkPolicy(), part, None) if part in {each.name for each in fields(NetworkPolicy)} else None
    if not equals or default is None or name not in {each.name for each in fields(default)}:
        raise NoSuchNumber
    if isinstance(getattr(default, name), str):
        return part, name, text
    try:
        return part, name, json.loads(text)
    except ValueError as error:
        raise NumberOutOfRange from error


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
