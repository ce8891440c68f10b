"""THE tables: lawful steps of incident, offer and dispatch; the database holds the dispatch's own copy."""

from __future__ import annotations

from typing import Final

from desk.errors import NotLawful
from records.enums import DispatchState as D
from records.enums import IncidentStatus as I
from records.enums import OfferState as O

INCIDENT_STEPS: Final[dict[I, frozenset[I]]] = {
    I.UNVERIFIED: frozenset({I.CORROBORATED, I.VERIFIED, I.UNFOUNDED, I.CLOSED}),
    I.CORROBORATED: frozenset({I.UNVERIFIED, I.VERIFIED, I.UNFOUNDED, I.CLOSED}),
    I.VERIFIED: frozenset({I.CORROBORATED, I.UNVERIFIED, I.UNFOUNDED, I.CLOSED}),
    I.UNFOUNDED: frozenset({I.UNVERIFIED, I.CORROBORATED, I.VERIFIED}),
    I.CLOSED: frozenset({I.UNVERIFIED, I.CORROBORATED, I.VERIFIED}),
}
"""Backward steps are undone judgements or retracted sightings; both histories stay."""

OFFER_STEPS: Final[dict[O, frozenset[O]]] = {
    O.OFFERED: frozenset({O.ACCEPTED, O.DECLINED, O.EXPIRED, O.RELEASED}),
    O.ACCEPTED: frozenset({O.DECLINED, O.RELEASED}),
    O.DECLINED: frozenset(),
    O.EXPIRED: frozenset(),
    O.RELEASED: frozenset(),
}

DISPATCH_STEPS: Final[dict[D, frozenset[D]]] = {
    D.OFFERING: frozenset({D.PAIRED, D.UNFILLED, D.CANCELLED}),
    D.PAIRED: frozenset({D.EN_ROUTE, D.HELD, D.CANCELLED}),
    D.EN_ROUTE: frozenset({D.STAGED, D.HELD, D.CANCELLED}),
    # back on the way only together with a meeting point that steps back, which the database sees to
    D.STAGED: frozenset({D.EN_ROUTE, D.ON_SCENE, D.CLEARED, D.HELD, D.CANCELLED}),
    D.ON_SCENE: frozenset({D.CLEARED, D.HELD, D.CANCELLED}),
    D.HELD: frozenset({D.PAIRED, D.CLEARED, D.CANCELLED}),
    D.CLEARED: frozenset(),
    D.CANCELLED: frozenset(),
    D.UNFILLED: frozenset(),
}

SEAT_STEP: Final[dict[D, int]] = {D.PAIRED: 0, D.EN_ROUTE: 1, D.STAGED: 2, D.ON_SCENE: 3, D.CLEARED: 4}
"""How far one person is, as the seat's number; the dispatch follows the slower of the two."""

LIVE_DISPATCH: Final = frozenset({D.OFFERING, D.PAIRED, D.EN_ROUTE, D.STAGED, D.ON_SCENE, D.HELD})
"""States in which people are asked or out."""

OPEN_INCIDENT: Final = frozenset({I.UNVERIFIED, I.CORROBORATED, I.VERIFIED})
"""States in which people still work on an incident."""


def require_incident_step(here: str, there: str) -> None:
    """Raise NotLawful unless an incident may go from `here` to `there`."""
    if I(there) not in INCIDENT_STEPS[I(here)]:
        raise NotLawful


def require_offer_step(here: str, there: str) -> None:
    """Raise NotLawful unless an offer may go from `here` to `there`."""
    if O(there) not in OFFER_STEPS[O(here)]:
        raise NotLawful


def require_dispatch_step(here: str, there: str) -> None:
    """Raise NotLawful unless a dispatch may go from `here` to `there`."""
    if D(there) not in DISPATCH_STEPS[D(here)]:
        raise NotLawful
