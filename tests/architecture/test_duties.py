"""Every verb of a duty that falls due or forgets by itself is asked for by the worker."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import desk
from api.worker import TIMERS
from desk import reactions


def verbs_without_anybody() -> Iterator[Callable[..., Any]]:
    """Return the desk's verbs that nobody asks for: they want nothing but an act, and say how much they found."""
    for found in pkgutil.walk_packages(desk.__path__, "desk."):
        module = importlib.import_module(found.name)
        for name, verb in inspect.getmembers(module, inspect.isfunction):
            wanted = inspect.signature(verb)
            asks = list(wanted.parameters) == ["uow"] and wanted.return_annotation in {"int", int}
            if asks and verb.__module__ == module.__name__ and not name.startswith("_"):
                yield verb


def test_every_verb_that_nobody_asks_for_has_a_timer():
    verbs = set(verbs_without_anybody()) - {reactions.fall_due}
    assert len(verbs) > 10
    assert {verb.__name__ for verb in verbs - {timer.verb for timer in TIMERS}} == set()


def test_what_falls_due_is_in_the_table_of_what_falls_due():
    """A rehearsal's clock asks for these and for no timer."""
    verbs = {verb for verb in verbs_without_anybody() if verb.__name__.endswith("_due")} - {reactions.fall_due}
    assert len(verbs) > 5
    assert {verb.__name__ for verb in verbs - set(reactions.DUE)} == set()
