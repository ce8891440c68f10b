"""Who counts among those who say verified."""

from __future__ import annotations

import pytest

from desk import criteria
from desk.policy import VerificationPolicy
from records.models import Judgement


def said(account: int, lineage: int) -> Judgement:
    return Judgement(account_id=account, lineage=lineage, verdict="verified")


@pytest.mark.parametrize(
    ("first", "second", "two"),
    [((1, 1), (2, 2), True), ((1, 1), (2, 1), False), ((1, 1), (1, 2), False)],
    ids=["two people of two lineages", "one lineage", "one person"],
)
def test_two_are_two_people_of_two_lineages(first, second, two) -> None:
    votes = [said(*first), said(*second)]
    assert criteria.pair_of(votes) == (tuple(votes) if two else None)
    assert criteria.enough_people(votes, VerificationPolicy()) is two
