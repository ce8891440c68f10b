"""A plate into an epoch token and its last two characters, and notes without what names a person, a car or a home."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from typing import Final

_TOKEN_BYTES = 8
_TAIL = 2
_SHORTEST = 2
MASK: Final = "[…]"
_NOTE_MAX = 500

_FIRST_WORD = (
    r"(?!(?:on|at|in|near|by|and|or|from|to|of|the|a|an|is|are|was|were|with|for|more|other|black|white|gr[ae]y"
    r"|unmarked|vehicles?|cars?|vans?|trucks?|suvs?|agents?|officers?|people|persons?|men|women|man|woman|guys|kids"
    r"|children"
    r"|blocks?|mins?|minutes?|hours?|hrs?|am|pm|feet|ft|miles?|metres?|meters?|times?)\b)"
)
_STREET = (
    r"(?:street|str|st|avenue|aven|ave|av|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|way|terrace|ter"
    r"|circle|cir|highway|hwy|parkway|pkwy|alley|aly|square|sq|trail|trl|broadway|plaza|loop|row|path|crescent)"
)
_STREET_FIRST = (
    r"(?:calle|avenida|av\.?|avda\.?|carrera|cra\.?|paseo|camino|calzada|rue|avenue"
    r"|boulevard|via|viale|rua|ulica|ul\.?)"
)

_MAIL = r"[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*[\w-]+(?:\s*(?:\.|\(dot\)|\[dot\])\s*[\w-]+)+"
_SITE = (
    r"\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|info|io|me|co|us|gov|edu|app|link|ly|gl|tv|mx|de|fr|uk|ca|social|chat)"
    r"(?:/\S*)?(?![\w.])"
)
_HOUSE = (
    rf"\b\d{{1,6}}(?:[ -]?[a-d])?,?\s+{_FIRST_WORD}(?:[nsew]{{1,2}}\.?\s+)?"
    rf"(?:{_FIRST_WORD}[\w'\u2019.-]+\s+){{0,3}}{_STREET}\b\.?"
)
_HOUSE_BEFORE = rf"\b\d{{1,5}}(?:\s?(?:bis|ter))?,?\s+{_STREET_FIRST}\s+(?:(?:de|del|la|el|des|du)\s+)*[\w'\u2019-]+"
_HOUSE_AFTER = (
    rf"\b{_STREET_FIRST}\s+(?:[\w'\u2019.-]+\s+){{0,3}}?[\w'\u2019.-]+,?\s*"
    rf"(?:#|no\.?|n[uú]m\.?|n[º°])?\s*\d{{1,5}}\w?\b"
)
_HOUSE_GERMAN = r"\b\w+(?:straße|strasse|str\.|gasse|weg|platz|allee)\s+\d{1,4}\s?[a-z]?\b"
_DOOR = (
    r"\b(?:apartment|apt\.?|suite|ste\.?|flat|room|rm\.?|depto\.?|apto\.?|departamento)\s*(?:#|no\.?|number)?"
    r"\s*\d{1,5}[a-z]?\b"
)
_BADGE = (
    r"\b(?:badge|shield|star|serial|employee|officer|agent|deputy|unit|car|id|placa|insignia|matricule)s?"
    r"\s*(?:id|number|numbers|num|no|nr|n[uú]mero|n[º°])?\s*(?:[.:#]|is|was|reads?)*\s*#?\s*[a-z]{0,3}-?\d{2,10}\b"
)
_PLATE_NAMED = (
    r"\b(?:license|licence|number|reg(?:istration)?|tag)?\s*(?:plates?|placas?|tags?|matr[ií]culas?|kennzeichen"
    r"|patentes?)\s*(?:number|numbers|no|nr|#|:|is|was|reads?|says|es|son)*\s*[:#]?\s*"
    r"(?=(?:[a-z]*[ -]?){0,2}\d|[a-z]{2,8}\b)[a-z0-9]{1,8}(?:[ -][a-z0-9]{0,3}\d[a-z0-9]{0,3}){0,2}\b"
)
_PLATE_BARE = (
    r"\b(?!\d{1,4}(?:am|pm|th|st|nd|rd|h|hrs?|min|mins|mph|kmh?|m|ft|s|x|k)\b)(?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])"
    r"[a-z0-9]{5,8}\b"
)
# A date is as long as a telephone number, and is none.
_PHONE = r"(?<![\w-])(?!\d{4}-\d{2}-\d{2}(?!\d))(?:\+|00)?\(?\d(?:[\s().\-\u2013/]{0,3}\d){6,16}(?!\w)"

_RULES: Final[tuple[re.Pattern[str], ...]] = tuple(
    re.compile(rule, re.IGNORECASE)
    for rule in (
        _MAIL,
        r"\b(?:https?|hxxps?|ftp)\s*:\s*//\S+",
        r"\bwww\.\S+",
        _SITE,
        r"(?<![\w@])@\w[\w.]{2,}",
        _HOUSE,
        _HOUSE_BEFORE,
        _HOUSE_AFTER,
        _HOUSE_GERMAN,
        _DOOR,
        _PHONE,
        _BADGE,
        r"#\s?[a-z]{0,3}-?\d{3,10}\b",
        _PLATE_NAMED,
        _PLATE_BARE,
    )
)
"""What is taken out whatever its case: addresses in the net, homes, telephones, badges, plates."""

_CASED: Final[tuple[re.Pattern[str], ...]] = (
    re.compile(r"\b[A-Z]{1,3}[ -]\d{1,2}[ -]?[A-Z]{0,3}[ -]?\d{2,4}\b"),
    re.compile(r"\b[A-Z]{2,3}[ -]?\d{3,4}\b"),
    re.compile(r"\b\d{1,4}[ -]?[A-Z]{2,3}[ -]?\d{0,4}\b(?<!AM)(?<!PM)"),
    re.compile(
        r"\b(?i:officer|agent|deputy|sergeant|sgt\.?|detective|mr\.?|mrs\.?|ms\.?|señora?|sra?\.?|named|called|name\s+is"
        r"|se\s+llama)\s+(?:[A-ZÀ-Þ][\w'\u2019-]+)(?:\s+[A-ZÀ-Þ][\w'\u2019-]+)?"
    ),
)


_PLATE_LENGTHS: Final = range(5, 9)
_DIGITS_OF_A_NUMBER: Final = 5


def normalised(plate: str) -> str:
    """Return a plate as it is compared: letters and digits alone, in upper case."""
    flat = unicodedata.normalize("NFKC", plate).upper()
    return "".join(letter for letter in flat if letter.isascii() and letter.isalnum())


def token(key: bytes, plate: str) -> int:
    """Return the token that stands for a plate while its epoch's key lives: HMAC-SHA256 cut to 64 bits, signed."""
    digest = hmac.digest(key, normalised(plate).encode(), hashlib.sha256)
    return int.from_bytes(digest[:_TOKEN_BYTES], "big", signed=True)


