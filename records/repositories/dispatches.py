"""Dispatches, offers, seats, check-ins."""

from __future__ import annotations

from records.repositories.repository import Repository


class DispatchRepository(Repository):
    """Dispatches, offers, seats, check-ins."""
