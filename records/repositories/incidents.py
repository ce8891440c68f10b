"""Incidents, the clusters in them, the judgements on them."""

from __future__ import annotations

from records.repositories.repository import Repository


class IncidentRepository(Repository):
    """Incidents, the clusters in them, the judgements on them."""
