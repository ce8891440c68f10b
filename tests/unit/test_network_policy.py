"""A network's own numbers may ask for more care than the defaults, and never for less."""

from datetime import timedelta

import pytest

from desk.policy import NetworkPolicy, RetentionPolicy

KEPT = ["position", "exact_unverified", "exact_verified", "events", "answers", "plate_tokens"]


@pytest.mark.parametrize("what", KEPT)
def test_nothing_is_kept_longer_than_by_default(what):
    policy = NetworkPolicy.of({"retention": {what: 365 * 86_400}})
    assert policy.retention == RetentionPolicy()


@pytest.mark.parametrize("what", KEPT)
def test_everything_may_be_kept_shorter(what):
    policy = NetworkPolicy.of({"retention": {what: 60}})
    assert getattr(policy.retention, what) == timedelta(seconds=60)