def tail(plate: str) -> str | None:
    """Return the last two characters of a plate, None where so few would be the whole of it."""
    flat = normalised(plate)
    return flat[-_TAIL:] if len(flat) > _TAIL else None


def readable(plate: str) -> bool:
    """Return whether enough of a plate was read to compare it."""
    return len(normalised(plate)) > _SHORTEST


def hides_a_plate(word: str) -> bool:
    """Return whether a word for a vehicle may be a plate, or longer digits: no make, model or colour is spelled so."""
    return any(_may_be_one(normalised(part)) for part in (word, *word.split()))


def _may_be_one(flat: str) -> bool:
    digits = sum(letter.isdigit() for letter in flat)
    return digits >= _DIGITS_OF_A_NUMBER or (digits >= 3 and digits < len(flat) and len(flat) in _PLATE_LENGTHS)


def clean(text: str) -> str:
    """Return a text without control characters, with its spaces tidied."""
    if not text.isprintable():
        sound = text.encode("utf-8", "ignore").decode()
        text = "".join(letter if letter.isprintable() else " " for letter in sound)
    return " ".join(text.split())


def masked(note: str) -> tuple[str, bool]:
    """Return a note without telephone numbers, addresses, plates and badge numbers, and whether any was taken out.

    A name cannot be known for one; only where the note itself says that a name follows is it taken out.
    """
    text = clean(note)
    safe = text
    for rule in (*_CASED[:1], *_RULES, *_CASED[1:]):
        safe = rule.sub(MASK, safe)
    return safe[:_NOTE_MAX], safe != text
