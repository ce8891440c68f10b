"""The catalogue: complete in both languages, short, and open only where it says so."""

from __future__ import annotations

import string

import pytest

from records.enums import (
    Activity,
    Basis,
    DispatchState,
    Found,
    IncidentStatus,
    OfferState,
    Task,
    TravelMode,
    Unit,
    Verdict,
)
from web import texts

CARDS = [
    "shift.rules",
    "offer",
    "accept.waiting",
    "accept.paired",
    "enroute",
    "onscene",
    "onscene.note",
    "stopfilming",
    "localpolice",
    "partner.lost",
    "detained",
    "after",
    "lost",
    "released",
    "released.off",
    "line.call",
    "report.received",
    "alert.verified",
    "alert.clear",
    "alert.correction",
]


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_hold_the_same_keys_with_the_same_slots() -> None:
    english, spanish = texts.catalogue("en"), texts.catalogue("es")
    assert english.keys() == spanish.keys()
    for key, text in english.items():
        assert slots(text) == slots(spanish[key]), key


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_what_people_read_in_the_street_is_short(lang) -> None:
    assert [key for key in CARDS if len(texts.catalogue(lang)[key]) > 360] == []


@pytest.mark.parametrize("lang", texts.LANGUAGES)
def test_every_word_of_the_contract_can_be_said(lang) -> None:
    words = [
        *Activity, *Basis, *DispatchState, *Found, *IncidentStatus, *OfferState, *Task, *TravelMode, *Unit, *Verdict,
    ]  # fmt: skip
    assert [word for word in words if f"word.{word.value}" not in texts.catalogue(lang)] == []


def test_a_slot_is_text_unless_it_is_markup() -> None:
    said = texts.speaker("en")("accept.paired", alias="<b>x</b>", meeting_point="y", time="z")
    assert "&lt;b&gt;" in said


@pytest.mark.parametrize(
    ("asked", "accepted", "spoken"),
    [("es", "en-US", "es"), (None, "es-MX,es;q=0.9,en;q=0.8", "es"), (None, "de, fr", "en"), ("xx", "", "en")],
)
def test_the_language_is_the_one_asked_for_else_the_browsers(asked, accepted, spoken) -> None:
    assert texts.language_of(asked, accepted) == spoken
