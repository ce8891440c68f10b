"""Zones, and the ground of the base map."""

from __future__ import annotations

from records.repositories.repository import Repository


class ZoneRepository(Repository):
    """Zones, and the ground of the base map."""
