"""Sightings and their reporters."""

from __future__ import annotations

from records.repositories.repository import Repository


class SightingRepository(Repository):
    """Sightings and their reporters."""
