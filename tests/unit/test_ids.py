"""Ids read back as they were shown, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import ids
from records.errors import NotAnId


@given(st.integers(min_value=1, max_value=(1 << 63) - 1))
def test_an_id_reads_back_as_it_was_shown(number: int) -> None:
    text = ids.shown(number)
    assert len(text) == 13
    assert ids.read(text) == number
    assert ids.read(text.lower()) == number


@pytest.mark.parametrize("text", ["", "0" * 13, "Z" * 13, "ABC", "0000000000 01", "U000000000001", "1" * 14])
def test_other_text_is_no_id(text: str) -> None:
    with pytest.raises(NotAnId):
        ids.read(text)


def test_letters_people_confuse_are_read_as_digits() -> None:
    assert ids.read("00000000000IL") == ids.read("0000000000011")


def test_fresh_ids_do_not_repeat_and_do_not_count() -> None:
    drawn = [ids.new_id() for _ in range(2000)]
    assert len(set(drawn)) == 2000
    assert sorted(drawn) != drawn
