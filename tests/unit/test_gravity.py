"""How grave a report is: what somebody adds to their own word raises an incident, how many they send does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.gravity import GRAVEST_FIRST, Voice, foremost, gravity_of
from records.enums import Activity

WORDS = st.sampled_from(GRAVEST_FIRST)
VOICES = st.builds(Voice, st.booleans(), WORDS, st.none() | WORDS)


def test_every_activity_has_its_place():
    assert set(GRAVEST_FIRST) == set(Activity)
    assert gravity_of("arrest") > gravity_of("stop") > gravity_of("patrol") >= gravity_of("other") >= gravity_of(None)
    assert [gravity_of(each) for each in GRAVEST_FIRST] == sorted(map(gravity_of, GRAVEST_FIRST), reverse=True)


@pytest.mark.parametrize(
    ("voices", "said"),
    [
        ([], None),
        ([Voice(True, None, None)], None),
        ([Voice(True, "arrest", "patrol")], "arrest"),
        # Nobody said more than before: what most say, the gravest of equals.
        ([Voice(True, "patrol", "patrol"), Voice(True, "patrol", None), Voice(True, "stop", None)], "patrol"),
        ([Voice(True, "patrol", None), Voice(True, "stop", None)], "stop"),
        # Somebody saw it become worse: that is no disagreement.
        ([Voice(True, "patrol", "patrol"), Voice(True, "patrol", None), Voice(True, "arrest", "patrol")], "arrest"),
        # It calmed down: what was said stands.
        ([Voice(True, "arrest", "arrest"), Voice(True, "arrest", None), Voice(True, "stop", "patrol")], "arrest"),
        # Strangers say what it is only where nobody vouched for does.
        ([Voice(True, "patrol", None), *[Voice(False, "arrest", "stop")] * 9], "patrol"),
        ([Voice(True, None, None), Voice(False, "stop", "patrol")], "stop"),
    ],
)
def test_what_is_said_of_an_incident(voices, said):
    assert foremost(voices) == said


@given(st.lists(VOICES, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_voices_is_nothing_and_strangers_change_no_vouched_word(voices, rng):
    said = foremost(voices)
    assert foremost(rng.sample(voices, len(voices))) == said
    vouched = [each for each in voices if each.vouched]
    if vouched:
        assert said == foremost(vouched)


@given(st.lists(VOICES, max_size=6), WORDS, WORDS)
def test_whoever_says_more_never_lowers_an_incident(voices, first, second):
    before = foremost([*voices, Voice(True, first, first)])
    worse = max(first, second, key=gravity_of)
    after = foremost([*voices, Voice(True, worse, first)])
    if gravity_of(worse) > gravity_of(first):
        assert gravity_of(after) >= gravity_of(worse)
        assert gravity_of(after) >= min(gravity_of(before), gravity_of(worse))
