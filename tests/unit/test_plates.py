"""Notes lose what names a person, a home or a car; plates become tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import plates

KEY = b"k" * 32

SECRETS = {
    "call me at 612-555-0134 please": "555",
    "tel +1 (612) 555 0134": "0134",
    "6125550134": "6125550134",
    "612.555.0134 ask for me": "555",
    "+52 55 1234 5678": "1234",
    "write to ana.lopez@example.org": "ana",
    "mail ana (at) example (dot) org": "ana",
    "see https://example.org/x?y=1": "example",
    "www.example.org/video": "example",
    "video on example.com/abc": "example",
    "dm @some_person": "some_person",
    "they are at 1420 Lake Street": "1420",
    "in front of 3415 16th Ave S": "3415",
    "house 22 E 31st St, second floor": "22 E",
    "1600 N Martin Luther King Blvd": "1600",
    "apt 4B, back door": "4B",
    "apartment 12": "12",
    "Calle Juárez 123": "123",
    "avenida Reforma #45": "45",
    "12 rue de la Paix": "12 rue",
    "Hauptstraße 17": "17",
    "badge 4471": "4471",
    "badge number 88231": "88231",
    "officer #5512": "5512",
    "agent id A-20391": "20391",
    "plate ABC 1234": "1234",
    "white van ABC-1234": "1234",
    "license plate 7XYZ991": "7XYZ991",
    "plates: LUVBUG": "LUVBUG",
    "abc1234 is the van": "abc1234",
    "placa JKL 98 76": "JKL",
    "Officer Smith was rude": "Smith",
    "Agent John Doe in charge": "Doe",
    "his name is Miguel Torres": "Miguel",
}

HARMLESS = (
    "two vehicles blocking the alley",
    "4 agents, masks, 2 white vans",
    "since 10:45 am, still here",
    "they went north on Lake Street at 5 pm",
    "corner of 24th Street and Bloomington",
    "2 vehicles on Lake Street",
    "20 people watching, 3 filming",
    "started 2026-11-20 in the morning",
    "dos camionetas y 6 agentes en la esquina",
    "black Ford F150 and a Toyota",
)


@pytest.mark.parametrize("note", SECRETS)
def test_what_names_a_person_a_home_or_a_car_is_taken_out(note):
    safe, was_masked = plates.masked(note)
    assert was_masked
    assert SECRETS[note] not in safe
    assert plates.MASK in safe


@pytest.mark.parametrize("note", HARMLESS)
def test_plain_words_stay(note):
    assert plates.masked(note) == (note, False)


@given(st.from_regex(r"[2-9]\d{2}[ .-]?[2-9]\d{2}[ .-]?\d{4}", fullmatch=True))
def test_no_telephone_number_stays(number):
    safe, _ = plates.masked(f"call {number} now")
    assert sum(letter.isdigit() for letter in safe) == 0


@given(st.from_regex(r"[A-Z]{3}[ -]?[0-9]{3,4}", fullmatch=True))
def test_no_plate_stays(plate):
    assert plate not in plates.masked(f"grey van {plate} at the corner")[0]


@given(st.text(max_size=600))
def test_any_text_comes_out_short_and_storable(text):
    safe, _ = plates.masked(text)
    assert len(safe) <= 500
    assert "\x00" not in safe
    safe.encode()


def test_a_token_ignores_spelling_and_depends_on_its_epoch():
    assert plates.token(KEY, "abc 12-34") == plates.token(KEY, "ABC1234")
    assert plates.token(KEY, "ABC1234") != plates.token(KEY, "ABC1235")
    assert plates.token(KEY, "ABC1234") != plates.token(b"l" * 32, "ABC1234")
    assert -(1 << 63) <= plates.token(KEY, "ABC1234") < 1 << 63


def test_only_the_last_two_characters_are_kept():
    assert plates.tail("abc-1234") == "34"
    assert plates.tail("34") is None
    assert not plates.readable("3-4")


@pytest.mark.parametrize(
    "word",
    ["ABC7741", "abc-7741", "abc 7741", "black abc7741", "7ABC123", "JohnDoe555-0199", "555 0199"],
)
def test_a_plate_typed_as_a_make_or_a_colour_is_seen_for_one(word):
    assert plates.hides_a_plate(word)


@pytest.mark.parametrize(
    "word",
    ["ford", "f-150", "silverado 1500", "model 3", "300c", "mazda3", "cx-5", "dark blue", "suv", "500", "transit 250"],
)
def test_makes_models_and_colours_are_none(word):
    assert not plates.hides_a_plate(word)
