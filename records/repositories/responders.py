"""Responders, their certificates, their present cells."""

from __future__ import annotations

from records.repositories.repository import Repository


class ResponderRepository(Repository):
    """Responders, their certificates, their present cells."""
