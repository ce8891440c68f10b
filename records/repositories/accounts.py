"""Accounts, vouchers, signed-in sessions."""

from __future__ import annotations

from records.repositories.repository import Repository


class AccountRepository(Repository):
    """Accounts, vouchers, signed-in sessions."""
