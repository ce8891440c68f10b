"""Mark what casts doubt on new sightings, a whole batch at once: they weigh less, none is dropped, nobody is told."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from desk.unit_of_work import UnitOfWork
from geo.points import LonLat
from geo.sanity import (
    COPIED,
    DEFAULT_SANITY_POLICY,
    NO_WITNESS,
    Flag,
    Pin,
    is_far_from_device,
    is_impossible_travel,
    words_of,
)
from records.told import Doubted
from records.values import NewSighting, SightingFound

_TOKEN_BYTES: Final = 8
_COPIES_FOR: Final = timedelta(hours=6)
_NOTHING: Final = Doubted({}, {}, {})


@dataclass(frozen=True, slots=True)
class Told:
    """A sighting as it is to be stored, with what its sender's device said beside it and nobody keeps."""

    row: NewSighting
    device_m: float | None = None
    """How far the device was from the pin, roughly."""
    second_hand: bool = False
    photo_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The same words, or the same photo, under today's key, and under each day's it may have been stored with."""

    stored: int
    sought: tuple[int, ...]


def marked(uow: UnitOfWork, told: Sequence[Told]) -> list[NewSighting]:
    """Return sightings with their flags; at most one question to the database, none where nothing can be odd."""
    notes = [_tokens(uow, b"note", None if each.row.note is None else words_of(each.row.note)) for each in told]
    photos = [_tokens(uow, b"photo", each.photo_sha256) for each in told]
    known = _known(uow, told, notes, photos)
    pins = {reporter: list(own) for reporter, own in known.pins.items()}
    first_words, first_photos = dict(known.notes), dict(known.photos)
    rows: list[NewSighting] = []
    for each, note, photo in zip(told, notes, photos, strict=True):
        flags = set(_not_there(each, pins))
        group = each.row.source_group
        for tokens, firsts, flag in ((note, first_words, Flag.SAME_TEXT), (photo, first_photos, Flag.SAME_PHOTO)):
            first = _first(tokens, firsts, each.row.source_group)
            if first != each.row.source_group:
                flags.add(flag)
                group = first
        rows.append(_as_marked(each.row, flags, group, note, photo))
    return rows


def _as_marked(
    row: NewSighting, flags: set[Flag], group: int, note: _Tokens | None, photo: _Tokens | None
) -> NewSighting:
    if not flags and note is None and photo is None:
        return row
    return replace(
        row,
        flags=tuple(sorted(flags)),
        vouched=row.vouched and not flags & NO_WITNESS,
        source_group=group,
        note_token=None if note is None else note.stored,
        photo_token=None if photo is None else photo.stored,
    )


def _not_there(each: Told, pins: dict[int, list[Pin]]) -> Iterator[Flag]:
    """Yield what says that whoever reports was not there; their pin stands among their others from now on."""
    if each.second_hand:
        yield Flag.SECOND_HAND
        return
    row = each.row
    age_s = (row.received_at - row.observed_at).total_seconds()
    if each.device_m is not None and is_far_from_device(each.device_m, age_s):
        yield Flag.FAR_FROM_DEVICE
    if row.vouched and row.reporter_id is not None:
        own = pins.setdefault(row.reporter_id, [])
        pin = Pin(LonLat(row.lon, row.lat), row.observed_at.timestamp(), row.accuracy_m)
        if is_impossible_travel(pin, own):
            yield Flag.IMPOSSIBLE_TRAVEL
        else:
            own.append(pin)


def _first(tokens: _Tokens | None, firsts: dict[int, int], group: int) -> int:
    """Return the source that said or showed this first; where nobody did, it is this one from now on."""
    if tokens is None:
        return group
    found = next((firsts[token] for token in tokens.sought if token in firsts), None)
    return firsts.setdefault(tokens.stored, group) if found is None else found


def _known(
    uow: UnitOfWork, told: Sequence[Told], notes: Sequence[_Tokens | None], photos: Sequence[_Tokens | None]
) -> Doubted:
    reporters = {
        each.row.reporter_id: each.row.observed_at
        for each in told
        if each.row.vouched and each.row.reporter_id is not None and not each.second_hand
    }
    note_tokens = {token for each in notes if each for token in each.sought}
    photo_tokens = {token for each in photos if each for token in each.sought}
    if not (reporters or note_tokens or photo_tokens):
        return _NOTHING
    times = [each.row.observed_at for each in told]
    around = timedelta(seconds=DEFAULT_SANITY_POLICY.looks_back_s)
    return uow.sightings.doubted(
        reporters=reporters.keys(),
        notes=note_tokens,
        photos=photo_tokens,
        since=min(times) - around,
        until=max(times) + around,
    )


def _tokens(uow: UnitOfWork, kind: bytes, said: str | None) -> _Tokens | None:
    """Return the tokens of what was said or shown: of today, and of the day in which it may have come up first."""
    if said is None:
        return None
    days = sorted({uow.now.date(), (uow.now - _COPIES_FOR).date()}, reverse=True)
    found = [token for day in days if (token := _token(uow, day, kind, said)) is not None]
    return _Tokens(found[0], tuple(found)) if found else None


def _token(uow: UnitOfWork, day: date, kind: bytes, said: str) -> int | None:
    key = uow.keys.plate_key(uow.network.id, day)
    if key is None:
        return None
    digest = hmac.digest(key, kind + b"\0" + said.encode(), hashlib.sha256)
    return int.from_bytes(digest[:_TOKEN_BYTES], "big", signed=True)


def lines_of(sightings: Sequence[SightingFound]) -> list[str]:
    """Return in words what is odd about the sightings of an incident."""
    said = [words for flag, line in _LINES if (words := _line(flag, line, sightings)) is not None]
    copies: dict[int, list[SightingFound]] = {}
    for each in sightings:
        if COPIED & set(each.flags):
            copies.setdefault(each.source_group, []).append(each)
    for _, own in sorted(copies.items()):
        what = "photo" if any(Flag.SAME_PHOTO in each.flags for each in own) else "words"
        # A stranger has no account; each of their reports counts as one. The first is among them unflagged.
        accounts = 1 + len({each.reporter_id or -each.id for each in own})
        said.append(f"the same {what} came from {accounts} accounts: counted once")
    return said


_LINES: Final = (
    (Flag.SECOND_HAND, "told by somebody else: orders the queue only"),
    (Flag.IMPOSSIBLE_TRAVEL, "cannot have been sent from both places by one person: orders the queue only"),
    (Flag.FAR_FROM_DEVICE, "sent from a device far from the pin: orders the queue only"),
)


def _line(flag: Flag, line: str, sightings: Sequence[SightingFound]) -> str | None:
    number = sum(flag in each.flags for each in sightings)
    if not number:
        return None
    return f"{'one report' if number == 1 else f'{number} reports'} {line}"
