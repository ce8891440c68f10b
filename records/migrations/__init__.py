"""The way from one shape of the records to the next, up and down."""

from __future__ import annotations

from pathlib import Path


def versions_of(folder: Path) -> list[str]:
    """Return the names of all revisions, first to last; a file's number is its revision."""
    return sorted(path.name[:4] for path in (folder / "versions").glob("[0-9]*.py"))
