"""Who looked at or did what, by class and day."""

from __future__ import annotations

from records.repositories.repository import Repository


class AuditRepository(Repository):
    """Who looked at or did what, by class and day."""
