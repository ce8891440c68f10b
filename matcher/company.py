"""Who was out with whom before, among people who come one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matcher.candidates import Candidate


class Company:
    """People met so far; strangers to all of them wait, and are called when somebody they know comes."""

    def __init__(self) -> None:
        self._met: set[int] = set()
        self._known: set[int] = set()
        self._waiting: dict[int, Candidate] = {}

    def meet(self, people: Iterable[Candidate]) -> None:
        """Note people who need not be called any more."""
        for person in people:
            self._met.add(person.responder_id)
            self._known.update(person.worked_with)

    def called(self, people: Sequence[Candidate]) -> list[Candidate]:
        """Return those who know somebody met so far, or one another, with whoever waited for them; the others wait."""
        met, known, waiting = self._met, self._known, self._waiting
        found: list[Candidate] = []
        for person in people:
            own_id, worked_with = person.responder_id, person.worked_with
            if own_id in known or not met.isdisjoint(worked_with):
                found += self._waited_for(person)
                found.append(person)
            else:
                waiting[own_id] = person
            met.add(own_id)
            known.update(worked_with)
        return found

    def _waited_for(self, person: Candidate) -> list[Candidate]:
        ids = [
            number
            for number, other in self._waiting.items()
            if number in person.worked_with or person.responder_id in other.worked_with
        ]
        return [self._waiting.pop(number) for number in ids]
